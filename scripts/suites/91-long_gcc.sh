# shellcheck shell=bash
# The second compiler, under AddressSanitizer: keeps the code portable and finds double destruction in coroutines.
# limit: 7200
if [[ -z $(command -v g++) ]]; then
  skipped 1 'g++ is not installed'
  exit 0
fi
build gcc
for binary in "$ROOT"/build-gcc/*_test; do
  [[ -x $binary && $binary != */system_test ]] || continue
  echo "  ${binary##*/}"
  count_gtest "$binary" 1800
done
