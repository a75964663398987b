// GET /webhooks/{endpointId}/deliveries, .../deliveries/{number}; POST .../deliveries/replay. Beyond
// upstream.
#include <charconv>

#include "core/webhooks/manage.h"
#include "http/api/webhook_json.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;

constexpr const char* kStates = "must be waiting, delivered, givenUp or dropped";

EndpointId endpoint_of(const Call& call) {
  return EndpointId(call.path_element("endpointId"));
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, failed] = std::from_chars(text.data(), end, number);
  if (failed != std::errc{} || stopped != end || number < 1) return std::nullopt;
  return number;
}

Result<std::optional<std::int64_t>> number_of(const Call& call, const char* name) {
  const auto text = call.query_value(name);
  if (!text) return std::optional<std::int64_t>();
  const auto number = number_in(*text);
  if (!number) return malformed(std::string(name) + " must be a whole number from 1 on", name);
  return number;
}

Result<std::optional<webhooks::DeliveryState>> state_of(const std::optional<std::string>& text) {
  if (!text) return std::optional<webhooks::DeliveryState>();
  const auto state = webhooks::delivery_state_from(*text);
  if (!state) return malformed(std::string("state ") + kStates, "state");
  return state;
}

Result<webhooks::DeliveryQuery> parse_query(const Call& call) {
  webhooks::DeliveryQuery query;
  TRY(query.state, state_of(call.query_value("state")));
  TRY(query.before, number_of(call, "before"));
  TRY(const auto limit, number_of(call, "limit"));
  query.limit = limit.value_or(query.limit);
  return query;
}

Result<std::optional<TimePoint>> moment_of(const JsonBody& body, const char* name) {
  TRY(const auto text, body.text(name));
  if (!text) return std::optional<TimePoint>();
  const auto moment = from_rfc3339(*text);
  if (!moment) {
    return malformed(std::string(name) + " must be an RFC 3339 time such as 2026-01-05T00:00:00Z", name);
  }
  return moment;
}

Result<webhooks::Replay> parse_replay(const JsonBody& body) {
  webhooks::Replay want;
  TRY(want.numbers, body.integers("numbers"));
  TRY(want.from, moment_of(body, "from"));
  TRY(want.to, moment_of(body, "to"));
  TRY(const auto state, body.text("state"));
  TRY(want.state, state_of(state));
  if (want.state && !want.numbers.empty()) {
    return malformed("state goes with a window, not with numbers", "state");
  }
  return want;
}

}  // namespace

Answer list_webhook_deliveries(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_webhook_deliveries>(call.caller));
  CO_TRY(auto query, parse_query(call));
  auto work = [may, id = endpoint_of(call), query](core::Tx& tx) {
    return webhooks::list_deliveries(tx, may, id, query);
  };
  CO_TRY(const auto deliveries, co_await context.db.read(std::move(work)));
  boost::json::object body;
  body["deliveries"] = deliveries_json(deliveries);
  co_return json_response(body);
}

Answer get_webhook_delivery(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_webhook_deliveries>(call.caller));
  const auto number = number_in(call.path_element("number"));
  if (!number) co_return malformed("a delivery is named by its number, from 1 on", "number");
  auto work = [may, id = endpoint_of(call), number = *number](core::Tx& tx) {
    return webhooks::read_delivery(tx, may, id, number);
  };
  CO_TRY(const auto found, co_await context.db.read(std::move(work)));
  co_return json_response(delivery_json(found));
}

Answer replay_webhook_deliveries(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::replay_webhook>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(auto want, parse_replay(body));
  auto work = [may, id = endpoint_of(call), want, now = context.clock.now()](core::Tx& tx) {
    return webhooks::replay(tx, may, id, want, now);
  };
  CO_TRY(const auto queued, co_await context.db.write(std::move(work)));
  boost::json::object answer;
  answer["deliveries"] = deliveries_json(queued);
  co_return json_response(answer);
}

}  // namespace latchkey::http
