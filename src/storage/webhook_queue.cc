#include <algorithm>

#include "core/webhooks/payload.h"
#include "storage/webhook_rows.h"
#include "storage/webhook_store.h"

namespace latchkey::storage {
namespace {

using webhooks::Delivery;
using webhooks::DeliveryState;

const Statement kKeep{
    "INSERT INTO webhook_events (tailnet_id, id, at, type, message, body, size)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tailnet_id, id) DO NOTHING"};
const Statement kNextNumber{
    "UPDATE webhook_endpoints SET deliveries = deliveries + 1 WHERE tailnet_id = $1 AND id = $2"
    " RETURNING deliveries"};
const Statement kEnqueue{
    "INSERT INTO webhook_deliveries (tailnet_id, endpoint_id, number, event_id, state, queued_at, attempts,"
    " next_attempt_at, ended_at, replay_of) VALUES ($1, $2, $3, $4, 'waiting', $5, 0, $5, NULL, $6)"};
// Numbers have no gaps, so whoever is so far behind the newest one is beyond the limit.
const Statement kDropBeyond{
    "UPDATE webhook_deliveries SET state = 'dropped', ended_at = $4, next_attempt_at = NULL"
    " WHERE tailnet_id = $1 AND endpoint_id = $2 AND state = 'waiting' AND number <= $3"};
const Statement kInsertFarewell{
    "INSERT INTO webhook_farewells (tailnet_id, endpoint_id, queued_at, url, masked_url, body, signature)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)"};
const Statement kTakeFarewell{
    "DELETE FROM webhook_farewells WHERE tailnet_id = $1 AND endpoint_id = $2"
    " RETURNING queued_at, url, masked_url, body, signature"};
const Statement kFarewells{
    "SELECT tailnet_id, endpoint_id FROM webhook_farewells ORDER BY queued_at LIMIT $1"};

const Statement kDue{
    "SELECT e.tailnet_id, e.id FROM webhook_endpoints e"
    " WHERE (e.claimed_until IS NULL OR e.claimed_until <= $1)"
    " AND (e.paused_until IS NULL OR e.paused_until <= $1)"
    " AND EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.tailnet_id = e.tailnet_id"
    " AND d.endpoint_id = e.id AND d.state = 'waiting' AND d.next_attempt_at <= $1)"
    " ORDER BY COALESCE(e.last_attempt_at, 0), e.id LIMIT $2"};
const Statement kWaitingEndpoints{
    "SELECT e.paused_until, e.claimed_until, (SELECT MIN(d.next_attempt_at) FROM webhook_deliveries d"
    " WHERE d.tailnet_id = e.tailnet_id AND d.endpoint_id = e.id AND d.state = 'waiting')"
    " FROM webhook_endpoints e"};
const Statement kClaim{
    "UPDATE webhook_endpoints SET claim = $3, claimed_until = $5 WHERE tailnet_id = $1 AND id = $2"
    " AND (claimed_until IS NULL OR claimed_until <= $4) AND (paused_until IS NULL OR paused_until <= $4)"};
// Takes the row's lock.
const Statement kHoldsClaim{
    "UPDATE webhook_endpoints SET claim = claim WHERE tailnet_id = $1 AND id = $2 AND claim = $3"};
const Statement kEndClaim{
    "UPDATE webhook_endpoints SET claim = '', claimed_until = NULL, failures = $4, failing_since = $5,"
    " warned = $6, paused_until = $7, last_attempt_at = $8, last_status = $9, last_error = $10"
    " WHERE tailnet_id = $1 AND id = $2 AND claim = $3"};
const Statement kDropClaim{
    "UPDATE webhook_endpoints SET claim = '', claimed_until = NULL"
    " WHERE tailnet_id = $1 AND id = $2 AND claim = $3"};
const Statement kDropClaims{
    "UPDATE webhook_endpoints SET claim = '', claimed_until = NULL WHERE claimed_until IS NOT NULL"};
const Statement kQueueState{
    "SELECT COUNT(*), MIN(queued_at) FROM webhook_deliveries WHERE state = 'waiting'"};
const Statement kSizes{
    "SELECT d.number, v.size" DELIVERIES_JOINED
    " WHERE d.tailnet_id = $1 AND d.endpoint_id = $2 AND d.state = 'waiting' AND d.next_attempt_at <= $3"
    " ORDER BY d.number LIMIT $4"};
const Statement kWaiting{
    "SELECT " DELIVERY_COLUMNS ", v.body" DELIVERIES_JOINED
    " WHERE d.tailnet_id = $1 AND d.endpoint_id = $2 AND d.state = 'waiting' AND d.next_attempt_at <= $3"
    " AND d.number <= $4 ORDER BY d.number"};
const Statement kEnd{
    "UPDATE webhook_deliveries SET state = $4, ended_at = $5, next_attempt_at = NULL,"
    " attempts = attempts + 1"
    " WHERE tailnet_id = $1 AND endpoint_id = $2 AND number = $3 AND state = 'waiting'"};
const Statement kPutOff{
    "UPDATE webhook_deliveries SET next_attempt_at = $4, attempts = attempts + 1"
    " WHERE tailnet_id = $1 AND endpoint_id = $2 AND number = $3 AND state = 'waiting'"};
const Statement kGiveUp{
    "UPDATE webhook_deliveries SET state = 'givenUp', ended_at = $4, next_attempt_at = NULL"
    " WHERE tailnet_id = $1 AND endpoint_id = $2 AND state = 'waiting' AND queued_at <= $3"};

std::vector<webhooks::EndpointRef> refs_of(const Rows& rows) {
  std::vector<webhooks::EndpointRef> refs;
  refs.reserve(rows.size());
  for (const auto& row : rows) refs.push_back({TailnetId(row[0].text()), EndpointId(row[1].text())});
  return refs;
}

}  // namespace

void SqlWebhookStore::keep(const webhooks::KeptEvent& event) {
  work_.connection().run(kKeep, {event.tailnet.str(), event.id, time_value(event.at), event.type,
                                 event.message, event.body, static_cast<std::int64_t>(event.body.size())});
}

std::int64_t SqlWebhookStore::enqueue(const EndpointRef& endpoint, std::int64_t event, std::int64_t replay_of,
                                      TimePoint now) {
  auto& connection = work_.connection();
  const auto rows = connection.run(kNextNumber, {endpoint.tailnet.str(), endpoint.id.str()});
  if (rows.empty()) return 0;
  const auto number = rows[0][0].number();
  connection.run(kEnqueue,
                 {endpoint.tailnet.str(), endpoint.id.str(), number, event, time_value(now), replay_of});
  if (number > webhooks::kMaxQueued) {
    connection.run(kDropBeyond, {endpoint.tailnet.str(), endpoint.id.str(), number - webhooks::kMaxQueued,
                                 time_value(now)});
  }
  return number;
}

void SqlWebhookStore::insert_farewell(const webhooks::Farewell& farewell) {
  work_.connection().run(kInsertFarewell, {farewell.endpoint.tailnet.str(), farewell.endpoint.id.str(),
                                           time_value(farewell.queued), farewell.url, farewell.masked_url,
                                           farewell.body, farewell.signature});
}

std::vector<webhooks::EndpointRef> SqlWebhookStore::due(TimePoint now, std::int64_t limit) {
  auto& connection = work_.connection();
  auto refs = refs_of(connection.run(kFarewells, {limit}));
  const auto left = limit - static_cast<std::int64_t>(refs.size());
  if (left <= 0) return refs;
  for (auto& ref : refs_of(connection.run(kDue, {time_value(now), left}))) refs.push_back(std::move(ref));
  return refs;
}

std::optional<TimePoint> SqlWebhookStore::next_due(TimePoint now) {
  std::optional<TimePoint> next;
  for (const auto& row : work_.connection().run(kWaitingEndpoints)) {
    if (row[2].is_null()) continue;
    TimePoint due = std::max(time_of(row[2]), now);
    if (!row[0].is_null()) due = std::max(due, time_of(row[0]));
    if (!row[1].is_null()) due = std::max(due, time_of(row[1]));
    next = std::min(next.value_or(due), due);
  }
  return next;
}

bool SqlWebhookStore::claim(const EndpointRef& endpoint, std::string_view claim, TimePoint now,
                            TimePoint until) {
  auto& connection = work_.connection();
  connection.run(kClaim, {endpoint.tailnet.str(), endpoint.id.str(), std::string(claim), time_value(now),
                          time_value(until)});
  return connection.changed() == 1;
}

std::optional<webhooks::Farewell> SqlWebhookStore::take_farewell(const EndpointRef& endpoint) {
  const auto rows = work_.connection().run(kTakeFarewell, {endpoint.tailnet.str(), endpoint.id.str()});
  if (rows.empty()) return std::nullopt;
  const auto& row = rows.front();
  return webhooks::Farewell{endpoint,      time_of(row[0]), row[1].text(),
                            row[2].text(), row[3].text(),   row[4].text()};
}

std::vector<Delivery> SqlWebhookStore::waiting(const EndpointRef& endpoint, TimePoint now,
                                               std::int64_t limit) {
  auto& connection = work_.connection();
  const auto sizes =
      connection.run(kSizes, {endpoint.tailnet.str(), endpoint.id.str(), time_value(now), limit});
  // Bodies beyond what one request takes are not read at all.
  std::vector<std::size_t> bytes;
  for (const auto& row : sizes) bytes.push_back(static_cast<std::size_t>(row[1].number()));
  const auto count = webhooks::fitting(bytes);
  if (count == 0) return {};
  std::vector<Delivery> deliveries;
  const auto rows = connection.run(
      kWaiting, {endpoint.tailnet.str(), endpoint.id.str(), time_value(now), sizes[count - 1][0]});
  for (const auto& row : rows) deliveries.push_back(whole_delivery_of(row));
  return deliveries;
}

bool SqlWebhookStore::holds_claim(const EndpointRef& endpoint, std::string_view claim) {
  auto& connection = work_.connection();
  connection.run(kHoldsClaim, {endpoint.tailnet.str(), endpoint.id.str(), std::string(claim)});
  return connection.changed() == 1;
}

bool SqlWebhookStore::end_claim(const webhooks::ClaimEnd& end) {
  auto& connection = work_.connection();
  const auto& health = end.health;
  connection.run(kEndClaim, {end.endpoint.tailnet.str(), end.endpoint.id.str(), end.claim, health.failures,
                             time_value(health.failing_since), health.warned, time_value(health.paused_until),
                             time_value(health.last_attempt), Value(health.last_status), health.last_error});
  return connection.changed() == 1;
}

void SqlWebhookStore::drop_claim(const EndpointRef& endpoint, std::string_view claim) {
  work_.connection().run(kDropClaim, {endpoint.tailnet.str(), endpoint.id.str(), std::string(claim)});
}

void SqlWebhookStore::drop_claims() {
  work_.connection().run(kDropClaims);
}

webhooks::QueueState SqlWebhookStore::queue_state() {
  const auto rows = work_.connection().run(kQueueState);
  webhooks::QueueState state{rows[0][0].number(), std::nullopt};
  if (!rows[0][1].is_null()) state.oldest = time_of(rows[0][1]);
  return state;
}

std::int64_t SqlWebhookStore::end_deliveries(const EndpointRef& endpoint, Numbers numbers,
                                             DeliveryState state, TimePoint now) {
  auto& connection = work_.connection();
  std::int64_t ended = 0;
  for (const auto number : numbers) {
    connection.run(kEnd, {endpoint.tailnet.str(), endpoint.id.str(), number, std::string(to_string(state)),
                          time_value(now)});
    ended += connection.changed();
  }
  return ended;
}

void SqlWebhookStore::put_off(const EndpointRef& endpoint, Numbers numbers, TimePoint next_attempt) {
  for (const auto number : numbers) {
    work_.connection().run(kPutOff,
                           {endpoint.tailnet.str(), endpoint.id.str(), number, time_value(next_attempt)});
  }
}

std::int64_t SqlWebhookStore::give_up(const EndpointRef& endpoint, TimePoint queued, TimePoint now) {
  auto& connection = work_.connection();
  connection.run(kGiveUp, {endpoint.tailnet.str(), endpoint.id.str(), time_value(queued), time_value(now)});
  return connection.changed();
}

}  // namespace latchkey::storage
