#!/usr/bin/env python3
"""Two testers of SCIM servers, unmodified, against a running server: every check of scim2-tester, and scim-sanity in
strict mode. Each check that they make counts as one.

    testers.py        runs with the Python that has the packages of requirements.txt
"""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "system"))
from latchkey_server import Tests, check  # noqa: E402

NO_GUARD = 100  # percent: the testers remove more people than it lets pass


def enabled(server):
    """The SCIM key of a server that was just started."""
    with server.client() as client:
        answer = client.call("POST", "/api/console/provisioning/enable", {})
        check(answer.status == 200, answer.body)
        return answer.json()["key"]


def scim2_tester(tests, server, key):
    from httpx2 import Client
    from scim2_client.engines.httpx2 import SyncSCIMClient
    from scim2_tester import Status, check_server

    http = Client(base_url=server.url + "/scim/v2", headers={"Authorization": f"Bearer {key}"}, timeout=30)
    results = check_server(SyncSCIMClient(http))
    check(len(results) > 50, f"only {len(results)} checks were made")
    counts = {}
    for result in results:
        counts[result.status.name] = counts.get(result.status.name, 0) + 1
        kind = f"{result.resource_type} " if result.resource_type else ""
        name = f"scim2-tester: {kind}{result.title}"
        if result.status in (Status.ERROR, Status.CRITICAL):
            tests.failed += 1
            print(f"FAILED  {name}: {result.reason}")
        elif result.status is Status.SKIPPED:
            tests.skipped += 1
            print(f"skipped {name}: {result.reason}")
        else:
            tests.passed += 1
            if result.status is Status.DEVIATION:
                print(f"deviates {name}: {result.reason}")
    print("scim2-tester:", ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))


def scim_sanity(tests, server, key):
    tool = pathlib.Path(sys.executable).parent / "scim-sanity"
    run = subprocess.run([tool, "probe", server.url + "/scim/v2", "--token", key, "--strict", "--json-output",
                          "--i-accept-side-effects"], capture_output=True, text=True, timeout=120, check=False)
    check(run.stdout.strip(), run.stderr)
    report = json.loads(run.stdout[run.stdout.index("{"):])
    results = report["results"]
    for result in results:
        status = str(result.get("status", "")).lower()
        name = "scim-sanity: " + str(result.get("name") or result.get("test"))
        if status in ("pass", "passed"):
            tests.passed += 1
        elif status in ("skip", "skipped"):
            print(f"skipped {name}: {result.get('message', '')}")  # agents, which no server here has
        else:
            tests.failed += 1
            print(f"FAILED  {name}: {result}")
    check(run.returncode == 0, f"scim-sanity ended with {run.returncode}")
    print(f"scim-sanity: {len(results)} results")


def main():
    with Tests(limit_seconds=240) as tests:
        for name, tester in (("scim2-tester", scim2_tester), ("scim-sanity", scim_sanity)):
            server = tests.server(name, **{"scim.guard_percent": NO_GUARD})
            server.start()
            key = enabled(server)
            tests.run(f"{name} runs to its end", tester, tests, server, key)
            server.stop()
    tests.finish()


if __name__ == "__main__":
    main()
