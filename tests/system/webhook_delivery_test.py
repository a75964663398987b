#!/usr/bin/env python3
"""Webhooks through crashes and among bad receivers: every event arrives at every live endpoint, signed, in order; and who
answers is not delayed by who does not.

    LATCHKEY_TEST_WEBHOOK_EVENTS   events of the crash test, 400 when not set
    LATCHKEY_TEST_WEBHOOK_KILLS    kill -9 meanwhile, 3 when not set
    LATCHKEY_TEST_WEBHOOK_SECONDS  in which they are made, at least; 12 when not set
    LATCHKEY_TEST_WEBHOOK_ROW      failures in a row of one receiver at most, 1 when not set
    LATCHKEY_TEST_WEBHOOK_PATIENCE seconds until everything must have arrived, 90 when not set
"""

import datetime
import http.client
import os
import queue
import random
import threading
import time

from latchkey_server import Tests, check
from webhook_receiver import Failing, Receiver, verify

EVENTS = int(os.environ.get("LATCHKEY_TEST_WEBHOOK_EVENTS", "400"))
KILLS = int(os.environ.get("LATCHKEY_TEST_WEBHOOK_KILLS", "3"))
IN_A_ROW = int(os.environ.get("LATCHKEY_TEST_WEBHOOK_ROW", "1"))
PATIENCE = int(os.environ.get("LATCHKEY_TEST_WEBHOOK_PATIENCE", "90"))
SECONDS = int(os.environ.get("LATCHKEY_TEST_WEBHOOK_SECONDS", "12"))
CALLERS = 8
WEBHOOKS = "/api/v2/tailnet/-/webhooks"
SETTINGS = {"webhooks.allow_http": "true", "webhooks.allow_networks": "127.0.0.0/8"}
GONE = (OSError, http.client.HTTPException)


def subscribe(server, receiver, subscriptions=("credentialCreated",)):
    with server.client() as client:
        made = client.call("POST", WEBHOOKS, {"endpointUrl": receiver.url, "subscriptions": list(subscriptions)})
    check(made.status == 200, f"POST {WEBHOOKS}: {made.status} {made.body!r}")
    receiver.secret = made.json()["secret"]
    return made.json()["endpointId"]


class Makers:
    """Makes auth keys, an event each, while the server comes and goes."""

    def __init__(self, server, count):
        self.server = server
        self.left = queue.Queue()
        for number in range(count):
            self.left.put(number)
        self.made = {}  # id: number, acknowledged
        self.lock = threading.Lock()
        self.up = threading.Event()
        self.wrong = []

    def work(self):
        client = None
        while True:
            try:
                number = self.left.get_nowait()
            except queue.Empty:
                return
            self.up.wait()
            try:
                client = client or self.server.client(timeout=20)
                answer = client.create_auth_key(f"event {number}", 3600)
                if answer.status == 200:
                    with self.lock:
                        self.made[answer.json()["id"]] = number
                    time.sleep(random.uniform(0, 2 * SECONDS * CALLERS / EVENTS))
                    continue
                if answer.status != 503:
                    self.wrong.append(f"{answer.status} {answer.body[:200]!r}")
                    return
            except GONE:
                client = None
            self.left.put(number)  # perhaps made all the same; then it is made twice
            time.sleep(0.02)

    def start(self):
        self.up.set()
        threads = [threading.Thread(target=self.work, daemon=True) for _ in range(CALLERS)]
        for thread in threads:
            thread.start()
        return threads


def first_arrivals(receiver):
    """Ids of credentials in the order of their first arrival, and how many events came again."""
    seen, again = {}, 0
    for _, event in receiver.events():
        if event["type"] != "credentialCreated" or event["data"]["credentialType"] != "authKey":
            continue
        if event["data"]["credentialID"] in seen:
            again += 1
        else:
            seen[event["data"]["credentialID"]] = event
    return seen, again


def in_order(events):
    """Within two seconds: parallel acts take their time of day before their place in the feed. One that was sent again out of
    turn would come five seconds late."""
    latest = 0.0
    for event in events:
        stamp = datetime.datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00")).timestamp()
        if stamp < latest - 2:
            return False
        latest = max(latest, stamp)
    return True


