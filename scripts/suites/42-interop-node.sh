# shellcheck shell=bash
# Real devices: tailscaled and tailscale, built from the vendor's module, join and talk; the relay against their
# DERP and STUN clients.
# limit: 2000
# beside the next
if [[ -z $(command -v go) ]]; then
  skipped 1 'Go is not installed'
  exit 0
fi
cd "$ROOT/tests/interop/node" || exit 1
# The module asks for a newer Go than a machine may have; Go fetches it like a module.
export GOTOOLCHAIN=auto
if ! bounded 600 go mod download >"$WORK/go.log" 2>&1; then
  skipped 1 "the client's modules could not be fetched: $(tail -n 1 "$WORK/go.log")"
  exit 0
fi
build release latchkey derp_relay
export LATCHKEY_BINARY=$ROOT/build/latchkey LATCHKEY_DERP_RELAY=$ROOT/build/derp_relay
bounded 1200 go test -count=1 -timeout 900s -json ./... >"$WORK/go.json" 2>"$WORK/go.err" || true
if ! python3 "$ROOT/scripts/suites/go_counts.py" "$WORK/go.json" >"$WORK/go.counts"; then
  cat "$WORK/go.counts" "$WORK/go.err"
fi
read -r good bad off < <(tail -n 1 "$WORK/go.counts")
passed "$good"
((off == 0)) || skipped "$off" "$(sed -n 's/^skip //p' "$WORK/go.counts" | sort -u | head -n 1)"
((bad == 0)) || failed "$bad" 'Go tests'
