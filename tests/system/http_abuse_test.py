#!/usr/bin/env python3
"""Everything a hostile client may send over a raw connection: each gets a 4xx with a JSON body that says what to change,
or a clean close, never a server error; and after each the server answers a good request. Also what a server must do for
good clients in odd circumstances: stopping, proxies, TLS.
"""

import json
import os
import random
import socket
import ssl
import subprocess
import threading
import time
import warnings

from latchkey_server import BINARY, EVER, KEYS, Skip, Tests, check, environment

CREATE = '{"capabilities":{"devices":{"create":{}}}}'
# What RFC 9110 has for a transfer coding and a version that a server does not know.
TOLD_BY_RFC = (501, 505)


class Raw:
    """A connection that sends what it is told and reads answers by their framing."""

    def __init__(self, server, timeout=20.0):
        self.socket = socket.create_connection((server.host, server.port), timeout=timeout)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """A server that has refused already may close before it has read all."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def end_writing(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _fill(self):
        try:
            part = self.socket.recv(65536)
        except ConnectionResetError:
            part = b""
        self.buffer += part
        return bool(part)

    def answer(self):
        """(status, headers by small name, body), or None when the connection ended in good order."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._fill():
                check(not self.buffer, f"half an answer: {self.buffer[:200]!r}")
                return None
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        check(lines[0].startswith("HTTP/1.1 "), f"no status line: {lines[0]!r}")
        status = int(lines[0].split(" ")[1])
        if status == 100:
            return self.answer()
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
        length = int(headers.get("content-length", "0"))
        while len(self.buffer) < length:
            check(self._fill(), "the connection ended inside a body")
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return status, headers, body

    def answers(self):
        found = []
        while answer := self.answer():
            found.append(answer)
        return found


def message_of(answer):
    try:
        message = json.loads(answer[2])["message"]
        return message if isinstance(message, str) else ""
    except (ValueError, KeyError, TypeError):
        return ""


def check_refusal(answer, what):
    status, headers, body = answer
    check(400 <= status < 500 or status in TOLD_BY_RFC, f"{what}: {status} {body[:200]!r}")
    check(headers.get("content-type") == "application/json", f"{what}: {headers}")
    check(message_of(answer), f"{what}: {status} without a message: {body[:200]!r}")


