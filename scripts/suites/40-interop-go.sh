# shellcheck shell=bash
# The official Go client against the server.
# limit: 1500
demand_go 21 "the client's module"
cd "$ROOT/tests/interop/go" || exit 1
fetch_modules "the client's modules" 300 go mod download
build release latchkey join_device
export LATCHKEY_JOIN_DEVICE=$ROOT/build/join_device
count_go 600 300
