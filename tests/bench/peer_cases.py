"""What is measured beside whole servers of others. Each case is a function of a Bench, as in cases.py.

They hash each secret at the cost of a password, so that all callers wait for about as long as a short round lasts: a
round of theirs is so many requests, whose time is taken.
"""
import json
import urllib.error
from urllib.parse import urlencode

from cases import WHOAMI, Devices, make_device_key
from measure import Sample, alternate, compare, cpu_of, run_load
from peers import Absent, Headscale, Hydra, program_of, send, status_of
from programs import Failed, Latchkey

CALLERS = 64
# As many as keep two processors at its hashes; more only wait, and after 30 s it closes their connections.
HEADSCALE_CALLERS = 4
FORM = "application/x-www-form-urlencoded"
MINT = "/api/v2/oauth/token"
HEALTH = "/api/v1/health"  # the least that Headscale does for an API key: it pings its database


def peer_of(bench, name):
    try:
        return program_of(name, bench.build)
    except Absent as absent:
        bench.table.note(f"{name}: skipped, {absent}")
        return None, None


def rounds_of(bench, server, callers, **request):
    """A function for alternate(), for a peer that answers a few dozen requests a second."""
    most = callers * (6 if bench.quick else 24)
    return lambda: run_load(server, callers, 120, most=most, **request)


def make_client(url, token):
    """An OAuth client over the vendor's API, which Headscale speaks too; its form at the token endpoint."""
    made = send(url + "/api/v2/tailnet/-/keys", {"keyType": "client", "scopes": ["dns:read"]}, token)
    return form_of(made["id"], made["key"])


def form_of(client, secret):
    return urlencode({"grant_type": "client_credentials", "client_id": client, "client_secret": secret})


def mint(server, form, seconds):
    return run_load(server, CALLERS, seconds, method="POST", path=MINT, body=form, type=FORM)


def against_headscale(bench):
    """token checks, auth keys, access tokens and joining devices against Headscale"""
    program, version = peer_of(bench, "headscale")
    if not program:
        return
    name = f"Headscale {version}"
    directory, token = bench.make_data("beside-headscale")
    with Latchkey(directory, bench.work / "beside-headscale.log") as ours, \
            Headscale(program, bench.work / "headscale") as peer:
        if status_of(peer.url + HEALTH, peer.token) != 200 or status_of(peer.url + HEALTH, "wrong") != 401:
            raise Failed(f"Headscale does not check its API key at {HEALTH}")
        contestants = {
            "check": lambda: run_load(ours, CALLERS, bench.seconds, path=WHOAMI, tokens=ours.token_file),
            "peer's check": rounds_of(bench, peer, HEADSCALE_CALLERS, path=HEALTH, tokens=peer.token_file),
            "create": lambda: bench.create(ours, CALLERS),
            "peer's create": rounds_of(bench, peer, HEADSCALE_CALLERS, method="POST", path="/api/v1/preauthkey",
                                       body=json.dumps(peer.new_key), tokens=peer.token_file)}
        form = make_client(ours.url, token)
        try:
            peers_form = make_client(peer.url, peer.token)
            contestants["mint"] = lambda: mint(ours, form, bench.seconds)
            contestants["peer's mint"] = rounds_of(bench, peer, HEADSCALE_CALLERS, method="POST", path=MINT,
                                                   body=peers_form, type=FORM)
        except urllib.error.HTTPError as refused:
            bench.table.note(f"mint an access token: {name} has no OAuth clients ({refused.code})")
        samples = alternate(bench.rounds(5), contestants)
    for what, key, least in (("check an API token", "check", 500), ("create an auth key", "create", 100),
                             ("mint an access token", "mint", 100)):
        if key in samples:
            bench.table.add(compare(f"{what}, {CALLERS} callers", samples[key],
                                    f"{name}, {HEADSCALE_CALLERS} callers", samples[f"peer's {key}"], least=least,
                                    latency=True))
    join_beside_headscale(bench, program, name)


def join_beside_headscale(bench, program, name):
    """Each round with servers of its own, since the more devices there are, the more each has to be told."""
    count = 32 if bench.quick else 256
    turns = iter(range(1_000))

    def ours():
        directory, token = bench.make_data(f"joined-{next(turns)}")
        settings = {"LATCHKEY_DEVICES_HANDSHAKES_PER_SECOND": "100000", "LATCHKEY_DEVICES_HANDSHAKE_BURST": "100000",
                    "LATCHKEY_HTTP_MAX_CONNECTIONS_PER_ADDRESS": "0"}
        with Latchkey(directory, directory.with_suffix(".log"), settings) as server:
            return joined(bench, server, count, make_device_key(server, token))

    def peers():
        with Headscale(program, bench.work / f"headscale-{next(turns)}") as server:
            return joined(bench, server, count, server.make_device_key())

    samples = alternate(3, {"latchkey": ours, "headscale": peers})
    what = f"{count:,} devices join with an auth key, {min(count, CALLERS)} at a time"
    bench.table.add(compare(what, samples["latchkey"], name, samples["headscale"], least=10))


def joined(bench, server, count, key):
    before = server.cpu_micros()
    with Devices(bench, server, count, key) as fleet:
        said = fleet.do("join")
        if said["peers"] < count - CALLERS:
            raise Failed(f"the last device of {server.name} sees only {said['peers']} others")
        return Sample(count, count / said["seconds"], cpu_of(server, before, count))


def against_hydra(bench):
    """access tokens for an OAuth client against Ory Hydra with its defaults"""
    program, version = peer_of(bench, "hydra")
    if not program:
        return
    directory, token = bench.make_data("beside-hydra")
    with Latchkey(directory, bench.work / "beside-hydra.log") as ours, Hydra(program, bench.work / "hydra") as peer:
        form = make_client(ours.url, token)
        contestants = {
            "latchkey": lambda: mint(ours, form, bench.seconds),
            "hydra": rounds_of(bench, peer, CALLERS, method="POST", path="/oauth2/token", body=form_of(*peer.client),
                               type=FORM)}
        for contestant in contestants.values():
            contestant()
        samples = alternate(bench.rounds(5), contestants)
    bench.table.add(compare(f"mint an access token, {CALLERS} callers", samples["latchkey"], f"Ory Hydra {version}",
                            samples["hydra"], least=5, latency=True))


CASES = {"headscale": against_headscale, "hydra": against_hydra}
