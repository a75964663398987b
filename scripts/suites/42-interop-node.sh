# shellcheck shell=bash
# Real devices: tailscaled and tailscale, built from the vendor's module, join and talk; the relay against their
# DERP and STUN clients.
# limit: 2000
# beside the next
demand go
cd "$ROOT/tests/interop/node" || exit 1
# The module asks for a newer Go than a machine may have; Go fetches it like a module.
export GOTOOLCHAIN=auto
fetch_modules "the client's modules" 600 go mod download
build release latchkey derp_relay
export LATCHKEY_BINARY=$ROOT/build/latchkey LATCHKEY_DERP_RELAY=$ROOT/build/derp_relay
count_go 1200 900
