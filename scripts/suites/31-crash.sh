# shellcheck shell=bash
# kill -9 again and again: nothing that was acknowledged is lost.
# limit: 1200
# beside the next
build release latchkey
count_script 900 "$ROOT/tests/system/crash_test.py"
