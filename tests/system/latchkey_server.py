"""What the system tests share: a server process on a loopback port of its own, clients for it, and the count of what
held.

Only Python's standard library. A test file makes a Tests object, runs its functions and ends with finish(), whose last
line the suites read: "N passed, N failed, N skipped".
"""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = pathlib.Path(os.environ.get("LATCHKEY_BINARY", ROOT / "build" / "latchkey"))
KEYS = "/api/v2/tailnet/-/keys"
EVER = "start=2020-01-01T00:00:00Z&end=2099-01-01T00:00:00Z"


class Skip(Exception):
    """Why a test cannot run here."""


class OutOfTime(BaseException):
    """The whole file took longer than it may."""


class Tests:
    """Runs test functions, counts them, and removes what they left behind."""

    def __init__(self, limit_seconds):
        self.passed = self.failed = self.skipped = 0
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="latchkey-system."))
        self.servers = []
        signal.signal(signal.SIGALRM, self._out_of_time)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        signal.alarm(limit_seconds)

    @staticmethod
    def _out_of_time(*_):
        raise OutOfTime("the time for these tests is over")

    def __enter__(self):
        if not BINARY.exists():
            raise SystemExit(f"there is no {BINARY}: build it, or name one with LATCHKEY_BINARY")
        return self

    def __exit__(self, kind, error, trace):
        signal.alarm(0)
        for server in self.servers:
            server.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
        if kind is OutOfTime:
            traceback.print_exception(kind, error, trace, limit=-3, file=sys.stdout)
            self.failed += 1
            self._print_counts()
            os._exit(1)  # threads of the test may hang
        return False

    def server(self, name="server", **settings):
        """A server with a data directory and a tailnet, not started."""
        server = Server(self.directory / name, settings)
        self.servers.append(server)
        server.init()
        return server

    def run(self, name, function, *arguments):
        """One test; its name states what is promised."""
        start = time.monotonic()
        try:
            function(*arguments)
            self.passed += 1
            print(f"ok      {name} ({time.monotonic() - start:.1f} s)", flush=True)
            return True
        except Skip as reason:
            self.skipped += 1
            print(f"skipped {name}: {reason}", flush=True)
        except Exception as error:  # a test may fail in any way
            self.failed += 1
            frames = traceback.extract_tb(error.__traceback__)
            where = next((f for f in reversed(frames) if f.filename != __file__), frames[-1])
            print(f"FAILED  {name}\n        line {where.lineno}: {type(error).__name__}: {error}", flush=True)
        return False

    def _print_counts(self):
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)

    def finish(self):
        self._print_counts()
        sys.exit(1 if self.failed else 0)


def check(holds, what):
    """Like assert, but never optimised away."""
    if not holds:
        raise AssertionError(what)


