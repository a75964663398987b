# shellcheck shell=bash
# Tokens of oidc-provider, a certified issuer, exchanged; oauth4webapi, a strict client, against the OAuth endpoints.
# limit: 900
demand_node 20
fetch_packages "$ROOT/tests/interop/oidc"
build release latchkey
count_node 400