def crashes(tests):
    server = tests.server("crashes", **SETTINGS)
    server.start()
    healthy = Receiver()
    flaky = [Receiver(Failing(0.3, IN_A_ROW)) for _ in range(3)]
    dead = Receiver(lambda: "hang")
    for receiver in [healthy, *flaky, dead]:
        subscribe(server, receiver)
    makers = Makers(server, EVENTS)
    threads = makers.start()
    begin = time.monotonic()
    for number in range(KILLS):
        # Through the making and the sending of what was made.
        time.sleep(random.uniform(0.5, 1.5) * SECONDS / (KILLS + 1))
        makers.up.clear()
        server.kill()
        server.start()
        makers.up.set()
    for thread in threads:
        thread.join(120)
        check(not thread.is_alive(), "a maker of events hangs")
    check(not makers.wrong, f"while making events: {makers.wrong[:3]}")
    check(len(makers.made) == EVENTS, f"{len(makers.made)} of {EVENTS} keys were made")
    live = [healthy, *flaky]
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        missing = [len(makers.made.keys() - first_arrivals(receiver)[0].keys()) for receiver in live]
        if not any(missing):
            break
        time.sleep(0.25)
    check(not any(missing), f"events that did not arrive in {PATIENCE} s, for each endpoint: {missing}")
    orders = []
    for receiver in live:
        check(not receiver.wrong, f"{len(receiver.wrong)} requests with a wrong signature: {receiver.wrong[:1]}")
        seen, again = first_arrivals(receiver)
        check(in_order(seen.values()), "events arrived out of order")
        # A key whose maker did not hear back may be there too, but nothing else.
        numbers = {event["data"]["description"] for event in seen.values()}
        wanted = {f"event {number}" for number in range(EVENTS)}
        check(numbers == wanted, f"events that nobody caused, or missing ones: {sorted(numbers ^ wanted)[:5]}")
        orders.append(list(seen))
        print(f"        {len(seen)} events, {again} again ({100 * again / len(seen):.1f} %), requests: {receiver.counts()}",
              flush=True)
    check(all(order == orders[0] for order in orders), "the endpoints were told in different orders")
    check(any(r.counts().get("ok", 0) < len(r.requests) for r in flaky), "nothing failed")
    print(f"        all arrived {time.monotonic() - begin:.0f} s after the first, through {KILLS} crashes", flush=True)
    check(not dead.wrong, "the dead endpoint got a wrong signature")
    check(server.stop() == 0, "the server did not stop cleanly")
    for receiver in [*live, dead]:
        receiver.close()


def latencies(server, receiver, count, name):
    """From the answer to the maker of an event until its arrival, in seconds, sorted."""
    told = {}
    with server.client() as client:
        for number in range(count):
            answer = client.create_auth_key(f"{name} {number}", 3600)
            check(answer.status == 200, f"{answer.status} {answer.body!r}")
            told[answer.json()["id"]] = time.time()
            time.sleep(0.03)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        arrived = {event["data"]["credentialID"]: at for at, event in reversed(receiver.events())}
        if not told.keys() - arrived.keys():
            break
        time.sleep(0.05)
    check(not told.keys() - arrived.keys(), "events did not arrive")
    return sorted(arrived[key] - at for key, at in told.items())


def bad_neighbours(tests):
    server = tests.server("neighbours", **SETTINGS)
    server.start()
    healthy = Receiver()
    subscribe(server, healthy)
    latencies(server, healthy, 20, "warm")
    alone = latencies(server, healthy, 150, "alone")
    bad = [Receiver(lambda: "hang"), Receiver(lambda: 3.0), Receiver(lambda: "error"), Receiver()]
    for receiver in bad[:-1]:
        subscribe(server, receiver)
    subscribe(server, bad[-1])
    bad[-1].close()  # nobody listens there any more
    beside = latencies(server, healthy, 150, "beside")
    middle, late = len(alone) // 2, len(alone) * 95 // 100
    print(f"        from the answer until arrival, median and 95 %: {alone[middle] * 1000:.0f} and {alone[late] * 1000:.0f} ms "
          f"alone, {beside[middle] * 1000:.0f} and {beside[late] * 1000:.0f} ms beside four bad ones", flush=True)
    check(bad[0].requests or bad[0].connections, "the dead endpoint was never tried")
    # Who waited for one that hangs would wait for its time-out, ten seconds.
    check(beside[-1] < 5, "the healthy endpoint waits for another")
    text = server.metrics()
    for name in ("latchkey_webhook_attempts_total{outcome=\"taken\"}", "latchkey_webhook_attempt_seconds_count",
                 "latchkey_webhook_waiting", "latchkey_webhook_oldest_seconds", "latchkey_webhook_delivered_total"):
        check(name in text, f"{name} is not among the metrics")
    begin = time.monotonic()
    check(server.stop() == 0, "the server did not stop cleanly")
    check(time.monotonic() - begin < 20, "stopping takes too long while a receiver hangs")
    log = server.log.read_text(errors="replace")
    for receiver in [healthy, *bad]:
        check(receiver.secret not in log, "a secret is in the log")
        receiver.close()


