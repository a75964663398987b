#!/usr/bin/env python3
"""Drives the latchkey program as its users do, from an empty directory to a restored backup.

    cli_test.py [NAME...]       LATCHKEY_BINARY: the program, build/latchkey by default

Closes with a line "N passed, N failed, N skipped".
"""
import datetime
import hashlib
import hmac
import http.server
import json
import os
import pty
import re
import select
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("LATCHKEY_BINARY", str(ROOT / "build" / "latchkey"))
PATIENCE = 60  # seconds for any one command
SECRET = re.compile(r"tskey-[a-z]+-k[0-9A-Za-z]+CNTRL-[0-9A-Za-z]{32,}")


class Skipped(Exception):
    pass


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LATCHKEY_")}
    return {**kept, "LATCHKEY_METRICS_LISTEN": "", **more}


class Ended:
    def __init__(self, words, code, out, err):
        self.words, self.code, self.out, self.err = words, code, out, err

    def __str__(self):
        return f"latchkey {' '.join(self.words)}: exit {self.code}\n--- out\n{self.out}--- err\n{self.err}"

    @property
    def json(self):
        return json.loads(self.out)


def latchkey(*words, typed="", code=0, shows_secret=False, cwd=None, **variables):
    """Runs one command, and proves its exit code and that it shows no secret unless it makes one."""
    words = [str(word) for word in words]
    done = subprocess.run([BINARY, *words], input=typed, capture_output=True, text=True, timeout=PATIENCE,
                          cwd=cwd, env=environment(**variables))
    ended = Ended(words, done.returncode, done.stdout, done.stderr)
    assert ended.code == code, ended
    assert SECRET.search(ended.err) is None, f"a secret on standard error: {ended}"
    assert shows_secret or SECRET.search(ended.out) is None, f"a secret in the output: {ended}"
    assert code == 0 or ended.err.startswith("latchkey: ") or ended.out, ended
    assert "\x1b" not in ended.out + ended.err, f"colour or progress in a pipe: {ended}"
    return ended


class Server:
    """latchkey serve on a port of the kernel's choice; ended by its own process id."""

    def __init__(self, data_dir, *words, **variables):
        self.log = tempfile.NamedTemporaryFile("w+", suffix=".log")
        command = [BINARY, "serve", "--data-dir", str(data_dir), "--listen", "127.0.0.1:0", "--log-format", "json"]
        self.process = subprocess.Popen([*command, *words], stdout=subprocess.DEVNULL, stderr=self.log,
                                        env=environment(**variables))
        self.url = self.wait_for("listening")["url"]

    def lines(self):
        return [json.loads(line) for line in Path(self.log.name).read_text().splitlines() if line.endswith("}")]

    def wait_for(self, event):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for line in self.lines():
                if line["event"] == event:
                    return line
            assert self.process.poll() is None, Path(self.log.name).read_text()
            time.sleep(0.02)
        raise AssertionError(f"no {event} in time")

    def stop(self, sent=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(sent)
        code = self.process.wait(timeout=PATIENCE)
        assert SECRET.search(Path(self.log.name).read_text()) is None, "a secret in the log"
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class World:
    """A directory of its own for each test, with a tailnet in it when asked for."""

    def __init__(self, parent):
        self.path = Path(tempfile.mkdtemp(dir=parent))
        self.data = self.path / "data"
        self.token = ""

    def init(self):
        made = latchkey("init", "--data-dir", self.data, "--tailnet", "example.com", "--owner", "mira@example.com",
                        "--output", "json", shows_secret=True)
        self.token = made.json["apiToken"]
        return made

    def over(self, server):
        return {"LATCHKEY_URL": server.url, "LATCHKEY_TOKEN": self.token}


def test_init_prints_one_object_and_makes_private_files(world):
    made = world.init().json
    assert set(made) == {"tailnet", "owner", "apiToken", "url"}, made
    assert made["tailnet"] == "example.com" and made["owner"] == "mira@example.com"
    assert SECRET.fullmatch(made["apiToken"]) and made["url"].startswith("http://")
    assert world.data.stat().st_mode & 0o777 == 0o700
    for file in world.data.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_init_refuses_the_same_name_and_takes_another_also_while_a_server_runs(world):
    world.init()
    again = ("init", "--data-dir", world.data, "--owner", "x@y.z", "--tailnet")
    assert "exists" in latchkey(*again, "example.com", code=1).err
    shown = latchkey(*again, "second.example.com", shows_secret=True).out
    assert len(SECRET.findall(shown)) == 1 and "latchkey serve" in shown and "root.key" in shown
    with Server(world.data) as server:
        third = latchkey(*again, "third.example.com", "--output", "json", shows_secret=True).json
        mine = latchkey("keys", "list", LATCHKEY_URL=server.url, LATCHKEY_TOKEN=third["apiToken"])
        assert "first token" in mine.out
        several = latchkey("keys", "list", "--data-dir", world.data, code=1)
        assert "--tailnet" in several.err, several
        latchkey("keys", "list", "--data-dir", world.data, "--tailnet", "second.example.com")
        assert server.stop() == 0


def test_serve_stops_gracefully_and_says_so(world):
    world.init()
    for sent in (signal.SIGTERM, signal.SIGINT):
        with Server(world.data) as server:
            assert server.stop(sent) == 0
            assert [line["event"] for line in server.lines()][-2:] == ["stopping", "stopped"]


def test_serve_refuses_wrong_settings(world):
    world.init()
    serve = ("serve", "--data-dir", world.data)
    assert "nope" in latchkey(*serve, "--set", "nope=1", code=2).err
    assert "log.level" in latchkey(*serve, "--set", "log.level=loud", code=2).err
    latchkey(*serve, "--log-level", "loud", code=2)
    assert "--data-dir" in latchkey("serve", code=2).err
    file = world.path / "settings.toml"
    file.write_text("[http]\nmax_body = 1\n")
    assert "max_body" in latchkey(*serve, "--config", file, code=2).err
    assert latchkey(*serve, "--listen", "nonsense", code=1).err.count("\n") == 1


def test_serve_hands_settings_on_and_warns_of_misspelt_variables(world):
    world.init()
    with Server(world.data, "--set", "keys.longest_auth_key_days=5", LATCHKEY_LISEN="x") as server:
        assert server.wait_for("unknown environment variable: is it misspelt?")["name"] == "LATCHKEY_LISEN"
        refused = latchkey("keys", "create", "--expires", "6d", code=1, **world.over(server))
        assert "expirySeconds" in refused.err
        assert server.stop() == 0


def test_serve_tells_its_service_manager(world):
    import socket
    world.init()
    path = world.path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(PATIENCE)
        with Server(world.data, NOTIFY_SOCKET=str(path)) as server:
            assert manager.recv(100) == b"READY=1"
            assert server.stop() == 0
            assert manager.recv(100) == b"STOPPING=1"


def test_certificates_are_checked(world):
    if not shutil.which("openssl"):
        raise Skipped("no openssl program")
    world.init()
    key, certificate = world.path / "key.pem", world.path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "30", "-subj", "/CN=x", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                    "-out", certificate], check=True, capture_output=True, timeout=PATIENCE)
    key.chmod(0o600)
    tls = {"LATCHKEY_TLS_CERTIFICATE": str(certificate), "LATCHKEY_TLS_KEY": str(key)}
    with Server(world.data, **tls) as server:
        assert server.url.startswith("https://")
        refused = latchkey("keys", "list", code=1, **world.over(server))
        assert "not trusted" in refused.err, refused
        latchkey("keys", "list", "--ca-file", certificate, **world.over(server))
        assert "certificate" in latchkey("doctor", "--data-dir", world.data, **tls).out
        assert server.stop() == 0


