#include <algorithm>
#include <boost/json.hpp>

#include "storage/webhook_rows.h"
#include "storage/webhook_store.h"

namespace latchkey::storage {
namespace {

using webhooks::Attempt;
using webhooks::Delivery;
using webhooks::DeliveryState;

const Statement kNextAttempt{
    "UPDATE webhook_endpoints SET attempts = attempts + 1 WHERE tailnet_id = $1 AND id = $2"
    " RETURNING attempts"};
const Statement kRecord{
    "INSERT INTO webhook_attempts (tailnet_id, endpoint_id, number, at, took_ms, status, error, answer,"
    " first_delivery, last_delivery, deliveries) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"};
#define ATTEMPT_COLUMNS "tailnet_id, endpoint_id, at, took_ms, status, error, answer, deliveries"
const Statement kAttempts{"SELECT " ATTEMPT_COLUMNS
                          " FROM webhook_attempts WHERE tailnet_id = $1 AND endpoint_id = $2"
                          " ORDER BY number DESC LIMIT $3"};
const Statement kAttemptsOf{"SELECT " ATTEMPT_COLUMNS
                            " FROM webhook_attempts WHERE tailnet_id = $1 AND endpoint_id = $2"
                            " AND last_delivery >= $3 AND first_delivery <= $3 ORDER BY number"};

#define DELIVERIES_OF_ENDPOINT \
  "SELECT " DELIVERY_COLUMNS DELIVERIES_JOINED " WHERE d.tailnet_id = $1 AND d.endpoint_id = $2"
const Statement kDeliveries{DELIVERIES_OF_ENDPOINT
                            " AND d.number < $3 AND (CAST($4 AS TEXT) = '' OR d.state = $4)"
                            " ORDER BY d.number DESC LIMIT $5"};
const Statement kDelivery{"SELECT " DELIVERY_COLUMNS ", v.body" DELIVERIES_JOINED
                          " WHERE d.tailnet_id = $1 AND d.endpoint_id = $2 AND d.number = $3"};
const Statement kBetween{DELIVERIES_OF_ENDPOINT
                         " AND v.at >= $3 AND v.at <= $4 AND d.state <> 'waiting'"
                         " AND (CAST($5 AS TEXT) = '' OR d.state = $5) ORDER BY v.at, d.number LIMIT $6"};

const Statement kForgetDeliveries{
    "DELETE FROM webhook_deliveries WHERE (tailnet_id, endpoint_id, number) IN"
    " (SELECT tailnet_id, endpoint_id, number FROM webhook_deliveries WHERE ended_at < $1"
    " ORDER BY ended_at LIMIT $2)"};
const Statement kForgetBeyond{
    "DELETE FROM webhook_deliveries WHERE (tailnet_id, endpoint_id, number) IN"
    " (SELECT d.tailnet_id, d.endpoint_id, d.number FROM webhook_endpoints e JOIN webhook_deliveries d"
    " ON d.tailnet_id = e.tailnet_id AND d.endpoint_id = e.id AND d.number <= e.deliveries - $1"
    " WHERE d.ended_at IS NOT NULL LIMIT $2)"};
const Statement kForgetAttempts{
    "DELETE FROM webhook_attempts WHERE (tailnet_id, endpoint_id, number) IN"
    " (SELECT tailnet_id, endpoint_id, number FROM webhook_attempts WHERE at < $1 ORDER BY at LIMIT $2)"};
const Statement kForgetAttemptsBeyond{
    "DELETE FROM webhook_attempts WHERE (tailnet_id, endpoint_id, number) IN"
    " (SELECT a.tailnet_id, a.endpoint_id, a.number FROM webhook_endpoints e JOIN webhook_attempts a"
    " ON a.tailnet_id = e.tailnet_id AND a.endpoint_id = e.id AND a.number <= e.attempts - $1 LIMIT $2)"};
const Statement kForgetEvents{
    "DELETE FROM webhook_events WHERE (tailnet_id, id) IN (SELECT v.tailnet_id, v.id FROM webhook_events v"
    " WHERE NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.tailnet_id = v.tailnet_id"
    " AND d.event_id = v.id) ORDER BY v.at LIMIT $1)"};
const Statement kForgetFarewells{"DELETE FROM webhook_farewells WHERE queued_at < $1"};

std::string numbers_text(const std::vector<std::int64_t>& numbers) {
  return boost::json::serialize(boost::json::array(numbers.begin(), numbers.end()));
}

std::vector<std::int64_t> numbers_of(const std::string& text) {
  boost::json::error_code failed;
  const auto value = boost::json::parse(text, failed);
  if (failed || !value.is_array()) throw DatabaseError("an attempt of a webhook has no list of deliveries");
  std::vector<std::int64_t> numbers;
  for (const auto& item : value.get_array()) numbers.push_back(item.to_number<std::int64_t>());
  return numbers;
}

Attempt attempt_of(const Row& row) {
  Attempt attempt;
  attempt.tailnet = TailnetId(row[0].text());
  attempt.endpoint = EndpointId(row[1].text());
  attempt.at = time_of(row[2]);
  attempt.took = milliseconds{row[3].number()};
  attempt.status = row[4].maybe_number();
  attempt.error = row[5].text();
  attempt.answer = row[6].text();
  attempt.deliveries = numbers_of(row[7].text());
  return attempt;
}

std::string state_text(std::optional<DeliveryState> state) {
  return state ? std::string(to_string(*state)) : std::string();
}

}  // namespace

Delivery delivery_of(const Row& row) {
  const auto state = webhooks::delivery_state_from(row[7].text());
  if (!state) throw DatabaseError("a delivery of a webhook is in an unknown state");
  Delivery delivery;
  delivery.tailnet = TailnetId(row[0].text());
  delivery.endpoint = EndpointId(row[1].text());
  delivery.number = row[2].number();
  delivery.event = row[3].number();
  delivery.type = row[4].text();
  delivery.message = row[5].text();
  delivery.event_at = time_of(row[6]);
  delivery.state = *state;
  delivery.queued = time_of(row[8]);
  delivery.attempts = row[9].number();
  delivery.next_attempt = maybe_time_of(row[10]);
  delivery.ended = maybe_time_of(row[11]);
  delivery.replay_of = row[12].number();
  return delivery;
}

Delivery whole_delivery_of(const Row& row) {
  auto delivery = delivery_of(row);
  delivery.body = row.at(kDeliveryColumns).text();
  return delivery;
}

void SqlWebhookStore::record(const Attempt& attempt) {
  auto& connection = work_.connection();
  const auto rows = connection.run(kNextAttempt, {attempt.tailnet.str(), attempt.endpoint.str()});
  if (rows.empty() || attempt.deliveries.empty()) return;
  const auto [first, last] = std::ranges::minmax(attempt.deliveries);
  connection.run(kRecord,
                 {attempt.tailnet.str(), attempt.endpoint.str(), rows[0][0].number(), time_value(attempt.at),
                  static_cast<std::int64_t>(attempt.took.count()), Value(attempt.status), attempt.error,
                  attempt.answer, first, last, numbers_text(attempt.deliveries)});
}

std::vector<Delivery> SqlWebhookStore::deliveries(const EndpointRef& endpoint,
                                                  const webhooks::DeliveryQuery& query) {
  constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();
  std::vector<Delivery> found;
  const auto rows = work_.connection().run(
      kDeliveries, {endpoint.tailnet.str(), endpoint.id.str(), query.before.value_or(kAll),
                    state_text(query.state), query.limit});
  for (const auto& row : rows) found.push_back(delivery_of(row));
  return found;
}

std::optional<Delivery> SqlWebhookStore::delivery(const EndpointRef& endpoint, std::int64_t number) {
  const auto rows = work_.connection().run(kDelivery, {endpoint.tailnet.str(), endpoint.id.str(), number});
  if (rows.empty()) return std::nullopt;
  return whole_delivery_of(rows.front());
}

std::vector<Delivery> SqlWebhookStore::deliveries_between(const EndpointRef& endpoint, TimePoint from,
                                                          TimePoint to, std::optional<DeliveryState> state,
                                                          std::int64_t limit) {
  std::vector<Delivery> found;
  const auto rows =
      work_.connection().run(kBetween, {endpoint.tailnet.str(), endpoint.id.str(), time_value(from),
                                        time_value(to), state_text(state), limit});
  for (const auto& row : rows) found.push_back(delivery_of(row));
  return found;
}

std::vector<Attempt> SqlWebhookStore::attempts_of(const EndpointRef& endpoint, std::int64_t number) {
  std::vector<Attempt> found;
  const auto rows = work_.connection().run(kAttemptsOf, {endpoint.tailnet.str(), endpoint.id.str(), number});
  for (const auto& row : rows) {
    auto attempt = attempt_of(row);
    if (std::ranges::find(attempt.deliveries, number) == attempt.deliveries.end()) continue;
    found.push_back(std::move(attempt));
  }
  return found;
}

std::vector<Attempt> SqlWebhookStore::attempts(const EndpointRef& endpoint, std::int64_t limit) {
  std::vector<Attempt> found;
  const auto rows = work_.connection().run(kAttempts, {endpoint.tailnet.str(), endpoint.id.str(), limit});
  for (const auto& row : rows) found.push_back(attempt_of(row));
  return found;
}

std::int64_t SqlWebhookStore::forget(TimePoint before, std::int64_t most, std::int64_t limit) {
  auto& connection = work_.connection();
  std::int64_t largest = 0;
  const auto run = [&](const Statement& statement, std::initializer_list<Value> parameters) {
    connection.run(statement, parameters);
    largest = std::max(largest, connection.changed());
  };
  run(kForgetDeliveries, {time_value(before), limit});
  run(kForgetBeyond, {most, limit});
  run(kForgetAttempts, {time_value(before), limit});
  run(kForgetAttemptsBeyond, {most, limit});
  run(kForgetEvents, {limit});
  run(kForgetFarewells, {time_value(before)});
  return largest;
}

}  // namespace latchkey::storage
