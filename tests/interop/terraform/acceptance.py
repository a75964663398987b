#!/usr/bin/env python3
"""The acceptance tests of the vendor's Terraform provider, unmodified, against a fresh server; then a configuration that is
applied, planned again, changed and destroyed.

acceptance.py PROVIDER_SOURCE BUILD_DIRECTORY WORK_DIRECTORY. Prints what failed or was skipped, and last the counts.
Tests that move from the published release 0.28.0 run when OLD_PROVIDER_SOURCE names its source; else they are skipped.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

SOURCE, BUILD, WORK = (Path(word).resolve() for word in sys.argv[1:4])
OLD_SOURCE = os.environ.get("OLD_PROVIDER_SOURCE")
OLD_VERSION = "0.28.0"
PLATFORM = "linux_amd64"
PATIENCE = 1500

CONFIGURATION = """
terraform {
  required_providers {
    tailscale = { source = "tailscale/tailscale" }
  }
}
provider "tailscale" {}
resource "tailscale_acl" "policy" {
  overwrite_existing_content = true
  acl = jsonencode({
    tagOwners = { "tag:tf" = [] }
    acls      = [{ action = "accept", src = ["*"], dst = ["*:*"] }]
  })
}
resource "tailscale_dns_nameservers" "dns" { nameservers = ["1.1.1.1", "%(nameserver)s"] }
resource "tailscale_tailnet_key" "key" {
  reusable    = true
  tags        = ["tag:tf"]
  expiry      = 3600
  description = "%(description)s"
  depends_on  = [tailscale_acl.policy]
}
resource "tailscale_oauth_client" "client" {
  scopes      = ["auth_keys", "devices:core:read"]
  tags        = ["tag:tf"]
  description = "%(description)s"
  depends_on  = [tailscale_acl.policy]
}
resource "tailscale_federated_identity" "identity" {
  scopes      = ["auth_keys"]
  tags        = ["tag:tf"]
  issuer      = "https://example.com"
  subject     = "repo:example/*"
  depends_on  = [tailscale_acl.policy]
}
resource "tailscale_contacts" "contacts" {
  account {
    email = "account@example.com"
  }
  support {
    email = "support@example.com"
  }
  security {
    email = "security@example.com"
  }
}
resource "tailscale_service" "service" {
  name       = "svc:tf"
  comment    = "%(description)s"
  ports      = ["tcp:443"]
  tags       = ["tag:tf"]
  depends_on = [tailscale_acl.policy]
}
resource "tailscale_posture_integration" "posture" {
  posture_provider = "falcon"
  cloud_id         = "us-1"
  client_id        = "%(description)s"
  client_secret    = "posture-secret"
}
resource "tailscale_aws_external_id" "external" {}
resource "tailscale_logstream_configuration" "stream" {
  log_type               = "configuration"
  destination_type       = "s3"
  s3_bucket              = "%(description)s"
  s3_region              = "us-west-2"
  s3_authentication_type = "rolearn"
  s3_role_arn            = "arn:aws:iam::123456789012:role/log-writer"
  s3_external_id         = tailscale_aws_external_id.external.external_id
}
resource "tailscale_tailnet_settings" "settings" { devices_key_duration_days = %(days)d }
data "tailscale_users" "all" {}
data "tailscale_device" "joined" { name = "%(device)s" }
"""


class Server:
    def __enter__(self):
        data = WORK / "data"
        made = run([BUILD / "latchkey", "init", "--data-dir", data, "--tailnet", "example.com", "--owner",
                    "owner@example.com", "--output", "json"])
        self.token = json.loads(made)["apiToken"]
        log = WORK / "server.log"
        # The provider reads a user twice and compares: the use of the token must not be written down in between.
        self.process = subprocess.Popen([str(BUILD / "latchkey"), "serve", "--data-dir", str(data), "--listen",
                                         "127.0.0.1:0", "--log-format", "json"], stderr=log.open("w"),
                                        env={**os.environ, "LATCHKEY_KEYS_USAGE_FLUSH_SECONDS": "3600"})
        end = time.monotonic() + 20
        while True:
            found = re.search(r'"event":"listening".*"url":"(http:[^"]+)"', log.read_text())
            if found:
                break
            if time.monotonic() > end:
                raise SystemExit("the server does not listen:\n" + log.read_text())
            time.sleep(0.05)
        self.url = found[1]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def call(self, path, body=None):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode() if body is not None else None,
                                         {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def join(self):
        key = self.call("/api/v2/tailnet/-/keys", {"capabilities": {"devices": {"create": {"preauthorized": True}}}})
        run([BUILD / "join_device", self.url.rsplit(":", 1)[1], "terraform"], typed=key["key"] + "\n")
        return self.call("/api/v2/tailnet/-/devices")["devices"][0]["name"]


def run(words, typed=None, **more):
    done = subprocess.run([str(word) for word in words], input=typed, capture_output=True, text=True, timeout=PATIENCE, **more)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(str(word) for word in words)}\n{done.stdout}{done.stderr}")
    return done.stdout


def go(words, directory):
    return run(["go", *words], cwd=directory, env={**os.environ, "GOTOOLCHAIN": "auto", "GOFLAGS": "-mod=mod"})


def copied(source, name):
    """A module is read-only where Go keeps it."""
    target = WORK / name
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(".git"))
    run(["chmod", "-R", "u+w", target])
    return target


def environment(server, device, installation):
    configuration = WORK / "terraform.rc"
    configuration.write_text(installation)
    return {**os.environ, "HOME": str(WORK), "TF_CLI_CONFIG_FILE": str(configuration), "TF_ACC": "1",
            "TF_ACC_TERRAFORM_PATH": shutil.which("terraform"), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1",
            "TAILSCALE_BASE_URL": server.url, "TAILSCALE_API_KEY": server.token, "TAILSCALE_TEST_DEVICE_NAME": device}


def acceptance(provider, mirror):
    tests = WORK / "acceptance.test"
    go(["test", "-c", "-o", tests, "./tailscale"], provider)
    with Server() as server:
        variables = environment(server, server.join(), f'provider_installation {{ filesystem_mirror {{ path = "{mirror}" }} }}')
        done = subprocess.run([str(tests), "-test.v", "-test.parallel=1", "-test.run=^TestAcc"], capture_output=True,
                              text=True, timeout=PATIENCE, env=variables, cwd=provider / "tailscale")
    if "panic:" in done.stdout + done.stderr:
        raise SystemExit(done.stdout[-20000:] + done.stderr[-5000:])
    counts = {"PASS": 0, "FAIL": 0, "SKIP": 0}
    outputs = re.split(r"(?m)^=== RUN +(\S+)$", done.stdout)
    said = dict(zip(outputs[1::2], outputs[2::2]))
    for result, name in re.findall(r"(?m)^--- (PASS|FAIL|SKIP): (\S+)", done.stdout):
        output = said.get(name, "")
        if result == "FAIL" and not OLD_SOURCE and OLD_VERSION in output:
            result = "SKIP"
            print(f"skip {name}: its last step moves from the published release {OLD_VERSION}, which is not to be had")
        elif result == "FAIL":
            print(f"FAIL {name}\n{output}")
        counts[result] += 1
    return counts


def real_configuration(provider):
    plugins = WORK / "plugins"
    plugins.mkdir()
    go(["build", "-o", plugins / "terraform-provider-tailscale", "."], provider)
    directory = WORK / "configuration"
    directory.mkdir()
    shutil.rmtree(WORK / "data")
    with Server() as server:
        device = server.join()
        variables = environment(server, device,
                                f'provider_installation {{ dev_overrides {{ "tailscale/tailscale" = "{plugins}" }} direct {{}} }}')

        def terraform(*words, code=0):
            done = subprocess.run(["terraform", *words], capture_output=True, text=True, timeout=300, cwd=directory, env=variables)
            if done.returncode != code:
                raise AssertionError(f"terraform {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")

        for values in ({"nameserver": "8.8.8.8", "description": "first", "days": 30},
                       {"nameserver": "9.9.9.9", "description": "second", "days": 60}):
            (directory / "main.tf").write_text(CONFIGURATION % {**values, "device": device})
            terraform("plan", "-detailed-exitcode", code=2)
            terraform("apply", "-auto-approve")
            terraform("plan", "-detailed-exitcode")
        terraform("destroy", "-auto-approve")


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    provider = copied(SOURCE, "provider")
    mirror = WORK / "mirror"
    mirror.mkdir()
    if OLD_SOURCE:
        place = mirror / f"registry.terraform.io/tailscale/tailscale/{OLD_VERSION}/{PLATFORM}"
        place.mkdir(parents=True)
        go(["build", "-o", place / f"terraform-provider-tailscale_v{OLD_VERSION}", "."], copied(OLD_SOURCE, "old-provider"))
    counts = acceptance(provider, mirror)
    try:
        real_configuration(provider)
        counts["PASS"] += 1
    except AssertionError as failed:
        counts["FAIL"] += 1
        print(f"FAIL a configuration from apply to destroy\n{failed}")
    print(counts["PASS"], counts["FAIL"], counts["SKIP"])


main()
