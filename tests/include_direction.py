#!/usr/bin/env python3
"""Reads the #include lines under src/ and fails, with the rule's reason, when one points the wrong way.

    base < crypto < core < io < { storage | http | control | relay | workers } < app
    inside core: audit < identity < policy < tailnet < credentials < join; federation stands alone below credentials; scim sees
    identity; posture, logstream and services see tailnet and what is below it; webhooks sees all below join: it tells of
    all of it; people stands on webhooks; signon and provisioning stand on people

A build file alone does not stop a header from reaching up: all layers share one include path.

    include_direction.py [ROOT]      checks ROOT/src, by default the tree this file is in
    include_direction.py --self-test
"""
import re
import sys
import tempfile
from pathlib import Path
from typing import Iterator, Optional

LEFT = {
    "base": set(),
    "crypto": {"base"},
    "core": {"base", "crypto"},
    "io": {"base", "crypto", "core"},
    "storage": {"base", "crypto", "core", "io"},
    "http": {"base", "crypto", "core", "io"},
    "control": {"base", "crypto", "core", "io"},
    "relay": {"base", "crypto", "core", "io"},
    "workers": {"base", "crypto", "core", "io"},
}
SIDE_BY_SIDE = ("storage", "http", "control", "relay", "workers")
LEFT["app"] = set(LEFT)
# Test parts may use everything; nothing that ships may use them.
LEFT["testing"] = set(LEFT)

CORE_LEFT = {
    "audit": set(),
    "identity": {"audit"},
    "policy": {"audit", "identity"},
    "tailnet": {"audit", "identity", "policy"},
    "federation": set(),
    "credentials": {"audit", "identity", "policy", "tailnet", "federation"},
    "join": {"audit", "identity", "policy", "tailnet", "credentials"},
    "scim": {"audit", "identity"},
    "posture": {"audit", "identity", "policy", "tailnet"},
    "logstream": {"audit", "identity", "policy", "tailnet"},
    "services": {"audit", "identity", "policy", "tailnet"},
    "webhooks": {"audit", "identity", "policy", "tailnet", "credentials"},
    "people": {"audit", "identity", "policy", "tailnet", "credentials", "webhooks"},
    "signon": {"audit", "identity", "policy", "tailnet", "credentials", "federation", "people"},
    "provisioning": {"audit", "identity", "policy", "tailnet", "credentials", "scim", "people"},
}

