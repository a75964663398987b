# shellcheck shell=bash
# The official Go client against the server.
# limit: 1500
if [[ -z $(command -v go) ]]; then
  skipped 1 'Go is not installed'
  exit 0
fi
minor=$(go env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
if ((${minor:-0} < 21)); then
  skipped 1 "$(go env GOVERSION) is older than go1.21, which can fetch what the client's module asks for"
  exit 0
fi
cd "$ROOT/tests/interop/go" || exit 1
if ! bounded 300 go mod download >"$WORK/go.log" 2>&1; then
  skipped 1 "the client's modules could not be fetched: $(tail -n 1 "$WORK/go.log")"
  exit 0
fi
build release latchkey join_device
export LATCHKEY_JOIN_DEVICE=$ROOT/build/join_device
bounded 600 go test -count=1 -timeout 300s -json ./... >"$WORK/go.json" 2>"$WORK/go.err" || true
if ! python3 "$ROOT/scripts/suites/go_counts.py" "$WORK/go.json" >"$WORK/go.counts"; then
  cat "$WORK/go.counts" "$WORK/go.err"
fi
read -r good bad off < <(tail -n 1 "$WORK/go.counts")
passed "$good"
((off == 0)) || skipped "$off" "$(sed -n 's/^skip //p' "$WORK/go.counts" | sort -u | head -n 1)"
((bad == 0)) || failed "$bad" 'Go tests'
