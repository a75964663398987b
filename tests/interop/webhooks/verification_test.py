#!/usr/bin/env python3
"""Runs the verification code of docs/webhooks.md, as it stands on the page, against tests/data/webhook-receiver-cases.json
and what a server of this build sends; and the vendor's own sample against the same, signed now. A language that is not on
the machine is skipped.

The last line: "N passed, N failed, N skipped".
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import make_vectors

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "webhooks.md"
VECTORS = ROOT / "tests" / "data" / "webhook-receiver-cases.json"

# What is put around the code of the page: reads a case a line, hexadecimal fields between blanks ("-": empty), and prints
# accept or reject for each.
GO_MAIN = """package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"page/webhook"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		var texts [3]string
		for i := range texts {
			if fields[i] != "-" {
				text, _ := hex.DecodeString(fields[i])
				texts[i] = string(text)
			}
		}
		now, _ := strconv.ParseInt(fields[3], 10, 64)
		if webhook.Verify(texts[0], texts[1], []byte(texts[2]), time.Unix(now, 0)) == nil {
			fmt.Println("accept")
		} else {
			fmt.Println("reject")
		}
	}
}
"""
PYTHON_MAIN = """

import sys
for line in sys.stdin:
    secret, header, body, now = [b"" if field == "-" else field for field in line.split()]
    text = lambda field: bytes.fromhex(field).decode() if field else ""
    print("accept" if verify(text(secret), text(header), bytes.fromhex(body) if body else b"", float(now)) else "reject")
"""
JAVASCRIPT_MAIN = """
import { readFileSync } from "node:fs";
for (const line of readFileSync(0, "utf8").trim().split("\\n")) {
  const [secret, header, body, now] = line.split(" ").map((field) => (field === "-" ? "" : field));
  const bytes = (field) => Buffer.from(field, "hex");
  console.log(verify(bytes(secret).toString(), bytes(header).toString(), bytes(body), Number(now)) ? "accept" : "reject");
}
"""
JAVA_MAIN = """
final class Main {
  public static void main(String[] args) throws Exception {
    var in = new java.io.BufferedReader(new java.io.InputStreamReader(System.in));
    for (String line; (line = in.readLine()) != null;) {
      byte[][] fields = new byte[3][];
      String[] texts = line.split(" ");
      for (int i = 0; i < 3; i++) fields[i] = texts[i].equals("-") ? new byte[0] : HexFormat.of().parseHex(texts[i]);
      boolean right;
      try {
        right = Webhook.verify(new String(fields[0], StandardCharsets.UTF_8), new String(fields[1], StandardCharsets.UTF_8),
            fields[2], Long.parseLong(texts[3]));
      } catch (GeneralSecurityException | IllegalArgumentException refused) {
        right = false;
      }
      System.out.println(right ? "accept" : "reject");
    }
  }
}
"""
SHELL_MAIN = r"""
text() { [[ $1 == - ]] || printf "$(sed 's/../\\x&/g' <<<"$1")"; }
while read -r secret header body now; do
  text "$body" >"$BODY_FILE"
  if verify "$(text "$secret")" "$(text "$header")" "$BODY_FILE" "$now"; then echo accept; else echo reject; fi
