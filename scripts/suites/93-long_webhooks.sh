# shellcheck shell=bash
# Webhooks with more events, more crashes and receivers that fail for longer.
# limit: 4000
export LATCHKEY_TEST_WEBHOOK_EVENTS=${LATCHKEY_TEST_WEBHOOK_EVENTS:-10000} LATCHKEY_TEST_WEBHOOK_KILLS=${LATCHKEY_TEST_WEBHOOK_KILLS:-20}
export LATCHKEY_TEST_WEBHOOK_SECONDS=${LATCHKEY_TEST_WEBHOOK_SECONDS:-150}
export LATCHKEY_TEST_WEBHOOK_ROW=${LATCHKEY_TEST_WEBHOOK_ROW:-2} LATCHKEY_TEST_WEBHOOK_PATIENCE=${LATCHKEY_TEST_WEBHOOK_PATIENCE:-3000}
build release latchkey
echo '  webhook_delivery_test.py'
count_script 3600 "$ROOT/tests/system/webhook_delivery_test.py"
