#include "core/signon/manage_providers.h"

#include <stdexcept>

#include "core/signon/audit_view.h"
#include "core/signon/session_store.h"
#include "core/signon/sign_on_store.h"
#include "core/tailnet/settings_store.h"
#include "core/tailnet/tailnet_act.h"

namespace latchkey::signon {
namespace {

using audit::Action;

audit::Act act_of(core::Tx& tx, const identity::Caller& caller, Action action, const Provider& provider,
                  TimePoint now) {
  return tailnet::tailnet_act(tx, caller, action, "IDENTITY_PROVIDER",
                              audit::ChangeKind::sign_on_provider_updated, provider.id, now);
}

Result<Provider> find(core::Tx& tx, const TailnetId& tailnet, std::string_view id) {
  auto found = tx.sign_on().provider(tailnet, id);
  if (!found) return not_found("identity provider not found");
  return *std::move(found);
}

template <class T>
void put(T& member, const std::optional<T>& wanted) {
  if (wanted) member = *wanted;
}

ProviderSettings changed(ProviderSettings settings, const ProviderChange& change) {
  put(settings.name, change.name);
  put(settings.client_id, change.client_id);
  put(settings.login_claim, change.login_claim);
  put(settings.login_is_verified, change.login_is_verified);
  if (change.domains) settings.domains = fold_domains(*change.domains);
  put(settings.scopes, change.scopes);
  put(settings.groups_claim, change.groups_claim);
  put(settings.allowed_groups, change.allowed_groups);
  put(settings.enabled, change.enabled);
  return settings;
}

std::string ended(std::int64_t sessions) {
  if (sessions == 0) return {};
  return "ended " + std::to_string(sessions) + (sessions == 1 ? " session" : " sessions");
}

}  // namespace

std::vector<Provider> list_providers(core::Tx& tx, const MayReadSignOn& may) {
  return tx.sign_on().providers(may.tailnet());
}

Result<Provider> read_provider(core::Tx& tx, const MayReadSignOn& may, std::string_view id) {
  return find(tx, may.tailnet(), id);
}

Result<void> check_new_provider(NewProvider& want, const SignOnContext& context) {
  TRY(check_provider_id(want.id));
  want.settings.domains = fold_domains(std::move(want.settings.domains));
  TRY(check_provider(want.settings, context.allow_http));
  return check_client_secret(want.client_secret);
}

Result<Provider> create_provider(core::Tx& tx, const MayWriteSignOn& may, NewProvider want,
                                 const SignOnContext& context, TimePoint now) {
  TRY(check_new_provider(want, context));
  // So that the limit holds against two at once.
  tx.settings().hold(may.tailnet());
  if (tx.sign_on().providers(may.tailnet()).size() >= kMaxProviders) {
    return conflict("a tailnet has at most " + std::to_string(kMaxProviders) + " identity providers");
  }
  Provider made;
  made.id = std::move(want.id);
  made.tailnet = may.tailnet();
  made.settings = std::move(want.settings);
  made.sealed_secret = context.sealer.seal(seal_context(made), want.client_secret);
  made.set_up_by = may.caller().role;
  made.created = made.modified = now;
  auto act = act_of(tx, may.caller(), Action::create, made, now);
  act.record.new_value = audit_view(made);
  if (!tx.sign_on().insert(made, act)) {
    return conflict("an identity provider with this id or this issuer exists already");
  }
  return made;
}

Result<Provider> change_provider(core::Tx& tx, const MayWriteSignOn& may, std::string_view id,
                                 const ProviderChange& change, const SignOnContext& context, TimePoint now) {
  tx.settings().hold(may.tailnet());
  TRY(auto provider, find(tx, may.tailnet(), id));
  const Provider before = provider;
  provider.settings = changed(std::move(provider.settings), change);
  TRY(check_provider(provider.settings, context.allow_http));
  if (change.client_secret) {
    TRY(check_client_secret(*change.client_secret));
    provider.sealed_secret = context.sealer.seal(seal_context(provider), *change.client_secret);
  } else if (provider.settings == before.settings) {
    return provider;
  }
  provider.set_up_by = may.caller().role;
  provider.modified = now;
  auto renamed = before.settings;
  renamed.name = provider.settings.name;
  const bool name_only = !change.client_secret && renamed == provider.settings;
  auto act = act_of(tx, may.caller(), Action::update, provider, now);
  act.record.old_value = audit_view(before);
  act.record.new_value = audit_view(provider);
  if (change.client_secret) act.record.details = "with another client secret";
  if (!name_only) {
    const auto said = ended(tx.sessions().remove_of_provider(provider.tailnet, provider.id));
    if (!said.empty()) act.record.details += (act.record.details.empty() ? "" : "; ") + said;
  }
  if (!tx.sign_on().update(provider, act)) return not_found("identity provider not found");
  return provider;
}

Result<void> remove_provider(core::Tx& tx, const MayWriteSignOn& may, std::string_view id, TimePoint now) {
  TRY(const auto provider, find(tx, may.tailnet(), id));
  auto act = act_of(tx, may.caller(), Action::delete_, provider, now);
  act.record.old_value = audit_view(provider);
  act.record.details = ended(tx.sessions().remove_of_provider(provider.tailnet, provider.id));
  if (!tx.sign_on().remove_provider(may.tailnet(), id, act)) return not_found("identity provider not found");
  return {};
}

SecretString client_secret_of(const Provider& provider, const SignOnContext& context) {
  auto secret = context.sealer.open(seal_context(provider), provider.sealed_secret);
  if (!secret) throw std::runtime_error("the client secret of provider " + provider.id + " does not open");
  return *std::move(secret);
}

}  // namespace latchkey::signon
