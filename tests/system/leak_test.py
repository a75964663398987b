#!/usr/bin/env python3
"""Shown once: of 3,000 issued secrets, 1,000 of them of webhook endpoints, some of which clients put into wrong places, no part is found anywhere but in the
answers that created them. Looks at every byte of the data directory, a backup, logs, metrics, answers, the command
line's output and what /proc tells of the process; for the secrets as text and in base64, and for their stored digests
in hexadecimal and base64.
"""

import base64
import collections
import json
import re
import socket

from latchkey_server import EVER, KEYS, Tests, check, in_parallel

EACH = 1000
ENDPOINTS = 40
HOOKS = "/api/v2/tailnet/-/webhooks"
WINDOW = 16  # characters of a secret that give it away
RUN = re.compile(rb"[A-Za-z0-9+/]{%d,}" % WINDOW)


class Search:
    """Finds any part of WINDOW characters of any needle, in one pass over the text."""

    def __init__(self):
        self.windows = {}

    def add_text(self, needle, label):
        data = needle.encode() if isinstance(needle, str) else needle
        for start in range(len(data) - WINDOW + 1):
            self.windows.setdefault(data[start:start + WINDOW], label)

    def add_base64_of(self, data, label):
        """As it looks inside a longer text, whatever stands before it."""
        for before in range(3):
            encoded = base64.b64encode(b"\0" * before + data)
            # Characters that mix in bits of the neighbours are no evidence.
            self.add_text(encoded[(0, 2, 3)[before]:len(encoded) - 4], label)

    def find(self, text):
        found = []
        for run in RUN.finditer(text):
            data = run.group()
            if len(data) > 100_000:
                data = data[:100_000]
            for start in range(len(data) - WINDOW + 1):
                label = self.windows.get(data[start:start + WINDOW])
                if label is not None:
                    found.append((run.start() + start, label))
                    break
        return found


class Issued:
    """One secret, and the wrong place a client put it into, if any."""

    def __init__(self, answer):
        key = answer.json()
        self.is_hook = "endpointId" in key
        self.id, self.text = (key["endpointId"], key["secret"]) if self.is_hook else (key["id"], key["key"])
        self.place = "nowhere"
        self.random = self.text.rsplit("-", 1)[1]


