"""What is measured. Each case is a function of a Bench; its first line of documentation is its description."""
import base64
import json
import random
import resource
import signal
import subprocess
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from measure import (Load, Row, Sample, Table, alternate, compare, micros, rates, ratios, run_durable, run_load,
                     run_program, run_wrk, say, size, spread)
from programs import NGINX, WRK, ConstantServer, Failed, Latchkey, Nginx, Postgres, get, post, post_form

WHOAMI = "/api/v2/whoami"
NEW_KEY = json.dumps({"keyType": "auth", "description": "build", "expirySeconds": 86400, "capabilities": {
    "devices": {"create": {"reusable": True, "tags": ["tag:ci"]}}}})
NO_FLUSH = {"LATCHKEY_KEYS_USAGE_FLUSH_SECONDS": "3600"}
FORM = {"method": "POST", "path": "/api/v2/oauth/token", "type": "application/x-www-form-urlencoded",
        "body": "grant_type=client_credentials"}
COLD = {"LATCHKEY_CACHE_CREDENTIALS": "16"}


@dataclass
class Bench:
    build: Path
    work: Path  # a temporary directory
    quick: bool
    long: bool
    table: Table

    def rounds(self, full):
        return 3 if self.quick else full

    @property
    def seconds(self):
        return 1 if self.quick else 2

    def make_data(self, name):
        directory = self.work / name
        return directory, Latchkey.init(directory)

    def fill(self, directory, keys, tokens, wrong=0):
        words = [self.build / "fill_bench", directory, keys, tokens, directory.with_suffix(".tokens")]
        if wrong:
            words += [wrong, directory.with_suffix(".wrong")]
        took = json.loads(run_program(words, seconds=3600))["seconds"]
        say(f"  filled {keys:,} keys in {took:.1f} s")

    def create(self, server, callers, seconds=None):
        return run_load(server, callers, seconds or self.seconds, method="POST", path="/api/v2/tailnet/-/keys",
                        body=NEW_KEY, tokens=server.token_file)


def constants(bench, body):
    """The peers that answer a constant, as many as there are."""
    peers = {"bare Beast": ConstantServer("bare Beast", bench.build / "beast_echo_bench", body, bench.work / "beast.log"),
             "own HTTP layer": ConstantServer("own HTTP layer", bench.build / "http_floor_bench", body,
                                              bench.work / "floor.log")}
    if NGINX:
        peers["nginx"] = Nginx(bench.work, body)
    else:
        bench.table.note("nginx: skipped, not installed")
    return peers


def stop(programs):
    for program in programs:
        program.stop()


def check_token(bench):
    """the whole token check over HTTP, against servers that return a constant of the same size"""
    if not WRK:
        bench.table.note("token check: skipped, wrk is not installed")
        return
    directory, token = bench.make_data("check")
    logged_directory, logged_token = bench.make_data("check-logged")
    ours = Latchkey(directory, bench.work / "check.log")
    logged = Latchkey(logged_directory, bench.work / "check-logged.log", {"LATCHKEY_LOG_ACCESS": "true"})
    body = get(ours.url + WHOAMI, token)
    peers = constants(bench, body)
    servers = {"latchkey": (ours, token), "latchkey, logged": (logged, logged_token),
               **{name: (peer, None) for name, peer in peers.items()}}
    if NGINX:
        servers["nginx, logged"] = (Nginx(bench.work, body, access_log=True), None)
    try:
        for connections in (64, 512):
            # Everything is loaded once before it counts.
            contestants = {
                name: lambda server=server, with_token=with_token, connections=connections:
                run_wrk(server, WHOAMI, connections, bench.seconds, with_token)
                for name, (server, with_token) in servers.items()}
            for name, (server, with_token) in servers.items():
                run_wrk(server, WHOAMI, connections, 1, with_token)
            samples = alternate(bench.rounds(7), contestants)
            what = f"check a token, {connections} connections"
            rows = [(what, "latchkey", "nginx", 0.7),
                    (f"{what}, both with an access log", "latchkey, logged", "nginx, logged", None),
                    (what, "latchkey", "bare Beast", None), (what, "latchkey", "own HTTP layer", None)]
            for operation, mine, peer, least in rows:
                if peer in samples:
                    bench.table.add(compare(operation, samples[mine], peer, samples[peer], least=least))
    finally:
        stop(server for server, _ in servers.values())


