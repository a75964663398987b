# shellcheck shell=bash
# Chromium signs people in at oidc-provider, a certified identity provider.
# limit: 300
for program in node npm chromium; do
  if [[ -z $(command -v $program) ]]; then
    skipped 1 "$program is not installed"
    exit 0
  fi
done
major=$(node --version | sed -n 's/^v\([0-9]*\).*/\1/p')
if ((${major:-0} < 20)); then
  skipped 1 "$(node --version) of Node is older than v20, which the packages ask for"
  exit 0
fi
mkdir "$WORK/browser" || exit 1
cp "$ROOT"/tests/browser/{package.json,package-lock.json,.npmrc,*.js} "$WORK/browser" || exit 1
cd "$WORK/browser" || exit 1
if ! bounded 300 npm ci --prefer-offline --no-audit --no-fund --ignore-scripts >"$WORK/npm.log" 2>&1; then
  skipped 1 "the packages could not be fetched: $(grep -m 1 'npm error' "$WORK/npm.log" || tail -n 1 "$WORK/npm.log")"
  exit 0
fi
build release latchkey join_device
status=0
CHROMIUM=$(command -v chromium) LATCHKEY_JOIN_DEVICE=$ROOT/build/join_device \
  bounded 150 node --test --test-reporter=tap >"$WORK/node.tap" 2>&1 || status=$?
count() { sed -n "s/^# $1 \([0-9]*\)$/\1/p" "$WORK/node.tap" | tail -n 1; }
good=$(count pass) bad=$(($(count fail) + $(count cancelled))) off=$(count skipped)
passed "${good:-0}"
((${off:-0} == 0)) || skipped "$off" "$(sed -n 's/^.*# SKIP //p' "$WORK/node.tap" | sort -u | head -n 3 | paste -sd ';')"
((bad > 0 || status == 0)) || bad=1
if ((bad > 0)); then
  failed "$bad" "node --test ended with status $status"
  grep -A 30 '^ *not ok' "$WORK/node.tap" | head -n 120
fi
