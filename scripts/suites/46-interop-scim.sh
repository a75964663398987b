# shellcheck shell=bash
# The SCIM engine against other implementations of filters and PATCH, on random documents; and the whole service
# against two testers of SCIM servers.
# limit: 900
testers() {
  local venv=$WORK/scim-venv
  if ! python3 -m venv "$venv" >"$WORK/venv.log" 2>&1; then
    skipped 1 "Python makes no virtual environment: $(tail -n 1 "$WORK/venv.log")"
    return
  fi
  if ! bounded 300 "$venv/bin/pip" install --quiet --disable-pip-version-check \
    -r "$ROOT/tests/interop/scim/requirements.txt" >"$WORK/pip.log" 2>&1; then
    skipped 1 "the testers could not be fetched: $(tail -n 1 "$WORK/pip.log")"
    return
  fi
  build release latchkey
  local good bad off
  bounded 300 "$venv/bin/python" "$ROOT/tests/interop/scim/testers.py" >"$WORK/testers.out" 2>&1 || true
  read -r good bad off < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$WORK/testers.out")
  if [[ -z $good ]]; then
    failed 1 'the testers did not run to their end'
    tail -n 20 "$WORK/testers.out"
    return
  fi
  grep -v '^ok' "$WORK/testers.out" | sed 's/^/  /'
  passed "$good"
  ((off == 0)) || skipped "$off" 'checks of scim2-tester that do not apply'
  ((bad == 0)) || failed "$bad" 'checks of SCIM testers'
}
testers

demand_node 18
fetch_packages "$ROOT/tests/interop/scim"
build release scim_engine
bounded 300 node differential.mjs "$ROOT/build/scim_engine" >"$WORK/scim.out" 2>&1 || true
read -r good bad < <(tail -n 1 "$WORK/scim.out")
if [[ ! $good =~ ^[0-9]+$ || ! $bad =~ ^[0-9]+$ ]]; then
  failed 1 'the comparison did not run to its end'
  tail -n 20 "$WORK/scim.out"
  exit 0
fi
passed "$good"
sed -n 's/^\([a-zA-Z]*Case: .*\)/  \1/p' "$WORK/scim.out"
if ((bad > 0)); then
  failed "$bad" 'comparisons of the SCIM engine'
  head -n 40 "$WORK/scim.out"
fi
