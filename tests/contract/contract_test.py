#!/usr/bin/python3
"""The running server's answers fit the contract (api/openapi.yaml): every status an operation gives is listed there,
and every body fits its schema. That contract and routes are the same list is checked in src/http/contract_test.cc.

Debian's python3 with python3-yaml and python3-jsonschema; ends with "N passed, N failed, N skipped".
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))
from latchkey_server import KEYS, Tests, check  # noqa: E402

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing}\n0 passed, 0 failed, 1 skipped")
    sys.exit(0)

CONTRACT = yaml.safe_load((ROOT / "api" / "openapi.yaml").read_text())
LOGS = "/api/v2/tailnet/-/logging/configuration"
WINDOW = "start=2020-01-01T00:00:00Z&end=2099-01-01T00:00:00Z"
PLAIN = {"capabilities": {"devices": {"create": {"reusable": True, "tags": ["tag:ci"]}}}}
RICH = PLAIN | {"maxUses": 3, "allowedHostnames": ["build-*"], "expirySeconds": 60, "description": "contract"}


def operation_of(method, target):
    path = target.split("?")[0]
    for pattern, item in CONTRACT["paths"].items():
        if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", pattern), path) and method.lower() in item:
            return item[method.lower()]
    raise AssertionError(f"the contract has no operation for {method} {path}")


def resolved(node):
    while "$ref" in node:
        target = CONTRACT
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def fits(method, target, answer):
    """Fails unless the contract lists this status for the operation and the body fits its schema."""
    responses = operation_of(method, target)["responses"]
    check(str(answer.status) in responses, f"{method} {target}: {answer.status} is not in the contract")
    content = resolved(responses[str(answer.status)]).get("content")
    if content is None:
        check(not answer.body, f"{method} {target}: a body that the contract does not have")
        return answer
    schema = next(iter(content.values()))["schema"]
    whole = {"$ref": "#/here", "here": schema, "components": CONTRACT["components"]}
    jsonschema.Draft202012Validator(whole).validate(answer.json())
    return answer


def good_answers(server):
    with server.client() as client, server.local_client() as local:
        for caller in (client, local):
            fits("GET", "/api/v2/whoami", caller.call("GET", "/api/v2/whoami"))
        for body in (PLAIN, RICH):
            made = fits("POST", KEYS, client.call("POST", KEYS, body)).json()
            one = f"{KEYS}/{made['id']}"
            for target in (one, one + "?fields=all", KEYS, KEYS + "?all=true&fields=all"):
                fits("GET", target, client.call("GET", target))
            for _ in range(2):
                fits("DELETE", one, client.call("DELETE", one))
            fits("GET", one + "?fields=all", client.call("GET", one + "?fields=all"))
        fits("POST", "/api/console/access-tokens", local.call("POST", "/api/console/access-tokens", {}))
        for target in (f"{LOGS}?{WINDOW}", f"{LOGS}?{WINDOW}&fields=all", "/api/console/audit-verification",
                       "/healthz", "/readyz"):
            fits("GET", target, client.call("GET", target))
        second = {"tailnet": "second.example", "owner": "zoe@second.example"}
        for _ in range(2):  # the second time the name is taken
            fits("POST", "/api/local/tailnets", local.call("POST", "/api/local/tailnets", second))


def settings_answers(server):
    tailnet = "/api/v2/tailnet/-"
    with server.client() as client, server.client(token="") as stranger:
        for method, door, body in (
                ("PATCH", "/settings", {"devicesKeyDurationDays": 30, "aclsExternalLink": None}),
                ("POST", "/dns/nameservers", {"dns": ["1.1.1.1"]}),
                ("POST", "/dns/preferences", {"magicDNS": False}),
                ("POST", "/dns/searchpaths", {"searchPaths": ["example.com"]}),
                ("PUT", "/dns/split-dns", {"a.example.com": ["10.0.0.1"], "b.example.com": ["10.0.0.2"]}),
                ("PATCH", "/dns/split-dns", {"a.example.com": None}),
                ("POST", "/dns/configuration", {"nameservers": [{"address": "1.1.1.1"}], "preferences": {}}),
                ("POST", "/dns/configuration", {"preferences": {"magicDNS": True}})):
            target = tailnet + door
            fits(method, target, client.call(method, target, body))
            fits(method, target, client.call(method, target, {"dns": 5, "magicDNS": 5, "searchPaths": 5, "a": 5,
                                                              "devicesApprovalOn": 5, "preferences": 5}))
            fits(method, target, stranger.call(method, target, body))
            fits("GET", target, client.call("GET", target))
        contact = f"{tailnet}/contacts/account"
        for body in ({"email": "ops@example.com"}, {}):
            fits("PATCH", contact, client.call("PATCH", contact, body))
        fits("GET", f"{tailnet}/contacts", client.call("GET", f"{tailnet}/contacts"))
        resend = f"{contact}/resend-verification-email"
        fits("POST", resend, client.call("POST", resend))


def device_answers(server):
    """Of a tailnet without devices: what a device looks like is compared in src/http/api/devices_test.cc."""
    tailnet, device = "/api/v2/tailnet/-", "/api/v2/device/n11111111111CNTRL"
    with server.client() as client, server.client(token="") as stranger:
        for method, target, body in (
                ("GET", f"{tailnet}/devices?fields=all&hostname=web1", None),
                ("GET", f"{tailnet}/devices?hostnam=web1", None),
                ("PATCH", f"{tailnet}/device-attributes", {"nodes": {}}),
                ("PATCH", f"{tailnet}/device-attributes", {"nodes": 5}),
                ("GET", device, None), ("DELETE", device, None),
                ("POST", f"{device}/authorized", {"authorized": True}), ("POST", f"{device}/authorized", {}),
                ("POST", f"{device}/name", {"name": "web1"}), ("POST", f"{device}/tags", {"tags": ["tag:a"]}),
                ("POST", f"{device}/key", {"keyExpiryDisabled": True}), ("POST", f"{device}/expire", None),
                ("POST", f"{device}/ip", {"ipv4": "100.64.0.9"}),
                ("GET", f"{device}/routes", None), ("POST", f"{device}/routes", {"routes": []}),
                ("GET", f"{device}/attributes", None),
                ("POST", f"{device}/attributes/custom:x", {"value": 1}), ("DELETE", f"{device}/attributes/custom:x", None)):
            for caller in (client, stranger):
                fits(method, target, caller.call(method, target, body) if body is not None else caller.call(method, target))


def kept_answers(server):
    """What is kept for clients: log streams, posture integrations, services."""
    tailnet = "/api/v2/tailnet/-"
    stream, ids, posture = f"{tailnet}/logging/network/stream", f"{tailnet}/aws-external-id", f"{tailnet}/posture/integrations"
    with server.client() as client, server.client(token="") as stranger:
        made = fits("POST", posture, client.call("POST", posture, {"provider": "kolide", "clientSecret": "x"})).json()
        external = fits("POST", ids, client.call("POST", ids, {"reusable": True})).json()["externalId"]
        one = f"/api/v2/posture/integrations/{made['id']}"
        gcs = {"type": "external_account", "audience": "a", "subject_token_type": "t", "token_url": "u",
               "credential_source": {"environment_id": "aws1"}}
        calls = [
            ("GET", stream, None), ("GET", f"{stream}/status", None), ("DELETE", stream, None), ("PUT", stream, {}),
            ("PUT", stream, {"destinationType": "splunk", "url": "https://logs.example.com", "token": "x", "user": "y"}),
            ("PUT", stream, {"destinationType": "gcs", "gcsBucket": "b", "gcsScopes": ["s"], "gcsCredentials": json.dumps(gcs)}),
            ("PUT", stream, {"destinationType": "s3", "s3Bucket": "b", "s3Region": "r", "s3AuthenticationType": "rolearn",
                             "s3RoleArn": "arn:aws:iam::123456789012:role/w", "s3ExternalId": external}),
            ("GET", stream, None), ("GET", f"{stream}/status", None), ("DELETE", stream, None),
            ("GET", f"{tailnet}/logging/flow/stream", None), ("POST", ids, {"reusable": 5}),
            ("POST", f"{ids}/{external}/validate-aws-trust-policy", {"roleArn": "arn:aws:iam::123456789012:role/w"}),
            ("POST", f"{ids}/{external}/validate-aws-trust-policy", {}), ("POST", f"{ids}/x/validate-aws-trust-policy", {}),
            ("GET", posture, None), ("POST", posture, {"provider": "kolide", "clientSecret": "x"}), ("POST", posture, {}),
            ("GET", one, None), ("PATCH", one, {"clientSecret": "y"}), ("PATCH", one, {"cloudId": "us-1"}),
            ("DELETE", one, None), ("GET", one, None), ("PATCH", one, {}), ("DELETE", one, None)]
        for base in ("services", "vip-services"):
            service = f"{tailnet}/{base}/svc:{base}"
            host = f"{service}/device/n11111111111CNTRL/approved"
            calls += [
                ("GET", f"{tailnet}/{base}", None), ("PUT", service, {"ports": ["tcp:443"]}), ("PUT", service, {}),
                ("PUT", service, {"ports": ["tcp:443"], "comment": "c", "displayName": "d", "annotations": {"a": "b"}}),
                ("PUT", f"{tailnet}/{base}/svc:x", {"ports": ["tcp:443"], "addrs": ["100.64.9.9"]}),
                ("PUT", f"{tailnet}/{base}/svc:y", {"ports": ["tcp:443"], "addrs": ["100.64.9.9"]}),
                ("GET", service, None), ("GET", f"{tailnet}/{base}", None), ("GET", f"{service}/devices", None),
                ("GET", host, None), ("POST", host, {"approved": True}), ("POST", host, {}),
                ("DELETE", f"{tailnet}/{base}/svc:x", None), ("DELETE", service, None), ("GET", service, None),
                ("DELETE", service, None), ("GET", f"{service}/devices", None)]
        for method, target, body in calls:
            fits(method, target, client.call(method, target, body) if body is not None else client.call(method, target))
            fits(method, target, stranger.call(method, target, body) if body is not None else stranger.call(method, target))


def webhook_answers(server):
    """Of endpoints that nobody calls: what attempts look like is compared in src/http/api/webhook_deliveries_test.cc."""
    hooks = "/api/v2/tailnet/-/webhooks"
    new = {"endpointUrl": "https://ops.invalid/hook", "providerType": "", "subscriptions": ["nodeCreated", "categoryKeyActivity"]}
    with server.client() as client, server.client(token="") as stranger:
        made = fits("POST", hooks, client.call("POST", hooks, new)).json()
        fits("POST", hooks + "?fields=all", client.call("POST", hooks + "?fields=all", new | {"providerType": "discord"}))
        for body in ({}, new | {"providerType": "teams"}, new | {"subscriptions": ["test"]}):
            fits("POST", hooks, client.call("POST", hooks, body))
        for target in (hooks, hooks + "?fields=all", hooks + "?fields=some"):
            for caller in (client, stranger):
                fits("GET", target, caller.call("GET", target))
        for one in (f"/api/v2/webhooks/{made['endpointId']}", "/api/v2/webhooks/wNoSuchEndCNTRL"):
            for method, rest, body in (
                    ("POST", "/test", None), ("GET", "", None), ("GET", "?fields=all", None),
                    ("PATCH", "", {"subscriptions": ["policyUpdate"]}), ("PATCH", "", {}),
                    ("POST", "/rotate", None), ("POST", "/rotate", {"overlapSeconds": 60}),
                    ("POST", "/rotate", {"overlapSeconds": -1}),
                    ("GET", "/deliveries", None), ("GET", "/deliveries?state=waiting&limit=5", None),
                    ("GET", "/deliveries?state=late", None), ("GET", "/deliveries/1", None), ("GET", "/deliveries/x", None),
                    ("POST", "/deliveries/replay", {"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"}),
                    ("POST", "/deliveries/replay", {"numbers": [1]}), ("POST", "/deliveries/replay", {}),
                    ("DELETE", "", None), ("DELETE", "", None)):
                for caller in (stranger, client):
                    fits(method, one + rest, caller.call(method, one + rest, body))


def people_answers(server):
    tailnet = "/api/v2/tailnet/-"
    with server.client() as client, server.client(token="") as stranger, server.local_client() as local:
        add = "/api/console/users"
        ann = fits("POST", add, client.call("POST", add, {"loginName": "ann@example.com", "approved": False})).json()["id"]
        for body in ({"loginName": "ann@example.com"}, {}, {"loginName": "x", "role": "king"}):
            for caller in (stranger, client):
                fits("POST", add, caller.call("POST", add, body))
        for who in (ann, "uNoSuchUserCNTRL"):
            for step, body in (("approve", None), ("suspend", None), ("approve", None), ("restore", None),
                               ("role", {"role": "it-admin"}), ("role", {}), ("delete", None)):
                target = f"/api/v2/users/{who}/{step}"
                for caller in (stranger, client):
                    fits("POST", target, caller.call("POST", target, body) if body is not None else caller.call("POST", target))
            for caller in (stranger, client, local):
                target = f"/api/console/users/{who}/ownership"
                fits("POST", target, caller.call("POST", target))
        invites = f"{tailnet}/user-invites"
        for body in ([{"role": "admin", "email": "bob@example.com"}, {}], [{"role": "owner"}], []):
            for caller in (stranger, client):
                fits("POST", invites, caller.call("POST", invites, body))
        made = fits("GET", invites, client.call("GET", invites)).json()
        for one in (f"/api/v2/user-invites/{made[0]['id']}", f"/api/v2/user-invites/{made[1]['id']}"):
            for method, rest in (("GET", ""), ("POST", "/resend"), ("DELETE", ""), ("DELETE", ""), ("GET", "")):
                for caller in (stranger, client):
                    fits(method, one + rest, caller.call(method, one + rest))


def sign_on_answers(server):
    """Of a server without providers: what they look like is compared in src/http/console/sso_providers_test.cc."""
    console, providers = "/api/console", "/api/console/sso/providers"
    with server.client() as client, server.client(token="") as stranger, server.local_client() as local:
        for caller in (local, client, stranger):
            fits("POST", f"{console}/login-links", caller.call("POST", f"{console}/login-links", {}))
        for caller in (client, stranger):
            fits("DELETE", f"{console}/sessions", caller.call("DELETE", f"{console}/sessions"))
            for target in (f"{console}/session", f"{console}/sessions", f"{console}/sessions?user=nobody@example.com", providers,
                           f"{providers}/none", f"{console}/users/uNoSuchUserCNTRL/identities"):
                fits("GET", target, caller.call("GET", target))
            for method, target, body in (
                    ("DELETE", f"{console}/sessions/sNoSuchSessCNTRL", None), ("POST", providers, {}),
                    ("POST", providers, {"id": "idp", "issuer": "https://idp.invalid", "clientId": "a", "clientSecret": "b",
                                         "domains": ["example.com"]}),
                    ("PATCH", f"{providers}/none", {"enabled": False}), ("PATCH", f"{providers}/none", {"issuer": "x"}),
                    ("POST", f"{providers}/none/check", None), ("DELETE", f"{providers}/none", None),
                    ("DELETE", f"{console}/users/uNoSuchUserCNTRL/identities", None)):
                fits(method, target, caller.call(method, target, body) if body is not None else caller.call(method, target))


def provisioning_answers(server):
    door = "/api/console/provisioning"
    with server.client() as client:
        fits("GET", door, client.call("GET", door))
        made = client.call("POST", f"{door}/enable", {})
        fits("POST", f"{door}/enable", made)
        fits("POST", f"{door}/enable", client.call("POST", f"{door}/enable", {}))
        fits("GET", door, client.call("GET", door))
        fits("POST", f"{door}/guard/release", client.call("POST", f"{door}/guard/release", {"seconds": 60}))
        fits("POST", f"{door}/guard/release", client.call("POST", f"{door}/guard/release", {"seconds": 1}))
        fits("POST", f"{door}/guard/refuse", client.call("POST", f"{door}/guard/refuse", {}))
        with server.client(token=made.json()["key"]) as provider:
            scim_answers(provider)
        groups = client.call("GET", "/api/console/groups")
        fits("GET", "/api/console/groups", groups)
        one = "/api/console/groups/" + groups.json()["groups"][0]["id"]
        fits("GET", one, client.call("GET", one))
        role = f"{door}/role-mappings/" + groups.json()["groups"][0]["id"]
        for body in ({"role": "auditor"}, {"role": None}, {"role": "owner"}, {}):
            fits("PUT", role, client.call("PUT", role, body))
        fits("POST", f"{door}/key", client.call("POST", f"{door}/key", {}))
        for _ in range(2):
            fits("DELETE", f"{door}/key", client.call("DELETE", f"{door}/key"))
        for body in ({}, {"revokeKey": True}, {"revokeKey": True}):
            fits("POST", f"{door}/disable", client.call("POST", f"{door}/disable", body))


def scim_answers(provider):
    core = "urn:ietf:params:scim:schemas:core:2.0:"
    messages = "urn:ietf:params:scim:api:messages:2.0:"
    for path in ("", "/ServiceProviderConfig", "/Schemas", f"/Schemas/{core}User", "/Schemas/none", "/ResourceTypes",
                 "/ResourceTypes/User", "/ResourceTypes/none", "/Me", "/Users", "/Groups", "/Users?filter=a", "/Users/none",
                 "/Groups/none"):
        fits("GET", "/scim/v2" + path, provider.call("GET", "/scim/v2" + path))
    user = {"schemas": [core + "User"], "userName": "ines@otter-reef.example"}
    made = provider.call("POST", "/scim/v2/Users", user)
    fits("POST", "/scim/v2/Users", made)
    fits("POST", "/scim/v2/Users", provider.call("POST", "/scim/v2/Users", user))
    group = {"schemas": [core + "Group"], "displayName": "Ops", "members": [{"value": made.json()["id"]}]}
    second = provider.call("POST", "/scim/v2/Groups", group)
    fits("POST", "/scim/v2/Groups", second)
    for path, body in (("/scim/v2/Users/" + made.json()["id"], user), ("/scim/v2/Groups/" + second.json()["id"], group)):
        fits("GET", path, provider.call("GET", path))
        fits("PUT", path, provider.call("PUT", path, body))
        fits("PATCH", path, provider.call("PATCH", path, {"schemas": [messages + "PatchOp"], "Operations": []}))
        fits("PATCH", path, provider.call("PATCH", path, {}))
    for path in ("/scim/v2/.search", "/scim/v2/Users/.search", "/scim/v2/Groups/.search"):
        fits("POST", path, provider.call("POST", path, {"schemas": [messages + "SearchRequest"], "count": 1}))
        fits("POST", path, provider.call("POST", path, {}))
    bulk = {"schemas": [messages + "BulkRequest"], "Operations": [{"method": "DELETE", "path": "/Users/none"}]}
    fits("POST", "/scim/v2/Bulk", provider.call("POST", "/scim/v2/Bulk", bulk))
    path = "/scim/v2/Users/" + made.json()["id"]
    for _ in range(2):
        fits("DELETE", path, provider.call("DELETE", path))


def refusals(server):
    with server.client() as client, server.client(token="") as stranger:
        for target in (KEYS, f"{KEYS}/k1", f"{LOGS}?{WINDOW}", "/api/v2/whoami", "/api/console/audit-verification"):
            fits("GET", target, stranger.call("GET", target))
        for target in (f"{KEYS}/k1", KEYS + "?all=perhaps", LOGS, "/api/v2/tailnet/other.example/keys"):
            fits("GET", target, client.call("GET", target))
        for body in ({}, {"keyType": "api"}, PLAIN | {"expirySeconds": -1}):
            fits("POST", KEYS, client.call("POST", KEYS, body))
        fits("DELETE", f"{KEYS}/k1", client.call("DELETE", f"{KEYS}/k1"))
        fits("POST", "/api/console/access-tokens", client.call("POST", "/api/console/access-tokens", {}))
        fits("POST", "/api/local/backup", client.call("POST", "/api/local/backup", {"path": "/x"}))


def schemas_are_valid():
    for name, schema in CONTRACT["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        check(schema, f"{name} says nothing")


def what_is_named_is_there():
    components = CONTRACT["components"]
    for kind, name in re.findall(r'"#/components/(\w+)/([\w.-]+)"', json.dumps(CONTRACT)):
        check(name in components.get(kind, {}), f"{kind} has no {name}")
    for item in CONTRACT["paths"].values():
        for operation in item.values():
            for one in operation.get("security", []) if isinstance(operation, dict) else []:
                check(set(one) <= set(components["securitySchemes"]), f"no security scheme {one}")


def main():
    with Tests(limit_seconds=120) as tests:
        tests.run("the contract's schemas are valid", schemas_are_valid)
        tests.run("what the contract names is there", what_is_named_is_there)
        server = tests.server()
        server.start()
        tests.run("good answers fit the contract", good_answers, server)
        tests.run("answers about settings fit the contract", settings_answers, server)
        tests.run("answers about devices fit the contract", device_answers, server)
        tests.run("answers about what is kept fit the contract", kept_answers, server)
        tests.run("answers about webhooks fit the contract", webhook_answers, server)
        tests.run("answers about people fit the contract", people_answers, server)
        tests.run("answers about signing in fit the contract", sign_on_answers, server)
        tests.run("answers about provisioning fit the contract", provisioning_answers, server)
        tests.run("refusals fit the contract", refusals, server)
    tests.finish()


if __name__ == "__main__":
    main()