# Libraries that only some layers may see.
LIBRARIES = [
    (re.compile(r"^boost/(asio|beast)"), ("base", "crypto", "core"),
     "rules and use cases are plain functions: they cannot suspend, so they need no event loop"),
    (re.compile(r"^(sqlite3\.h|libpq-fe\.h)$"), ("base", "crypto", "core", "io", "http", "control", "relay", "workers"),
     "SQL is spoken in storage alone"),
    (re.compile(r"^openssl/"), ("base", "core", "storage", "http", "workers"),
     "crypto is the one door to OpenSSL (io has TLS)"),
    (re.compile(r"^cjose/"), tuple(layer for layer in LEFT if layer != "crypto"),
     "crypto is the one door to cjose"),
    (re.compile(r"^sodium"), tuple(layer for layer in LEFT if layer != "crypto"),
     "crypto is the one door to libsodium"),
    (re.compile(r"^wslay/"), tuple(layer for layer in LEFT if layer != "io"),
     "io is the one door to WebSocket frames"),
    (re.compile(r"^(spdlog|prometheus)/|^base/(log|metrics|clock)\.h$"), ("core",),
     "core neither logs nor counts nor reads a clock: it returns what happened, and time is an argument"),
    (re.compile(r"^curl/"), ("base", "crypto", "core", "storage", "http"),
     "outbound calls are made by io, workers and app"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')


def refusal(file: str, target: str, quoted: bool) -> Optional[str]:
    """Why `file` (relative to src/) may not include `target`; nothing when it may."""
    parts = file.split("/")
    layer = parts[0]
    is_test = file.endswith("_test.cc") or layer == "testing"

    if not is_test:
        for pattern, layers, reason in LIBRARIES:
            if layer in layers and pattern.search(target):
                return reason
    if not quoted:
        return None
    if target.startswith("..") or "/../" in target:
        return "write the path from src/, so that the layer can be read in the line"
    aim = target.split("/")
    if len(aim) == 1:
        return "write the path from src/, so that the layer can be read in the line"
    if aim[0] not in LEFT:
        return None  # a library's header in quotes
    if layer not in LEFT:
        return f"src/{layer} is no layer: say where it stands in tests/include_direction.py"

    if aim[0] == "testing" and not is_test:
        return "nothing that ships includes testing"
    if aim[0] != layer:
        if file.endswith("_test.cc"):
            if aim[0] == "app":
                return f"app is right of {layer}: only app and tests/ see it"
            return None
        if aim[0] not in LEFT[layer]:
            if layer in SIDE_BY_SIDE and aim[0] in SIDE_BY_SIDE:
                return f"{layer} and {aim[0]} stand side by side and know only what is left of both: share through core or io"
            return f"{aim[0]} is right of {layer}: a folder may include what stands to its left (base < crypto < core < io < {{storage | http | control | relay | workers}} < app)"
        return None

    # Inside core. Files at its top (core/tx.h) see all of it and are seen by all of it.
    if layer == "core" and len(parts) > 2 and len(aim) > 2 and parts[1] != aim[1] and not is_test:
        if parts[1] not in CORE_LEFT or aim[1] not in CORE_LEFT:
            unknown = parts[1] if parts[1] not in CORE_LEFT else aim[1]
            return f"core/{unknown} has no place yet: say where it stands in tests/include_direction.py"
        if aim[1] not in CORE_LEFT[parts[1]]:
            return f"inside core {parts[1]} does not see {aim[1]} (audit < identity < policy < tailnet < credentials < join; scim sees identity; webhooks sees all below join; signon and provisioning stand on people)"
    return None


def findings(root: Path) -> Iterator[str]:
    src = root / "src"
    for path in sorted(src.rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        file = path.relative_to(src).as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            include = INCLUDE.match(line)
            if include is None:
                continue
            reason = refusal(file, include[2], include[1] == '"')
            if reason is not None:
                yield f"src/{file}:{number}: includes {include[2]}: {reason}"


ALLOWED = [
    ("base/result.h", '"base/error.h"'),
    ("base/log.cc", "<spdlog/spdlog.h>"),
    ("crypto/digest.cc", "<openssl/evp.h>"),
    ("crypto/box.cc", "<sodium.h>"),
    ("core/credentials/issue.cc", '"core/tailnet/tag.h"'),
    ("core/credentials/issue.cc", '"core/tx.h"'),
    ("core/tx.h", '"core/credentials/credential_store.h"'),
    ("core/scim/patch.cc", '"core/identity/user.h"'),
    ("core/webhooks/payload.cc", '"core/audit/record.h"'),
    ("core/webhooks/derive_events.cc", '"core/tailnet/device.h"'),
    ("core/provisioning/users.cc", '"core/people/standing.h"'),
    ("core/credentials/issue_test.cc", '"testing/manual_clock.h"'),
    ("core/credentials/issue_test.cc", '"storage/unit_of_work.h"'),
    ("core/audit/chain_test.cc", '"core/credentials/issue.h"'),
    ("io/http_session.cc", "<boost/asio/read.hpp>"),
    ("storage/driver/sqlite.cc", "<sqlite3.h>"),
    ("storage/user_store.cc", '"core/identity/user_store.h"'),
    ("app/main.cc", '"storage/migrations.h"'),
    ("testing/running_server.cc", '"app/server.h"'),
]
REFUSED = [
    ("base/text.h", '"crypto/digest.h"', "right of base"),
    ("crypto/digest.h", '"core/tx.h"', "right of crypto"),
    ("core/tx.h", '"storage/unit_of_work.h"', "right of core"),
    ("core/tailnet/tag.h", '"core/credentials/issue.h"', "tailnet does not see credentials"),
    ("core/audit/record.h", '"core/identity/user.h"', "audit does not see identity"),
    ("core/scim/patch.cc", '"core/credentials/issue.h"', "scim does not see credentials"),
    ("core/webhooks/payload.cc", '"core/join/join.h"', "webhooks does not see join"),
    ("core/credentials/issue.cc", '"core/webhooks/event.h"', "credentials does not see webhooks"),
    ("core/credentials/issue.cc", '"core/people/standing.h"', "credentials does not see people"),
    ("core/people/admit.cc", '"core/signon/session.h"', "people does not see signon"),
    ("core/inventory/list.h", '"core/audit/record.h"', "no place yet"),
    ("core/audit/chain.cc", "<boost/asio/post.hpp>", "cannot suspend"),
    ("core/audit/chain.cc", '"base/clock.h"', "time is an argument"),
    ("io/listener.cc", '"http/routes.h"', "right of io"),
    ("http/routes.cc", '"storage/migrations.h"', "side by side"),
    ("workers/sweep.cc", '"http/routes.h"', "side by side"),
    ("http/routes.cc", "<sqlite3.h>", "storage alone"),
    ("http/routes.cc", "<openssl/ssl.h>", "one door to OpenSSL"),
    ("app/main.cc", '"testing/manual_clock.h"', "nothing that ships"),
    ("relay/frame.cc", "<sodium.h>", "one door to libsodium"),
    ("http/routes_test.cc", '"app/server.h"', "right of http"),
    ("base/text.cc", '"text.h"', "path from src/"),
    ("http/api/keys.cc", '"../routes.h"', "path from src/"),
    ("helpers/join.h", '"base/text.h"', "is no layer"),
]


def self_test() -> int:
    """Each row alone in a tree: what is allowed gives nothing, what is refused gives one finding with its reason."""
    failures = 0
    for row in [(*row, None) for row in ALLOWED] + REFUSED:
        file, include, reason = row
        with tempfile.TemporaryDirectory() as tree:
            path = Path(tree) / "src" / file
            path.parent.mkdir(parents=True)
            path.write_text(f'#pragma once\n#include {include}\n#include <string>\n// #include "app/main.h"\n', encoding="utf-8")
            found = list(findings(Path(tree)))
        expected = 0 if reason is None else 1
        if len(found) != expected or (reason is not None and reason not in found[0]):
            failures += 1
            print(f"self-test: {file} with {include}: expected {reason or 'nothing'}, found {found or 'nothing'}")
    return 1 if failures else 0


def main(arguments: list[str]) -> int:
    if arguments == ["--self-test"]:
        return self_test()
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    found = list(findings(root))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
