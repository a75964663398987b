#!/usr/bin/env python3
"""kill -9 during mixed writes by 32 callers, round after round over one SQLite database: nothing acknowledged is lost,
nothing is stored without its audit record, and no record without what it tells of. Then the same with SIGTERM.

    LATCHKEY_TEST_CRASH_ROUNDS   rounds of kill -9, 100 when not set
"""

import http.client
import os
import random
import threading
import time

from latchkey_server import EVER, KEYS, Tests, check

CALLERS = 32
ROUNDS = int(os.environ.get("LATCHKEY_TEST_CRASH_ROUNDS", "100"))
SERIES = 200  # rounds over one database
STOP_ROUNDS = 5
GONE = (OSError, http.client.HTTPException)


class Ledger:
    """What was promised to callers, and what was asked for without an answer."""

    def __init__(self):
        self.lock = threading.Lock()
        self.created = {}  # id: text, acknowledged
        self.revocable = []  # acknowledged, and nobody is revoking it
        self.revoked = set()  # acknowledged
        self.asked = set()  # revocation asked for, answered or not
        self.fresh = []  # acknowledged since the last check
        self.unanswered = 0

    def add(self, answer):
        key = answer.json()
        with self.lock:
            self.created[key["id"]] = key["key"]
            self.revocable.append(key["id"])
            self.fresh.append(key["id"])

    def take_revocable(self):
        with self.lock:
            if not self.revocable:
                return None
            at = random.randrange(len(self.revocable))
            self.revocable[at], self.revocable[-1] = self.revocable[-1], self.revocable[at]
            key = self.revocable.pop()
            self.asked.add(key)
            return key

    def note_revoked(self, key):
        with self.lock:
            self.revoked.add(key)
            self.fresh.append(key)


def random_auth_key(client):
    grant = {"reusable": random.random() < 0.5, "ephemeral": random.random() < 0.5,
             "preauthorized": random.random() < 0.5}
    if random.random() < 0.5:
        grant["tags"] = random.sample(["tag:ci", "tag:web", "tag:build"], random.randint(1, 3))
    return client.create_auth_key(random.choice(["", "ci runner", "build agent 7"]),
                                  random.choice([None, 3600, 86400, 7776000]), **grant)


def caller(server, ledger, over, wrong):
    """One of the 32: goes on until the server is gone."""
    client, local = server.client(timeout=20), server.local_client()
    try:
        while not over.is_set():
            choice = random.random()
            if choice < 0.55:
                answer, wanted, done = random_auth_key(client), 200, ledger.add
            elif choice < 0.65:
                answer, wanted, done = local.create_api_token("made while crashing", 86400), 200, ledger.add
            elif choice < 0.85:
                key = ledger.take_revocable()
                if key is None:
                    continue
                answer, wanted, done = client.call("DELETE", f"{KEYS}/{key}"), 200, None
                if answer.status == 200:
                    ledger.note_revoked(key)
            else:
                answer, wanted, done = client.call("GET", "/api/v2/whoami"), 200, None
            if answer.status != wanted and not (answer.status == 503 and over.is_set()):
                wrong.append(f"{answer.status} {answer.body[:200]!r}")
                return
            if done and answer.status == wanted:
                done(answer)
    except GONE as error:
        with ledger.lock:
            ledger.unanswered += 1
        if not over.is_set():
            wrong.append(f"the connection broke while the server ran: {error!r}")
    finally:
        client.close()
        local.close()


