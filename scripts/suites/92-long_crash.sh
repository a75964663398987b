# shellcheck shell=bash
# The crash loop and the races of the system tests with more rounds.
# limit: 14400
export LATCHKEY_TEST_CRASH_ROUNDS=${LATCHKEY_TEST_CRASH_ROUNDS:-1000} LATCHKEY_TEST_LONG=1
build release

found=0
if [[ -x $ROOT/build/system_test ]]; then
  found=1
  count_gtest "$ROOT/build/system_test" 3600 '--gtest_filter=Race*'
fi
for script in "$ROOT"/tests/system/*crash*.{sh,py}; do
  [[ -x $script ]] || continue
  found=1
  count_script 10000 "$script"
done
((found)) || skipped 1 'there is no crash test in tests/system'
