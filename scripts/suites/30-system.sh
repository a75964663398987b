# shellcheck shell=bash
# Whole processes: start and stop, leak, command line. tests/*_test.cc and tests/system.
# limit: 2400
build release

found=0
if [[ -x $ROOT/build/system_test ]]; then
  found=1
  count_gtest "$ROOT/build/system_test" 900
fi
for script in "$ROOT"/tests/system/*.{sh,py}; do
  [[ -x $script && $script != */crash_test.py ]] || continue
  found=1
  echo "  ${script##*/}"
  count_script 600 "$script"
done
((found)) || skipped 1 'there is no system_test and no script in tests/system'
