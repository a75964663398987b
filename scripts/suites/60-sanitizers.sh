# shellcheck shell=bash
# Unit tests and fuzz targets under AddressSanitizer and UndefinedBehaviorSanitizer, from one build tree.
# limit: 3600
choose_compiler
if [[ $CC != clang-* ]]; then
  skipped 1 'fuzz targets need clang'
  exit 0
fi
export ASAN_OPTIONS=abort_on_error=0:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1

targets=()
for source in "$ROOT"/tests/fuzz/*_fuzz.cc; do
  [[ ! -e $source ]] || targets+=("$(basename "$source" .cc)")
done
tests=()
# The handlers and the control protocol are met here by their fuzz targets, and by their own tests with --long.
layers=(base crypto core io)
((LONG == 0)) || layers+=(http control)
for layer in "${layers[@]}"; do
  # A layer without tests has no such target.
  [[ -z $(find "$ROOT/src/$layer" -name '*_test.cc' -print -quit) ]] || tests+=("${layer}_test")
done
build fuzz "${tests[@]}" "${targets[@]}"

for name in "${tests[@]}"; do
  echo "  $name"
  count_gtest "$ROOT/build-fuzz/$name" 900
done

# What every stranger can send gets the whole time, the rest a quarter of it, or all of it with --long.
seconds_for() {
  case $1 in
    authorization_fuzz | json_body_fuzz | key_text_fuzz | request_fuzz) echo "$FUZZ_SECONDS" ;;
    *) echo $((LONG == 1 ? FUZZ_SECONDS : (FUZZ_SECONDS + 3) / 4)) ;;
  esac
}

fuzz() {
  local target=$1 log=$WORK/$1.log found=$WORK/$1.corpus artifacts=$ROOT/build-fuzz/artifacts status=0 options=() time
  time=$(seconds_for "$target")
  local corpus=$ROOT/tests/fuzz/corpus/$target
  [[ -d $corpus ]] || corpus=${corpus%_fuzz}
  mkdir -p "$found" "$artifacts"
  [[ ! -e $ROOT/tests/fuzz/${target%_fuzz}.dict ]] || options+=("-dict=$ROOT/tests/fuzz/${target%_fuzz}.dict")
  [[ ! -d $corpus ]] || options+=("$corpus")
  # New inputs go to the first directory, so that the corpus in the tree stays as it is.
  bounded $((time + 120)) "$ROOT/build-fuzz/$target" "-max_total_time=$time" -timeout=10 -rss_limit_mb=2048 \
    "-artifact_prefix=$artifacts/$target-" "$found" "${options[@]}" >"$log" 2>&1 || status=$?
  if ((status == 0)); then
    passed 1
    echo "  $target: $(sed -n 's/^Done \([0-9]*\) runs.*/\1 inputs/p' "$log")"
  else
    failed 1 "$target, its input is in build-fuzz/artifacts:"
    grep -E -A 25 'ERROR:|runtime error:' "$log" | head -n 40 || tail -n 20 "$log"
  fi
}
export -f fuzz seconds_for passed failed bounded
# shellcheck disable=SC2016
((${#targets[@]} == 0)) || printf '%s\n' "${targets[@]}" | xargs -P 2 -n 1 bash -euo pipefail -c 'fuzz "$1"' _
((${#targets[@]})) || skipped 1 'there is no tests/fuzz/*_fuzz.cc'
