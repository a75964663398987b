# shellcheck shell=bash
# Dex, built from its module as it is, signs people in. LATCHKEY_TEST_DEX names the program; without it Go builds it.
# limit: 2400
dex=${LATCHKEY_TEST_DEX:-}
if [[ -z $dex ]]; then
  demand_go 21 Dex
  cd "$ROOT/tests/interop/dex" || exit 1
  export GOTOOLCHAIN=auto CGO_ENABLED=0
  # Lists what the program needs, and so fetches it and nothing else.
  fetch_modules 'the modules' 300 go list -mod=readonly -deps github.com/dexidp/dex/cmd/dex
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
