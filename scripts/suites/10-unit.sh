# shellcheck shell=bash
# Each layer's tests, as optimised as what ships.
# limit: 2400
build release

found=0
for binary in "$ROOT"/build/*_test; do
  [[ -x $binary && $binary != */system_test ]] || continue
  found=1
  echo "  ${binary##*/}"
  count_gtest "$binary" 600
done
((found)) || failed 1 'no test binary was built'
