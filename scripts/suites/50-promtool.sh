# shellcheck shell=bash
# Prometheus' own judgement of the metrics.
# limit: 1500
if [[ -z $(command -v promtool) ]]; then
  skipped 1 'promtool is not installed (package prometheus)'
  exit 0
fi
build release latchkey

data=$WORK/promtool log=$WORK/promtool.log
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$LATCHKEY_BINARY" init --data-dir "$data" --tailnet metrics.example --owner owner@metrics.example --output json >"$WORK/init.json"
LATCHKEY_METRICS_LISTEN=127.0.0.1:$port "$LATCHKEY_BINARY" serve --data-dir "$data" --listen 127.0.0.1:0 --log-format json 2>"$log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" || true' EXIT
url=''
for ((i = 0; i < 100; ++i)); do
  url=$(sed -n 's/.*"event":"listening".*"url":"\([^"]*\)".*/\1/p' "$log" | head -n 1)
  [[ -z $url ]] || break
  sleep 0.1
done
if [[ -z $url ]]; then
  failed 1 'the server did not start'
  tail -n 20 "$log"
  exit 0
fi
# Some traffic, so that the families with labels have members.
token=$(sed -n 's/.*"apiToken" *: *"\([^"]*\)".*/\1/p' "$WORK/init.json")
curl -s -o /dev/null -K - <<<"user = \"$token:\"
url = \"$url/api/v2/tailnet/-/keys?all=true\""
curl -s -o /dev/null "$url/api/v2/tailnet/-/keys"
if ! curl -s -f --max-time 10 "http://127.0.0.1:$port/metrics" >"$WORK/metrics.txt"; then
  failed 1 "no metrics on http://127.0.0.1:$port/metrics"
elif timeout 30 promtool check metrics <"$WORK/metrics.txt" >"$WORK/promtool.out" 2>&1 && [[ -s $WORK/metrics.txt ]]; then
  passed 1
else
  failed 1 'promtool check metrics:'
  cat "$WORK/promtool.out"
fi