def create_key(bench):
    """making auth keys, durably, against one fsync or one transaction each"""
    directory, _ = bench.make_data("create")
    bytes_a_key = size_of_a_key(bench)
    durable = bench.build / "durable_bench"
    server = Latchkey(directory, bench.work / "create.log")
    commits = []

    def create(callers):
        before = server.metric("latchkey_database_writes"), server.metric("latchkey_database_commits")
        sample = bench.create(server, callers)
        writes = server.metric("latchkey_database_writes") - before[0]
        commits.append((callers, writes / max(1, server.metric("latchkey_database_commits") - before[1])))
        return sample

    def peer(kind, threads, *more):
        return run_durable(durable, kind, bench.work / "durable", threads, bench.seconds, *more)

    (bench.work / "durable").mkdir()
    contestants = {}
    for callers in (1, 64):
        contestants[f"latchkey {callers}"] = lambda callers=callers: create(callers)
        contestants[f"append {callers}"] = lambda callers=callers: peer("append", callers, bytes_a_key)
        contestants[f"sqlite {callers}"] = lambda callers=callers: peer("sqlite", callers)
    bench.create(server, 64, 1)
    with server:
        samples = alternate(bench.rounds(7), contestants)
    for callers in (1, 64):
        what = f"create an auth key, {number_of(callers, 'caller')}"
        mine = samples[f"latchkey {callers}"]
        bench.table.add(compare(what, mine, f"append {bytes_a_key:,} bytes and fdatasync, {number_of(callers)}",
                                samples[f"append {callers}"], latency=True))
        bench.table.add(compare(what, mine, f"the same rows, one SQLite transaction each, {number_of(callers)}",
                                samples[f"sqlite {callers}"]))
    shared = [ratio for callers, ratio in commits if callers == 64]
    bench.table.add(Row("keys for one commit (one fsync), 64 callers", f"{median(shared):.1f}", "1", spread(shared),
                        "at least 16", median(shared) >= 16))


def number_of(count, what="thread"):
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def size_of_a_key(bench):
    """Bytes that one key with its audit record and change adds to the database file."""
    directory, _ = bench.make_data("size")
    before = (directory / "latchkey.db").stat().st_size
    with Latchkey(directory, bench.work / "size.log") as server:
        made = bench.create(server, 16, 1).requests
    return int(((directory / "latchkey.db").stat().st_size - before) / made)


# The peer stores the same rows by one call, so that one round trip to the engine is all a transaction takes.
STORE_KEY = """
CREATE FUNCTION store_key(n BIGINT) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE digest BYTEA := decode(repeat(md5(n::TEXT), 2), 'hex');
BEGIN
  INSERT INTO credentials (id, tailnet_id, type, description, owner_id, creator_id, digest, created_at, expires_at,
    reusable, ephemeral, preauthorized, tags, allowed_hostnames, use_limit, uses, last_address, refused)
    VALUES ('k' || n, (SELECT id FROM tailnets), 'auth', 'build', 'u', 'u', digest, 1, 2, TRUE, FALSE, FALSE,
    '["tag:ci"]', '[]', NULL, 0, '', 0);
  INSERT INTO changes (sequence, tailnet_id, at, kind, subject) VALUES (n, 'T', 1, 'credential_created', 'k' || n);
  INSERT INTO audit_records (tailnet_id, sequence, at, group_id, origin, credential_id, address, user_agent,
    request_id, actor_id, actor_type, actor_login, actor_name, target_id, target_name, target_type, target_property,
    action, new_value, details, error, link)
    VALUES ('T', n, 1, '0123456789abcdef', 'CONFIG_API', 'k1', '127.0.0.1', '', '0123456789abcdef', 'u', 'USER',
    'ann@example.com', 'ann', 'k' || n, 'build', 'API_KEY', '', 'CREATE', repeat('x', 250), '', '', digest);
END $$
"""
STORE_ONE_KEY = """\\set n random(1, 9000000000000000000)
SELECT store_key(:n);
"""


