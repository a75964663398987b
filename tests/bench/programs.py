"""Programs that a benchmark starts: each on loopback with a port of the kernel's choice, watched through /proc, ended by
its own process id."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

TICK_MICROS = 1_000_000 / os.sysconf("SC_CLK_TCK")
NGINX = shutil.which("nginx") or ("/usr/sbin/nginx" if os.access("/usr/sbin/nginx", os.X_OK) else None)
WRK = shutil.which("wrk")
STARTED = []


class Failed(Exception):
    """A benchmark cannot go on; the text says why."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url, token=None):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


def post(url, body, token):
    return send(url, json.dumps(body), "application/json", f"Bearer {token}")


def post_form(url, body, authorization):
    return send(url, body, "application/x-www-form-urlencoded", authorization)


def send(url, body, kind, authorization):
    request = urllib.request.Request(url, body.encode(), {"Authorization": authorization, "Content-Type": kind})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


class Program:
    """One server process, with its children."""

    def __init__(self, name, command, log, environment=None, user=None):
        self.name = name
        self.log = Path(log)
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out, env={**os.environ, **(environment or {})}, user=user)
        STARTED.append(self)

    def pids(self):
        own = self.process.pid
        try:
            children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        except OSError:
            children = []
        return [own, *map(int, children)]

    def cpu_micros(self):
        total = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total * TICK_MICROS

    def resident_bytes(self):
        total = 0
        for pid in self.pids():
            found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
            total += int(found[1]) * 1024
        return total

    def wait_for(self, pattern, seconds=60):
        """The first match in the log."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, self.log.read_text(errors="replace"))
            if found:
                return found
            self.check_alive()
            time.sleep(0.0005)
        raise Failed(f"{self.name} did not say {pattern!r} within {seconds} s; see {self.log}")

    def wait_until_answering(self, port, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            self.check_alive()
            time.sleep(0.0005)
        raise Failed(f"{self.name} did not listen within {seconds} s")

    def check_alive(self):
        if self.process.poll() is not None:
            raise Failed(f"{self.name} ended with status {self.process.returncode}: "
                         f"{self.log.read_text(errors='replace')[-800:]}")

    def stop(self, how=signal.SIGTERM, seconds=60):
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def stop_all():
    for program in reversed(STARTED):
        program.stop(signal.SIGKILL)


class Latchkey(Program):
    """`latchkey serve` on a data directory made by init()."""

    binary = None  # set by run

    def __init__(self, directory, log, environment=None, port=0):
        self.directory = Path(directory)
        self.token_file = self.directory.with_suffix(".token")
        settings = {"LATCHKEY_METRICS_LISTEN": "127.0.0.1:0", "LATCHKEY_LOG_ACCESS": "false",
                    "LATCHKEY_API_WRITES_PER_SECOND": "1000000000", "LATCHKEY_API_WRITE_BURST": "1000000000"}
        self.spawned = time.monotonic()
        super().__init__("latchkey", [self.binary, "serve", "--data-dir", directory, "--listen", f"127.0.0.1:{port}",
                                      "--log-format", "json"], log, {**settings, **(environment or {})})
        found = self.wait_for(r'"event":"listening".*"url":"http://127\.0\.0\.1:(\d+)')
        self.port = int(found[1])
        self.url = f"http://127.0.0.1:{self.port}"
        get(self.url + "/readyz")
        self.seconds_to_ready = time.monotonic() - self.spawned

    @classmethod
    def init(cls, directory, environment=None):
        """Makes a tailnet and its owner's first API token; returns the token and remembers it beside the directory."""
        made = subprocess.run([cls.binary, "init", "--data-dir", directory, "--tailnet", "example.com", "--owner",
                               "ann@example.com", "--output", "json"], capture_output=True, text=True, timeout=60,
                              env={**os.environ, **(environment or {})}, check=False)
        if made.returncode != 0:
            raise Failed(f"latchkey init failed: {made.stderr[-500:]}")
        token = json.loads(made.stdout)["apiToken"]
        file = Path(directory).with_suffix(".token")
        file.touch(0o600)
        file.write_text(token + "\n")
        return token

    @property
    def token(self):
        return self.token_file.read_text().strip()

    def metric(self, name):
        url = self.wait_for(r'"url":"(http://127\.0\.0\.1:\d+/metrics)"')[1]
        found = re.search(rf"^{name}(?:\{{.*\}})? (\S+)$", get(url), re.M)
        if not found:
            raise Failed(f"no metric {name}")
        return float(found[1])


