# shellcheck shell=bash
# Chromium signs people in at oidc-provider, a certified identity provider.
# limit: 300
demand_node 20
demand chromium
fetch_packages "$ROOT/tests/browser"
build release latchkey join_device
CHROMIUM=$(command -v chromium)
export CHROMIUM LATCHKEY_JOIN_DEVICE=$ROOT/build/join_device
count_node 150
