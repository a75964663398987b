#!/usr/bin/env python3
"""A flood of wrong secrets slows nobody else: good callers from the same address are all served while 200 wrong API
tokens a second arrive. Prints the good calls' times quiet and under flood, and judges none.

    LATCHKEY_TEST_FLOOD_SECONDS   length of each part, 5 when not set
"""

import collections
import os
import random
import threading
import time
import zlib

from latchkey_server import KEYS, Tests, check

SECONDS = float(os.environ.get("LATCHKEY_TEST_FLOOD_SECONDS", "5"))
WRONG_EACH_SECOND = 200
ATTACKERS = 4
GOOD_CALLERS = 2
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def random_text(length):
    return "".join(random.choices(BASE58, k=length))


def well_formed(key_id):
    """A token that only the database, or the cache, can tell from a real one: its checksum fits."""
    text = f"tskey-api-{key_id}-{random_text(44)}"
    number, checksum = zlib.crc32(text.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 58)
        checksum = BASE58[digit] + checksum
    return text + checksum


def wrong_secret(known):
    """Mostly what takes the whole check: unknown ids, wrong secrets for real ids. Also keys that ended or are of the
    wrong type, and noise."""
    text = random.choice(known)
    return random.choice([
        lambda: well_formed(text.split("-")[2]),
        lambda: well_formed(text.split("-")[2]),
        lambda: well_formed(f"k{random_text(11)}CNTRL"),
        lambda: text,
        lambda: text[:-1] + random.choice(BASE58.replace(text[-1], "")),
        lambda: random_text(40),
    ])()


def good_calls(server, seconds, times, wrong):
    with server.client() as client:
        end = time.monotonic() + seconds
        number = 0
        while time.monotonic() < end:
            number += 1
            begin = time.monotonic()
            if number % 20:
                answer = client.call("GET", "/api/v2/whoami")
            else:
                answer = client.create_auth_key("made during the flood", 3600)
            times.append(time.monotonic() - begin)
            if answer.status != 200:
                wrong.append(f"{answer.status} {answer.body[:200]!r}")
            time.sleep(0.002)


def bad_calls(server, known, over, statuses, wrong):
    pause = ATTACKERS / WRONG_EACH_SECOND
    due = time.monotonic()
    with server.client(token="") as client:
        while not over.is_set():
            due += pause
            answer = client.call(*random.choice([("GET", "/api/v2/whoami"), ("GET", KEYS), ("POST", KEYS)]),
                                 token=wrong_secret(known))
            statuses[answer.status] += 1
            if answer.status not in (401, 429) or not answer.message():
                wrong.append(f"{answer.status} {answer.body[:200]!r}")
            over.wait(max(0.0, due - time.monotonic()))


def measure(server, wrong):
    times = []
    threads = [threading.Thread(target=good_calls, args=(server, SECONDS, times, wrong)) for _ in range(GOOD_CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(times)


def shown(times):
    return f"p50 {times[len(times) // 2] * 1000:.2f} ms, p99 {times[int(len(times) * 0.99)] * 1000:.2f} ms"


def flood(server):
    with server.local_client() as local, server.client() as client:
        known = []
        for kind in range(20):
            # Auth keys stay valid: they are of the wrong type here.
            made = (local.create_api_token() if kind % 2 else client.create_auth_key()).json()
            known.append(made["key"])
            if kind % 2:
                check(client.call("DELETE", f"{KEYS}/{made['id']}").status == 200, "revoking")

    wrong = []
    quiet = measure(server, wrong)
    check(not wrong, f"without a flood: {wrong[:3]}")

    over, statuses, unlike = threading.Event(), collections.Counter(), []
    attackers = [threading.Thread(target=bad_calls, args=(server, known, over, statuses, unlike), daemon=True)
                 for _ in range(ATTACKERS)]
    for attacker in attackers:
        attacker.start()
    begin = time.monotonic()
    under_flood = measure(server, wrong)
    rate = sum(statuses.values()) / (time.monotonic() - begin)
    over.set()
    for attacker in attackers:
        attacker.join(30)

    print(f"        wrong secrets: {rate:.0f} a second, answered {dict(statuses)}")
    print(f"        good calls, quiet:       {len(quiet)}, {shown(quiet)}")
    print(f"        good calls, under flood: {len(under_flood)}, {shown(under_flood)}", flush=True)
    check(not wrong, f"good calls during the flood: {len(wrong)} were not answered with 200: {wrong[:3]}")
    check(not unlike, f"wrong secrets: {len(unlike)} were not refused as such: {unlike[:3]}")
    check(statuses[401] > 0, "no wrong secret was looked at")
    check(server.alive(), "the server died")


def main():
    with Tests(limit_seconds=int(60 + 4 * SECONDS)) as tests:
        server = tests.server()
        server.start()
        tests.run("R12: good callers are served during a flood of wrong secrets from their own address, which gets 401 "
                  "or 429 only", flood, server)

        strict = tests.server("strict", **{"guard.failures_per_second": 5, "guard.failure_burst": 10})
        strict.start()

        def guarded():
            flood(strict)
            with strict.client(token="") as client:
                own = strict.token.split("-")[2]
                answers = [client.call("GET", KEYS, token=well_formed(own)).status for _ in range(50)]
            check(answers.count(429) > 25, f"the guard does not say 429: {collections.Counter(answers)}")

        tests.run("the same with a strict guard, which answers most of the flood with 429", guarded)
    tests.finish()


if __name__ == "__main__":
    main()