def test_a_second_signal_ends_the_server_at_once(world):
    import socket
    world.init()
    with Server(world.data) as server:
        port = int(server.url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(b"POST /api/v2/tailnet/-/keys HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
            time.sleep(0.2)
            server.process.send_signal(signal.SIGTERM)
            server.wait_for("stopping")
            start = time.monotonic()
            assert server.stop() in (-signal.SIGTERM, 0) and time.monotonic() - start < 5


def test_a_second_server_on_the_directory_is_refused(world):
    world.init()
    with Server(world.data) as server:
        refused = latchkey("serve", "--data-dir", world.data, "--listen", "127.0.0.1:0", code=1)
        assert str(server.process.pid) in refused.err, refused
        assert server.stop() == 0


def test_memory_of_the_server_is_not_dumped(world):
    world.init()
    with Server(world.data) as server:
        limits = Path(f"/proc/{server.process.pid}/limits").read_text()
        assert re.search(r"Max core file size\s+0\s+0", limits), limits
        assert server.stop() == 0


def test_a_key_from_creation_to_revocation(world):
    world.init()
    with Server(world.data) as server:
        over = world.over(server)
        made = latchkey("keys", "create", "--description", "ci runner", "--reusable", "--ephemeral", "--preauthorized",
                        "--expires", "7d", "--tag", "tag:ci", "--tag", "tag:build", "--max-uses", "5",
                        "--allow-hostname", "ci-*", "--output", "json", shows_secret=True, **over).json
        create = made["capabilities"]["devices"]["create"]
        assert create == {"reusable": True, "ephemeral": True, "preauthorized": True, "tags": ["tag:ci", "tag:build"]}
        assert made["expirySeconds"] == 7 * 86400 and made["maxUses"] == 5 and made["allowedHostnames"] == ["ci-*"]
        assert SECRET.fullmatch(made["key"])

        alone = latchkey("keys", "create", shows_secret=True, **over)
        assert SECRET.fullmatch(alone.out.strip()), "a pipe gets the key alone"

        listed = latchkey("keys", "list", **over).out
        line = next(line for line in listed.splitlines() if made["id"] in line)
        assert re.search(r"auth .* ci runner +active +in 7 days \(\d{4}-\d\d-\d\d\)(, soon)? +never +0 of 5", line), line
        assert any(key["id"] == made["id"] for key in latchkey("keys", "list", "--output", "json", **over).json["keys"])
        assert made["id"] in latchkey("keys", "list", "--all", **over).out

        shown = latchkey("keys", "show", made["id"], **over).out
        for part in ("auth key", "ci runner", "mira@example.com", "tag:ci, tag:build", "ci-*", "0 of 5"):
            assert part in shown, (part, shown)
        assert "key" not in latchkey("keys", "show", made["id"], "--output", "json", **over).json

        assert latchkey("keys", "revoke", made["id"], "--yes", **over).out == f"revoked {made['id']}\n"
        assert "revoked" in latchkey("keys", "show", made["id"], **over).out
        some = latchkey("keys", "revoke", "kNoSuchKeyCNTRL", alone.out.split("-")[2], code=1, **over)
        assert "kNoSuchKeyCNTRL: " in some.err and some.out.startswith("revoked k")
        assert "not found" in latchkey("keys", "show", "kNoSuchKeyCNTRL", code=1, **over).err
        assert server.stop() == 0


def test_r20_an_oauth_client_from_creation_to_revocation(world):
    world.init()
    with Server(world.data) as server:
        over = world.over(server)
        made = latchkey("clients", "create", "--scope", "auth_keys", "--scope", "dns:read", "--tag", "tag:ci",
                        "--description", "ci runners", "--output", "json", shows_secret=True, **over).json
        assert made["key"].startswith("tskey-client-" + made["id"]) and made["scopes"] == ["auth_keys", "dns:read"]
        assert "expires" not in made

        def token(secret, *words, code=0):
            return latchkey("token", "--url", server.url, "--secret-file", "-", *words, typed=secret, code=code,
                            shows_secret=code == 0)

        narrow = token(made["key"], "--scope", "dns:read").out.strip()
        assert narrow.startswith("tskey-api-")
        as_client = {"LATCHKEY_URL": server.url, "LATCHKEY_TOKEN": narrow}
        assert "not have enough permissions" in latchkey("keys", "create", "--tag", "tag:ci", code=1, **as_client).err
        assert token(made["key"], "--output", "json").json["scope"] == "auth_keys dns:read"
        assert "cannot grant scopes" in token(made["key"], "--scope", "all", code=1).err
        assert "no client secret" in latchkey("token", "--url", server.url, code=2).err

        rotated = latchkey("clients", "rotate", made["id"], "--overlap", "1h", shows_secret=True, **over).out.strip()
        token(made["key"])
        token(rotated)
        shown = latchkey("clients", "show", made["id"], **over).out
        for part in ("OAuth client", "ci runners", "the tailnet", "auth_keys, dns:read", "tag:ci", "old secret"):
            assert part in shown, (part, shown)

        changed = latchkey("clients", "update", made["id"], "--scope", "dns:read", "--no-tags", "--output", "json",
                           **over).json
        assert changed["scopes"] == ["dns:read"] and "tags" not in changed
        assert changed["description"] == "ci runners"
        listed = latchkey("clients", "list", **over).out
        line = next(line for line in listed.splitlines() if made["id"] in line)
        assert "dns:read" in line and "never" in line, line
        assert latchkey("clients", "revoke", made["id"], "--yes", **over).out == f"revoked {made['id']}\n"
        assert "API token invalid" in token(rotated, code=1).err
        assert "API token invalid" in latchkey("keys", "list", code=1, **as_client).err
        assert server.stop() == 0


def test_a_federated_identity_from_creation_to_revocation(world):
    world.init()
    with Server(world.data) as server:
        over = world.over(server)
        words = ("--issuer", "https://issuer.example", "--subject", "repo:example/*", "--scope", "auth_keys", "--tag", "tag:ci")
        made = latchkey("identities", "create", *words, "--claim", "environment=prod*", "--output", "json", **over).json
        assert made["audience"].endswith("/" + made["id"]) and made["customClaimRules"] == {"environment": "prod*"}
        shown = latchkey("identities", "show", made["id"], **over).out
        for part in ("federated identity", "the tailnet", "https://issuer.example", "repo:example/*", "environment=prod*"):
            assert part in shown, (part, shown)
        changed = latchkey("identities", "replace", made["id"], *words, "--output", "json", **over).json
        assert changed["customClaimRules"] == {} and changed["audience"] == made["audience"]
        assert "repo:example/*" in latchkey("identities", "list", **over).out
        assert "NAME=PATTERN" in latchkey("identities", "create", *words, "--claim", "x", code=2, **over).err
        latchkey("identities", "revoke", made["id"], "--yes", **over)
        assert "revoked" in latchkey("identities", "show", made["id"], **over).out
        assert server.stop() == 0


HOOK = "https://ops.invalid/hook?team=a"


def signed(secret, body, at=None):
    """The signature header, made without the program under test."""
    at = int(time.time() if at is None else at)
    return f"t={at},v1=" + hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def test_a_webhook_endpoint_from_creation_to_deletion(world):
    world.init()
    with Server(world.data) as server:
        over = world.over(server)
        made = latchkey("webhooks", "create", HOOK, "--event", "userDeleted", "--event", "nodeCreated", "--provider", "slack",
                        "--output", "json", shows_secret=True, **over).json
        assert made["endpointUrl"] == HOOK and made["providerType"] == "slack"
        assert made["subscriptions"] == ["userDeleted", "nodeCreated"] and SECRET.fullmatch(made["secret"])
        alone = latchkey("webhooks", "create", "https://ops.invalid/other?k=1", "--event", "policyUpdate", shows_secret=True, **over)
        assert SECRET.fullmatch(alone.out.strip()) and "shown this once" in alone.err and "k=1" not in alone.err

        listed = latchkey("webhooks", "list", **over).out
        line = next(line for line in listed.splitlines() if made["endpointId"] in line)
        assert "https://ops.invalid/***" in line and "not called yet" in line and "userDeleted, nodeCreated" in line, line
        assert "team=a" not in listed and "/other?***" in listed
        whole = latchkey("webhooks", "list", "--output", "json", **over).json["webhooks"]
        assert [each["endpointUrl"] for each in whole] == [HOOK, "https://ops.invalid/other?k=1"]
        shown = latchkey("webhooks", "show", made["endpointId"], **over).out
        for part in ("slack", "mira@example.com", "userDeleted, nodeCreated", "https://ops.invalid/***"):
            assert part in shown, (part, shown)
        assert "secret" not in latchkey("webhooks", "show", made["endpointId"], "--output", "json", **over).json

        changed = latchkey("webhooks", "update", made["endpointId"], "--event", "categoryKeyActivity", "--output", "json", **over)
        assert changed.json["subscriptions"] == ["categoryKeyActivity"]
        rotated = latchkey("webhooks", "rotate", made["endpointId"], "--overlap", "1h", shows_secret=True, **over)
        assert SECRET.fullmatch(rotated.out.strip()) and rotated.out.strip() != made["secret"]
        assert "signs too: it ends in 60 minutes" in rotated.err, rotated
        assert "old secret ends" in latchkey("webhooks", "show", made["endpointId"], **over).out
        assert "on its way" in latchkey("webhooks", "test", made["endpointId"], **over).out

        for words, says in ((("create", "http://ops.invalid/", "--event", "nodeCreated"), "https"),
                            (("create", HOOK, "--event", "nodeMoved"), "nodeMoved"),
                            (("show", "wNoSuchEndCNTRL"), "not found"), (("test", "wNoSuchEndCNTRL"), "not found"),
                            (("deliveries", made["endpointId"], "99"), "99")):
            assert says in latchkey("webhooks", *words, code=1, **over).err, words
        for words in (("create", HOOK), ("create", "--event", "nodeCreated"), ("update", made["endpointId"]),
                      ("create", HOOK, "--event", "nodeCreated", "--provider", "teams"), ("rotate", "w1", "--overlap", "soon"),
                      ("replay", made["endpointId"]), ("replay", made["endpointId"], "1", "--since", "1h"),
                      ("deliveries", made["endpointId"], "--state", "late")):
            latchkey("webhooks", *words, code=2, **over)
        assert latchkey("webhooks", "delete", made["endpointId"], "--yes", **over).out == f"deleted {made['endpointId']}\n"
        some = latchkey("webhooks", "delete", made["endpointId"], whole[1]["endpointId"], code=1, **over)
        assert f"{made['endpointId']}: webhook endpoint not found" in some.err and f"deleted {whole[1]['endpointId']}" in some.out
        assert "no webhook endpoints" in latchkey("webhooks", "list", **over).err
        assert server.stop() == 0


USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def scim(server_url, key, method, path, body=None):
    request = urllib.request.Request(server_url + "/scim/v2" + path, method=method,
                                     data=json.dumps(body).encode() if body is not None else None,
                                     headers={"Authorization": "Bearer " + key, "Content-Type": "application/scim+json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


def test_r6_provisioning_from_the_first_key_to_the_last(world):
    world.init()
    with Server(world.data) as server:
        over = world.over(server)
        assert "disabled" in latchkey("scim", "status", **over).out
        assert "not enabled" in latchkey("scim", "generate-key", "--yes", code=1, **over).err
        key = latchkey("scim", "enable", shows_secret=True, **over).out.strip()
        assert key.startswith("tskey-scim-"), "only the key goes to standard output"
        assert "already" in latchkey("scim", "enable", code=1, **over).err
        users = [scim(server.url, key, "POST", "/Users", {"schemas": [USER_URN], "userName": f"p{i}@otter-reef.example"})[1]["id"]
                 for i in range(7)]
        group = scim(server.url, key, "POST", "/Groups", {"schemas": [GROUP_URN], "displayName": "Sec Ops",
                                                          "members": [{"value": users[0]}]})[1]["id"]
        assert "Sec Ops" in latchkey("groups", "list", **over).out
        assert "p0@otter-reef.example" in latchkey("groups", "show", "sec ops", **over).out
        assert "makes its members auditor" in latchkey("groups", "role", group, "auditor", **over).out
        assert latchkey("groups", "show", group, "--output", "json", **over).json["role"] == "auditor"
        assert "gives no role" in latchkey("groups", "role", group, "none", **over).out
        assert "not found" in latchkey("groups", "show", "nobody", code=1, **over).err

        off = {"schemas": [PATCH_URN], "Operations": [{"op": "replace", "value": {"active": False}}]}
        answers = [scim(server.url, key, "PATCH", f"/Users/{user}", off)[0] for user in users]
        assert answers == [200] * 5 + [429] * 2, answers
        assert "2 requests did not pass" in latchkey("scim", "status", **over).out
        latchkey("scim", "refuse", **over)
        assert scim(server.url, key, "PATCH", f"/Users/{users[5]}", off)[0] == 403
        latchkey("scim", "release", "--for", "10m", **over)
        assert scim(server.url, key, "PATCH", f"/Users/{users[5]}", off)[0] == 200
        assert "released by" in latchkey("scim", "status", **over).out

        new = latchkey("scim", "generate-key", "--yes", "--output", "json", shows_secret=True, **over).json["key"]
        assert scim(server.url, key, "GET", "/Users")[0] == 401
        assert scim(server.url, new, "GET", "/Users")[0] == 200
        assert "revoked" in latchkey("scim", "revoke-key", "--yes", **over).out
        assert scim(server.url, new, "GET", "/Users")[0] == 401
        assert "no key" in latchkey("scim", "revoke-key", "--yes", **over).err
        latchkey("scim", "disable", "--key", "revoke", "--yes", **over)
        assert "disabled" in latchkey("scim", "status", **over).out


def test_where_scim_is_not_available_nothing_of_it_is_there(world):
    world.init()
    with Server(world.data, "--set", "scim.available=false") as server:
        over = world.over(server)
        assert "not found" in latchkey("scim", "status", code=1, **over).err
        assert scim(server.url, "x", "GET", "/Users")[0] == 404


def test_the_settings_of_provisioning_hold_and_a_kept_key_stays(world):
    world.init()
    with Server(world.data, "--set", "scim.guard_at_least=1", "--set", "scim.guard_percent=0", "--set",
                "scim.strict_members=true") as server:
        over = world.over(server)
        key = latchkey("scim", "enable", shows_secret=True, **over).out.strip()
        users = [scim(server.url, key, "POST", "/Users", {"schemas": [USER_URN], "userName": f"p{i}@otter-reef.example"})[1]["id"]
                 for i in range(2)]
        off = {"schemas": [PATCH_URN], "Operations": [{"op": "replace", "value": {"active": False}}]}
        assert [scim(server.url, key, "PATCH", f"/Users/{user}", off)[0] for user in users] == [200, 429]
        strange = {"schemas": [GROUP_URN], "displayName": "Sec Ops", "members": [{"value": "nobody"}]}
        assert scim(server.url, key, "POST", "/Groups", strange)[0] == 400
        assert "revoked" not in latchkey("scim", "disable", "--key", "keep", "--yes", **over).out
        kept = latchkey("scim", "status", "--output", "json", **over).json
        assert not kept["enabled"] and kept["key"]["id"] == key.split("-")[2], kept


def test_deliveries_are_listed_shown_and_sent_again(world):
    world.init()
    with Server(world.data) as server:
        over = world.over(server)
        made = latchkey("webhooks", "create", HOOK, "--event", "policyUpdate", "--output", "json", shows_secret=True, **over).json
        endpoint = made["endpointId"]
        assert "no such deliveries" in latchkey("webhooks", "deliveries", endpoint, "--state", "delivered", **over).err
        latchkey("webhooks", "test", endpoint, **over)
        deadline = time.monotonic() + PATIENCE
        deliveries = []
        while not deliveries and time.monotonic() < deadline:
            deliveries = latchkey("webhooks", "deliveries", endpoint, "--output", "json", **over).json["deliveries"]
            time.sleep(0.1)
        assert deliveries[0]["type"] == "test" and deliveries[0]["number"] == 1, deliveries
        line = latchkey("webhooks", "deliveries", endpoint, "--limit", "1", **over).out.splitlines()[1]
        assert re.match(r"1 +(waiting|given up) .* test +This is a test event", line), line
        shown = latchkey("webhooks", "deliveries", endpoint, "1", **over).out
        assert "This is a test event" in shown and '"type":"test"' in shown, shown
        whole = latchkey("webhooks", "deliveries", endpoint, "1", "--output", "json", **over).json
        assert whole["event"]["message"] == "This is a test event"
        again = latchkey("webhooks", "replay", endpoint, "1", "--output", "json", **over).json["deliveries"]
        assert again == [], "what still waits is not sent twice"
        assert "Nothing to send again" in latchkey("webhooks", "replay", endpoint, "--since", "1h", **over).err
        assert "7" in latchkey("webhooks", "replay", endpoint, "7", code=1, **over).err
        assert server.stop() == 0


class Listener:
    """latchkey webhooks listen, and requests to it."""

    def __init__(self, *words, secret, **variables):
        self.process = subprocess.Popen([BINARY, "webhooks", "listen", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env=environment(**variables))
        if secret:
            self.process.stdin.write(secret)
        self.process.stdin.close()
        self.said = self.process.stderr.readline()
        self.url = re.search(r"http://127\.0\.0\.1:\d+/", self.said)[0]

    def send(self, body, signature):
        headers = {"Tailscale-Webhook-Signature": signature} if signature is not None else {}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + "hook", body, headers), timeout=PATIENCE) as answer:
                return answer.status, json.load(answer)["message"]
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)["message"]

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=PATIENCE)
        with self.process.stdout, self.process.stderr:
            return Ended(["webhooks", "listen"], code, self.process.stdout.read(), self.process.stderr.read())


def events(*messages):
    return json.dumps([{"timestamp": "2026-01-01T00:00:05Z", "version": 1, "type": "test", "tailnet": "example.com",
                        "message": message, "data": None} for message in messages]).encode()


def test_listen_prints_what_is_signed_and_refuses_the_rest(world):
    secret = "tskey-webhook-" + "kTry1CNTRL" + "-" + "x" * 44
    other = secret[:-1] + "y"
    body = events("one", "two \x1b[31m")
    file = world.path / "secret"
    file.write_text(secret + "\n")
    for words, typed, variables in ((("--secret-file", str(file)), "", {}), ((), secret + "\n", {}),
                                    ((), "", {"LATCHKEY_WEBHOOK_SECRET": secret})):
        listener = Listener(*words, secret=typed, **variables)
        try:
            assert listener.send(body, signed(secret, body)) == (200, "taken")
            for signature, says in ((None, "no Tailscale-Webhook-Signature"), (signed(other, body), "no signature fits"),
                                    (signed(secret, body + b" "), "no signature fits"),
                                    (signed(secret, body, time.time() - 400), "older than five minutes"),
                                    (signed(secret, body, time.time() + 400), "time to come"), ("v1=00", "no timestamp"),
                                    ("t=1", "no signature (v1=)"), ("t=x,v1=00", "malformed")):
                status, message = listener.send(body, signature)
                assert status == 401 and says in message, (signature, status, message)
            both = signed(other, body) + ",v1=" + signed(secret, body).split("v1=")[1]
            assert listener.send(body, both)[0] == 200, "one of two secrets is enough"
        finally:
            ended = listener.stop()
        assert ended.code == 0, ended
        line = "2026-01-01T00:00:05Z  test  example.com  "
        assert ended.out == (line + "one\n" + line + "two ?[31m\n") * 2, ended
        assert ended.err.count("refused: ") == 8 and secret not in ended.out + ended.err, ended


def test_listen_prints_json_and_the_text_of_chats(world):
    secret = "tskey-webhook-" + "kTry1CNTRL" + "-" + "x" * 44
    listener = Listener("--output", "json", secret=secret)
    try:
        body = events("one", "two")
        listener.send(body, signed(secret, body))
    finally:
        ended = listener.stop()
    assert [json.loads(line)["message"] for line in ended.out.splitlines()] == ["one", "two"]
    listener = Listener(secret=secret)
    try:
        for body in (b'{"text":"[example.com] one"}', b'{"content":"[example.com] two"}', b"three"):
            assert listener.send(body, signed(secret, body))[0] == 200
    finally:
        ended = listener.stop()
    assert ended.out == "[example.com] one\n[example.com] two\nthree\n", ended
    assert "no webhook secret was given" in latchkey("webhooks", "listen", code=1).err
    assert "--secret" in latchkey("webhooks", "listen", "--secret", secret, code=2).err
    latchkey("webhooks", "listen", "--port", "70000", code=2)


def test_listen_asks_for_the_secret_without_showing_it(world):
    secret = "tskey-webhook-" + "kTry1CNTRL" + "-" + "x" * 44
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(BINARY, [BINARY, "webhooks", "listen"], environment(TERM="xterm"))
    seen, typed, url = b"", False, None
    deadline = time.monotonic() + PATIENCE
    try:
        while url is None and time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.1)[0]:
                seen += os.read(terminal, 4096)
            if b"secret:" in seen and not typed:
                typed = True
                time.sleep(0.1)
                os.write(terminal, secret.encode() + b"z\x7f\n")
            url = re.search(rb"http://127\.0\.0\.1:\d+/", seen)
        body = events("one")
        request = urllib.request.Request(url[0].decode(), body, {"Tailscale-Webhook-Signature": signed(secret, body)})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            assert answer.status == 200
        os.write(terminal, b"\x03")  # the terminal's Ctrl-C works again
        ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        while select.select([terminal], [], [], 0.1)[0]:
            try:
                seen += os.read(terminal, 4096)
            except OSError:
                break
        os.close(terminal)
    assert ended == 0 and b"one" in seen and secret.encode() not in seen, seen