def create_key_postgres(bench):
    """the same over PostgreSQL, against pgbench with a transaction for each key"""
    missing = Postgres.missing()
    if missing:
        bench.table.note(f"PostgreSQL: skipped, {missing}")
        return
    with Postgres(bench.work) as postgres:
        for name in ("ours", "peer"):
            postgres.sql(f"CREATE DATABASE {name}")
            Latchkey.init(bench.work / f"postgres-{name}", {"LATCHKEY_DATABASE": postgres.url_of(name)})
        postgres.sql(STORE_KEY, "peer")
        script = bench.work / "peer.sql"
        script.write_text(STORE_ONE_KEY)

        def pgbench(clients):
            command = [postgres.tools() / "pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T",
                       str(bench.seconds), "-f", script, postgres.url_of("peer")]
            done = run_program(command)
            rate = float(next(line for line in done.splitlines() if line.startswith("tps")).split()[2])
            return Sample(int(rate * bench.seconds), rate)

        environment = {"LATCHKEY_DATABASE": postgres.url_of("ours")}
        with Latchkey(bench.work / "postgres-ours", bench.work / "postgres-server.log", environment) as server:
            bench.create(server, 64, 1)
            pgbench(64)
            contestants = {}
            for callers in (1, 64):
                contestants[f"latchkey {callers}"] = lambda callers=callers: bench.create(server, callers)
                contestants[f"pgbench {callers}"] = lambda callers=callers: pgbench(callers)
            samples = alternate(bench.rounds(5), contestants)
            shared = server.metric("latchkey_database_writes") / server.metric("latchkey_database_commits")
    bench.table.note(f"PostgreSQL: {shared:.1f} keys for one commit over the whole run, with 1 and 64 callers in turn")
    for callers in (1, 64):
        bench.table.add(compare(f"create an auth key on PostgreSQL, {number_of(callers, 'caller')}",
                                samples[f"latchkey {callers}"],
                                f"pgbench, a transaction of the same rows each, {number_of(callers, 'connection')}",
                                samples[f"pgbench {callers}"], latency=True))


WARM_TOKENS = 5_000


