# shellcheck shell=bash
# Receivers of webhooks: the code of docs/webhooks.md in its languages, and the vendor's sample.
# limit: 1500
build release latchkey
echo '  verification_test.py'
count_script 1200 "$ROOT/tests/interop/webhooks/verification_test.py"