class Nginx(Program):
    """nginx with two workers and one constant answer."""

    def __init__(self, directory, body, access_log=False):
        self.port = free_port()
        directory = Path(directory) / ("nginx-logged" if access_log else "nginx")
        directory.mkdir(exist_ok=True)
        if set(body) & set("'$\\"):
            raise Failed("the constant answer holds characters that an nginx configuration would need quoted")
        temporary = "".join(f"  {kind}_temp_path {directory}/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = directory / "nginx.conf"
        config.write_text(f"""daemon off;
worker_processes 2;
worker_rlimit_nofile 20000;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 16384; }}
http {{
  access_log {f"{directory}/access.log" if access_log else "off"};
  default_type application/json;
  keepalive_timeout 600;
  keepalive_requests 1000000000;
{temporary}  server {{
    listen 127.0.0.1:{self.port} reuseport backlog=4096;
    location / {{ return 200 '{body}'; }}
  }}
}}
""")
        self.spawned = time.monotonic()
        super().__init__("nginx", [NGINX, "-c", config, "-e", directory / "error.log", "-p", directory],
                         directory / "output.log")
        self.wait_until_answering(self.port)
        self.url = f"http://127.0.0.1:{self.port}"
        get(self.url + "/")
        self.seconds_to_ready = time.monotonic() - self.spawned


class ConstantServer(Program):
    """beast_echo_bench and http_floor_bench."""

    def __init__(self, name, binary, body, log):
        super().__init__(name, [binary, body], log)
        self.port = int(self.wait_for(r'"port": (\d+)')[1])
        self.url = f"http://127.0.0.1:{self.port}"


class Postgres(Program):
    """A cluster of its own in a temporary directory. PostgreSQL refuses to run as root: then as the user postgres."""

    @staticmethod
    def missing():
        if not Postgres.tools():
            return "not installed"
        if os.geteuid() == 0 and subprocess.run(["id", "postgres"], capture_output=True, check=False).returncode:
            return "there is no user postgres to run it as"
        return None

    @staticmethod
    def tools():
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
        return found[-1].parent if found else None

    def __init__(self, directory):
        directory = Path(directory) / "postgres"
        directory.mkdir()
        user = "postgres" if os.geteuid() == 0 else None
        if user:
            # The way to its directory must be open to that user.
            shutil.chown(directory, user)
            for parent in directory.parents[:1]:
                os.chmod(parent, 0o711)
        cluster = directory / "data"
        subprocess.run([self.tools() / "initdb", "-D", cluster, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                        "--locale=C"], check=True, capture_output=True, user=user, cwd="/", timeout=60)
        self.port = free_port()
        super().__init__("postgres", [self.tools() / "postgres", "-D", cluster, "-p", str(self.port), "-k", directory,
                                      "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=100"],
                         directory.with_suffix(".log"), user=user)
        self.wait_for("ready to accept connections")

    def url_of(self, database):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def sql(self, text, database="postgres"):
        return subprocess.run([self.tools() / "psql", "-qAt", "-d", self.url_of(database), "-c", text], check=True,
                              capture_output=True, text=True, timeout=30).stdout.strip()

    def stop(self, how=signal.SIGINT, seconds=30):
        # SIGINT disconnects clients and ends; SIGKILL would leave its children behind.
        super().stop(signal.SIGINT, seconds)