def test_verify_says_what_is_wrong_with_a_signature(world):
    secret = "tskey-webhook-" + "kTry1CNTRL" + "-" + "x" * 44
    known = {"LATCHKEY_WEBHOOK_SECRET": secret}
    body = events("one")
    file = world.path / "body"
    file.write_bytes(body)
    verify = ("webhooks", "verify", "--signature")
    assert "genuine" in latchkey(*verify, signed(secret, body), typed=body.decode(), **known).out
    assert "genuine" in latchkey(*verify, signed(secret, body), "--body", file, "--secret-file", "-", typed=secret).out
    latchkey(*verify, "Tailscale-Webhook-Signature: " + signed(secret, body), "--body", file, **known)
    old = signed(secret, body, 1767225600)
    assert "older than five minutes" in latchkey(*verify, old, "--body", file, code=1, **known).err
    latchkey(*verify, old, "--body", file, "--at", "2026-01-01T00:04:59Z", **known)
    assert "time to come" in latchkey(*verify, old, "--body", file, "--at", "2025-12-31T23:58:00Z", code=1, **known).err
    for header, says in ((signed(secret, body + b"\n"), "no signature fits"), ("v1=00", "no timestamp"), ("t=1", "no signature"),
                         ("", "no Tailscale-Webhook-Signature"), ("t=1, v1=00", "no signature")):
        assert says in latchkey(*verify, header, "--body", file, code=1, **known).err, header
    # R11: one letter in the wrong case.
    assert "no signature fits" in latchkey(*verify, signed(secret.replace("kTry", "ktry"), body), "--body", file, code=1, **known).err
    assert latchkey(*verify, signed(secret, body), "--body", file, "--output", "json", **known).json == {"genuine": True}
    wrong = latchkey(*verify, "t=1", "--body", file, "--output", "json", code=1, **known).json
    assert wrong["genuine"] is False and "no signature" in wrong["reason"]
    assert "--secret-file" in latchkey(*verify, "t=1", typed=body.decode(), code=2).err
    assert "cannot read the body" in latchkey(*verify, "t=1", "--body", world.path / "none", code=1, **known).err
    latchkey("webhooks", "verify", code=2, **known)


