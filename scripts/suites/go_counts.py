#!/usr/bin/env python3
"""Counts the outcome of `go test -json`: prints the output of failed tests and the reasons of skipped ones, then
one line "passed failed skipped". A test with subtests counts by its subtests."""
import json
import sys


def main(path: str) -> int:
    outcome: dict[str, str] = {}
    output: dict[str, list[str]] = {}
    package_failed = False
    build_output: list[str] = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                build_output.append(line)
                continue
            test, action = event.get("Test"), event.get("Action")
            if action in ("output", "build-output"):
                (output.setdefault(test, []) if test else build_output).append(event.get("Output", ""))
            elif action in ("pass", "fail", "skip") and test:
                outcome[test] = action
            elif action in ("fail", "build-fail"):
                package_failed = True

    parents = {test.rsplit("/", 1)[0] for test in outcome if "/" in test}
    leaves = {test: action for test, action in outcome.items() if test not in parents or action == "fail"}
    # A parent that failed only because a child did is not a failure more.
    failed = {test for test, action in leaves.items() if action == "fail"}
    failed = {test for test in failed if not any(other.startswith(test + "/") for other in failed)}
    # A test that was running when the program died has output and no outcome.
    failed |= {test for test in output if test not in outcome and package_failed and test not in parents}
    passed = [test for test, action in leaves.items() if action == "pass"]
    skipped = [test for test, action in leaves.items() if action == "skip"]

    for test in sorted(failed):
        print("".join(output.get(test, [])), end="")
    if package_failed and not failed:
        print("".join(build_output), end="")
        failed.add("the package")
    for test in skipped:
        for line in output.get(test, []):
            if not line.startswith(("===", "---", "    ---")):
                print("skip", line.strip())
    if not outcome and not failed:
        print("".join(build_output), end="")
        failed.add("the package")
    print(len(passed), len(failed), len(skipped))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
