// Managing endpoints, and reading and repeating what they were sent. An endpoint of another tailnet is
// answered like none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/credentials/key_mint.h"
#include "core/identity/authorize.h"
#include "core/tx.h"
#include "core/webhooks/delivery.h"
#include "core/webhooks/endpoint.h"
#include "core/webhooks/vault.h"

namespace latchkey::webhooks {

using identity::Operation;
using MayListWebhooks = identity::Permit<Operation::list_webhooks>;
using MayReadWebhook = identity::Permit<Operation::read_webhook>;
using MayCreateWebhook = identity::Permit<Operation::create_webhook>;
using MayUpdateWebhook = identity::Permit<Operation::update_webhook>;
using MayDeleteWebhook = identity::Permit<Operation::delete_webhook>;
using MayRotateWebhook = identity::Permit<Operation::rotate_webhook>;
using MayTestWebhook = identity::Permit<Operation::test_webhook>;
using MayReadDeliveries = identity::Permit<Operation::read_webhook_deliveries>;
using MayReplayWebhook = identity::Permit<Operation::replay_webhook>;

// What the use cases need beside a transaction. Outlives them.
struct WebhookContext {
  const credentials::KeyMint& mint;
  const WebhookVault& vault;
  bool allow_http = false;  // the setting webhooks.allow_http
};

struct NewEndpoint {
  std::string url;
  std::string provider;  // as on the wire; empty: chosen by the address
  std::vector<std::string> subscriptions;
};

// The secret in clear: the answers to creation and rotation are the only places where it ever appears.
struct EndpointWithSecret {
  WebhookEndpoint endpoint;
  SecretString secret;
};

// malformed names the member (endpointUrl, providerType, subscriptions). conflict: kMaxEndpoints are there.
Result<EndpointWithSecret> create_endpoint(core::Tx& tx, const MayCreateWebhook& may, const NewEndpoint& want,
                                           const WebhookContext& context, TimePoint now);
std::vector<WebhookEndpoint> list_endpoints(core::Tx& tx, const MayListWebhooks& may);  // oldest first
Result<WebhookEndpoint> read_endpoint(core::Tx& tx, const MayReadWebhook& may, const EndpointId& id);

// Replaces the list. What is already so writes nothing.
Result<WebhookEndpoint> change_subscriptions(core::Tx& tx, const MayUpdateWebhook& may, const EndpointId& id,
                                             const std::vector<std::string>& subscriptions, TimePoint now);

inline constexpr days kLongestSecretOverlap{30};
// A new secret; what is sent from now on is signed with it, what was queued before too. With an overlap the
// old one signs beside it for so long; an even older one ends now.
Result<EndpointWithSecret> rotate_secret(core::Tx& tx, const MayRotateWebhook& may, const EndpointId& id,
                                         seconds overlap, const WebhookContext& context, TimePoint now);

// Ends the endpoint with its secret, queue and log. One last event, webhookDeleted, is signed before and
// tried once (dispatch.h).
Result<void> delete_endpoint(core::Tx& tx, const MayDeleteWebhook& may, const EndpointId& id,
                             const WebhookContext& context, TimePoint now);

// Has the event `test` queued for this endpoint, whatever it subscribed to. Not in the audit log.
Result<void> request_test(core::Tx& tx, const MayTestWebhook& may, const EndpointId& id, TimePoint now);

struct DeliveryQuery {
  std::optional<DeliveryState> state;
  std::optional<std::int64_t> before;  // only those with a smaller number: the next page
  std::int64_t limit = 100;            // 1 to kMaxDeliveryPage
};
inline constexpr std::int64_t kMaxDeliveryPage = 500;

// Newest first, without bodies.
Result<std::vector<Delivery>> list_deliveries(core::Tx& tx, const MayReadDeliveries& may,
                                              const EndpointId& id, const DeliveryQuery& query);
struct DeliveryWithAttempts {
  Delivery delivery;
  std::vector<Attempt> attempts;  // oldest first
};
Result<DeliveryWithAttempts> read_delivery(core::Tx& tx, const MayReadDeliveries& may, const EndpointId& id,
                                           std::int64_t number);
// The last ones of an endpoint, newest first.
inline constexpr std::int64_t kRecentAttempts = 20;
Result<std::vector<Attempt>> recent_attempts(core::Tx& tx, const MayReadDeliveries& may,
                                             const EndpointId& id);

// What to send again: by number, or all events that happened in a window; in their old order. Deliveries that
// still wait are left out. At most kMaxReplay at a time: more is refused, with how many there are.
struct Replay {
  std::vector<std::int64_t> numbers;
  std::optional<TimePoint> from;  // both or neither, inclusive; with numbers empty
  std::optional<TimePoint> to;
  std::optional<DeliveryState> state;  // of the window: only those, such as given_up
};
inline constexpr std::int64_t kMaxReplay = 1000;
// The new deliveries, oldest first. A number that does not exist: not_found, and nothing is queued.
Result<std::vector<Delivery>> replay(core::Tx& tx, const MayReplayWebhook& may, const EndpointId& id,
                                     const Replay& want, TimePoint now);

}  // namespace latchkey::webhooks
