"""Receivers of webhooks for the system tests: they check signatures, remember what came, and misbehave as they are told."""

import hashlib
import hmac
import json
import random
import socket
import threading
import time


def verify(secret, header, body, now):
    """As docs/webhooks.md tells receivers to."""
    sent, signatures = "", []
    for part in header.split(","):
        name, _, value = part.partition("=")
        if name == "t":
            sent = value
        elif name == "v1":
            signatures.append(value)
    if not sent.isdigit() or not -60 <= int(now) - int(sent) <= 300:
        return False
    want = hmac.new(secret.encode(), sent.encode() + b"." + body, hashlib.sha256).hexdigest()
    return want in signatures


class Receiver:
    """Answers on a loopback port. `behave` is called for each request and gives what to do: "ok", "error", "redirect",
    "early" (close without an answer), "cut" (close within the head), "garbage", "hang", or a number: seconds to wait
    before answering 200."""

    def __init__(self, behave=lambda: "ok"):
        self.behave = behave
        self.secret = ""
        self.lock = threading.Lock()
        self.requests = []  # (time, header, body, what was done)
        self.wrong = []  # requests whose signature is not right
        self.connections = []
        self.over = threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook"

    def close(self):
        self.over.set()
        self.listening.close()
        with self.lock:
            for connection in self.connections:
                connection.close()

    def _accept(self):
        while not self.over.is_set():
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            stream = connection.makefile("rb")
            while self._one(connection, stream):
                pass
        except (OSError, ValueError):
            pass
        finally:
            connection.close()
            with self.lock:
                if connection in self.connections:
                    self.connections.remove(connection)

    def _one(self, connection, stream):
        if not stream.readline():
            return False
        headers = {}
        while (line := stream.readline().strip()):
            name, _, value = line.partition(b":")
            headers[name.strip().lower().decode()] = value.strip().decode()
        body = stream.read(int(headers.get("content-length", "0")))
        arrived, header = time.time(), headers.get("tailscale-webhook-signature", "")
        what = self.behave()
        if not verify(self.secret, header, body, arrived):
            with self.lock:
                self.wrong.append((header, body[:200]))
        if what == "hang":
            self.over.wait(30)
        elif what == "cut":
            connection.sendall(b"HTTP/1.1 200 O")
        elif what == "garbage":
            connection.sendall(bytes(random.randrange(256) for _ in range(200)))
        elif what == "error":
            connection.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")
        elif what == "redirect":
            connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
        elif what != "early":
            if what != "ok":
                self.over.wait(what)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            what = "ok"
        with self.lock:
            self.requests.append((arrived, header, body, what))
        return what in ("ok", "error", "redirect")

    def events(self):
        """(time, event) of every request that was answered with 200, in order."""
        with self.lock:
            taken = [(arrived, body) for arrived, _, body, what in self.requests if what == "ok"]
        return [(arrived, event) for arrived, body in taken for event in json.loads(body)]

    def counts(self):
        counts = {}
        with self.lock:
            for *_, what in self.requests:
                counts[what] = counts.get(what, 0) + 1
        return counts


class Failing:
    """Fails a share of the requests at random, in many ways, but not more than so many in a row: waits grow threefold with
    each failure, and a test must end."""

    WAYS = ["error", "error", "error", "redirect", "early", "cut", "garbage", "hang"]

    def __init__(self, share, in_a_row):
        self.share, self.in_a_row = share, in_a_row
        self.failed = 0
        self.lock = threading.Lock()

    def __call__(self):
        with self.lock:
            if self.failed < self.in_a_row and random.random() < self.share:
                self.failed += 1
                return random.choice(self.WAYS)
            self.failed = 0
            return "ok"