def test_r39_a_person_from_invite_to_deletion(world):
    world.init()
    with Server(world.data) as server:
        over = world.over(server)
        assert "mira@example.com" in latchkey("users", "list", **over).out
        added = latchkey("users", "add", "bob@example.com", "--role", "it-admin", "--name", "Bob", "--output", "json",
                         **over).json
        assert added["loginName"] == "bob@example.com" and added["status"] == "active", added
        local = ("--data-dir", world.data, "--user", "bob@example.com")
        token = latchkey("keys", "create", "--type", "api", *local, shows_secret=True).out.split()[-1]
        his = {"LATCHKEY_URL": server.url, "LATCHKEY_TOKEN": token}
        latchkey("users", "list", **his)

        assert "suspended bob@example.com" in latchkey("users", "suspend", "bob@example.com", "--yes", **over).out
        latchkey("users", "list", code=1, **his)
        listed = latchkey("users", "list", "--status", "suspended", "--output", "json", **over).json["users"]
        assert [user["id"] for user in listed] == [added["id"]], listed
        assert "restored" in latchkey("users", "restore", added["id"], **over).out
        assert "approved" in latchkey("users", "approve", "BOB@example.com", **over).out
        latchkey("users", "list", **his)
        assert "himself" in latchkey("users", "role", "bob@example.com", "admin", code=1, **his).err
        assert "owner" in latchkey("users", "suspend", "mira@example.com", "--yes", code=1, **his).err
        latchkey("users", "role", "bob@example.com", "owner", code=2, **over)
        assert "auditor" in latchkey("users", "role", "bob@example.com", "auditor", **over).out
        assert "nobody" in latchkey("users", "show", "eve@example.com", code=1, **over).err

        link = latchkey("users", "invite", "--role", "admin", "--email", "eve@example.com", **over).out.strip()
        assert re.fullmatch(re.escape(server.url) + "/invite/[0-9a-f]{64}", link), link
        invite = latchkey("users", "invites", "--output", "json", **over).json[0]
        assert invite["email"] == "eve@example.com" and link not in json.dumps(invite)
        assert "minute" in latchkey("users", "reinvite", invite["id"], code=1, **over).err
        latchkey("users", "uninvite", invite["id"], **over)
        assert "no open invites" in latchkey("users", "invites", **over).err

        gone = latchkey("users", "delete", "bob@example.com", "--yes", **over)
        assert "deleted bob@example.com" in gone.out and "1 tokens and auth keys revoked" in gone.err, gone
        latchkey("users", "show", "bob@example.com", code=1, **over)
        latchkey("users", "add", "zoe@example.com", **over)
        assert "token" in latchkey("users", "transfer-ownership", "zoe@example.com", "--yes", code=1, **over).err
        latchkey("users", "transfer-ownership", "zoe@example.com", "--yes", "--data-dir", world.data)
        assert "owner" in latchkey("users", "show", "zoe@example.com", **over).out
        said = latchkey("logs", "--since", "1h", **over).out
        for event in ("USER.CREATE", "USER.SUSPEND", "USER.RESTORE", "USER.DELETE", "INVITE.CREATE.TAILNET_INVITE"):
            assert event in said, said
        assert server.stop() == 0
        assert link.rsplit("/", 1)[1] not in Path(server.log.name).read_text()


