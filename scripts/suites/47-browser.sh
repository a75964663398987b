# shellcheck shell=bash
# Chromium signs people in at oidc-provider, a certified identity provider.
# limit: 300
demand_node 20
demand chromium
fetch_packages "$ROOT/tests/browser"
# What it takes from there (../interop/oidc/server.js), and that it is a module.
mkdir -p "$WORK/interop/oidc" || exit 1
cp "$ROOT"/tests/interop/oidc/{package.json,server.js} "$WORK/interop/oidc" || exit 1
build release latchkey join_device
CHROMIUM=$(command -v chromium)
export CHROMIUM LATCHKEY_JOIN_DEVICE=$ROOT/build/join_device
count_node 150
