#include "testing/webhook_world.h"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <stdexcept>

namespace latchkey::testing {
namespace {

using identity::Operation;
using identity::Role;

crypto::Key256 fixed_seal_key() {
  return crypto::Key256(std::array<std::uint8_t, 32>{4, 5, 6});
}

template <class T>
T expect(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

}  // namespace

WebhookWorld::WebhookWorld(std::unique_ptr<storage::SqlDatabase> database)
    : World(std::move(database)), vault_(fixed_seal_key()) {
  now += seconds{1};  // nothing that made the world is news to an endpoint
}

webhooks::EndpointWithSecret WebhookWorld::add_endpoint(std::vector<std::string> subscriptions,
                                                        std::string url, std::string provider) {
  const auto may = *identity::authorize<Operation::create_webhook>(caller(Role::owner));
  const webhooks::NewEndpoint want{std::move(url), std::move(provider), std::move(subscriptions)};
  return expect(db().write_now(
      [&](core::Tx& tx) { return webhooks::create_endpoint(tx, may, want, context(true), now); }));
}

webhooks::EndpointWithSecret WebhookWorld::rotate(const EndpointId& id, seconds overlap) {
  const auto may = *identity::authorize<Operation::rotate_webhook>(caller(Role::owner));
  return expect(db().write_now(
      [&](core::Tx& tx) { return webhooks::rotate_secret(tx, may, id, overlap, context(), now); }));
}

void WebhookWorld::remove(const EndpointId& id) {
  const auto may = *identity::authorize<Operation::delete_webhook>(caller(Role::owner));
  const auto done =
      db().write_now([&](core::Tx& tx) { return webhooks::delete_endpoint(tx, may, id, context(), now); });
  if (!done) throw std::runtime_error(done.error().message);
}

void WebhookWorld::test(const EndpointId& id) {
  const auto may = *identity::authorize<Operation::test_webhook>(caller(Role::owner));
  const auto done = db().write_now([&](core::Tx& tx) { return webhooks::request_test(tx, may, id, now); });
  if (!done) throw std::runtime_error(done.error().message);
}

webhooks::WebhookEndpoint WebhookWorld::endpoint(const EndpointId& id) {
  const auto may = *identity::authorize<Operation::read_webhook>(caller(Role::owner));
  return expect(db().read_now([&](core::Tx& tx) { return webhooks::read_endpoint(tx, may, id); }));
}

std::int64_t WebhookWorld::read_feed() {
  std::int64_t queued = 0;
  for (;;) {
    const auto done = expect(db().write_now([&](core::Tx& tx) -> Result<webhooks::QueuedNews> {
      return webhooks::queue_news(tx, {kConsole}, now);
    }));
    queued += done.deliveries;
    if (done.entries < webhooks::kNewsBatch) return queued;
  }
}

std::vector<webhooks::EndpointRef> WebhookWorld::due() {
  return expect(db().read_now([&](core::Tx& tx) -> Result<std::vector<webhooks::EndpointRef>> {
    return webhooks::due_endpoints(tx, now, 100);
  }));
}

std::optional<webhooks::Dispatch> WebhookWorld::take_up(const EndpointId& id, const std::string& holder) {
  return expect(db().write_now([&](core::Tx& tx) -> Result<std::optional<webhooks::Dispatch>> {
    return webhooks::take_up(tx, vault_, ref(id), holder, now);
  }));
}

webhooks::Settled WebhookWorld::settle(const webhooks::Dispatch& dispatch, std::optional<std::int64_t> status,
                                       double random, std::string answer) {
  webhooks::Outcome outcome;
  outcome.began = now;
  outcome.took = milliseconds{12};
  outcome.status = status;
  outcome.answer = std::move(answer);
  if (!status) outcome.error = "connection refused";
  return expect(db().write_now([&](core::Tx& tx) -> Result<webhooks::Settled> {
    return webhooks::settle(tx, dispatch, outcome, random, now);
  }));
}

std::vector<webhooks::Delivery> WebhookWorld::deliveries(const EndpointId& id,
                                                         std::optional<webhooks::DeliveryState> state) {
  const auto may = *identity::authorize<Operation::read_webhook_deliveries>(caller(Role::owner));
  webhooks::DeliveryQuery query;
  query.state = state;
  query.limit = webhooks::kMaxDeliveryPage;
  auto found =
      expect(db().read_now([&](core::Tx& tx) { return webhooks::list_deliveries(tx, may, id, query); }));
  std::ranges::reverse(found);
  return found;
}

std::vector<boost::json::object> WebhookWorld::told(const EndpointId& id) {
  read_feed();
  std::vector<boost::json::object> events;
  while (const auto dispatch = take_up(id)) {
    const auto body = boost::json::parse(dispatch->body);
    for (const auto& event : body.as_array()) {
      events.push_back(event.as_object());
    }
    settle(*dispatch);
  }
  return events;
}

std::vector<std::string> types_of(const std::vector<boost::json::object>& events) {
  std::vector<std::string> types;
  for (const auto& event : events) types.emplace_back(std::string_view(event.at("type").as_string()));
  return types;
}

std::string data_in(const boost::json::object& event, std::string_view name) {
  const auto* data = event.at("data").if_object();
  const auto* member = data == nullptr ? nullptr : data->if_contains(name);
  if (member == nullptr || !member->is_string()) return "(none)";
  return std::string(std::string_view(member->get_string()));
}

}  // namespace latchkey::testing