done
"""


class Skip(Exception):
    pass


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise Skip(f"{program} is not installed")


def blocks():
    """The code of the page by language: the first block under each heading."""
    page = PAGE.read_text(encoding="utf-8")
    return dict(re.findall(r"^### (\w+)\n\n```\w+\n(.*?)^```$", page, re.M | re.S))


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def case_lines(vectors):
    return "".join(
        " ".join([*(vector[name].encode().hex() or "-" for name in ("secret", "header", "body")), str(vector["now"])]) + "\n"
        for vector in vectors)


def compare(answers, vectors):
    if len(answers) != len(vectors):
        raise AssertionError(f"{len(answers)} answers to {len(vectors)} cases")
    wrong = [vector["name"] for answer, vector in zip(answers, vectors)
             if answer != ("accept" if vector["accept"] else "reject")]
    if wrong:
        raise AssertionError(f"judged wrongly: {wrong}")


def go(code, directory):
    need("go")
    (directory / "webhook").mkdir()
    (directory / "webhook" / "webhook.go").write_text(code)
    (directory / "main.go").write_text(GO_MAIN)
    (directory / "go.mod").write_text("module page\n\ngo 1.19\n")
    run(["go", "vet", "./..."], cwd=directory)
    run(["go", "build", "-o", "verify", "."], cwd=directory)
    return ["./verify"]


def python(code, directory):
    (directory / "verify.py").write_text(code + PYTHON_MAIN)
    return [sys.executable, "verify.py"]


def javascript(code, directory):
    need("node")
    (directory / "verify.mjs").write_text(code + JAVASCRIPT_MAIN)
    return ["node", "verify.mjs"]


def java(code, directory):
    need("javac", "java")
    version = subprocess.run(["javac", "-version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)", version.stdout + version.stderr)
    if not found or int(found.group(1)) < 17:
        raise Skip("javac is older than 17")
    (directory / "Main.java").write_text(code + JAVA_MAIN)
    run(["javac", "-Xlint:all", "-Werror", "Main.java"], cwd=directory)
    return ["java", "-cp", ".", "Main"]


def shell(code, directory):
    need("bash", "openssl")
    (directory / "verify.sh").write_text("set -u\n" + code + SHELL_MAIN)
    return ["bash", "verify.sh"]


LANGUAGES = {"Go": go, "Python": python, "JavaScript": javascript, "Java": java, "Shell": shell}


def language(name, code, vectors):
    with tempfile.TemporaryDirectory(prefix="latchkey-webhooks.") as made:
        directory = pathlib.Path(made)
        command = LANGUAGES[name](code, directory)
        answers = run(command, cwd=directory, input=case_lines(vectors),
                      env={**os.environ, "BODY_FILE": str(directory / "body")}).split()
        compare(answers, vectors)
    return len(vectors)


def vectors_are_current(vectors):
    """The file in the tree is what the generator writes."""
    if vectors != list(make_vectors.made(make_vectors.T)):
        raise AssertionError("tests/data/webhook-receiver-cases.json: run tests/interop/webhooks/make_vectors.py")
    if not any(vector["accept"] for vector in vectors) or all(vector["accept"] for vector in vectors):
        raise AssertionError("the cases show nothing")
    return len(vectors)


def signed_now(vectors):
    """The same cases with signatures of today, for a program that reads the clock."""
    for number, vector in enumerate(vectors):
        age = vector["now"] - make_vectors.T
        if age == 300:
            age = 280  # on the edge, it would depend on how long this takes
        fresh = list(make_vectors.made(int(time.time()) - age))[number]
        yield {**fresh, "accept": vector["accept"] or vector.get("vendor", False)}


def vendor_sample(vectors, sent):
    """docs/webhooks/example.go of the vendor's module, byte for byte, with a test of ours beside it."""
    need("go")
    module = subprocess.run(["go", "mod", "download", "-json", "tailscale.com"], cwd=ROOT / "tests" / "interop" / "node",
                            env={**os.environ, "GOTOOLCHAIN": "auto"}, capture_output=True, text=True, timeout=600, check=False)
    if module.returncode != 0:
        raise Skip(f"the vendor's module could not be fetched: {module.stdout[-200:]}{module.stderr[-200:]}")
    sample = pathlib.Path(json.loads(module.stdout)["Dir"]) / "docs" / "webhooks" / "example.go"
    with tempfile.TemporaryDirectory(prefix="latchkey-webhooks.") as made:
        directory = pathlib.Path(made)
        shutil.copyfile(sample, directory / "example.go")
        shutil.copyfile(pathlib.Path(__file__).with_name("vendor_sample_test.go.txt"), directory / "vendor_sample_test.go")
        (directory / "go.mod").write_text("module sample\n\ngo 1.24\n")
        run(["go", "test", "-c", "-o", "judge", "."], cwd=directory, env={**os.environ, "GOTOOLCHAIN": "auto"})
        # Only now, since they age.
        deliveries = [*signed_now(vectors), *sent]
        (directory / "deliveries.json").write_text(json.dumps(deliveries))
        output = run(["./judge", "-test.v"], cwd=directory)
        if f"judged {len(deliveries)} deliveries" not in output:
            raise AssertionError(output[-1000:])
    return len(deliveries)


def sent_by_the_server():
    """What a server of this build sends: a test event and the making of a key; and the same with a changed body."""
    sys.path.insert(0, str(ROOT / "tests" / "system"))
    from latchkey_server import Tests, check  # pylint: disable=import-outside-toplevel,import-error
    from webhook_receiver import Receiver  # pylint: disable=import-outside-toplevel,import-error
    with Tests(limit_seconds=120) as tests:
        server = tests.server("webhooks", **{"webhooks.allow_http": "true", "webhooks.allow_networks": "127.0.0.0/8"})
        server.start()
        receiver = Receiver()
        with server.client() as client:
            made = client.call("POST", "/api/v2/tailnet/-/webhooks",
                               {"endpointUrl": receiver.url, "subscriptions": ["categoryTailnetManagement"]})
            check(made.status == 200, f"{made.status} {made.body!r}")
            receiver.secret = made.json()["secret"]
            check(client.create_auth_key("ci runner", 3600).status == 200, "no key was made")
            tested = client.call("POST", f"/api/v2/webhooks/{made.json()['endpointId']}/test")
            check(tested.status == 202, f"{tested.status} {tested.body!r}")
            until = time.monotonic() + 20
            while time.monotonic() < until and not {"test", "credentialCreated"} <= {e["type"] for _, e in receiver.events()}:
                time.sleep(0.05)
        check({"test", "credentialCreated"} <= {e["type"] for _, e in receiver.events()}, f"came: {receiver.events()}")
        check(not receiver.wrong, "a signature is wrong")
        server.stop()
        receiver.close()
        for arrived, header, body, _ in receiver.requests:
            plain = {"name": "sent by the server", "secret": receiver.secret, "header": header, "body": body.decode(),
                     "now": int(arrived), "accept": True}
            yield plain
            yield {**plain, "name": "sent by the server, changed", "body": body.decode() + " ", "accept": False}


def main():
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    code = blocks()
    counts = {"passed": 0, "failed": 0, "skipped": 0}

    def test(name, function, *arguments):
        try:
            print(f"ok      {name}: {function(*arguments)} cases", flush=True)
            counts["passed"] += 1
        except Skip as reason:
            print(f"skipped {name}: {reason}", flush=True)
            counts["skipped"] += 1
        except Exception as failed:  # a test may fail in any way
            print(f"FAILED  {name}: {failed}", flush=True)
            counts["failed"] += 1

    sent = []

    def send():
        sent.extend(sent_by_the_server())
        return len(sent)

    test("the vectors are those of their generator", vectors_are_current, vectors)
    test("a server sends deliveries", send)
    for name in LANGUAGES:
        test(f"the page's {name} accepts and refuses as it should",
             lambda name=name: language(name, code[name], vectors + sent))
    test("the vendor's sample accepts and refuses the same", vendor_sample, vectors, sent)
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    sys.exit(1 if counts["failed"] else 0)


if __name__ == "__main__":
    main()