def environment(settings):
    """This process' environment without what would steer a server, and with the given settings ("log.level")."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LATCHKEY_")}
    for key, value in settings.items():
        kept["LATCHKEY_" + key.upper().replace(".", "_")] = str(value)
    return kept


class Server:
    """A server process over a data directory, through starts, stops and crashes."""

    def __init__(self, directory, settings):
        self.directory = pathlib.Path(directory)
        self.data = self.directory / "data"
        self.settings = {"metrics.listen": "127.0.0.1:0", **settings}
        self.log = self.directory / "stderr.log"
        self.process = None
        self.token = self.url = self.metrics_url = ""
        self.host, self.port = "", 0

    def cli(self, *arguments, settings=None, **options):
        """Runs the command line; returns the finished process with texts."""
        return subprocess.run([str(BINARY), *arguments], env=environment(settings or {}), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False, **options)

    def init(self):
        self.directory.mkdir(parents=True)
        made = self.cli("init", "--data-dir", str(self.data), "--tailnet", "otter-reef.example", "--owner",
                        "olive@otter-reef.example", "--output", "json")
        check(made.returncode == 0, f"latchkey init failed: {made.stderr}")
        self.token = json.loads(made.stdout)["apiToken"]

    def start(self, patience=20):
        """Starts and waits until it listens. Returns the seconds that took."""
        begin = time.monotonic()
        written = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(BINARY), "serve", "--data-dir", str(self.data), "--listen", "127.0.0.1:0", "--log-format", "json"],
                env=environment(self.settings), stdin=subprocess.DEVNULL, stdout=log, stderr=log, close_fds=True)
        while time.monotonic() - begin < patience:
            for event in self.events(written):
                if event.get("event") == "metrics":
                    self.metrics_url = event["url"]
                if event.get("event") == "listening":
                    self.url = event["url"]
                    address = self.url.split("://")[1]
                    self.host, port = address.rsplit(":", 1)
                    self.port = int(port)
                    return time.monotonic() - begin
            if self.process.poll() is not None:
                break
            time.sleep(0.005)
        tail = self.log.read_text(errors="replace")[written:][-2000:]
        self.kill()
        raise AssertionError(f"the server did not start:\n{tail}")

    def events(self, offset=0):
        """The log's lines from a byte offset on."""
        with open(self.log, "rb") as log:
            log.seek(offset)
            lines = log.read().split(b"\n")[:-1]
        events = []
        for line in lines:
            try:
                events.append(json.loads(line))
            except ValueError:
                events.append({"event": "", "line": line.decode(errors="replace")})
        return events

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9, as a crash."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self, patience=60):
        """SIGTERM, and wait for the end. Returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(patience)

    def client(self, **options):
        return Client(self, **options)

    def local_client(self):
        return Client(self, local=True)

    def metrics(self):
        host, port = self.metrics_url.split("://")[1].split("/")[0].rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def database_copy(self, into):
        """Opens a copy of the database as a crash or a stop left it."""
        into.mkdir(parents=True, exist_ok=True)
        for name in ("latchkey.db", "latchkey.db-wal"):
            (into / name).unlink(missing_ok=True)
            if (self.data / name).exists():
                shutil.copyfile(self.data / name, into / name)
        (into / "latchkey.db-shm").unlink(missing_ok=True)
        return sqlite3.connect(into / "latchkey.db")


class _LocalConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def message(self):
        """Of an error; empty when there is none."""
        try:
            found = self.json().get("message", "")
        except (ValueError, AttributeError):
            return ""
        return found if isinstance(found, str) else ""


class Client:
    """One caller with a kept-alive connection. Failures of the connection pass through as OSError or HTTPException."""

    def __init__(self, server, token=None, local=False, timeout=30):
        self.token = server.token if token is None else token
        self.local = local
        if local:
            self.token = ""
            self.connection = _LocalConnection(str(server.data / "latchkey.sock"), timeout)
        else:
            self.connection = http.client.HTTPConnection(server.host, server.port, timeout=timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.connection.close()

    def call(self, method, target, body=None, headers=None, token=None):
        sent = dict(headers or {})
        token = self.token if token is None else token
        if token and "Authorization" not in sent:
            sent["Authorization"] = "Bearer " + token
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        try:
            self.connection.request(method, target, body, sent)
            answer = self.connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        except BaseException:
            self.connection.close()
            raise

    def create_auth_key(self, description="", expiry=None, target=KEYS, **grant):
        body = {"description": description, "capabilities": {"devices": {"create": grant}}}
        if expiry is not None:
            body["expirySeconds"] = expiry
        return self.call("POST", target, body)

    def create_api_token(self, description="", expiry=None):
        """Through the local socket only."""
        body = {"description": description}
        if expiry is not None:
            body["expirySeconds"] = expiry
        return self.call("POST", "/api/console/access-tokens", body)


def in_parallel(count, function):
    """Runs function(number) on so many threads; raises what the first failing one raised."""
    failures = []

    def work(number):
        try:
            function(number)
        except Exception as error:  # handed to the caller
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
