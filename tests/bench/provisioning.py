"""What an identity provider's requests cost in a large tailnet, beside the same in a small one."""
import http.client
import json
import re
import time
import urllib.parse
from dataclasses import dataclass
from statistics import median

from measure import Row, micros, spread
from programs import Failed, Latchkey, Postgres

CORE = "urn:ietf:params:scim:schemas:core:2.0:"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
# What the server does by itself would be counted too.
SETTINGS = {"LATCHKEY_KEYS_USAGE_FLUSH_SECONDS": "3600"}


@dataclass
class Tailnet:
    """People and groups made by the sync, and the groups' ids."""

    people: int
    groups: int
    members: int

    def __str__(self):
        return f"{self.people:,} people, {self.groups} groups of {self.members:,}"


SMALL, LARGE = Tailnet(100, 10, 20), Tailnet(5_000, 200, 1_000)


class Provider:
    """Speaks SCIM to one server over one connection."""

    def __init__(self, server, token):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.key = self.send("POST", "/api/console/provisioning/enable", {}, token)["key"]

    def send(self, method, target, body=None, key=None):
        headers = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"}
        self.connection.request(method, target, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        said = answer.read()
        if answer.status not in (200, 201, 204):
            raise Failed(f"{method} {target}: {answer.status} {said[:200]!r}")
        return json.loads(said) if said else {}

    def scim(self, method, target, body=None):
        return self.send(method, "/scim/v2" + target, body)

    def patch(self, target, *operations):
        return self.scim("PATCH", target, {"schemas": [PATCH], "Operations": list(operations)})

    def add_person(self, name):
        mail = f"{name}@otter-reef.example"
        return self.scim("POST", "/Users", {"schemas": [CORE + "User"], "userName": mail, "externalId": f"x-{name}",
                                            "displayName": name, "emails": [{"value": mail, "type": "work", "primary": True}]})["id"]

    def fill(self, tailnet):
        self.people = [self.add_person(f"person{i}") for i in range(tailnet.people)]
        self.groups = []
        for number in range(tailnet.groups):
            group = self.scim("POST", "/Groups", {"schemas": [CORE + "Group"], "displayName": f"group {number}"})["id"]
            members = [self.people[(number * 25 + i) % len(self.people)] for i in range(tailnet.members)]
            self.patch("/Groups/" + group, {"op": "add", "path": "members", "value": [{"value": each} for each in members]})
            self.groups.append(group)


def found(text):
    return "filter=" + urllib.parse.quote(text)


def requests(provider):
    """Name -> one request; each call makes another, so that nothing is answered from what the last one left."""
    turn = iter(range(1, 1_000_000))
    middle = len(provider.people) // 2
    person, group = provider.people[middle], provider.groups[len(provider.groups) // 2]
    # In the group or not, by turns.
    guest = provider.people[-1]
    mail = "person%d@otter-reef.example" % (middle + 1)

    def change_member():
        if next(turn) % 2:
            operation = {"op": "add", "path": "members", "value": [{"value": guest}]}
        else:
            operation = {"op": "remove", "path": f'members[value eq "{guest}"]'}
        provider.patch("/Groups/" + group + "?excludedAttributes=members", operation)

    return {
        "POST a person": lambda: provider.add_person(f"more{next(turn)}"),
        "GET a person": lambda: provider.scim("GET", "/Users/" + person),
        "PATCH a person": lambda: provider.patch("/Users/" + person, {"op": "replace", "path": "title", "value": f"t{next(turn)}"}),
        "find by userName": lambda: provider.scim("GET", "/Users?" + found(f'userName eq "{mail}"')),
        "find by externalId": lambda: provider.scim("GET", "/Users?" + found('externalId eq "x-person7"')),
        "find by work address": lambda: provider.scim("GET", "/Users?" + found(f'emails[type eq "work"].value eq "{mail}"')),
        "find a group by name": lambda: provider.scim(
            "GET", "/Groups?excludedAttributes=members&" + found('displayName eq "group 5"')),
        "page of 20 people": lambda: provider.scim("GET", "/Users?startIndex=41&count=20&excludedAttributes=groups"),
        "PATCH one member of a group": change_member,
    }


def time_of(request):
    began = time.perf_counter()
    request()
    return (time.perf_counter() - began) * 1e6


def provisioning(bench):
    """SCIM requests in a tailnet of 5,000 people and 200 groups of 1,000, beside a small one"""
    servers, providers = {}, {}
    for tailnet in (SMALL, LARGE):
        directory = bench.work / f"scim-{tailnet.people}"
        token = Latchkey.init(directory)
        servers[tailnet.people] = Latchkey(directory, directory.with_suffix(".log"), SETTINGS)
        providers[tailnet.people] = Provider(servers[tailnet.people], token)
        began = time.perf_counter()
        providers[tailnet.people].fill(tailnet)
        if tailnet is LARGE:
            bench.table.add(Row(f"SCIM: {tailnet} from nothing", f"{time.perf_counter() - began:.0f} s"))
    each = {people: requests(provider) for people, provider in providers.items()}
    statements = count_statements(bench)
    for name in each[LARGE.people]:
        times = {people: [] for people in each}
        for _ in range(bench.rounds(5)):
            for people, known in each.items():
                times[people].append(median(time_of(known[name]) for _ in range(20)))
        slower = [large / small for large, small in zip(times[LARGE.people], times[SMALL.people])]
        queries = statements.get(name)
        bench.table.add(Row(f"SCIM: {name}, {LARGE}", micros(median(times[LARGE.people])),
                            f"{SMALL}: {micros(median(times[SMALL.people]))}", spread(slower) + " times as long",
                            "-" if queries is None else f"statements: {queries[1]} (small: {queries[0]})"))
    for server in servers.values():
        server.stop()


def count_statements(bench):
    """Name of a request -> how many statements PostgreSQL gets for it, in a small and in a larger tailnet."""
    if Postgres.missing():
        bench.table.note(f"statements of SCIM requests are not counted: PostgreSQL is {Postgres.missing()}")
        return {}
    counts = {}
    with Postgres(bench.work) as postgres:
        for tailnet in (SMALL, Tailnet(1_000, 20, 500)):
            name = f"scim{tailnet.people}"
            postgres.sql(f"CREATE DATABASE {name}")
            directory = bench.work / f"{name}-postgres"
            database = {"LATCHKEY_DATABASE": postgres.url_of(name)}
            token = Latchkey.init(directory, database)
            with Latchkey(directory, directory.with_suffix(".log"), {**SETTINGS, **database}) as server:
                provider = Provider(server, token)
                provider.fill(tailnet)
                log_statements(postgres, "all")
                for request, act in requests(provider).items():
                    # The server's own work falls into some of the rounds.
                    counts.setdefault(request, []).append(min(statements_of(postgres, act) for _ in range(6)))
                log_statements(postgres, "none")
    return {request: tuple(both) for request, both in counts.items()}


def log_statements(postgres, which):
    postgres.sql(f"ALTER SYSTEM SET log_statement = '{which}'")
    postgres.sql("SELECT pg_reload_conf()")
    time.sleep(1)  # every session hears of it between two statements


def statements_of(postgres, act):
    before = postgres.log.stat().st_size
    act()
    time.sleep(0.05)
    with postgres.log.open("rb") as log:
        log.seek(before)
        return len(re.findall(rb"LOG:  (?:execute|statement)", log.read()))