def test_a_person_who_leaves_is_asked_about_and_what_he_made_gets_new_secrets(world):
    world.init()
    with Server(world.data) as server:
        over = world.over(server)
        latchkey("users", "add", "bob@example.com", "--role", "admin", **over)
        token = latchkey("keys", "create", "--type", "api", "--data-dir", world.data, "--user", "bob@example.com",
                         shows_secret=True).out.strip()
        his = {"LATCHKEY_URL": server.url, "LATCHKEY_TOKEN": token}
        old = latchkey("clients", "create", "--scope", "dns", shows_secret=True, **his).out.strip()

        # A yes from a pipe is nobody's.
        for words in (("offboard", "bob@example.com"), ("keys", "revoke", "--matching", "user:bob@example.com")):
            assert "nobody is there to ask" in latchkey(*words, typed="y\n", code=1, **over).err
        latchkey("users", "list", **his)

        report = world.path / "bob.md"
        done = latchkey("offboard", "BOB@example.com", "--rotate", "clients", "--report", report, "--yes", shows_secret=True, **over)
        new = SECRET.search(done.out).group()
        assert new.startswith("tskey-client-") and new != old, done
        latchkey("token", LATCHKEY_URL=server.url, LATCHKEY_CLIENT_SECRET=old, code=1)
        latchkey("token", LATCHKEY_URL=server.url, LATCHKEY_CLIENT_SECRET=new, shows_secret=True)
        latchkey("users", "list", code=1, **his)
        assert "suspended" in latchkey("users", "show", "bob@example.com", **over).out
        text = report.read_text()
        assert text.startswith("#") and "USER.SUSPEND" in text and SECRET.search(text) is None, text
        again = latchkey("offboard", "nobody@example.com", "--yes", code=1, **over)
        assert "nobody has the login name" in again.err
        assert server.stop() == 0


