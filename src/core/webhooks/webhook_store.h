// Where endpoints, their queues and their delivery logs are kept.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/audit/act.h"
#include "core/webhooks/delivery.h"
#include "core/webhooks/dispatch.h"
#include "core/webhooks/endpoint.h"
#include "core/webhooks/manage.h"

namespace latchkey::webhooks {

// An event as it is kept, once for all endpoints that are told of it.
struct KeptEvent {
  TailnetId tailnet;
  std::int64_t id = 0;  // from the position in the feed, so that no entry is kept twice
  TimePoint at{};
  std::string type;
  std::string message;
  std::string body;  // event_json
};

// The last request to an endpoint that was deleted, finished and signed.
struct Farewell {
  EndpointRef endpoint;
  TimePoint queued{};
  std::string url;
  std::string masked_url;
  std::string body;
  std::string signature;
};

// What an attempt changes in an endpoint, if the claim still holds.
struct ClaimEnd {
  EndpointRef endpoint;
  std::string claim;
  EndpointHealth health;
};

// All that wait, of all endpoints.
struct QueueState {
  std::int64_t waiting = 0;
  std::optional<TimePoint> oldest;  // when it was queued
};

class WebhookStore {
 public:
  virtual ~WebhookStore() = default;

  virtual std::optional<WebhookEndpoint> find(const TailnetId& tailnet, const EndpointId& id) = 0;
  // The endpoint with this secret; `secret` is the public id in its text. Unique over all tailnets.
  virtual std::optional<WebhookEndpoint> find_by_secret(const CredentialId& secret) = 0;
  virtual std::vector<WebhookEndpoint> list(const TailnetId& tailnet) = 0;  // oldest first
  virtual void insert(const WebhookEndpoint& endpoint, const audit::Act& act) = 0;
  // Writes subscriptions, secrets and `modified`. False when it does not exist; nothing is written then.
  virtual bool update(const WebhookEndpoint& endpoint, const audit::Act& act) = 0;
  // With its queue and log.
  virtual bool remove(const TailnetId& tailnet, const EndpointId& id, const audit::Act& act) = 0;
  // What is told by the feed alone: a test, a failure that lasts.
  virtual void announce(const audit::Change& change) = 0;

  // Queueing. keep() is idempotent. enqueue() gives the delivery its number, and drops the oldest waiting
  // ones beyond kMaxQueued; nothing when the endpoint is gone. Returns the number, 0 for nothing.
  virtual void keep(const KeptEvent& event) = 0;
  virtual std::int64_t enqueue(const EndpointRef& endpoint, std::int64_t event, std::int64_t replay_of,
                               TimePoint now) = 0;
  virtual void insert_farewell(const Farewell& farewell) = 0;

  // Sending.
  virtual std::vector<EndpointRef> due(TimePoint now, std::int64_t limit) = 0;
  virtual std::optional<TimePoint> next_due(TimePoint now) = 0;
  // False when it is claimed, paused or gone.
  virtual bool claim(const EndpointRef& endpoint, std::string_view claim, TimePoint now, TimePoint until) = 0;
  // Takes the farewell out for good: it is tried once.
  virtual std::optional<Farewell> take_farewell(const EndpointRef& endpoint) = 0;
  // Waiting and due, oldest first, with bodies.
  virtual std::vector<Delivery> waiting(const EndpointRef& endpoint, TimePoint now, std::int64_t limit) = 0;
  // Whether nobody else has taken it since; until the transaction ends nobody does.
  virtual bool holds_claim(const EndpointRef& endpoint, std::string_view claim) = 0;
  // Ends the claim and writes the health. False when the claim had lapsed; nothing is written then.
  virtual bool end_claim(const ClaimEnd& end) = 0;
  // Ends the claim and nothing else.
  virtual void drop_claim(const EndpointRef& endpoint, std::string_view claim) = 0;
  // Ends all claims, when whoever held them is known to be gone.
  virtual void drop_claims() = 0;
  virtual QueueState queue_state() = 0;
  virtual void record(const Attempt& attempt) = 0;
  // Only those that still wait; returns how many did.
  virtual std::int64_t end_deliveries(const EndpointRef& endpoint, std::span<const std::int64_t> numbers,
                                      DeliveryState state, TimePoint now) = 0;
  virtual void put_off(const EndpointRef& endpoint, std::span<const std::int64_t> numbers,
                       TimePoint next_attempt) = 0;
  // Ends all that were queued before or at `queued` and still wait. Returns how many.
  virtual std::int64_t give_up(const EndpointRef& endpoint, TimePoint queued, TimePoint now) = 0;

  // The delivery log.
  virtual std::vector<Delivery> deliveries(const EndpointRef& endpoint, const DeliveryQuery& query) = 0;
  virtual std::optional<Delivery> delivery(const EndpointRef& endpoint, std::int64_t number) = 0;
  // Not waiting, oldest event first.
  virtual std::vector<Delivery> deliveries_between(const EndpointRef& endpoint, TimePoint from, TimePoint to,
                                                   std::optional<DeliveryState> state,
                                                   std::int64_t limit) = 0;
  // Of one delivery, oldest first; or the last `limit` of the endpoint, newest first.
  virtual std::vector<Attempt> attempts_of(const EndpointRef& endpoint, std::int64_t number) = 0;
  virtual std::vector<Attempt> attempts(const EndpointRef& endpoint, std::int64_t limit) = 0;
  // Ended deliveries and attempts older than `before` or beyond `most` of an endpoint, events that no
  // delivery tells any more, farewells that nobody sent. Returns the largest number of rows of one kind.
  virtual std::int64_t forget(TimePoint before, std::int64_t most, std::int64_t limit) = 0;
};

}  // namespace latchkey::webhooks