class Run:
    def __init__(self, tests):
        self.server = tests.server("server", **{"log.level": "debug"})
        self.directory = tests.directory
        self.issued = []
        self.texts = {}  # what was read, by where: bytes
        self.bodies = collections.defaultdict(bytearray)

    def keep(self, where, answer):
        """Everything a client gets to see but the answers that create."""
        head = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
        self.bodies[where] += head.encode() + answer.body + b"\n"
        return answer

    def issue(self):
        self.server.start()
        check(re.fullmatch(r"tskey-api-[0-9A-Za-z_]+-[0-9A-Za-z_]{50}", self.server.token), "the form of a key")

        def some(number):
            with self.server.client() as client, self.server.local_client() as local:
                for _ in range(EACH // 8):
                    for answer in (client.create_auth_key(f"key of caller {number}", reusable=True, tags=["tag:ci"]),
                                   local.create_api_token(f"token of caller {number}")):
                        check(answer.status == 200, f"{answer.status} {answer.body!r}")
                        self.issued.append(Issued(answer))

        def some_hooks(number):
            """A few endpoints, since a tailnet has not a thousand, and many secrets for each; old ones stay for a while."""
            with self.server.client() as client:
                for each in range(ENDPOINTS // 8):
                    answer = client.call("POST", HOOKS, {"endpointUrl": f"https://ops.invalid/{number}/{each}",
                                                         "subscriptions": ["categoryKeyActivity"]})
                    for turn in range(EACH // ENDPOINTS):
                        if turn > 0:
                            answer = client.call("POST", f"/api/v2/webhooks/{answer.json()['endpointId']}/rotate",
                                                 {"overlapSeconds": 3600} if turn % 2 else None)
                        check(answer.status == 200, f"{answer.status} {answer.body!r}")
                        self.issued.append(Issued(answer))

        in_parallel(8, some)
        in_parallel(8, some_hooks)
        self.keys = [key for key in self.issued if not key.is_hook]
        check(len(self.issued) == 3 * EACH, f"{len(self.issued)} were issued")
        texts = {key.text for key in self.issued}
        check(len(texts) == 3 * EACH, "two secrets are alike")

    def misplace(self):
        """Each wrong place gets a secret of each kind of its own, so that a finding tells which it was."""
        auth = iter([key for key in self.issued if key.text.startswith("tskey-auth-")])
        api = iter([key for key in self.issued if key.text.startswith("tskey-api-")])
        hook = iter([key for key in self.issued if key.is_hook])
        with self.server.client() as client, self.server.local_client() as local:
            for place, put in wrong_places(client, local):
                for kind in (auth, api, hook):
                    key = next(kind)
                    key.place = place
                    self.keep(f"answer to a secret as {place}", put(key.text))
            for place, request in raw_places(self.server.token):
                for kind in (auth, api, hook):
                    key = next(kind)
                    key.place = place
                    self.bodies[f"answer to a secret as {place}"] += self.raw(request(key.text))
        check(self.server.alive(), "the server died")

    def raw(self, request):
        with socket.create_connection((self.server.host, self.server.port), timeout=10) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            answer = bytearray()
            while part := connection.recv(65536):
                answer += part
            return answer

    def use(self):
        """Every kind of call, with the secrets where they belong."""
        with self.server.client() as client, self.server.local_client() as local:
            self.use_endpoints(client)
            for key in self.keys[:200]:
                self.keep("GET of a key", client.call("GET", f"{KEYS}/{key.id}?fields=all"))
                if key.text.startswith("tskey-api-"):
                    self.keep("whoami", client.call("GET", "/api/v2/whoami", token=key.text))
                    pair = base64.b64encode(f"{key.text}:".encode()).decode()
                    self.keep("whoami", client.call("GET", "/api/v2/whoami",
                                                    headers={"Authorization": "Basic " + pair}))
                else:
                    self.keep("refusal of an auth key", client.call("GET", "/api/v2/whoami", token=key.text))
            for key in self.keys[:300]:
                self.keep("DELETE of a key", client.call("DELETE", f"{KEYS}/{key.id}"))
            for key in self.keys[:100]:
                self.keep("refusal of a revoked token", client.call("GET", KEYS, token=key.text))
            self.keep("list of keys", client.call("GET", f"{KEYS}?all=true&fields=all"))
            self.keep("local list of keys", local.call(
                "GET", f"{KEYS}?all=true", headers={"X-Latchkey-Tailnet": "otter-reef.example"}))
            logs = self.keep("audit log", client.call(
                "GET", f"/api/v2/tailnet/-/logging/configuration?{EVER}&fields=all"))
            check(len(logs.json()["logs"]) >= 3 * EACH + 300, "the audit log is too short")
            self.keep("audit verification", client.call("GET", "/api/console/audit-verification"))

    def use_endpoints(self, client):
        hooks = {key.id: key for key in self.issued if key.is_hook}
        self.keep("list of webhooks", client.call("GET", HOOKS + "?fields=all"))
        for number, (endpoint, key) in enumerate(hooks.items()):
            path = f"/api/v2/webhooks/{endpoint}"
            self.keep("test of a webhook", client.call("POST", path + "/test"))
            self.keep("GET of a webhook", client.call("GET", path + "?fields=all"))
            events = ["nodeCreated", "categoryKeyActivity"] if number % 2 else ["policyUpdate"]
            self.keep("PATCH of a webhook", client.call("PATCH", path, {"subscriptions": events}))
            self.keep("refusal of a webhook secret", client.call("GET", HOOKS, token=key.text))
            for rest in ("/deliveries", "/deliveries/1"):
                self.keep("deliveries of a webhook", client.call("GET", path + rest))
        for endpoint in list(hooks)[:10]:
            self.keep("DELETE of a webhook", client.call("DELETE", f"/api/v2/webhooks/{endpoint}"))

    def use_command_line(self):
        data = ["--data-dir", str(self.server.data)]
        # By now there may be several tailnets, one with a secret as its name.
        named = [*data, "--tailnet", "otter-reef.example"]
        lost = [key for key in self.keys if key.place == "nowhere"][-6:]
        hook = next(key for key in reversed(self.issued) if key.is_hook)
        commands = {
            "keys list": ["keys", "list", "--all", *named],
            "keys list as JSON": ["keys", "list", "--all", "--output", "json", *named],
            "keys show": ["keys", "show", self.keys[0].id, *named],
            "webhooks list": ["webhooks", "list", *named],
            "webhooks list as JSON": ["webhooks", "list", "--output", "json", *named],
            "webhooks show": ["webhooks", "show", hook.id, *named],
            "webhooks deliveries as JSON": ["webhooks", "deliveries", hook.id, "--output", "json", *named],
            "webhooks show of a secret": ["webhooks", "show", hook.text, *named],
            "logs": ["logs", "--since", "2020-01-01T00:00:00Z", *named],
            "logs as JSON": ["logs", "--since", "2020-01-01T00:00:00Z", "--output", "json", *named],
            "backup": ["backup", "--out", str(self.directory / "backup.db"), *data],
            "doctor": ["doctor", *data],
            "audit verify": ["audit", "verify", *named],
            "keys show of a secret": ["keys", "show", lost[0].text, *named],
            "keys revoke of a secret": ["keys", "revoke", lost[1].text, *named],
            "keys check of a secret": ["keys", "check", lost[2].text],
            "logs about a secret": ["logs", "--target", lost[3].text, *named],
            "keys create with a secret as description": ["keys", "create", "--description", lost[4].text, *named],
        }
        for name, arguments in commands.items():
            done = self.server.cli(*arguments)
            self.texts[f"output of latchkey {name}"] = (done.stdout + done.stderr).encode()
        for name in ("keys list", "keys list as JSON", "logs", "logs as JSON"):
            text = self.texts[f"output of latchkey {name}"]
            check(len(text) > 1000, f"latchkey {name} printed too little: {text!r}")
        check((self.directory / "backup.db").stat().st_size > 100_000, "there is no backup")
        for number, key in enumerate(lost):
            key.place = "an argument of the command line " + str(number)

    def collect(self):
        process = f"/proc/{self.server.process.pid}"
        for name in ("environ", "cmdline"):
            with open(f"{process}/{name}", "rb") as file:
                self.texts[f"{process.rsplit('/', 1)[0]}/PID/{name}"] = file.read()
        self.texts["metrics"] = self.server.metrics().encode()
        self.texts.update({where: bytes(text) for where, text in self.bodies.items()})
        files = self.files("running")
        check(any("wal" in name for name in files), "there is no write-ahead log while the server runs")
        check(self.server.stop() == 0, "the server did not stop cleanly")
        files.update(self.files("stopped"))
        files["backup file"] = (self.directory / "backup.db").read_bytes()
        self.texts["log"] = self.server.log.read_bytes()
        check(self.texts["log"].count(b"\n") > 3 * EACH, "the log is too short to show anything")
        return files

    def files(self, when):
        return {f"{path.name} ({when})": path.read_bytes() for path in self.server.data.rglob("*")
                if path.is_file() and path.name != "root.key"}


def wrong_places(client, local):
    """Where people put secrets by mistake: a name, and the call that does it."""
    describe = {"capabilities": {"devices": {"create": {}}}}

    def with_member(**member):
        return lambda text: client.call("POST", KEYS, {**describe, **{k: v(text) for k, v in member.items()}})

    def with_header(name, value=lambda text: text, method="GET", target=KEYS, body=None):
        return lambda text: client.call(method, target, body, {name: value(text)})

    def basic(value):
        return lambda text: "Basic " + base64.b64encode(value(text).encode()).decode()

    def escaped(text):
        return text.replace("-", "%2D")

    log = f"/api/v2/tailnet/-/logging/configuration?{EVER}"
    yield "key id", lambda text: client.call("GET", f"{KEYS}/{text}")
    yield "key id to revoke", lambda text: client.call("DELETE", f"{KEYS}/{text}")
    yield "key id, percent-encoded", lambda text: client.call("GET", f"{KEYS}/{escaped(text)}")
    yield "key id in capitals of its prefix", lambda text: client.call("GET", f"{KEYS}/{text.replace('tskey', 'TSKEY')}")
    yield "path", lambda text: client.call("GET", f"/{text}")
    yield "second path element", lambda text: client.call("GET", f"/api/v2/{text}/x")
    yield "tailnet name", lambda text: client.call("GET", f"/api/v2/tailnet/{text}/keys")
    yield "tailnet name to create in", lambda text: client.call("POST", f"/api/v2/tailnet/{text}/keys", describe)
    yield "query", lambda text: client.call("GET", f"{KEYS}?key={text}")
    yield "query of a write", lambda text: client.call("POST", f"{KEYS}?token={text}", describe | {"keyType": "x"})
    for name in ("all", "fields"):
        yield f"query {name}", lambda text, name=name: client.call("GET", f"{KEYS}?{name}={text}")
    yield "query start", lambda text: client.call("GET", f"/api/v2/tailnet/-/logging/configuration?start={text}&end=x")
    for name in ("event", "actor", "target"):
        yield f"query {name}", lambda text, name=name: client.call("GET", f"{log}&{name}={text}")
    yield "description", with_member(description=lambda text: text)
    yield "key type", with_member(keyType=lambda text: text)
    yield "allowed host name", with_member(allowedHostnames=lambda text: [text])
    yield "expiry", with_member(expirySeconds=lambda text: text)
    yield "tag", lambda text: client.create_auth_key(tags=["tag:" + text])
    yield "tag without its prefix", lambda text: client.create_auth_key(tags=[text])
    yield "member name", lambda text: client.call("POST", KEYS, describe | {text: 1, "keyType": "x"})
    yield "broken JSON", lambda text: client.call("POST", KEYS, '{"key": ' + text)
    yield "body", lambda text: client.call("POST", KEYS, text)
    yield "Basic password", with_header("Authorization", basic(lambda text: "user:" + text))
    yield "Basic user with a password", with_header("Authorization", basic(lambda text: text.swapcase() + ":" + text))
    yield "broken Basic", with_header("Authorization", lambda text: "Basic " + text)
    yield "Authorization without a scheme", with_header("Authorization")
    yield "another scheme", with_header("Authorization", lambda text: "Token " + text)
    yield "changed token", with_header("Authorization", lambda text: "Bearer " + text[:-1] + "1")
    yield "User-Agent", with_header("User-Agent")
    yield "User-Agent of a write", with_header("User-Agent", method="POST", body=json.dumps(describe))
    yield "User-Agent in longer text", with_header("User-Agent", lambda text: f"tool/1 ({text})", "POST",
                                                   body=json.dumps(describe))
    for name in ("X-Request-Id", "X-Forwarded-For", "Referer", "Cookie", "X-Api-Key", "Origin"):
        yield f"header {name}", with_header(name)
    yield "local tailnet", lambda text: local.call("GET", KEYS, headers={"X-Latchkey-Tailnet": text})
    yield "local user", lambda text: local.call("GET", KEYS, headers={"X-Latchkey-User": text})
    yield "token description", lambda text: local.create_api_token(text)
    yield "new tailnet's name", lambda text: local.call("POST", "/api/local/tailnets",
                                                        {"tailnet": text, "owner": "o@b.example"})
    yield "new tailnet's owner", lambda text: local.call("POST", "/api/local/tailnets",
                                                         {"tailnet": "b.example", "owner": text})
    path = f"/api/v2/webhooks/{client.call('GET', HOOKS).json()['webhooks'][0]['endpointId']}"
    new = {"endpointUrl": "https://ops.invalid/", "subscriptions": ["nodeCreated"]}
    yield "endpoint id", lambda text: client.call("GET", f"/api/v2/webhooks/{text}")
    yield "endpoint id to rotate", lambda text: client.call("POST", f"/api/v2/webhooks/{text}/rotate")
    yield "endpoint address", lambda text: client.call("POST", HOOKS, new | {"endpointUrl": f"https://ops.invalid/{text}"})
    yield "endpoint address' query", lambda text: client.call("POST", HOOKS, new | {"endpointUrl": f"https://ops.invalid/?k={text}"})
    yield "provider", lambda text: client.call("POST", HOOKS, new | {"providerType": text})
    yield "subscription", lambda text: client.call("PATCH", path, {"subscriptions": [text]})
    yield "delivery number", lambda text: client.call("GET", f"{path}/deliveries/{text}")
    yield "delivery state", lambda text: client.call("GET", f"{path}/deliveries?state={text}")
    yield "window of a replay", lambda text: client.call("POST", f"{path}/deliveries/replay", {"from": text, "to": text})
    yield "backup path", lambda text: local.call("POST", "/api/local/backup", {"path": f"/nonexistent/{text}"})


def raw_places(token):
    """Where http.client puts nothing."""
    good = f"Host: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
    yield "method", lambda text: f"{text} / HTTP/1.1\r\n{good}\r\n".encode()
    yield "version", lambda text: f"GET / {text}\r\n{good}\r\n".encode()
    yield "Host", lambda text: f"GET /healthz HTTP/1.1\r\nHost: {text}\r\nConnection: close\r\n\r\n".encode()
    yield "header name", lambda text: f"GET /healthz HTTP/1.1\r\n{text}: 1\r\n{good}\r\n".encode()
    yield "absolute target", lambda text: f"GET http://{text}/healthz HTTP/1.1\r\n{good}\r\n".encode()
    yield "user in a URL", lambda text: f"GET http://{text}@a/healthz HTTP/1.1\r\n{good}\r\n".encode()
    yield "a line alone", lambda text: f"{text}\r\n\r\n".encode()
    yield "chunk extension", lambda text: (f"POST {KEYS} HTTP/1.1\r\n{good}Transfer-Encoding: chunked\r\n\r\n"
                                           f"2;{text}\r\n{{}}\r\n0\r\n\r\n").encode()
    yield "trailer", lambda text: (f"POST {KEYS} HTTP/1.1\r\n{good}Transfer-Encoding: chunked\r\n\r\n"
                                   f"2\r\n{{}}\r\n0\r\nX: {text}\r\n\r\n").encode()


def excerpt(text, at):
    """Around a finding, without the finding."""
    before = text[max(0, at - 50):at].decode(errors="replace")
    return repr("".join(c if c.isprintable() else "." for c in before))


def report(findings):
    """One line for each pair of place and finding spot."""
    seen = collections.Counter()
    lines = []
    for where, text, at, label in findings:
        seen[where, label] += 1
        if seen[where, label] == 1:
            lines.append(f"          in {where}: {label}, after {excerpt(text, at)}")
    check(not findings, f"{len(findings)} findings:\n" + "\n".join(lines[:60]))


def find_secrets(search, haystacks):
    report([(where, text, at, label) for where, text in haystacks.items() for at, label in search.find(text)])


def main():
    with Tests(limit_seconds=300) as tests:
        run = Run(tests)
        collected = {}

        def gather():
            run.issue()
            run.misplace()
            run.use()
            run.use_command_line()
            collected.update(run.collect())

        if tests.run(f"R1, R9, R10: {EACH} auth keys, {EACH} API tokens and {EACH} webhook secrets are issued, used, misplaced and withdrawn",
                     gather):
            secrets = Search()
            for key in run.issued:
                label = f"a secret that was put {'nowhere wrong' if key.place == 'nowhere' else 'as ' + key.place}"
                secrets.add_text(key.random, label)
                secrets.add_base64_of(key.random.encode(), label + " (in base64)")
            secrets.add_text(run.server.token.rsplit("-", 1)[1], "the first token")

            digests = Search()
            with run.server.database_copy(tests.directory / "copy") as database:
                stored = dict(database.execute("SELECT id, digest FROM credentials"))
            for key, digest in stored.items():
                digests.add_text(digest.hex(), f"the digest of {key}")
                digests.add_text(digest.hex().upper(), f"the digest of {key}")
                digests.add_base64_of(digest, f"the digest of {key}")

            def planted():
                for key in run.issued:
                    check(secrets.find(b"x=" + key.random[20:40].encode() + b";"), "a planted secret is not found")
                    check(secrets.find(base64.b64encode(b"u:" + key.text.encode())), "nor in base64")
                for key in run.keys:
                    check(digests.find(b"\0" + stored[key.id].hex().encode()), "a planted digest is not found")

            total = sum(map(len, run.texts.values())) + sum(map(len, collected.values()))
            print(f"        looking through {total / 1e6:.1f} MB for {len(secrets.windows)} parts of secrets")
            tests.run("the search finds what is planted", planted)
            tests.run("R3: no part of any secret is in the data directory or a backup", find_secrets, secrets, collected)
            for group, names in {
                    "the log at level debug": lambda name: name == "log",
                    "the metrics": lambda name: name == "metrics",
                    "/proc/PID/environ and cmdline": lambda name: name.startswith("/proc"),
                    "the audit log with all fields": lambda name: name == "audit log",
                    "the command line's output": lambda name: name.startswith("output of"),
            }.items():
                tests.run(f"R3: no part of any secret is in {group}", find_secrets, secrets,
                          {name: text for name, text in run.texts.items() if names(name)})
            tests.run("R3: no part of any secret is in an answer but the one that created it", find_secrets, secrets,
                      {name: bytes(text) for name, text in run.bodies.items()})

            def no_digest():
                for where, text in run.texts.items():
                    # Raw digests are no text, so they cannot be in what decodes.
                    text.decode()
                find_secrets(digests, run.texts)

            tests.run("no digest of a secret is in any text", no_digest)
    tests.finish()


if __name__ == "__main__":
    main()
