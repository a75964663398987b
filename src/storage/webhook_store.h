// Webhook endpoints, their queues and delivery logs in SQL: endpoints in webhook_store.cc, what they are sent
// in webhook_queue.cc and webhook_log.cc.
#pragma once

#include "core/webhooks/webhook_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlWebhookStore final : public webhooks::WebhookStore {
 public:
  using EndpointRef = webhooks::EndpointRef;
  using Numbers = std::span<const std::int64_t>;

  explicit SqlWebhookStore(UnitOfWork& work) : work_(work) {}

  std::optional<webhooks::WebhookEndpoint> find(const TailnetId& tailnet, const EndpointId& id) override;
  std::optional<webhooks::WebhookEndpoint> find_by_secret(const CredentialId& secret) override;
  std::vector<webhooks::WebhookEndpoint> list(const TailnetId& tailnet) override;
  void insert(const webhooks::WebhookEndpoint& endpoint, const audit::Act& act) override;
  bool update(const webhooks::WebhookEndpoint& endpoint, const audit::Act& act) override;
  bool remove(const TailnetId& tailnet, const EndpointId& id, const audit::Act& act) override;
  void announce(const audit::Change& change) override { work_.announce(change); }

  void keep(const webhooks::KeptEvent& event) override;
  std::int64_t enqueue(const EndpointRef& endpoint, std::int64_t event, std::int64_t replay_of,
                       TimePoint now) override;
  void insert_farewell(const webhooks::Farewell& farewell) override;

  std::vector<EndpointRef> due(TimePoint now, std::int64_t limit) override;
  std::optional<TimePoint> next_due(TimePoint now) override;
  bool claim(const EndpointRef& endpoint, std::string_view claim, TimePoint now, TimePoint until) override;
  std::optional<webhooks::Farewell> take_farewell(const EndpointRef& endpoint) override;
  std::vector<webhooks::Delivery> waiting(const EndpointRef& endpoint, TimePoint now,
                                          std::int64_t limit) override;
  bool holds_claim(const EndpointRef& endpoint, std::string_view claim) override;
  bool end_claim(const webhooks::ClaimEnd& end) override;
  void drop_claim(const webhooks::EndpointRef& endpoint, std::string_view claim) override;
  void drop_claims() override;
  webhooks::QueueState queue_state() override;
  void record(const webhooks::Attempt& attempt) override;
  std::int64_t end_deliveries(const EndpointRef& endpoint, Numbers numbers, webhooks::DeliveryState state,
                              TimePoint now) override;
  void put_off(const EndpointRef& endpoint, Numbers numbers, TimePoint next_attempt) override;
  std::int64_t give_up(const EndpointRef& endpoint, TimePoint queued, TimePoint now) override;

  std::vector<webhooks::Delivery> deliveries(const EndpointRef& endpoint,
                                             const webhooks::DeliveryQuery& query) override;
  std::optional<webhooks::Delivery> delivery(const EndpointRef& endpoint, std::int64_t number) override;
  std::vector<webhooks::Delivery> deliveries_between(const EndpointRef& endpoint, TimePoint from,
                                                     TimePoint to,
                                                     std::optional<webhooks::DeliveryState> state,
                                                     std::int64_t limit) override;
  std::vector<webhooks::Attempt> attempts_of(const EndpointRef& endpoint, std::int64_t number) override;
  std::vector<webhooks::Attempt> attempts(const EndpointRef& endpoint, std::int64_t limit) override;
  std::int64_t forget(TimePoint before, std::int64_t most, std::int64_t limit) override;

 private:
  UnitOfWork& work_;
};

}  // namespace latchkey::storage
