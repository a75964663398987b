# shellcheck shell=bash
# The SCIM engine against other implementations of filters and PATCH, on random documents.
# limit: 900
for program in node npm; do
  if [[ -z $(command -v $program) ]]; then
    skipped 1 "$program is not installed"
    exit 0
  fi
done
if (($(node -p 'process.versions.node.split(".")[0]') < 18)); then
  skipped 1 "Node $(node --version) is older than 18, which the packages ask for"
  exit 0
fi
cd "$ROOT/tests/interop/scim" || exit 1
if ! bounded 300 npm ci --ignore-scripts --no-audit --no-fund >"$WORK/npm.log" 2>&1; then
  skipped 1 "the packages could not be fetched: $(grep -m 1 'npm error' "$WORK/npm.log" || tail -n 1 "$WORK/npm.log")"
  exit 0
fi
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