def disturb(server, ledger, seconds, end):
    """Writes by all callers; end() brings the server down in the middle."""
    over, wrong = threading.Event(), []
    threads = [threading.Thread(target=caller, args=(server, ledger, over, wrong), daemon=True) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    over.set()
    result = end()
    for thread in threads:
        thread.join(30)
        check(not thread.is_alive(), "a caller hangs after the server's end")
    check(not wrong, f"while the server ran: {wrong[:3]}")
    return result


def check_file(server, ledger, directory):
    """The database file as the crash left it."""
    database = server.database_copy(directory)
    try:
        check(database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "integrity_check")
        rows = dict(database.execute("SELECT id, revoked_at IS NOT NULL FROM credentials"))
        records = {"CREATE": [], "REVOKE": []}
        for action, target in database.execute(
                "SELECT action, target_id FROM audit_records WHERE target_type = 'API_KEY'"):
            records.setdefault(action, []).append(target)
        feed = [subject for subject, in database.execute(
            "SELECT subject FROM changes WHERE kind IN ('credential.created', 'credential.revoked') ORDER BY sequence")]
        sequences = [number for number, in database.execute("SELECT sequence FROM changes ORDER BY sequence")]
    finally:
        database.close()
    made, revoked = set(records["CREATE"]), set(records["REVOKE"])
    check(len(made) == len(records["CREATE"]) and len(revoked) == len(records["REVOKE"]), "an act is recorded twice")
    lost = ledger.created.keys() - rows.keys()
    check(not lost, f"{len(lost)} acknowledged keys are lost: {sorted(lost)[:3]}")
    undone = {key for key in ledger.revoked if not rows.get(key)}
    check(not undone, f"{len(undone)} acknowledged revocations are lost: {sorted(undone)[:3]}")
    unrecorded = rows.keys() - made
    check(not unrecorded, f"{len(unrecorded)} keys without a record of their making: {sorted(unrecorded)[:3]}")
    check(not made - rows.keys(), "records of keys that do not exist")
    ended = {key for key, is_revoked in rows.items() if is_revoked}
    check(ended == revoked, f"revoked rows and records differ: {sorted(ended ^ revoked)[:3]}")
    check(not ended - ledger.asked, "a key is revoked that nobody asked to revoke")
    check(sorted(feed) == sorted(records["CREATE"] + records["REVOKE"]), "the change feed and the records differ")
    check(sequences == list(range(1, len(sequences) + 1)), "the change feed has gaps")
    return len(rows), len(ended)


def check_api(server, ledger):
    """The restarted server, over its API: what was acknowledged since the last check."""
    with server.client() as client:
        report = client.call("GET", "/api/console/audit-verification").json()
        check(report["whole"], f"the audit chain is broken: {report}")
        for key in ledger.fresh:
            answer = client.call("GET", f"{KEYS}/{key}?fields=all")
            check(answer.status == 200, f"{key}: {answer.status} {answer.body!r}")
            if key in ledger.revoked:
                check("revoked" in answer.json(), f"{key} is not revoked any more")
            elif key not in ledger.asked:
                check("revoked" not in answer.json(), f"{key} was never revoked")
            text = ledger.created[key]
            if text.startswith("tskey-api-"):
                status = client.call("GET", "/api/v2/whoami", token=text).status
                if key in ledger.revoked:
                    check(status == 401, f"the revoked token {key} is accepted")
                elif key not in ledger.asked:
                    check(status == 200, f"the acknowledged token {key} is refused with {status}")
        ledger.fresh.clear()
        return report["records"]


def check_usable_keys(server, ledger):
    """Every key that the API lists as usable was acknowledged or at least is in the audit log, and is not withdrawn."""
    with server.client() as client:
        listed = {key["id"] for key in client.call("GET", f"{KEYS}?all=true").json()["keys"]}
        logs = client.call("GET", f"/api/v2/tailnet/-/logging/configuration?{EVER}&event=API_KEY.CREATE").json()["logs"]
    recorded = {entry["target"]["id"] for entry in logs}
    check(not listed - recorded, f"usable, unrecorded keys: {sorted(listed - recorded)[:3]}")
    check(not listed & ledger.revoked, "a revoked key is listed as usable")
    alive = ledger.created.keys() - ledger.asked
    check(not alive - listed, f"acknowledged keys are not listed: {sorted(alive - listed)[:3]}")


def crash_rounds(server, ledger, scratch, rounds):
    seconds = []
    for number in range(rounds):
        seconds.append(server.start())
        records = check_api(server, ledger)
        disturb(server, ledger, random.uniform(0.1, 0.4), server.kill)
        written, ended = check_file(server, ledger, scratch)
        if (number + 1) % 25 == 0 or number + 1 == rounds:
            print(f"        round {number + 1}: {written} keys, {ended} revoked, {records} records, "
                  f"{ledger.unanswered} requests unanswered", flush=True)
    check(len(ledger.created) > rounds and ledger.revoked, "the rounds wrote too little to show anything")
    seconds.sort()
    print(f"        start after a crash: median {seconds[len(seconds) // 2] * 1000:.0f} ms, "
          f"longest {seconds[-1] * 1000:.0f} ms", flush=True)


def final_check(server, ledger, scratch):
    server.start()
    ledger.fresh = list(ledger.created)[-2000:] + list(ledger.revoked)[-2000:]
    check_api(server, ledger)
    check_usable_keys(server, ledger)
    check(server.stop() == 0, "the server did not stop cleanly")
    check_file(server, ledger, scratch)


def stop_rounds(server, ledger, scratch):
    for _ in range(STOP_ROUNDS):
        server.start()
        check_api(server, ledger)
        with server.local_client() as local:
            counted = local.create_api_token("uses are counted", 86400)
        ledger.add(counted)
        token, used = counted.json(), 0
        with ledger.lock:  # nobody may revoke it: its uses are compared below
            ledger.revocable.remove(token["id"])
        with server.client(token=token["key"]) as client:
            for _ in range(25):
                check(client.call("GET", "/api/v2/whoami").status == 200, "a fresh token is refused")
                used += 1
        status = disturb(server, ledger, random.uniform(0.1, 0.4), server.stop)
        check(status == 0, f"the server ended with status {status}")
        check_file(server, ledger, scratch)
        database = server.database_copy(scratch)
        uses, last_used = database.execute("SELECT uses, last_used_at FROM credentials WHERE id = ?",
                                           (token["id"],)).fetchone()
        database.close()
        check(uses == used and last_used, f"{used} uses were made before SIGTERM, {uses} are stored")


def series(tests, name, rounds):
    """Rounds over one database."""
    server, ledger = tests.server(name), Ledger()
    scratch = tests.directory / f"{name}-copy"
    with server.database_copy(scratch) as database:
        ledger.created = {key: server.token for key, in database.execute("SELECT id FROM credentials")}
    tests.run(f"R3, R15, R34: {rounds} rounds of kill -9 under {CALLERS} writers lose nothing acknowledged and leave no "
              "key without its record", crash_rounds, server, ledger, scratch, rounds)
    server.kill()
    tests.run("after the last crash every usable key is recorded and every revoked one refused", final_check, server,
              ledger, scratch)
    server.kill()
    tests.run("SIGTERM under load loses nothing acknowledged and writes down the uses of keys", stop_rounds, server,
              ledger, scratch)
    server.kill()


def main():
    with Tests(limit_seconds=120 + 6 * ROUNDS) as tests:
        # Each round looks at the whole database, so it is not left to grow without end.
        for first in range(0, ROUNDS, SERIES):
            series(tests, f"server-{first}", min(SERIES, ROUNDS - first))
    tests.finish()


if __name__ == "__main__":
    main()