def many_keys(bench):
    """token checks, memory and start with few and with many keys stored"""
    few = 10_000
    many = [100_000] if bench.quick else [1_000_000, 10_000_000] if bench.long else [1_000_000]
    data = {}
    for count in (few, *many):
        data[count], _ = bench.make_data(f"keys-{count}")
        bench.fill(data[count], count, min(count // 2, 400_000))
        lines = data[count].with_suffix(".tokens").read_text().splitlines(keepends=True)
        data[count].with_suffix(".warm").write_text("".join(lines[:WARM_TOKENS]))
    compare_sizes(bench, data, few, "look up a token in the database (memory for 16)", ".tokens", {**COLD, **NO_FLUSH})
    compare_sizes(bench, data, few, f"check {WARM_TOKENS:,} tokens from memory", ".warm", NO_FLUSH)
    for count, directory in data.items():
        start_and_memory(bench, count, directory)


def compare_sizes(bench, data, few, what, tokens, environment):
    servers = {count: Latchkey(directory, bench.work / f"keys-{count}.log", environment)
               for count, directory in data.items()}
    turns = dict.fromkeys(servers, 0)

    def check(count):
        # Every round goes on where the last one ended, so that a cold cache stays cold.
        turns[count] += 1
        return run_load(servers[count], 64, bench.seconds, path=WHOAMI, tokens=data[count].with_suffix(tokens),
                        offset=turns[count] * 100_000)

    try:
        for count in servers:
            check(count)
        samples = alternate(bench.rounds(5), {count: lambda count=count: check(count) for count in servers})
    finally:
        # Nobody needs the uses that they counted.
        for server in servers.values():
            server.stop(signal.SIGKILL)
    for count in list(data)[1:]:
        row = compare(f"{what}, {count:,} keys", samples[count], f"{few:,} keys", samples[few], latency=True)
        times = ratios(samples[few], samples[count])
        row.ratio = f"{spread(times)} times as long; CPU {median(ratios(samples[count], samples[few], 'cpu')):.2f}"
        row.budget, row.met = "at most 1.5 times as long", median(times) <= 1.5
        bench.table.add(row)


def start_and_memory(bench, count, directory):
    starts = []
    for _ in range(bench.rounds(5)):
        with Latchkey(directory, bench.work / "start.log") as server:
            starts.append(server.seconds_to_ready * 1000)
    bench.table.add(Row(f"start to ready, {count:,} keys", f"{median(starts):.0f} ms", "-",
                        f"{min(starts):.0f}..{max(starts):.0f} ms", "at most 200 ms", median(starts) <= 200))
    with Latchkey(directory, bench.work / "resident.log") as server:
        at_start = server.resident_bytes()
        distinct = min(count // 2, 120_000)
        sample = run_load(server, 64, 60, path=WHOAMI, tokens=directory.with_suffix(".tokens"), most=distinct)
        # The uses of all of them are written, and the memory for that is at its largest.
        time.sleep(6)
        after = server.resident_bytes()
    bench.table.add(Row(f"resident memory, {count:,} keys, {sample.requests:,} tokens used once", size(after),
                        f"at start: {size(at_start)}", "-", "below 512 MiB", after < 512 << 20))


def wrong_secrets(bench):
    """good calls while 200 wrong secrets a second arrive"""
    directory, _ = bench.make_data("flood")
    bench.fill(directory, 2_000, 64, 20_000)
    seconds = 2 if bench.quick else 4
    with Latchkey(directory, bench.work / "flood.log") as server:
        good = directory.with_suffix(".tokens")

        def calls():
            return run_load(server, 16, seconds, path=WHOAMI, tokens=good, rate=2000)

        def calls_under_flood():
            wrong = Load(server, 4, seconds, path=WHOAMI, tokens=directory.with_suffix(".wrong"), rate=200)
            sample = calls()
            refused = wrong.result(expected=("401", "429"))
            statuses.append(refused.statuses)
            return sample

        statuses = []
        calls()
        calls_under_flood()
        samples = alternate(bench.rounds(11), {"quiet": calls, "flood": calls_under_flood, "quiet again": calls})
    add_flood_rows(bench, "good calls (2,000/s) during 200 wrong secrets a second", samples)
    bench.table.note(f"wrong secrets: answered in the last round with {statuses[-1]}")


def add_flood_rows(bench, what, samples, kind=""):
    flood, quiet, again = (samples[f"{kind}{when}"] for when in ("flood", "quiet", "quiet again"))
    noise = ratios(again, quiet, "p99")
    # When two quiet runs differ by more than the budget allows, nothing can be said about the budget.
    decided = 1 / 1.1 <= median(noise) <= 1.1
    for percentile, most in (("p50", None), ("p99", 1.1)):
        times = ratios(flood, quiet, percentile)
        during, before = (median(getattr(s, percentile) for s in each) for each in (flood, quiet))
        budget = "-" if not most else "at most 1.1" if decided else "at most 1.1 (undecided: see the note)"
        bench.table.add(Row(f"{what}, {percentile}", micros(during), f"quiet: {micros(before)}", spread(times), budget,
                            median(times) <= most if most and decided else None))
    bench.table.note(f"{what}: two quiet runs beside each other differ in their p99 by {spread(noise)}")


def basic(secret):
    return "Basic " + base64.b64encode(f"client:{secret}".encode()).decode()


def make_client(server):
    """The secret of a new OAuth client."""
    wanted = {"keyType": "client", "description": "build", "scopes": ["dns", "users:read"]}
    return post(server.url + "/api/v2/tailnet/-/keys", wanted, server.token)["key"]


def write_private(file, lines):
    file.touch(0o600)
    file.write_text("".join(line + "\n" for line in lines))
    return file


BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def wrong_secret(like):
    """A secret of the right form, with a right checksum, for the same client."""
    text = like[:-50] + "".join(random.choices(BASE58, k=44))
    checksum, left = "", zlib.crc32(text.encode())
    for _ in range(6):
        left, digit = divmod(left, 58)
        checksum = BASE58[digit] + checksum
    return text + checksum


def access_tokens(bench):
    """minting OAuth access tokens, and checking them, beside auth keys and API access tokens"""
    directory, token = bench.make_data("oauth")
    with Latchkey(directory, bench.work / "oauth.log") as server:
        secret = make_client(server)
        secrets = write_private(bench.work / "oauth.secrets", [basic(secret)])

        def mint(callers):
            return run_load(server, callers, bench.seconds, tokens=secrets, **FORM)

        mint(64)
        contestants = {}
        for callers in (1, 64):
            contestants[f"mint {callers}"] = lambda callers=callers: mint(callers)
            contestants[f"key {callers}"] = lambda callers=callers: bench.create(server, callers)
        samples = alternate(bench.rounds(7), contestants)
        for callers in (1, 64):
            bench.table.add(compare(f"mint an access token, {number_of(callers, 'caller')}", samples[f"mint {callers}"],
                                    f"create an auth key, {number_of(callers, 'caller')}", samples[f"key {callers}"],
                                    latency=True))
        if not WRK:
            bench.table.note("check an access token: skipped, wrk is not installed")
            return
        minted = post_form(server.url + FORM["path"], FORM["body"], basic(secret))["access_token"]
        for connections in (64, 512):
            checks = {name: lambda text=text, connections=connections:
                      run_wrk(server, WHOAMI, connections, bench.seconds, text)
                      for name, text in (("access", minted), ("api", token))}
            for check in checks.values():
                check()
            samples = alternate(bench.rounds(7), checks)
            bench.table.add(compare(f"check an access token, {connections} connections", samples["access"],
                                    f"check an API access token, {connections} connections", samples["api"]))


def wrong_client_secrets(bench):
    """good calls while 200 wrong client secrets a second arrive at the token endpoint"""
    directory, _ = bench.make_data("oauth-flood")
    bench.fill(directory, 2_000, 64)
    seconds = 2 if bench.quick else 4
    with Latchkey(directory, bench.work / "oauth-flood.log") as server:
        good = directory.with_suffix(".tokens")
        secret = make_client(server)
        right = write_private(bench.work / "right.secrets", [basic(secret)])
        wrong = write_private(bench.work / "wrong.secrets", [basic(wrong_secret(secret)) for _ in range(20_000)])
        kinds = {"checks": (2000, lambda: run_load(server, 16, seconds, path=WHOAMI, tokens=good, rate=2000)),
                 "mints": (200, lambda: run_load(server, 16, seconds, tokens=right, rate=200, **FORM))}
        statuses = {}

        def during_flood(calls):
            flood = Load(server, 4, seconds, tokens=wrong, rate=200, **FORM)
            sample = calls()
            statuses.update(flood.result(expected=("401", "429")).statuses)
            return sample

        contestants = {}
        for kind, (_, calls) in kinds.items():
            contestants[f"{kind} quiet"] = calls
            contestants[f"{kind} flood"] = lambda calls=calls: during_flood(calls)
            contestants[f"{kind} quiet again"] = calls
            calls()
        during_flood(kinds["checks"][1])
        samples = alternate(bench.rounds(7), contestants)
    for kind, (rate, _) in kinds.items():
        add_flood_rows(bench, f"good {kind} ({rate:,}/s) during 200 wrong client secrets a second", samples, f"{kind} ")
    bench.table.note(f"wrong client secrets: answered in the last round with {statuses}")


def start(bench):
    """from the start of the process to the first answer of /readyz, on an existing database"""
    directory, _ = bench.make_data("start")
    with Latchkey(directory, bench.work / "start.log") as server:
        bench.create(server, 16, 1)
    ours, peers = [], []
    for _ in range(bench.rounds(11)):
        with Latchkey(directory, bench.work / "start.log") as server:
            ours.append(server.seconds_to_ready * 1000)
        if NGINX:
            with Nginx(bench.work, "{}") as server:
                peers.append(server.seconds_to_ready * 1000)
    ratio = spread([a / b for a, b in zip(ours, peers)]) if peers else "-"
    bench.table.add(Row("start to ready", f"{median(ours):.0f} ms ({min(ours):.0f}..{max(ours):.0f})",
                        f"nginx: {median(peers):.0f} ms" if peers else "-", ratio, "at most 200 ms",
                        median(ours) <= 200))


def idle_connections(bench):
    """memory of an idle keep-alive connection that has made one request"""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = min(1_000 if bench.quick else 10_000, limit - 500 if limit > 0 else 10_000)
    directory, token = bench.make_data("idle")
    ours = Latchkey(directory, bench.work / "idle.log", {
        "LATCHKEY_HTTP_MAX_CONNECTIONS": "20000", "LATCHKEY_HTTP_MAX_CONNECTIONS_PER_ADDRESS": "0",
        "LATCHKEY_HTTP_IDLE_SECONDS": "600"})
    servers = {"latchkey": ours, **constants(bench, get(ours.url + WHOAMI, token))}
    each = {}
    try:
        for name, server in servers.items():
            tokens = {"tokens": ours.token_file} if server is ours else {}
            run_load(server, 64, 1, path=WHOAMI, **tokens)
            before = server.resident_bytes()
            each[name] = (hold_idle(server, wanted, tokens) - before) / wanted
    finally:
        stop(servers.values())
    for name, value in each.items():
        if name != "latchkey":
            bench.table.add(Row(f"one of {wanted:,} idle connections, resident", size(each["latchkey"]),
                                f"{name}: {size(value)}", f"**{each['latchkey'] / max(1.0, value):.2f}**",
                                "at most 64 KiB", each["latchkey"] <= 64 * 1024))


def hold_idle(server, count, tokens):
    words = [Load.binary, "--port", str(server.port), "--connections", str(count), "--path", WHOAMI, "--idle"]
    for name, value in tokens.items():
        words += [f"--{name}", str(value)]
    holder = subprocess.Popen([str(w) for w in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if not holder.stdout.readline():
            raise Failed(f"{server.name} did not take {count} connections")
        return server.resident_bytes()
    finally:
        holder.stdin.close()
        holder.wait(60)


class Devices:
    """devices_bench: simulated devices that do what they are told."""

    def __init__(self, bench, server, count, key):
        key_file = bench.work / "devices.key"
        key_file.touch(0o600)
        key_file.write_text(key + "\n")
        words = [bench.build / "devices_bench", "--port", server.port, "--devices", count, "--key-file", key_file,
                 "--token-file", server.token_file]
        self.process = subprocess.Popen([str(w) for w in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def do(self, command):
        self.begin(command)
        return self.end()

    def begin(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def end(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"devices_bench ended with status {self.process.wait(10)}")
        return json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def devices(bench):
    """thousands of devices that all see each other: joins, memory, rest, one change, all back after a restart"""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = 300 if bench.quick else 10_000 if bench.long else 2_000
    count = min(wanted, limit - 1_000 if limit > 0 else wanted)
    rest_seconds = 5 if bench.quick else 30
    directory, token = bench.make_data("devices")
    settings = {"LATCHKEY_HTTP_MAX_CONNECTIONS": "20000", "LATCHKEY_HTTP_MAX_CONNECTIONS_PER_ADDRESS": "0",
                "LATCHKEY_DEVICES_HANDSHAKES_PER_SECOND": "100000", "LATCHKEY_DEVICES_HANDSHAKE_BURST": "100000"}
    server = Latchkey(directory, bench.work / "devices.log", settings)
    key = make_device_key(server, token)
    empty = server.resident_bytes()
    with Devices(bench, server, count, key) as fleet:
        before = server.cpu_micros()
        joined = fleet.do("join")
        cpu = (server.cpu_micros() - before) / count
        bench.table.add(Row(f"{count:,} devices join, 64 at a time, each told of all others",
                            f"{count / joined['seconds']:,.0f}/s, {micros(cpu)} CPU each"))
        bench.table.note(f"the map of {joined['peers'] + 1:,} devices: {size(joined['map_text_bytes'])} of JSON, "
                         f"{size(joined['map_bytes'])} as it is sent")
        time.sleep(3)
        each = (server.resident_bytes() - empty) / count
        bench.table.add(Row(f"one of {count:,} idle devices, resident", size(each), budget="at most 64 KiB",
                            met=each <= 64 * 1024))
        time.sleep(12)  # the devices' own updates are written and told
        before = server.cpu_micros()
        time.sleep(rest_seconds)
        bench.table.add(Row(f"CPU with {count:,} idle devices, of one core",
                            f"{(server.cpu_micros() - before) / rest_seconds / 10_000:.2f} %"))
        add_changes(bench, server, fleet, count)
        port = server.port
        server.stop()
        fleet.begin("await")
        time.sleep(1)
        with Latchkey(directory, bench.work / "devices-again.log", settings, port=port) as again:
            before = again.cpu_micros()
            back = fleet.end()
            cpu = (again.cpu_micros() - before) / count
            time.sleep(3)
            bench.table.add(Row(f"{count:,} devices back with whole maps after a restart",
                                f"{back['seconds']:.2f} s, {micros(cpu)} CPU each"))
            bench.table.note(f"while all came back, each heard {back['deltas']:.1f} times of others; resident "
                             f"afterwards: {size(again.resident_bytes())}")


def make_device_key(server, token):
    wanted = {"capabilities": {"devices": {"create": {"reusable": True, "preauthorized": True}}}}
    return post(server.url + "/api/v2/tailnet/-/keys", wanted, token)["key"]


def add_changes(bench, server, fleet, count):
    fleet.do("change")
    before = server.cpu_micros()
    changes = [fleet.do("change") for _ in range(bench.rounds(10))]
    cpu = (server.cpu_micros() - before) / len(changes)
    ours, floor = ([c[name] * 1e6 for c in changes] for name in ("seconds", "floor_seconds"))
    bench.table.add(Row(f"one device is renamed: until the last of {count:,} has heard",
                        f"p50 {micros(median(ours))} ({micros(min(ours))}..{micros(max(ours))}), {micros(cpu)} CPU",
                        f"{changes[0]['bytes']} bytes into as many bare sockets: {micros(median(floor))}",
                        spread([a / b for a, b in zip(ours, floor)])))


def webhooks(bench):
    """webhook deliveries a second to a local sink, and what one costs"""
    events = 2_000 if bench.quick else 9_000
    for provider, endpoints, what in (("generic", 1, "one endpoint, up to 100 events a request"),
                                      ("mattermost", 1, "one endpoint, one event a request"),
                                      ("mattermost", 20, "20 endpoints, one event a request")):
        count = events if provider == "generic" else events // 3 // endpoints
        samples = []
        for turn in range(bench.rounds(3)):
            directory = bench.work / f"webhooks-{provider}-{endpoints}-{turn}"
            directory.mkdir()
            said = json.loads(run_program([bench.build / "webhooks_bench", directory, provider, endpoints, count], 300))
            samples.append(Sample(said["requests"], said["requests"] / said["seconds"], said["cpu_us"] / said["requests"]))
        each = [sample.rate for sample in samples]
        # One request after the other waits for a commit each; no chat takes more than a few messages a second.
        alone = provider != "generic" and endpoints == 1
        bench.table.add(Row(f"webhook deliveries, {what}", rates(samples), "-", f"{min(each):,.0f}..{max(each):,.0f}/s",
                            "-" if alone else "at least 1,000/s", None if alone else median(each) >= 1000))


CASES = {"check-token": check_token, "create-key": create_key, "create-key-postgres": create_key_postgres,
         "many-keys": many_keys, "wrong-secrets": wrong_secrets, "access-tokens": access_tokens,
         "wrong-client-secrets": wrong_client_secrets, "start": start, "idle-connections": idle_connections,
         "devices": devices, "webhooks": webhooks}