def until_told(receiver, kind, count):
    """Waits for so many events of a kind; the last request's signature header and body."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if sum(event["type"] == kind for _, event in receiver.events()) >= count:
            return receiver.requests[-1][1:3]
        time.sleep(0.02)
    check(False, f"{count} of {kind} did not arrive: {receiver.counts()}")


def rotation_and_deletion(tests):
    """R32, R33: from the answer to a rotation on the new secret alone signs, with an overlap both; after deletion nothing comes
    but a farewell with the last one."""
    server = tests.server("rotation", **SETTINGS)
    server.start()
    receiver = Receiver()
    endpoint = subscribe(server, receiver, ("categoryTailnetManagement",))
    one = f"/api/v2/webhooks/{endpoint}"
    with server.client() as client:
        check(client.call("POST", f"{one}/test").status == 202, "a test was refused")
        until_told(receiver, "test", 1)
        first = receiver.secret
        receiver.secret = client.call("POST", f"{one}/rotate").json()["secret"]
        client.call("POST", f"{one}/test")
        header, body = until_told(receiver, "test", 2)
        check(not receiver.wrong, "what came after a rotation is not signed with the new secret")
        check(header.count("v1=") == 1 and not verify(first, header, body, time.time()), "the old secret still signs")
        second = receiver.secret
        receiver.secret = client.call("POST", f"{one}/rotate", {"overlapSeconds": 3600}).json()["secret"]
        client.call("POST", f"{one}/test")
        header, body = until_told(receiver, "test", 3)
        check(not receiver.wrong and header.count("v1=") == 2, f"not signed with both secrets: {header}")
        check(verify(second, header, body, time.time()), "the old secret does not sign within its overlap")
        check(client.call("DELETE", one).status == 200, "not deleted")
        until_told(receiver, "webhookDeleted", 1)
        check(not receiver.wrong, "the farewell is not signed with the secret that ended")
        count = len(receiver.requests)
        check(client.create_auth_key("after the end", 3600).status == 200, "no key was made")
        check(client.call("POST", f"{one}/test").status == 404, "a deleted endpoint takes a test")
        check(client.call("GET", f"{one}/deliveries").status == 404, "a deleted endpoint has a log")
        time.sleep(1.5)
        check(len(receiver.requests) == count, "a deleted endpoint is told something")
    check(server.stop() == 0, "the server did not stop cleanly")
    receiver.close()


def forbidden_networks(tests):
    """Without allow_networks nothing is sent to the loopback, by whatever name; and http is refused."""
    server = tests.server("guarded", **{"webhooks.allow_http": "true"})
    server.start()
    receiver = Receiver()
    with server.client() as client:
        for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0"):
            made = client.call("POST", WEBHOOKS, {"endpointUrl": f"http://{host}:{receiver.port}/hook",
                                                  "subscriptions": ["credentialCreated"]})
            check(made.status in (200, 400), f"{host}: {made.status} {made.body!r}")
        check(client.create_auth_key("who hears of it", 3600).status == 200, "no key was made")
    until = time.monotonic() + 15
    while time.monotonic() < until and 'outcome="forbidden"} 0' in server.metrics():
        time.sleep(0.1)
    check('outcome="forbidden"} 0' not in server.metrics(), "no delivery was stopped by the guard")
    check(not receiver.requests and not receiver.connections, "the loopback was reached")
    server.stop()
    receiver.close()


def main():
    with Tests(limit_seconds=240 + SECONDS + PATIENCE + 10 * KILLS) as tests:
        tests.run(f"{EVENTS} events reach every live endpoint at least once, signed and in order, through {KILLS} crashes and "
                  "receivers that fail 30 % of the time", crashes, tests)
        tests.run("a dead, a slow, a failing and a missing receiver delay nobody else", bad_neighbours, tests)
        tests.run("R32, R33: a new secret signs from the answer to its rotation on, and an endpoint ends with its deletion",
                  rotation_and_deletion, tests)
        tests.run("nothing is sent into networks that are not allowed", forbidden_networks, tests)
    tests.finish()


if __name__ == "__main__":
    main()
