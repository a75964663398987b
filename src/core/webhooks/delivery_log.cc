#include <algorithm>

#include "core/webhooks/manage.h"
#include "core/webhooks/webhook_store.h"

namespace latchkey::webhooks {
namespace {

Result<EndpointRef> find(core::Tx& tx, const TailnetId& tailnet, const EndpointId& id) {
  if (!tx.webhooks().find(tailnet, id)) return not_found("webhook endpoint not found");
  return EndpointRef{tailnet, id};
}

Error no_such_delivery(std::int64_t number) {
  return not_found("delivery " + std::to_string(number) + " not found: it never was, or is no longer kept");
}

Error too_many() {
  return malformed("at most " + std::to_string(kMaxReplay) +
                   " deliveries are sent again at a time: choose a shorter window");
}

Result<std::vector<Delivery>> chosen(core::Tx& tx, const EndpointRef& endpoint, const Replay& want) {
  if (want.numbers.size() > static_cast<std::size_t>(kMaxReplay)) return too_many();
  std::vector<Delivery> found;
  if (want.numbers.empty()) {
    if (!want.from || !want.to) {
      return malformed("name deliveries, or a window with from and to", want.from ? "to" : "from");
    }
    if (*want.from > *want.to) return malformed("from is after to", "from");
    found = tx.webhooks().deliveries_between(endpoint, *want.from, *want.to, want.state, kMaxReplay + 1);
    if (found.size() > static_cast<std::size_t>(kMaxReplay)) return too_many();
    return found;
  }
  if (want.from || want.to) return malformed("name deliveries, or a window: not both", "from");
  for (const auto number : want.numbers) {
    auto delivery = tx.webhooks().delivery(endpoint, number);
    if (!delivery) return no_such_delivery(number);
    found.push_back(*std::move(delivery));
  }
  std::ranges::sort(found, {}, &Delivery::number);
  const auto repeated = std::ranges::unique(found, {}, &Delivery::number);
  found.erase(repeated.begin(), repeated.end());
  std::erase_if(found, [](const Delivery& delivery) { return delivery.state == DeliveryState::waiting; });
  return found;
}

}  // namespace

Result<std::vector<Delivery>> list_deliveries(core::Tx& tx, const MayReadDeliveries& may,
                                              const EndpointId& id, const DeliveryQuery& query) {
  if (query.limit < 1 || query.limit > kMaxDeliveryPage) {
    return malformed("limit must be between 1 and " + std::to_string(kMaxDeliveryPage), "limit");
  }
  TRY(const auto endpoint, find(tx, may.tailnet(), id));
  return tx.webhooks().deliveries(endpoint, query);
}

Result<DeliveryWithAttempts> read_delivery(core::Tx& tx, const MayReadDeliveries& may, const EndpointId& id,
                                           std::int64_t number) {
  TRY(const auto endpoint, find(tx, may.tailnet(), id));
  auto delivery = tx.webhooks().delivery(endpoint, number);
  if (!delivery) return no_such_delivery(number);
  return DeliveryWithAttempts{*std::move(delivery), tx.webhooks().attempts_of(endpoint, number)};
}

Result<std::vector<Attempt>> recent_attempts(core::Tx& tx, const MayReadDeliveries& may,
                                             const EndpointId& id) {
  TRY(const auto endpoint, find(tx, may.tailnet(), id));
  return tx.webhooks().attempts(endpoint, kRecentAttempts);
}

Result<std::vector<Delivery>> replay(core::Tx& tx, const MayReplayWebhook& may, const EndpointId& id,
                                     const Replay& want, TimePoint now) {
  TRY(const auto endpoint, find(tx, may.tailnet(), id));
  TRY(const auto again, chosen(tx, endpoint, want));
  // One event once, however often it was sent before.
  std::vector<std::int64_t> events;
  std::vector<Delivery> queued;
  for (const auto& before : again) {
    if (std::ranges::find(events, before.event) != events.end()) continue;
    events.push_back(before.event);
    Delivery delivery = before;
    delivery.number = tx.webhooks().enqueue(endpoint, before.event, before.number, now);
    if (delivery.number == 0) return not_found("webhook endpoint not found");
    delivery.state = DeliveryState::waiting;
    delivery.queued = now;
    delivery.attempts = 0;
    delivery.next_attempt = now;
    delivery.ended.reset();
    delivery.replay_of = before.number;
    delivery.body.clear();
    queued.push_back(std::move(delivery));
  }
  return queued;
}

}  // namespace latchkey::webhooks
