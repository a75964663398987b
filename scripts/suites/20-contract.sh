# shellcheck shell=bash
# The HTTP contract (api/openapi.yaml) against the running server: tests/api and tests/contract.
# limit: 2400
build release

found=0
for script in "$ROOT"/tests/{api,contract}/*.{sh,py}; do
  [[ -x $script ]] || continue
  found=1
  echo "  ${script##*/}"
  count_script 300 "$script"
done
((found)) || skipped 1 'there is no script in tests/api or tests/contract'
