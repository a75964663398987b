"""Peers that are whole servers of others: where their programs come from, and how each is set up to be measured.

A program is, in this order: what LATCHKEY_BENCH_HEADSCALE or LATCHKEY_BENCH_HYDRA names, what is installed, or what Go
makes of the module that peers/NAME/go.mod pins. Each server keeps its data in SQLite in a temporary directory, listens
on loopback, and has its defaults for everything that costs time, but for a log of requests, which ours does not keep
here either.
"""
import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

from measure import run_program, say
from programs import Failed, Program, free_port

HERE = Path(__file__).resolve().parent
MODULES = {"headscale": "github.com/juanfont/headscale", "hydra": "github.com/ory/hydra/v2"}
BUILD_SECONDS = 3600  # of a machine that has none of their packages compiled yet


class Absent(Exception):
    """This peer cannot be had here; the text says why."""


def send(url, body=None, token=None):
    """The JSON that answers a JSON body, or a GET without one."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def status_of(url, token):
    try:
        send(url, token=token)
    except urllib.error.HTTPError as refused:
        return refused.code
    return 200


def program_of(name, build):
    """Its path and its version. Raises Absent."""
    named = os.environ.get(f"LATCHKEY_BENCH_{name.upper()}")
    if named and not os.access(named, os.X_OK):
        raise Absent(f"{named} cannot be run")
    found = named or shutil.which(name)
    if found:
        done = subprocess.run([found, "version"], capture_output=True, text=True, timeout=60, check=False)
        version = re.search(r"v?\d+\.\d+\.\d+\S*|\(devel\)|dev|master", done.stdout)
        return Path(found).resolve(), version[0] if version else "of unknown version"
    return built(name, build)


def built(name, build):
    if not shutil.which("go"):
        raise Absent("not installed, and there is no Go to build it")
    module = HERE / "peers" / name
    target = build / "bench" / "peers" / name
    say(f"  building {name}; the first time that takes minutes")
    # Hydra's SQLite is C.
    compiler = os.environ.get("CC") or next(filter(shutil.which, ("gcc", "clang", "clang-19")), "cc")
    try:
        done = subprocess.run(["go", "build", "-tags", "sqlite", "-o", target, "."], cwd=module, capture_output=True,
                              text=True, timeout=BUILD_SECONDS, check=False,
                              env={**os.environ, "GOTOOLCHAIN": "auto", "CC": compiler})
    except subprocess.TimeoutExpired:
        raise Absent(f"not built within {BUILD_SECONDS} s") from None
    if done.returncode:
        raise Absent(f"not installed, and its module could not be built: {' '.join(done.stderr.split())[-300:]}")
    pinned = re.search(rf"^require {re.escape(MODULES[name])} (\S+)", (module / "go.mod").read_text(), re.M)
    return target, pinned[1]


class Headscale(Program):
    """One user, and an API key of an administrator. Without a policy every device sees every other."""

    def __init__(self, program, directory):
        directory = Path(directory)
        directory.mkdir()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # A map of relays must have a relay, and its keys must be numbers, which JSON's cannot be.
        (directory / "relays.yaml").write_text("""regions:
  900:
    regionid: 900
    regioncode: bench
    regionname: Bench
    nodes: [{name: 900a, regionid: 900, hostname: relay.example.com, ipv4: 192.0.2.1}]
""")
        config = directory / "config.yaml"
        config.write_text(json.dumps({  # JSON is YAML
            "server_url": self.url, "listen_addr": f"127.0.0.1:{self.port}",
            "metrics_listen_addr": f"127.0.0.1:{free_port()}", "grpc_listen_addr": f"127.0.0.1:{free_port()}",
            "noise": {"private_key_path": str(directory / "noise.key")},
            "prefixes": {"v4": "100.64.0.0/10", "v6": "fd7a:115c:a1e0::/48"},
            "derp": {"urls": [], "paths": [str(directory / "relays.yaml")], "auto_update_enabled": False},
            "database": {"type": "sqlite", "sqlite": {"path": str(directory / "headscale.db")}},
            "dns": {"magic_dns": True, "base_domain": "example.com", "override_local_dns": False},
            "log": {"level": "error"}, "disable_check_updates": True,
            "unix_socket": str(directory / "headscale.sock")}))
        super().__init__("headscale", [program, "serve", "-c", config], directory / "output.log")
        self.wait_until_answering(self.port)
        self.await_socket(directory / "headscale.sock")
        made = run_program([program, "apikeys", "create", "-c", config, "-o", "json"])
        self.token = re.search(r'"?(\S*[\w-]{30,})"?\s*$', made)[1].strip('"')
        self.token_file = directory / "api.token"
        self.token_file.touch(0o600)
        self.token_file.write_text(self.token + "\n")
        self.user = send(self.url + "/api/v1/user", {"name": "ann"}, self.token)["user"]["id"]

    def await_socket(self, path, seconds=20):
        end = time.monotonic() + seconds
        while not path.exists():
            self.check_alive()
            if time.monotonic() > end:
                raise Failed(f"headscale did not open {path} within {seconds} s")
            time.sleep(0.01)

    @property
    def new_key(self):
        tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
        return {"user": self.user, "reusable": True, "expiration": tomorrow.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def make_device_key(self):
        return send(self.url + "/api/v1/preauthkey", self.new_key, self.token)["preAuthKey"]["key"]


class Hydra(Program):
    """One OAuth client, which sends its secret in the form."""

    def __init__(self, program, directory):
        directory = Path(directory)
        directory.mkdir()
        self.port, admin = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {
            # As in its own quickstart.
            "DSN": f"sqlite://{directory}/hydra.db?_fk=true&max_conns=20&max_idle_conns=4",
            "SERVE_PUBLIC_HOST": "127.0.0.1", "SERVE_PUBLIC_PORT": str(self.port), "SERVE_ADMIN_HOST": "127.0.0.1",
            "SERVE_ADMIN_PORT": str(admin), "URLS_SELF_ISSUER": self.url, "LOG_LEVEL": "error",
            "SECRETS_SYSTEM": "only-for-a-benchmark-on-loopback", "SQA_OPT_OUT": "true"}
        migrated = subprocess.run([program, "migrate", "sql", "-e", "--yes"], capture_output=True, text=True,
                                  timeout=300, env={**os.environ, **environment}, check=False)
        if migrated.returncode:
            raise Failed(f"hydra migrate ended with status {migrated.returncode}: {migrated.stderr[-500:]}")
        super().__init__("hydra", [program, "serve", "all", "--dev", "--sqa-opt-out"], directory / "output.log",
                         environment)
        self.wait_until_answering(self.port, 60)
        self.wait_until_answering(admin, 60)
        made = send(f"http://127.0.0.1:{admin}/admin/clients", {
            "client_name": "bench", "grant_types": ["client_credentials"], "scope": "auth_keys",
            "token_endpoint_auth_method": "client_secret_post"})
        self.client = made["client_id"], made["client_secret"]
