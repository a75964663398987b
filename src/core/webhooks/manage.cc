#include "core/webhooks/manage.h"

#include <algorithm>

#include "core/identity/hold_caller.h"
#include "core/tailnet/tailnet.h"
#include "core/webhooks/audit_view.h"
#include "core/webhooks/payload.h"
#include "core/webhooks/provider_body.h"
#include "core/webhooks/signature.h"
#include "core/webhooks/subscription.h"
#include "core/webhooks/webhook_store.h"
#include "crypto/random.h"

namespace latchkey::webhooks {
namespace {

using audit::Action;
using audit::ChangeKind;

Result<WebhookEndpoint> find(core::Tx& tx, const TailnetId& tailnet, const EndpointId& id) {
  auto found = tx.webhooks().find(tailnet, id);
  if (!found) return not_found("webhook endpoint not found");
  return *std::move(found);
}

Result<Provider> check_provider(const std::string& text) {
  const auto provider = provider_from(text);
  if (provider) return *provider;
  return malformed("providerType is one of slack, mattermost, googlechat, discord, or empty", "providerType");
}

Result<void> store(core::Tx& tx, const WebhookEndpoint& endpoint, const audit::Act& act) {
  if (tx.webhooks().update(endpoint, act)) return {};
  return not_found("webhook endpoint not found");
}

}  // namespace

Result<EndpointWithSecret> create_endpoint(core::Tx& tx, const MayCreateWebhook& may, const NewEndpoint& want,
                                           const WebhookContext& context, TimePoint now) {
  TRY(check_endpoint_url(want.url, context.allow_http));
  WebhookEndpoint endpoint;
  TRY(endpoint.provider, check_provider(want.provider));
  TRY(endpoint.subscriptions, check_subscriptions(want.subscriptions));
  TRY(identity::hold_caller(tx, may.caller()));
  if (tx.webhooks().list(may.tailnet()).size() >= kMaxEndpoints) {
    return conflict("there are " + std::to_string(kMaxEndpoints) +
                    " webhook endpoints, as many as a tailnet may have: delete one first");
  }
  auto minted = context.mint.mint(credentials::KeyType::webhook);
  endpoint.id = EndpointId(id_text('w', crypto::random_bits()));
  endpoint.tailnet = may.tailnet();
  endpoint.url = want.url;
  endpoint.creator = may.caller().user;
  if (!may.caller().trust) endpoint.creator_login = may.caller().login_name;
  endpoint.created = now;
  endpoint.modified = now;
  endpoint.secrets.id = std::move(minted.id);
  endpoint.secrets.present = context.vault.seal(endpoint.tailnet, endpoint.id, minted.text);

  auto act = act_on(endpoint, may.caller(), Action::create, {}, ChangeKind::webhook_created, now);
  act.record.new_value = audit_view(endpoint);
  tx.webhooks().insert(endpoint, act);
  return EndpointWithSecret{std::move(endpoint), std::move(minted.text)};
}

std::vector<WebhookEndpoint> list_endpoints(core::Tx& tx, const MayListWebhooks& may) {
  return tx.webhooks().list(may.tailnet());
}

Result<WebhookEndpoint> read_endpoint(core::Tx& tx, const MayReadWebhook& may, const EndpointId& id) {
  return find(tx, may.tailnet(), id);
}

Result<WebhookEndpoint> change_subscriptions(core::Tx& tx, const MayUpdateWebhook& may, const EndpointId& id,
                                             const std::vector<std::string>& subscriptions, TimePoint now) {
  TRY(auto endpoint, find(tx, may.tailnet(), id));
  TRY(auto chosen, check_subscriptions(subscriptions));
  if (chosen == endpoint.subscriptions) return endpoint;
  auto act =
      act_on(endpoint, may.caller(), Action::update, "SUBSCRIBED_EVENTS", ChangeKind::webhook_updated, now);
  act.record.old_value = audit_view(endpoint);
  endpoint.subscriptions = std::move(chosen);
  endpoint.modified = now;
  act.record.new_value = audit_view(endpoint);
  TRY(store(tx, endpoint, act));
  return endpoint;
}

Result<EndpointWithSecret> rotate_secret(core::Tx& tx, const MayRotateWebhook& may, const EndpointId& id,
                                         seconds overlap, const WebhookContext& context, TimePoint now) {
  if (overlap < seconds{0} || overlap > kLongestSecretOverlap) {
    return malformed(
        "overlapSeconds must be between 0 and " + std::to_string(seconds{kLongestSecretOverlap}.count()),
        "overlapSeconds");
  }
  TRY(auto endpoint, find(tx, may.tailnet(), id));
  auto minted = context.mint.mint(credentials::KeyType::webhook, endpoint.secrets.id);
  auto act = act_on(endpoint, may.caller(), Action::update, "SECRET", ChangeKind::webhook_updated, now);
  act.record.details = "secret rotated; the old one has ended";
  endpoint.secrets.old.reset();
  if (overlap > seconds{0}) {
    const auto until = whole_second(now) + overlap;
    endpoint.secrets.old = WebhookSecrets::Old{std::move(endpoint.secrets.present), until};
    act.record.details = "secret rotated; the old one ends at " + to_rfc3339(until);
  }
  endpoint.secrets.present = context.vault.seal(endpoint.tailnet, endpoint.id, minted.text);
  endpoint.modified = now;
  TRY(store(tx, endpoint, act));
  return EndpointWithSecret{std::move(endpoint), std::move(minted.text)};
}

namespace {

// What the endpoint is told last, finished, since its secret goes now.
Farewell farewell_of(core::Tx& tx, const WebhookEndpoint& endpoint, const identity::Caller& caller,
                     const WebhookVault& vault, TimePoint now) {
  Event event;
  event.type = EventType::webhook_deleted;
  event.tailnet = endpoint.tailnet;
  event.at = now;
  event.message = "Webhook endpoint " + endpoint.id.str() + " deleted";
  const auto actor = identity::actor_of(caller);
  event.data =
      boost::json::object{{"endpointID", endpoint.id.str()},
                          {"actor", actor.login_name.empty() ? actor.display_name : actor.login_name}};
  const auto tailnet = tx.tailnets().find(endpoint.tailnet);
  const std::string json = event_json(event, tailnet ? tailnet->name : std::string());

  const auto format = format_of(endpoint);
  Farewell farewell;
  farewell.endpoint = {endpoint.tailnet, endpoint.id};
  farewell.queued = now;
  farewell.url = endpoint.url;
  farewell.masked_url = masked_url(endpoint);
  farewell.body =
      format == Provider::generic ? batch_json({&json, 1}) : chat_body(format, chat_message_of(json));
  farewell.signature = sign(vault.signing_secrets(endpoint, now), now, farewell.body);
  return farewell;
}

}  // namespace

Result<void> delete_endpoint(core::Tx& tx, const MayDeleteWebhook& may, const EndpointId& id,
                             const WebhookContext& context, TimePoint now) {
  TRY(const auto endpoint, find(tx, may.tailnet(), id));
  auto act = act_on(endpoint, may.caller(), Action::delete_, {}, ChangeKind::webhook_deleted, now);
  act.record.old_value = audit_view(endpoint);
  const auto farewell = farewell_of(tx, endpoint, may.caller(), context.vault, now);
  if (!tx.webhooks().remove(endpoint.tailnet, endpoint.id, act)) {
    return not_found("webhook endpoint not found");
  }
  tx.webhooks().insert_farewell(farewell);
  return {};
}

Result<void> request_test(core::Tx& tx, const MayTestWebhook& may, const EndpointId& id, TimePoint now) {
  TRY(const auto endpoint, find(tx, may.tailnet(), id));
  tx.webhooks().announce({ChangeKind::webhook_test_requested, endpoint.tailnet, endpoint.id.str(), 0, now});
  return {};
}

}  // namespace latchkey::webhooks
