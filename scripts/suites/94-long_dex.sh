# shellcheck shell=bash
# Dex, built from its module as it is, signs people in. LATCHKEY_TEST_DEX names the program; without it Go builds it.
# limit: 2400
dex=${LATCHKEY_TEST_DEX:-}
if [[ -z $dex ]]; then
  if [[ -z $(command -v go) ]]; then
    skipped 1 'Go is not installed'
    exit 0
  fi
  minor=$(go env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
  if ((${minor:-0} < 21)); then
    skipped 1 "$(go env GOVERSION) is older than go1.21, which can fetch what Dex asks for"
    exit 0
  fi
  cd "$ROOT/tests/interop/dex" || exit 1
  export GOTOOLCHAIN=auto CGO_ENABLED=0
  # Lists what the program needs, and so fetches it and nothing else.
  if ! bounded 300 go list -mod=readonly -deps github.com/dexidp/dex/cmd/dex >"$WORK/go.log" 2>&1; then
    skipped 1 "the modules could not be fetched: $(tail -n 1 "$WORK/go.log")"
    exit 0
  fi
  dex=$WORK/dex
  if ! bounded 1200 go build -mod=readonly -p "${LATCHKEY_JOBS:-$(nproc)}" -o "$dex" github.com/dexidp/dex/cmd/dex \
    >"$WORK/go.log" 2>&1; then
    failed 1 'Dex did not build'
    tail -n 20 "$WORK/go.log"
    exit 0
  fi
fi
build release latchkey
count_script 300 "$ROOT/tests/interop/dex/sign_on_test.py" "$dex"
