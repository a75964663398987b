# shellcheck shell=bash
# The relay against the DERP and STUN clients that devices use.
# limit: 1500
if [[ -z $(command -v go) ]]; then
  skipped 1 'Go is not installed'
  exit 0
fi
minor=$(go env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
wanted=$(sed -n 's/^go 1\.\([0-9]*\).*/\1/p' "$ROOT/tests/interop/derp/go.mod")
if ((${minor:-0} < wanted)); then
  skipped 1 "$(go env GOVERSION) is older than go1.$wanted, which the client's module asks for"
  exit 0
fi
cd "$ROOT/tests/interop/derp" || exit 1
if ! bounded 600 go mod download >"$WORK/go.log" 2>&1; then
  skipped 1 "the client's modules could not be fetched: $(tail -n 1 "$WORK/go.log")"
  exit 0
fi
build release derp_relay
LATCHKEY_DERP_RELAY=$ROOT/build/derp_relay bounded 800 go test -count=1 -timeout 300s -json ./... >"$WORK/go.json" 2>"$WORK/go.err" || true
if ! python3 "$ROOT/scripts/suites/go_counts.py" "$WORK/go.json" >"$WORK/go.counts"; then
  cat "$WORK/go.counts" "$WORK/go.err"
fi
read -r good bad off < <(tail -n 1 "$WORK/go.counts")
passed "$good"
((off == 0)) || skipped "$off" "$(sed -n 's/^skip //p' "$WORK/go.counts" | sort -u | head -n 1)"
((bad == 0)) || failed "$bad" 'Go tests'
