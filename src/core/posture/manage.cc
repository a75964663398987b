#include "core/posture/manage.h"

#include <boost/json/object.hpp>

#include "core/posture/integration_store.h"
#include "core/tailnet/settings_store.h"
#include "core/tailnet/tailnet_act.h"
#include "crypto/random.h"

namespace latchkey::posture {
namespace {

using audit::Action;

boost::json::object audit_view(const Integration& integration) {
  return {{"id", integration.id.str()},
          {"provider", to_string(integration.provider)},
          {"cloudId", integration.account.cloud_id},
          {"clientId", integration.account.client_id},
          {"tenantId", integration.account.tenant_id}};
}

audit::Act act_of(core::Tx& tx, const identity::Caller& caller, Action action, const IntegrationId& id,
                  TimePoint now) {
  return tailnet::tailnet_act(tx, caller, action, "POSTURE_INTEGRATION", audit::ChangeKind::posture_updated,
                              id.str(), now);
}

Result<void> check_secret(const SecretString& secret) {
  const auto& text = secret.expose();
  if (text.empty()) return malformed("clientSecret must not be empty", "clientSecret");
  if (text.size() > kMaxSecret) {
    return malformed("clientSecret takes at most " + std::to_string(kMaxSecret) + " bytes", "clientSecret");
  }
  return {};
}

Result<Integration> find(core::Tx& tx, const TailnetId& tailnet, std::string_view id) {
  auto found = tx.integrations().find(tailnet, IntegrationId(std::string(id)));
  if (!found) return not_found("posture integration not found");
  return *std::move(found);
}

}  // namespace

std::vector<Integration> list_integrations(core::Tx& tx, const MayRead& may) {
  return tx.integrations().list(may.tailnet());
}

Result<Integration> read_integration(core::Tx& tx, const MayRead& may, std::string_view id) {
  return find(tx, may.tailnet(), id);
}

Result<Integration> create_integration(core::Tx& tx, const MayWrite& may, const NewIntegration& want,
                                       const crypto::Sealer& sealer, TimePoint now) {
  const auto provider = provider_from(want.provider);
  if (!provider) {
    return malformed(
        "provider must be falcon, fleet, huntress, intune, jamfpro, kandji, kolide or sentinelone",
        "provider");
  }
  TRY(check(*provider, want.account));
  TRY(check_secret(want.client_secret));
  Integration made;
  made.id = IntegrationId(id_text('p', crypto::random_bits()));
  made.tailnet = may.tailnet();
  made.provider = *provider;
  made.account = want.account;
  made.sealed_secret = sealer.seal(seal_context(made.tailnet, made.id), want.client_secret);
  made.updated = now;
  auto act = act_of(tx, may.caller(), Action::create, made.id, now);
  act.record.new_value = audit_view(made);
  if (!tx.integrations().insert(made, act)) {
    return conflict("a posture integration with " + want.provider +
                    " exists already; change it, or delete it first");
  }
  return made;
}

Result<Integration> change_integration(core::Tx& tx, const MayWrite& may, std::string_view id,
                                       const IntegrationChange& change, const crypto::Sealer& sealer,
                                       TimePoint now) {
  // So that two changes to different members both stay.
  tx.settings().hold(may.tailnet());
  TRY(auto integration, find(tx, may.tailnet(), id));
  const Integration before = integration;
  if (change.provider && *change.provider != to_string(integration.provider)) {
    return malformed("provider cannot be changed; delete the integration and make another", "provider");
  }
  if (change.cloud_id) integration.account.cloud_id = *change.cloud_id;
  if (change.client_id) integration.account.client_id = *change.client_id;
  if (change.tenant_id) integration.account.tenant_id = *change.tenant_id;
  TRY(check(integration.provider, integration.account));
  if (change.client_secret) {
    TRY(check_secret(*change.client_secret));
    integration.sealed_secret =
        sealer.seal(seal_context(integration.tailnet, integration.id), *change.client_secret);
  } else if (integration.account == before.account) {
    return integration;
  }
  integration.updated = now;
  auto act = act_of(tx, may.caller(), Action::update, integration.id, now);
  act.record.old_value = audit_view(before);
  act.record.new_value = audit_view(integration);
  if (change.client_secret) act.record.details = "with another clientSecret";
  if (!tx.integrations().update(integration, act)) return not_found("posture integration not found");
  return integration;
}

Result<void> remove_integration(core::Tx& tx, const MayWrite& may, std::string_view id, TimePoint now) {
  TRY(const auto integration, find(tx, may.tailnet(), id));
  auto act = act_of(tx, may.caller(), Action::delete_, integration.id, now);
  act.record.old_value = audit_view(integration);
  if (!tx.integrations().remove(may.tailnet(), integration.id, act)) {
    return not_found("posture integration not found");
  }
  return {};
}

}  // namespace latchkey::posture