def test_the_token_comes_from_a_file_or_standard_input(world):
    world.init()
    file = world.path / "token"
    file.write_text(world.token + "\n")
    with Server(world.data) as server:
        latchkey("keys", "list", "--url", server.url, "--token-file", file)
        latchkey("keys", "list", "--url", server.url + "/", "--token-file", "-", typed=world.token)
        wrong = world.token[:-1] + ("A" if world.token[-1] != "A" else "B")
        refused = latchkey("keys", "list", LATCHKEY_URL=server.url, LATCHKEY_TOKEN=wrong, code=1)
        assert "API token invalid" in refused.err, refused
        latchkey("keys", "list", "--url", server.url, code=2)
        assert "--token-file" in latchkey("keys", "list", "--url", server.url, "--token", world.token, code=2).err
        assert server.stop() == 0
    gone = latchkey("keys", "list", code=1, LATCHKEY_URL=server.url, LATCHKEY_TOKEN=world.token)
    assert "cannot reach" in gone.err, gone


def test_api_tokens_are_made_on_the_machine_with_and_without_a_server(world):
    world.init()
    create = ("keys", "create", "--type", "api", "--description", "ops", "--output", "json")
    first = latchkey(*create, "--data-dir", world.data, shows_secret=True).json
    assert first["keyType"] == "api" and first["key"].startswith("tskey-api-")
    with Server(world.data) as server:
        second = latchkey(*create, "--data-dir", world.data, "--expires", "30d", shows_secret=True).json
        for token in (first["key"], second["key"]):
            latchkey("keys", "list", LATCHKEY_URL=server.url, LATCHKEY_TOKEN=token)
        assert "--data-dir" in latchkey(*create, code=2, **world.over(server)).err
        assert server.stop() == 0


def test_commands_on_a_data_dir_take_turns(world):
    world.init()
    command = [BINARY, "keys", "create", "--data-dir", str(world.data), "--output", "json"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
               for _ in range(6)]
    ids = set()
    for process in running:
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        ids.add(json.loads(out)["id"])
    assert len(ids) == 6


def test_a_directory_without_a_database_stays_as_it_is(world):
    for words in (("keys", "list"), ("logs",), ("audit", "verify"), ("backup", "--out", world.path / "b")):
        assert "latchkey init" in latchkey(*words, "--data-dir", world.data, code=1).err
    assert not world.data.exists()


def test_revoke_shows_the_key_and_asks_on_a_terminal(world):
    world.init()
    made = latchkey("keys", "create", "--description", "on trial", "--data-dir", world.data, "--output", "json",
                    shows_secret=True).json
    for answer, code in (("n", 1), ("y", 0)):
        pid, terminal = pty.fork()
        if pid == 0:
            words = [BINARY, "keys", "revoke", made["id"], "--data-dir", str(world.data)]
            os.execve(BINARY, words, environment(TERM="xterm"))
        seen = b""
        deadline = time.monotonic() + PATIENCE
        asked = False
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 0.1)[0]:
                continue
            try:
                more = os.read(terminal, 4096)
            except OSError:
                break
            seen += more
            if b"[y/N]" in seen and not asked:
                asked = True
                os.write(terminal, answer.encode() + b"\n")
        ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(terminal)
        text = seen.decode()
        assert ended == code, (ended, text)
        for part in ("on trial", "mira@example.com", "last used", "uses", "Revoke it?"):
            assert part in text, (part, text)
        assert "\x1b[32m" in text, "colour on a terminal"


def test_check_tells_a_key_from_noise_offline(world):
    world.init()
    good = latchkey("keys", "check", typed=world.token + "\n")
    assert "API access token" in good.out and "right" in good.out
    changed = world.token[:-1] + ("A" if world.token[-1] != "A" else "B")
    assert "checksum" in latchkey("keys", "check", "-", typed=changed, code=1).err
    flipped = world.token[:-3] + world.token[-3:].swapcase()
    if flipped != world.token:
        latchkey("keys", "check", typed=flipped, code=1)
    assert latchkey("keys", "check", typed="hello", code=1).err
    report = latchkey("keys", "check", "--output", "json", typed=world.token).json
    assert report["valid"] is True and report["type"] == "api" and report["id"] == world.token.split("-")[2]
    latchkey("keys", "check", world.token)


def test_logs_tell_who_did_what(world):
    world.init()
    with Server(world.data) as server:
        over = world.over(server)
        made = latchkey("keys", "create", "--output", "json", shows_secret=True, **over).json
        latchkey("keys", "revoke", made["id"], "--yes", **over)
        shown = latchkey("logs", **over).out
        assert re.search(r"API_KEY\.REVOKE +mira@example\.com +Auth key " + made["id"] + r" +127\.0\.0\.1", shown), shown
        lines = latchkey("logs", "--since", "1h", "--event", "API_KEY.CREATE", "--target", made["id"], "--output", "json",
                         **over).out.splitlines()
        assert len(lines) == 1 and json.loads(lines[0])["target"]["id"] == made["id"]
        early = latchkey("logs", "--since", "2020-01-01T00:00:00Z", "--until", "2020-01-02T00:00:00Z", **over)
        assert early.out.count("\n") <= 1 and "No entries" in early.err
        latchkey("logs", "--event", "NO.SUCH", code=1, **over)
        latchkey("logs", "--since", "yesterday", code=2, **over)
        assert "whole" in latchkey("audit", "verify", **over).out
        assert latchkey("audit", "verify", "--output", "json", **over).json["whole"] is True
        assert server.stop() == 0


def test_logs_follow_what_happens(world):
    world.init()
    assert "no server runs" in latchkey("logs", "--follow", "--data-dir", world.data, code=1).err
    with Server(world.data) as server:
        over = world.over(server)
        words = [BINARY, "logs", "--follow", "--since", "1s", "--output", "json", "--event", "API_KEY.CREATE"]
        # Without a buffer, in which select() would not see a second line.
        follower = subprocess.Popen(words, stdout=subprocess.PIPE, bufsize=0, env=environment(**over))
        try:
            made = latchkey("keys", "create", "--output", "json", shows_secret=True, **over).json
            deadline = time.monotonic() + PATIENCE
            seen = []
            while made["id"] not in seen and time.monotonic() < deadline:
                if select.select([follower.stdout], [], [], 0.5)[0]:
                    seen.append(json.loads(follower.stdout.readline())["target"]["id"])
            assert made["id"] in seen
        finally:
            follower.terminate()
            follower.wait()
            follower.stdout.close()
        assert len(seen) == len(set(seen)), "an entry was shown twice"
        assert server.stop() == 0


def test_an_edited_audit_log_is_noticed(world):
    import sqlite3
    world.init()
    with sqlite3.connect(world.data / "latchkey.db") as database:
        database.execute("UPDATE audit_records SET actor_login = 'nobody@example.com' WHERE sequence = 2")
    database.close()
    broken = latchkey("audit", "verify", "--data-dir", world.data, code=1)
    assert "not whole" in broken.err and "2" in broken.err
    assert "failed" in latchkey("doctor", "--data-dir", world.data, code=1).out