class Abuse:
    def __init__(self, server):
        self.server = server

    def head(self, more="", method="GET", target="/api/v2/whoami", token=None):
        token = self.server.token if token is None else token
        return f"{method} {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n{more}"

    def is_alive(self, after):
        check(self.server.alive(), f"the server died after {after}")
        with self.server.client(timeout=10) as client:
            check(client.call("GET", "/api/v2/whoami").status == 200, f"a good request failed after {after}")

    def refused(self, what, data, wanted=None, end=False):
        """One refusal, perhaps followed by a close; nothing else."""
        data = data.encode() if isinstance(data, str) else data
        with Raw(self.server) as raw:
            raw.send(data)
            if end:
                raw.end_writing()
            answer = raw.answer()
            check(answer is not None, f"{what}: closed without an answer")
            check_refusal(answer, what)
            check(wanted is None or answer[0] == wanted, f"{what}: {answer[0]} instead of {wanted}: {answer[2][:200]!r}")
        self.is_alive(what)

    # The rest are tests.

    def random_bytes(self):
        rng = random.Random(7)
        for number in range(150):
            data = rng.randbytes(rng.choice([1, 10, 100, 1000, 20000]))
            if number % 3 == 1:
                data = b"GET / HTTP/1.1\r\n" + data
            if number % 3 == 2:
                data = self.head(f"Content-Length: {len(data)}\r\n\r\n", "POST", KEYS).encode() + data
            with Raw(self.server) as raw:
                raw.send(data)
                raw.end_writing()
                for answer in raw.answers():
                    check_refusal(answer, f"random bytes {number}")
            if number % 10 == 0:
                self.is_alive("random bytes")
        self.is_alive("random bytes")

    def changed_requests(self):
        """A good request with some bytes changed, cut out or doubled: any answer but a server error."""
        rng = random.Random(8)
        good = self.head(f"Content-Length: {len(CREATE)}\r\n\r\n", "POST", KEYS).encode() + CREATE.encode()
        for number in range(400):
            data = bytearray(good)
            for _ in range(rng.randint(1, 4)):
                at = rng.randrange(len(data))
                change = rng.randrange(3)
                if change == 0:
                    data[at] = rng.randrange(256)
                elif change == 1:
                    del data[at:at + rng.randint(1, 8)]
                else:
                    data[at:at] = data[at:at + rng.randint(1, 8)]
            with Raw(self.server) as raw:
                raw.send(bytes(data))
                raw.end_writing()
                for answer in raw.answers():
                    if answer[0] != 200:
                        check_refusal(answer, f"changed request {number}: {bytes(data)!r}")
        self.is_alive("changed requests")

    def malformed_heads(self):
        cases = {
            "no version": "GET /\r\n\r\n",
            "no target": "GET HTTP/1.1\r\nHost: a\r\n\r\n",
            "two spaces": "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
            "a tab": "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "a bare line feed": "GET / HTTP/1.1\nHost: a\n\n",
            "a bare carriage return": "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
            "no host": "GET / HTTP/1.1\r\n\r\n",
            "two hosts": "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "an odd host": "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
            "a space before the colon": "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "a header without a colon": "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n",
            "a header without a name": "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
            "a folded header": "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
            "a null in a header": b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
            "a null in the target": b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
            "bytes beyond ASCII in the target": b"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n",
            "a fragment": "GET /# HTTP/1.1\r\nHost: a\r\n\r\n",
            "a target without a slash": "GET whoami HTTP/1.1\r\nHost: a\r\n\r\n",
            "another scheme": "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT": "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
            "HTTP/2's preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "HTTP/9.9": "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
            "TLS on a plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100) + b"\r\n\r\n",
        }
        for what, data in cases.items():
            self.refused(what, data, end=True)

    def limits(self):
        self.refused("a huge header", self.head("X: " + "a" * 200_000 + "\r\n\r\n"), 431)
        self.refused("many headers", self.head("".join(f"X-{i}: 1\r\n" for i in range(500)) + "\r\n"), 431)
        self.refused("a huge target", self.head("\r\n", target="/" + "a" * 12_000), 414)
        self.refused("an endless target", b"GET /" + b"a" * 100_000)
        self.refused("an endless header name", self.head() + "a" * 100_000)
        self.refused("a huge announced body", self.head("Content-Length: 9000000000\r\n\r\n", "POST", KEYS), 413)
        self.refused("a huge announced body that would be waited for",
                     self.head("Expect: 100-continue\r\nContent-Length: 9000000000\r\n\r\n", "POST", KEYS), 413)
        self.refused("a huge body", self.head("Content-Length: 3000000\r\n\r\n", "POST", KEYS) + "a" * 3_000_000, 413)
        chunk = f"{65536:x}\r\n" + "a" * 65536 + "\r\n"
        self.refused("a huge chunked body", self.head("Transfer-Encoding: chunked\r\n\r\n", "POST", KEYS) + chunk * 40,
                     413)
        self.refused("an endless chunk header",
                     self.head("Transfer-Encoding: chunked\r\n\r\n", "POST", KEYS) + "1;" + "a" * 100_000)
        self.refused("endless trailers", self.head("Transfer-Encoding: chunked\r\n\r\n", "POST", KEYS) + "0\r\n" +
                     "".join(f"X-{i}: {'a' * 100}\r\n" for i in range(1000)))

    def framing(self):
        """What two parsers may read in two ways, which is how a request is smuggled past a proxy."""
        hidden = self.head("Connection: close\r\n\r\n", target="/api/v2/hidden")
        post = {"method": "POST", "target": KEYS}
        for what, more in {
                "two lengths": "Content-Length: 2\r\nContent-Length: 3\r\n",
                "the same length twice": "Content-Length: 2\r\nContent-Length: 2\r\n",
                "a list of lengths": "Content-Length: 2, 2\r\n",
                "a signed length": "Content-Length: +2\r\n",
                "a negative length": "Content-Length: -2\r\n",
                "a hexadecimal length": "Content-Length: 0x2\r\n",
                "an empty length": "Content-Length: \r\n",
                "a length over 64 bits": "Content-Length: 99999999999999999999999\r\n",
                "length and chunked": "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
                "chunked and length": "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
                "chunked twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                "an unknown coding": "Transfer-Encoding: gzip\r\n",
                "chunked and another coding": "Transfer-Encoding: gzip, chunked\r\n",
                "a coding in disguise": "Transfer-Encoding: xchunked\r\n",
                "a vertical tab in the coding": "Transfer-Encoding: \x0bchunked\r\n",
                "a space before the colon": "Transfer-Encoding : chunked\r\n",
        }.items():
            with Raw(self.server) as raw:
                raw.send((self.head(more + "\r\n", **post) + "0\r\n\r\n" + hidden).encode())
                raw.end_writing()
                answers = raw.answers()
                check(len(answers) == 1, f"{what}: {[answer[0] for answer in answers]}")
                check_refusal(answers[0], what)
            self.is_alive(what)
        for what, body in {
                "a chunk size that is no number": "x\r\n{}\r\n0\r\n\r\n",
                "a signed chunk size": "+2\r\n{}\r\n0\r\n\r\n",
                "a chunk size over 64 bits": "fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
                "a chunk that is longer than it says": "1\r\n{}\r\n0\r\n\r\n",
                "a chunk size with 0x": "0x2\r\n{}\r\n0\r\n\r\n",
                "a chunk without its end": "2\r\n{}0\r\n\r\n",
        }.items():
            self.refused(what, self.head("Transfer-Encoding: chunked\r\n\r\n", **post) + body, end=True)
        with Raw(self.server) as raw:
            raw.send(b"POST " + KEYS.encode() + b" HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            check_refusal(raw.answer(), "chunked in HTTP/1.0")

    def cut_requests(self):
        """A client that goes away at any byte of its request."""
        whole = self.head(f"Content-Length: {len(CREATE)}\r\n\r\n", "POST", KEYS) + CREATE
        before = self.count_keys()
        for length in list(range(0, len(whole), 7)) + [len(whole) - 1]:
            with Raw(self.server) as raw:
                raw.send(whole[:length].encode())
                if length % 2:
                    raw.end_writing()
                    for answer in raw.answers():
                        check_refusal(answer, f"a request cut at {length}")
        check(self.count_keys() == before, "an incomplete request made a key")
        self.is_alive("cut requests")

    def count_keys(self):
        with self.server.client() as client:
            return len(client.call("GET", f"{KEYS}?all=true").json()["keys"])

    def pipelining(self):
        requests = [self.head("\r\n"), self.head("\r\n", target=KEYS), self.head("\r\n", target="/nonsense"),
                    self.head(f"Content-Length: {len(CREATE)}\r\n\r\n", "POST", KEYS) + CREATE,
                    self.head("\r\n", target="/healthz")]
        wanted = [200, 200, 404, 200, 200]
        for pieces in (1, 3, 50):
            with Raw(self.server) as raw:
                text = ("".join(requests * 20) + self.head("Connection: close\r\n\r\n")).encode()
                step = len(text) // pieces + 1
                for start in range(0, len(text), step):
                    raw.send(text[start:start + step])
                statuses = [answer[0] for answer in raw.answers()]
            check(statuses == wanted * 20 + [200], f"answers to pipelined requests: {statuses}")
        with Raw(self.server) as raw:
            raw.send((self.head("\r\n") + "nonsense\r\n\r\n" + self.head("\r\n")).encode())
            statuses = [answer[0] for answer in raw.answers()]
        check(statuses == [200, 400], f"after a malformed request the connection ends: {statuses}")
        self.is_alive("pipelining")

    def reset_while_answering(self):
        for _ in range(50):
            with Raw(self.server) as raw:
                raw.send(self.head("\r\n", target=f"{KEYS}?all=true").encode() * 50)
                raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.is_alive("clients that reset")

    def bodies(self):
        deep = 100_000
        cases = {
            "no JSON": "nonsense", "half of it": '{"description":', "two of it": "{}{}", "a list": "[]", "a text": '"a"',
            "a number": "1", "null": "null", "nothing but spaces and more": "   x",
            "deep lists": "[" * deep + "]" * deep, "deep objects": '{"a":' * deep + "1" + "}" * deep,
            "a deep member": '{"capabilities":' + "[" * 5000 + "]" * 5000 + "}",
            "invalid UTF-8": b'{"description":"\xff\xfe"}', "an overlong null": b'{"description":"\xc0\x80"}',
            "a surrogate": b'{"description":"\xed\xa0\x80"}', "half a pair": '{"description":"\\ud800"}',
            "a null byte": b'{"description":"\0"}', "a null between": b"{\0}",
            "a UTF-16 body": CREATE.encode("utf-16"), "a byte order mark": b"\xef\xbb\xbf" + CREATE.encode(),
            "a comment": "{} // a", "a trailing comma": '{"a":1,}', "a huge number": '{"expirySeconds":1e400}',
            "NaN": '{"expirySeconds":NaN}',
        }
        with self.server.client() as client:
            for what, body in cases.items():
                answer = client.call("POST", KEYS, body)
                check(answer.status == 400 and answer.message(), f"{what}: {answer.status} {answer.body[:200]!r}")
        wrong = [0, -1, 1.5, True, "", "a", [], ["a"], {}, {"a": 1}, 2**63, -2**63, 2**64, 1e300, "\0", "\u20ac" * 100,
                 "a" * 100_000, ["tag:a"] * 2000, ["tag:" + "a" * 100_000], ["tag:" + "\u20ac" * 100], ["\u20ac" * 100], [None], [[]], "2026-01-01"]
        members = [("description",), ("expirySeconds",), ("keyType",), ("maxUses",), ("allowedHostnames",),
                   ("capabilities",), ("capabilities", "devices"), ("capabilities", "devices", "create"),
                   ("capabilities", "devices", "create", "tags"), ("capabilities", "devices", "create", "reusable"),
                   ("capabilities", "devices", "create", "ephemeral"),
                   ("capabilities", "devices", "create", "preauthorized")]
        refused = 0
        with self.server.client() as client, self.server.local_client() as local:
            for path in members:
                for value in wrong:
                    body = json.loads(CREATE)
                    inner = body
                    for name in path[:-1]:
                        inner = inner[name]
                    inner[path[-1]] = value
                    answers = [client.call("POST", KEYS, body)]
                    if len(path) == 1:
                        answers.append(local.call("POST", "/api/console/access-tokens", body))
                    for answer in answers:
                        what = f"{'.'.join(path)} = {str(value)[:40]}"
                        check(answer.status in (200, 400, 403, 413) and (answer.status == 200 or answer.message()),
                              f"{what}: {answer.status} {answer.body[:200]!r}")
                        refused += answer.status != 200
        check(refused > len(members) * len(wrong) // 2, f"only {refused} wrong bodies were refused")
        self.is_alive("wrong bodies")

    def targets(self):
        log = f"/api/v2/tailnet/-/logging/configuration?{EVER}"
        odd = ["%", "%2", "%zz", "%00", "%ff", "%c0%80", "%ed%a0%80", "%0d%0aX:1", "..", "%2e%2e", "a" * 5000, "%2F" * 500,
               "*", "'", '"', "\\", "<x>", "{keyId}", "%e2%82%ac" * 200]
        with self.server.client() as client, self.server.local_client() as local:
            for text in odd:
                for method, target in [("GET", f"/{text}"), ("GET", f"{KEYS}/{text}"), ("DELETE", f"{KEYS}/{text}"),
                                       ("GET", f"/api/v2/tailnet/{text}/keys"), ("POST", f"/api/v2/tailnet/{text}/keys"),
                                       ("GET", f"{KEYS}?all={text}"), ("GET", f"{KEYS}?fields={text}"),
                                       ("GET", f"{log}&event={text}"),
                                       ("GET", f"/api/v2/tailnet/-/logging/configuration?start={text}&end={text}")]:
                    answer = client.call(method, target, CREATE if method == "POST" else None)
                    check(400 <= answer.status < 500 and answer.message(),
                          f"{method} {target[:100]}: {answer.status} {answer.body[:200]!r}")
                for target in (f"{log}&actor={text}", f"{log}&target={text}", f"{KEYS}?{text}", f"{KEYS}?{text}={text}"):
                    answer = client.call("GET", target)
                    check(answer.status == 200 or (answer.status < 500 and answer.message()),
                          f"{target[:100]}: {answer.status} {answer.body[:200]!r}")
                for name in ("X-Latchkey-Tailnet", "X-Latchkey-User"):
                    answer = local.call("GET", KEYS, headers={name: text})
                    check(400 <= answer.status < 500 and answer.message(), f"{name}: {answer.status} {answer.body!r}")
            for header in (b"\xff\xfe", b"a\tb", b"\xe2\x82\xac", b"a" * 9000):
                answer = client.call("POST", KEYS, CREATE, headers={"User-Agent": header})
                check(answer.status == 200, f"User-Agent {header[:20]!r}: {answer.status} {answer.body!r}")
            for many in ("&".join(["event=API_KEY.CREATE"] * 200), "&" * 4000, "=" * 4000):
                answer = client.call("GET", f"{log}&{many}")
                check(answer.status == 200 or answer.message(), f"{many[:20]}: {answer.status}")
                check(answer.status < 500, f"{many[:20]}: {answer.status}")
            # All of which is in the audit log now, and must not spoil it.
            check(len(client.call("GET", f"{log}&fields=all").json()["logs"]) > 10, "the audit log cannot be read")
            check(client.call("GET", "/api/console/audit-verification").json()["whole"],
                  "the audit log took harm")
        self.is_alive("odd targets")

    def methods(self):
        for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "TRACE", "get", "BREW", "G" * 1000, "PROPFIND"):
            for target in (KEYS, "/api/v2/whoami", "/", "/healthz", "*"):
                with Raw(self.server) as raw:
                    raw.send(self.head("Connection: close\r\n\r\n", method, target).encode())
                    raw.end_writing()
                    # HEAD has the length of a body that does not come.
                    if method == "HEAD":
                        check(raw._fill() and b" 5" not in raw.buffer[:12], f"HEAD {target}: {raw.buffer[:100]!r}")
                        continue
                    for answer in raw.answers():
                        if answer[0] not in (200, 204):
                            check_refusal(answer, f"{method[:20]} {target}")
        self.is_alive("odd methods")

    def two_authorizations(self):
        good = f"Authorization: Bearer {self.server.token}\r\n"
        for what, first, second in [("the same", good, good), ("another", good, "Authorization: Bearer x\r\n"),
                                    ("a good one after a bad one", "Authorization: Bearer x\r\n", good),
                                    ("in another case", good, "AUTHORIZATION: Basic eDo=\r\n"),
                                    ("an empty one", "Authorization:\r\n", good)]:
            self.refused(f"two Authorization headers, {what}",
                         f"GET {KEYS} HTTP/1.1\r\nHost: a\r\n{first}{second}\r\n", 400)

    def odd_authorizations(self):
        token = self.server.token
        for value in ["", " ", "Bearer", "Bearer ", f"Bearer  {token}", f"Bearer {token} x", f"Bearer {token}, {token}",
                      f"Bearer{token}", token, f"Basic {token}", "Basic ====", "Basic " + "A" * 10_000, "Bearer \xff",
                      f"Bearer {token.upper()}", f"Bearer {token[:-1]}", f"Bearer {token}\t{token}", "Digest a=1",
                      "Bearer " + "tskey-" * 1000, "Basic OjpkOg==", "Basic /w=="]:
            self.refused(f"Authorization: {value[:40].replace(token[:20], '...')!r}",
                         f"GET {KEYS} HTTP/1.1\r\nHost: a\r\nAuthorization: {value}\r\n\r\n".encode("latin-1"), 401)


def many_connections(tests):
    """More than the limit: refused with a reason or closed, and good callers are served again afterwards."""
    server = tests.server("connections", **{"http.max_connections": 20, "http.idle_seconds": 2})
    server.start()
    idle = [Raw(server) for _ in range(60)]
    time.sleep(0.2)
    refused = 0
    for raw in idle:
        raw.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    for raw in idle:
        answer = raw.answer()
        if answer and answer[0] == 503:
            check(message_of(answer) and "retry-after" in answer[1], f"refused without advice: {answer}")
            refused += 1
        elif answer:
            check(answer[0] == 200, f"{answer[0]} {answer[2]!r}")
    check(refused >= 20, f"only {refused} of 60 connections were over the limit of 20")
    for raw in idle:
        raw.socket.close()
    time.sleep(0.3)
    Abuse(server).is_alive("too many connections")
    check(server.stop() == 0, "stopping")


def slow_clients(tests):
    """Slow loris: a head or body that drips, or never ends, is given up; others are served meanwhile."""
    server = tests.server("slow", **{"http.idle_seconds": 1})
    server.start()
    abuse = Abuse(server)
    whole = abuse.head("Content-Length: 100\r\n\r\n", "POST", KEYS)
    results = {}

    def drip(name, text, pause, patience):
        begin = time.monotonic()
        with Raw(server, timeout=patience) as raw:
            for byte in text.encode():
                raw.send(bytes([byte]))
                raw.socket.setblocking(False)
                try:
                    if raw.socket.recv(1, socket.MSG_PEEK) is not None:
                        break
                except BlockingIOError:
                    pass
                except ConnectionResetError:
                    break
                finally:
                    raw.socket.settimeout(patience)
                time.sleep(pause)
            results[name] = raw.answer(), time.monotonic() - begin

    threads = [threading.Thread(target=drip, args=arguments, daemon=True) for arguments in [
        *((f"head {i}", whole, 0.5, 30) for i in range(20)), ("nothing", "", 0, 30), ("half a head", whole[:40], 0, 30)]]
    for thread in threads:
        thread.start()
    for _ in range(20):
        abuse.is_alive("slow clients began")
        time.sleep(0.1)
    for thread in threads:
        thread.join(40)
    check(len(results) == len(threads), "a slow client is waited for without an end")
    for name, (answer, _) in results.items():
        if name == "nothing":
            check(answer is None, f"an idle connection is closed without a word: {answer}")
        elif answer is not None:
            check(answer[0] == 408 and message_of(answer), f"{name}: {answer}")
    abuse.is_alive("slow clients")
    check(server.stop() == 0, "stopping")


def stopping(tests):
    """SIGTERM while requests run: those that run are answered, the rest is closed in order, the server ends with 0."""
    server = tests.server("stopping")
    server.start()
    abuse = Abuse(server)
    whole = abuse.head(f"Content-Length: {len(CREATE)}\r\n\r\n", "POST", KEYS) + CREATE
    idle, half, busy = Raw(server), Raw(server), Raw(server)
    idle.send(abuse.head("\r\n").encode())
    check(idle.answer()[0] == 200, "a good request")
    half.send(whole[:-5].encode())  # the request runs: its body is not here yet
    busy.send(whole.encode() * 200)
    time.sleep(0.1)
    server.process.terminate()
    time.sleep(0.3)
    half.send(whole[-5:].encode())
    answer = half.answer()
    check(answer is not None and answer[0] in (200, 503), f"the running request was cut off: {answer}")
    if answer[0] == 200:
        check(answer[1].get("connection") == "close", f"the last answer does not say so: {answer[1]}")
    made = [json.loads(answer[2])["id"]] if answer[0] == 200 else []
    check(idle.answer() is None, "the idle connection was not closed in order")
    for answer in busy.answers():
        check(answer[0] in (200, 503), f"{answer[0]} {answer[2][:200]!r}")
        made += [json.loads(answer[2])["id"]] if answer[0] == 200 else []
    check(server.process.wait(30) == 0, "the server did not end with 0")
    for raw in (idle, half, busy):
        raw.socket.close()
    with server.database_copy(tests.directory / "stopping-copy") as database:
        stored = {key for key, in database.execute("SELECT id FROM credentials")}
    check(len(made) > 1 and not set(made) - stored, "an answered request left no key")


def stopping_in_time(tests):
    """A request that never ends keeps the server for http.stop_seconds at most."""
    server = tests.server("hanging", **{"http.stop_seconds": 1})
    server.start()
    with Raw(server) as raw:
        raw.send(Abuse(server).head("Content-Length: 100\r\n\r\n", "POST", KEYS).encode())
        time.sleep(0.1)
        check(server.stop(patience=20) == 0, "the server did not end with 0")


def seen_address(server, client, *forwarded, lines=None):
    """The address under which a key's making is in the audit log."""
    headers = lines if lines is not None else [("X-Forwarded-For", value) for value in forwarded]
    text = "".join(f"{name}: {value}\r\n" for name, value in headers)
    with Raw(server) as raw:
        raw.send((Abuse(server).head(f"{text}Content-Length: {len(CREATE)}\r\n\r\n", "POST", KEYS) + CREATE).encode())
        answer = raw.answer()
        check(answer[0] == 200, f"{answer[0]} {answer[2]!r}")
    key = json.loads(answer[2])["id"]
    log = client.call("GET", f"/api/v2/tailnet/-/logging/configuration?{EVER}&fields=all&target={key}").json()["logs"]
    return log[0]["source"]["address"]


def untrusted_proxies(tests):
    server = tests.server("direct")
    server.start()
    with server.client() as client:
        for claimed in ("203.0.113.9", "203.0.113.9, 127.0.0.1", "nonsense", "", "a" * 5000):
            check(seen_address(server, client, claimed) == "127.0.0.1", f"X-Forwarded-For: {claimed[:40]} was believed")
    server.stop()


def trusted_proxies(tests):
    server = tests.server("proxied", **{"http.trusted_proxies": "127.0.0.0/8, 10.0.0.0/8"})
    server.start()
    with server.client() as client:
        for claimed, real in [(["203.0.113.9"], "203.0.113.9"), (["203.0.113.9, 10.1.1.1"], "203.0.113.9"),
                              # What the client itself wrote stands left of what the proxy saw.
                              (["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
                              (["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
                              (["2001:db8::1"], "2001:db8::1"), (["[2001:db8::1]:4711"], "2001:db8::1"),
                              (["203.0.113.9:4711"], "203.0.113.9"), ([], "127.0.0.1")]:
            address = seen_address(server, client, *claimed)
            check(address == real, f"X-Forwarded-For {claimed}: {address} instead of {real}")
        for claimed in ("nonsense", "", ",,,", "203.0.113.9, nonsense", "a" * 5000):
            address = seen_address(server, client, claimed)
            check(address in ("127.0.0.1", "203.0.113.9") and "nonsense" not in address,
                  f"X-Forwarded-For {claimed[:40]!r}: {address}")
    server.stop()


def make_certificate(directory, name):
    try:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", str(directory / "new.key"), "-out", str(directory / "new.crt"), "-days", "2", "-subj",
                        f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True, timeout=60)
    except FileNotFoundError as missing:
        raise Skip("the openssl command is not installed") from missing
    # Written beside and moved in place, as certificate tools do.
    os.replace(directory / "new.key", directory / "server.key")
    os.replace(directory / "new.crt", directory / "server.crt")
    return (directory / "server.crt").read_text()


def tls(tests):
    directory = tests.directory / "tls-files"
    directory.mkdir()
    first = make_certificate(directory, "first.example")
    server = tests.server("tls", **{"tls.certificate": directory / "server.crt", "tls.key": directory / "server.key"})
    server.start()
    check(server.url.startswith("https://"), f"the address is {server.url}")

    def request(trusted, minimum=ssl.TLSVersion.TLSv1_2, maximum=ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cadata=trusted)
        with warnings.catch_warnings():  # asking for a version that is too old is the point of one test
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version, context.maximum_version = minimum, maximum
        with socket.create_connection((server.host, server.port), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as stream:
                stream.sendall(Abuse(server).head("Connection: close\r\n\r\n").encode())
                answer = b""
                while part := stream.recv(65536):
                    answer += part
                return answer, stream.version()

    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        answer, _ = request(first, version, version)
        check(answer.startswith(b"HTTP/1.1 200 "), f"over {version.name}: {answer[:100]!r}")
    try:
        request(first, ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_1)
        check(False, "TLS 1.1 is accepted")
    except (ssl.SSLError, ValueError, ConnectionError):
        pass

    rng = random.Random(9)
    for number in range(40):
        with Raw(server) as raw:
            raw.send([b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", rng.randbytes(500), b"\x16\x03\x01\x00\x05" + rng.randbytes(5),
                      b"", b"\x80" * 300][number % 5])
            raw.end_writing()
            while raw._fill():
                pass
            check(b"HTTP/1.1 200" not in raw.buffer, "a plain request is served on a TLS port")
    check(server.alive() and request(first)[0].startswith(b"HTTP/1.1 200 "), "a good request after bad handshakes")

    kept = ssl.create_default_context(cadata=first)
    with socket.create_connection((server.host, server.port), timeout=10) as plain, \
            kept.wrap_socket(plain, server_hostname="127.0.0.1") as stream:
        second = make_certificate(directory, "second.example")
        end, seen = time.monotonic() + 30, False
        while not seen and time.monotonic() < end:
            try:
                seen = request(second)[0].startswith(b"HTTP/1.1 200 ")
            except ssl.SSLCertVerificationError:
                time.sleep(0.2)
        check(seen, "the new certificate is not served 30 seconds after it was put in place")
        stream.sendall(Abuse(server).head("Connection: close\r\n\r\n").encode())
        check(stream.recv(20).startswith(b"HTTP/1.1 200 "), "a connection from before the change broke")

    (directory / "server.crt").write_text("nonsense")
    time.sleep(6)
    check(request(second)[0].startswith(b"HTTP/1.1 200 "), "a broken certificate file replaced a good certificate")
    check(server.stop() == 0, "stopping")

    refused = subprocess.run([str(BINARY), "serve", "--data-dir", str(server.data), "--listen", "127.0.0.1:0"],
                             env=environment(server.settings), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             timeout=30, check=False)
    check(refused.returncode in (1, 2) and refused.stderr, "a server with a broken certificate started")


def main():
    with Tests(limit_seconds=400) as tests:
        server = tests.server()
        server.start()
        abuse = Abuse(server)
        for name, function in [
                ("random bytes get a 4xx or a close", abuse.random_bytes),
                ("changed requests never make a server error", abuse.changed_requests),
                ("malformed heads are refused with a reason", abuse.malformed_heads),
                ("every limit is kept and named", abuse.limits),
                ("what could be read in two ways is refused, and nothing behind it is served", abuse.framing),
                ("a cut request changes nothing", abuse.cut_requests),
                ("pipelined requests are answered in order", abuse.pipelining),
                ("clients that reset their connection hurt nobody", abuse.reset_while_answering),
                ("bodies of any wrong form or type are refused with a reason", abuse.bodies),
                ("odd paths and queries are refused with a reason", abuse.targets),
                ("odd methods are refused with a reason", abuse.methods),
                ("R12: two Authorization headers are refused", abuse.two_authorizations),
                ("R11, R12: whatever is not exactly the token is refused", abuse.odd_authorizations),
        ]:
            tests.run(name, function)
        for name, function in [
                ("connections over the limit are told so", many_connections),
                ("slow clients are given up and slow nobody else", slow_clients),
                ("SIGTERM lets running requests end", stopping),
                ("SIGTERM ends in bounded time", stopping_in_time),
                ("X-Forwarded-For of strangers is not believed", untrusted_proxies),
                ("X-Forwarded-For of trusted proxies names the client", trusted_proxies),
                ("TLS serves from certificate files and takes up changed ones", tls),
        ]:
            tests.run(name, function, tests)
        log = server.log.read_text(errors="replace")

        def no_server_error():
            events = server.events()
            errors = [event for event in events if event.get("status", 0) >= 500 and
                      event["status"] not in TOLD_BY_RFC]
            check(not errors, f"server errors in the access log: {errors[:3]}")
            loud = [event for event in events if event.get("level") == "error"]
            check(not loud, f"errors in the log: {loud[:3]}")
            check(all(event.get("event") for event in events), "a line of the log is no JSON object with an event")
            check(server.token.rsplit("-", 1)[1] not in log, "the token is in the log")

        tests.run("after all this the log has no server error and stays one JSON object a line", no_server_error)
    tests.finish()


if __name__ == "__main__":
    main()
