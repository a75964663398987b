# shellcheck shell=bash
# Every layer's tests under ThreadSanitizer.
# limit: 7200
choose_compiler
if [[ $CC != clang-* ]]; then
  skipped 1 'ThreadSanitizer needs clang: g++ reports atomic fences wrongly'
  exit 0
fi
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
build tsan
for binary in "$ROOT"/build-tsan/*_test; do
  [[ -x $binary && $binary != */system_test ]] || continue
  echo "  ${binary##*/}"
  count_gtest "$binary" 1800
done