def press(url):
    """What the button of a one-time link's page sends; gives the answer's status and the cookie."""
    server, code = url.split("/auth/link?code=")
    asked = urllib.request.Request(f"{server}/auth/link", f"code={code}".encode(), {"Sec-Fetch-Site": "same-origin"})
    opener = urllib.request.build_opener(NoRedirects)
    try:
        opener.open(asked, timeout=PATIENCE)
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get("Set-Cookie", "").partition(";")[0].partition("=")[2]
    raise AssertionError("neither a redirect nor an error")


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def test_a_person_signs_in_by_a_link_of_the_machine_and_is_signed_out(world):
    world.init()
    here = ("--data-dir", world.data)
    without = latchkey("login-link", *here, "--output", "json").json
    assert without["loginName"] == "mira@example.com" and "/auth/link?code=" in without["url"]
    with Server(world.data) as server:
        url = latchkey("login-link", *here).out.strip()
        assert url.startswith(f"{server.url}/auth/link?code="), url
        status, cookie = press(url)
        assert status == 303 and len(cookie) == 43, (status, cookie)
        assert press(url)[0] == 400
        listed = latchkey("sessions", "list", *here, "--output", "json").json["sessions"]
        assert [each["loginName"] for each in listed] == ["mira@example.com"]
        assert "one-time link" in latchkey("sessions", "list", *here).out
        assert "ended 1 session" in latchkey("sessions", "end", *here, listed[0]["id"]).out
        assert latchkey("sessions", "list", **world.over(server)).out == ""
        latchkey("sessions", "end", *here, code=2)
        latchkey("login-link", "--data-dir", world.path / "none", code=1)
        assert server.stop() == 0
        kept = [file.read_bytes() for file in world.data.iterdir() if file.is_file()] + [Path(server.log.name).read_bytes()]
        for secret in (cookie, url.partition("code=")[2]):
            assert not any(secret.encode() in content for content in kept), "a secret at rest"


def test_the_link_of_init_signs_in_and_its_address_is_the_public_one(world):
    shown = latchkey("init", "--data-dir", world.data, "--tailnet", "example.com", "--owner", "mira@example.com",
                     shows_secret=True).out
    path = re.search(r"^  http://127\.0\.0\.1:8080(/auth/link\?code=\S+)$", shown, re.MULTILINE).group(1)
    with Server(world.data, "--set", "sessions.idle_seconds=400", "--set", "sessions.absolute_seconds=900") as server:
        assert press(server.url + path)[0] == 303, shown
        begun = latchkey("sessions", "list", "--data-dir", world.data, "--output", "json").json["sessions"][0]
        moment = {name: datetime.datetime.fromisoformat(begun[name].replace("Z", "+00:00")).timestamp()
                  for name in ("created", "lastSeen", "idleEnds", "ends")}
        assert abs(moment["idleEnds"] - moment["lastSeen"] - 400) <= 1, begun
        assert abs(moment["ends"] - moment["created"] - 900) <= 1, begun
        assert server.stop() == 0
    public = {"LATCHKEY_PUBLIC_URL": "https://keys.example.com/"}
    assert latchkey("login-link", "--data-dir", world.data, **public).out.startswith("https://keys.example.com/auth/link?code=")


class LinklessServer(http.server.BaseHTTPRequestHandler):
    """On the socket of a data directory: makes a tailnet, and no link."""

    def answer(self, status, body):
        body = json.dumps(body).encode()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200, {})

    def do_POST(self):
        if self.path == "/api/local/tailnets":
            self.answer(200, {"tailnet": "example.com", "owner": "mira@example.com", "apiToken": "the-token"})
        else:
            self.answer(503, {"message": "the database is busy"})

    def address_string(self):
        return "local"

    def log_message(self, *_):
        pass


def test_the_token_of_init_is_shown_although_no_link_was_made(world):
    world.data.mkdir(mode=0o700)
    server = socketserver.ThreadingUnixStreamServer(str(world.data / "latchkey.sock"), LinklessServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = latchkey("init", "--data-dir", world.data, "--tailnet", "example.com", "--owner", "mira@example.com")
        assert "  the-token\n" in done.out and "signs in" not in done.out, done
        assert "No link" in done.err and "the database is busy" in done.err, done
    finally:
        server.shutdown()
        server.server_close()


class Provider(http.server.BaseHTTPRequestHandler):
    """An identity provider that says what it supports."""

    def do_GET(self):
        issuer = f"http://127.0.0.1:{self.server.server_port}"
        body = json.dumps({"issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token",
                           "jwks_uri": issuer + "/keys", "response_types_supported": ["code"],
                           "code_challenge_methods_supported": ["S256"],
                           "id_token_signing_alg_values_supported": ["RS256"], "keys": []}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_a_provider_from_setup_to_removal(world):
    world.init()
    provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    issuer = f"http://127.0.0.1:{provider.server_port}"
    try:
        with Server(world.data, "--set", "federation.allow_http=true", "--set", "federation.allow_networks=127.0.0.0/8") as server:
            over = world.over(server)
            providers = ("sso", "providers")
            made = latchkey(*providers, "add", "idp", "--issuer", issuer, "--client-id", "latchkey", "--domain", "example.com",
                            "--name", "Our IdP", typed="s3cret", **over).out
            assert "Our IdP" in made and issuer in made and "s3cret" not in made, made
            assert "example.com" in latchkey(*providers, "list", **over).out
            changed = latchkey(*providers, "update", "idp", "--client-id", "other", "--login-claim", "upn", "--login-is-verified",
                               "true", "--domain", "example.org", "--scope", "groups", "--groups-claim", "teams",
                               "--allowed-group", "staff", "--enabled", "false", "--output", "json", **over).json
            for name, value in {"name": "Our IdP", "clientId": "other", "loginClaim": "upn", "loginIsVerified": True,
                                "domains": ["example.org"], "scopes": ["groups"], "groupsClaim": "teams",
                                "allowedGroups": ["staff"], "enabled": False}.items():
                assert changed[name] == value, (name, changed)
            assert "off" in latchkey(*providers, "show", "idp", **over).out
            assert "PKCE" in latchkey(*providers, "check", "idp", **over).out
            both = latchkey(*providers, "remove", "nobody", "idp", "--yes", code=1, **over)
            assert both.out == "removed idp\n" and both.err.startswith("latchkey: nobody: "), both
            assert "no identity providers" in latchkey(*providers, "list", **over).err
            assert server.stop() == 0
            assert "s3cret" not in Path(server.log.name).read_text()
    finally:
        provider.shutdown()
        provider.server_close()


def test_a_provider_that_does_not_answer_is_not_set_up(world):
    world.init()
    here = ("--data-dir", world.data)
    new = ("sso", "providers", "add", "idp", *here, "--issuer", "https://idp.invalid", "--client-id", "latchkey",
           "--domain", "example.com")
    assert "discovery" in latchkey(*new, typed="s3cret", code=1).err
    assert "domains" in latchkey(*new[:-2], typed="s3cret", code=1).err
    assert latchkey("sso", "providers", "list", *here).out == ""
    assert latchkey("sso", "providers", "check", "idp", *here, code=1).err
    assert "nothing was linked" in latchkey("sso", "unlink", "mira@example.com", *here).out


def test_backup_and_restore(world):
    world.init()
    copy, new = world.path / "copy.db", world.path / "new"
    with Server(world.data) as server:
        made = latchkey("keys", "create", "--output", "json", shows_secret=True, **world.over(server)).json
        saved = latchkey("backup", "--data-dir", world.data, "--out", "copy.db", cwd=world.path)
        assert "root key" in saved.err and copy.stat().st_mode & 0o777 == 0o600
        assert "exists" in latchkey("backup", "--data-dir", world.data, "--out", copy, code=1).err
        running = latchkey("restore", "--data-dir", world.data, "--from", copy, code=1)
        assert "a server runs" in running.err
        assert server.stop() == 0
    latchkey("backup", "--data-dir", world.data, "--out", world.path / "offline.db")
    assert made["key"].encode() not in copy.read_bytes() and world.token.encode() not in copy.read_bytes()

    restore = ("restore", "--data-dir", new, "--from", copy)
    assert "root.key" in latchkey(*restore, code=1).err and not (new / "root.key").exists()
    new.mkdir(mode=0o700, exist_ok=True)
    (new / "root.key").write_text("ab" * 32 + "\n")
    (new / "root.key").chmod(0o600)
    assert "root key" in latchkey(*restore, code=1).err and not (new / "latchkey.db").exists()
    shutil.copy(world.data / "root.key", new / "root.key")
    latchkey(*restore)
    assert (new / "latchkey.db").stat().st_mode & 0o777 == 0o600
    assert "exists" in latchkey(*restore, code=1).err
    with Server(new) as server:
        listed = latchkey("keys", "list", **world.over(server)).out
        assert made["id"] in listed, "the token and the key are those of before"
        assert "whole" in latchkey("audit", "verify", **world.over(server)).out
        assert server.stop() == 0


def test_restore_refuses_what_is_no_whole_backup(world):
    world.init()
    noise = world.path / "noise"
    noise.write_bytes(b"SQLite format 3\0" + bytes(5000))
    damaged = world.path / "damaged.db"
    latchkey("backup", "--data-dir", world.data, "--out", damaged)
    with damaged.open("r+b") as file:
        file.seek(4096 + 100)
        file.write(b"\xff" * 6000)
    new = world.path / "new"
    new.mkdir()
    shutil.copy(world.data / "root.key", new / "root.key")
    for file in (noise, damaged, world.path / "none", world.path):
        latchkey("restore", "--data-dir", new, "--from", file, code=1)
        assert [found.name for found in new.iterdir()] == ["root.key"], list(new.iterdir())


def test_postgres_is_left_to_its_own_tools(world):
    url = {"LATCHKEY_DATABASE": "postgresql://nobody@127.0.0.1:1/none"}
    assert "pg_dump" in latchkey("backup", "--data-dir", world.data, "--out", world.path / "b", code=1, **url).err
    assert "pg_restore" in latchkey("restore", "--data-dir", world.data, "--from", world.path / "b", code=1, **url).err


def test_doctor_sees_what_is_wrong_and_says_what_to_do(world):
    assert "latchkey init" in latchkey("doctor", "--data-dir", world.data, code=1).out
    world.init()
    latchkey("doctor", "--data-dir", world.data)
    with Server(world.data) as server:
        checks = latchkey("doctor", "--data-dir", world.data, "--output", "json").json["checks"]
        assert all(check["result"] != "failed" for check in checks), checks
        assert any("running server" in check["finding"] for check in checks), checks
        assert server.stop() == 0
    (world.data / "root.key").chmod(0o644)
    assert "chmod 600" in latchkey("doctor", "--data-dir", world.data, code=1).out
    (world.data / "root.key").unlink()
    latchkey("doctor", "--data-dir", world.data, code=1)
    assert not (world.data / "root.key").exists(), "looking must not make a root key"


def test_completion_works_in_bash(world):
    script = world.path / "latchkey.bash"
    script.write_text(latchkey("completion", "bash").out)
    subprocess.run(["bash", "-n", script], check=True, timeout=PATIENCE)

    def offered(*words):
        program = (f'source "{script}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _latchkey; '
                   'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "--norc", "-c", program, "bash", *words], capture_output=True, text=True,
                              check=True, timeout=PATIENCE, cwd=world.path)
        return done.stdout.split()

    assert {"init", "serve", "keys", "logs", "audit", "doctor"} <= set(offered("latchkey", ""))
    assert offered("latchkey", "ke") == ["keys"]
    assert set(offered("latchkey", "keys", "")) >= {"create", "list", "show", "revoke", "check"}
    assert set(offered("latchkey", "webhooks", "")) >= {"create", "list", "rotate", "deliveries", "replay", "listen", "verify"}
    assert offered("latchkey", "keys", "create", "--reus") == ["--reusable"]
    assert offered("latchkey", "keys", "list", "--output", "") == ["table", "json"]
    assert offered("latchkey", "completion", "z") == ["zsh"]
    assert "latchkey.bash" in offered("latchkey", "serve", "--config", "")
    for shell in ("zsh", "fish"):
        text = latchkey("completion", shell).out
        assert "--reusable" in text or "-l reusable" in text
        path = world.path / f"latchkey.{shell}"
        path.write_text(text)
        if shutil.which(shell):
            subprocess.run([shell, "-n", path], check=True, timeout=PATIENCE)
    latchkey("completion", "tcsh", code=2)


def test_the_manual_page_renders(world):
    page = world.path / "latchkey.1"
    page.write_text(latchkey("man").out)
    if shutil.which("groff"):
        command = ["groff", "-man", "-Tutf8", "-ww", "-z", str(page)]
    elif shutil.which("man"):
        command = ["man", "--warnings", "-l", str(page)]
    else:
        raise Skipped("neither groff nor man is here")
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0 and not done.stderr, done.stderr


def test_printed_pages_are_written_and_compared(world):
    latchkey("docs", world.path)
    assert {"settings.md", "cli.md", "latchkey.1"} <= {file.name for file in world.path.iterdir()}
    latchkey("docs", "--check", world.path)
    (world.path / "cli.md").write_text("old")
    assert "cli.md" in latchkey("docs", "--check", world.path, code=1).err
    latchkey("docs", world.path / "none", code=1)


def test_version_and_help(world):
    assert re.fullmatch(r"latchkey \d+\.\d+\.\d+\n", latchkey("version").out)
    assert latchkey("version", "--output", "json").json["version"] in latchkey("--version").out
    assert "Usage: latchkey keys create" in latchkey("keys", "create", "--help").out


def test_wrong_usage_is_two_and_repeats_no_secret(world):
    secret = "tskey-api-" + "k1CNTRL" + "-" + "x" * 50
    for words in ((), ("frob",), ("keys",), ("keys", "show"), ("keys", "list", "--nope"), ("keys", "list", secret),
                  (secret,), ("init", "--tailnet", "x"), ("keys", "create", "--expires", "soon"),
                  ("keys", "list", "--url", "http://" + secret + "@127.0.0.1"), ("keys", "list", "--url", "ftp://x"),
                  ("keys", "list", "--url", "http://x", "--data-dir", "y"), ("docs",), ("backup", "--data-dir", "x")):
        ended = latchkey(*words, code=2)
        assert secret not in ended.out + ended.err, ended


def test_output_that_cannot_be_written_is_a_failure(world):
    if not Path("/dev/full").exists():
        raise Skipped("no /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run([BINARY, "version"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
    assert done.returncode == 1 and "could not be written" in done.stderr, done


def main():
    wanted = sys.argv[1:]
    tests = {name: run for name, run in globals().items() if name.startswith("test_")}
    passed = failed = skipped = 0
    parent = tempfile.mkdtemp(prefix="latchkey-cli.")
    try:
        for name, run in tests.items():
            if wanted and not any(part in name for part in wanted):
                continue
            try:
                run(World(parent))
                passed += 1
            except Skipped as reason:
                skipped += 1
                print(f"skipped {name}: {reason}")
            except Exception:  # the border: one test's failure must not hide the others
                failed += 1
                print(f"FAILED {name}\n{traceback.format_exc()}")
    finally:
        shutil.rmtree(parent, ignore_errors=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
