#include "core/credentials/manage.h"

#include "core/credentials/audit_view.h"
#include "core/credentials/credential_store.h"
#include "core/credentials/find_keys.h"
#include "core/credentials/key_reach.h"
#include "core/tailnet/device_store.h"

namespace latchkey::credentials {
namespace {

Error no_such_key() {
  return not_found("key not found");
}

bool is_listed(const identity::Permit<identity::Operation::list_keys>& may, ListScope scope,
               const Credential& key) {
  const auto& trust = may.caller().trust;
  if (!may.reaches(key.owner) || !scopes_reach(may.caller(), key, identity::ScopeAccess::read)) return false;
  if (!trust || scope == ListScope::everything) return true;
  return key.type == (trust->federated ? KeyType::federated : KeyType::client);
}

bool is_trust_credential(const Credential& key) {
  return key.type == KeyType::client || key.type == KeyType::federated;
}

}  // namespace

Result<void> check_revocable(const identity::Permit<identity::Operation::revoke_key>& may,
                             const Credential& key) {
  if (!scopes_reach(may.caller(), key, identity::ScopeAccess::write)) {
    return forbidden("calling actor does not have enough permissions to revoke keys of this type");
  }
  if (is_trust_credential(key)) return check_scopes_held(may.caller(), key.scopes);
  if (may.reaches(key.owner)) return {};
  return forbidden(
      "calling actor does not have enough permissions to perform this function: the key belongs to "
      "someone else, and only an owner or admin may revoke it");
}

bool is_visible(const identity::Permit<identity::Operation::read_key>& may, const Credential& key) {
  return may.reaches(key.owner) && scopes_reach(may.caller(), key, identity::ScopeAccess::read);
}

Result<std::vector<Credential>> list_keys(core::Tx& tx,
                                          const identity::Permit<identity::Operation::list_keys>& may,
                                          ListScope scope, TimePoint now,
                                          const std::optional<KeyQuery>& query) {
  const auto& caller = may.caller();
  std::optional<UserId> owner;
  if (scope == ListScope::own && !caller.trust) owner = caller.user;
  if (query) {
    TRY(const auto meant, with_people(tx, may.tailnet(), *query));
    TRY(auto found, find_keys(tx, may.tailnet(), meant, now));
    std::erase_if(found, [&](const Credential& key) {
      return !is_listed(may, scope, key) || (owner && key.owner != *owner);
    });
    return found;
  }
  auto keys = tx.credentials().list_valid(may.tailnet(), owner, now, kMaxListed + 1);
  if (keys.size() > static_cast<std::size_t>(kMaxListed)) {
    return malformed("more than " + std::to_string(kMaxListed) +
                     " keys match; list without all=true, or by id");
  }
  std::erase_if(keys, [&](const Credential& key) { return !is_listed(may, scope, key); });
  return keys;
}

Result<Credential> read_key(core::Tx& tx, const identity::Permit<identity::Operation::read_key>& may,
                            const CredentialId& id) {
  auto key = tx.credentials().find(may.tailnet(), id);
  if (!key || !is_visible(may, *key)) return no_such_key();
  return *std::move(key);
}

std::int64_t count_devices(core::Tx& tx, const Credential& key) {
  return tx.devices().count_of_auth_key(key.tailnet, key.id);
}

bool is_own_key(const identity::Caller& caller, const CredentialId& id) {
  return id == caller.source.credential || (caller.trust && id == caller.trust->credential);
}

Result<Credential> read_own_key(core::Tx& tx, const identity::Caller& caller, const CredentialId& id) {
  auto key = is_own_key(caller, id) ? tx.credentials().find(caller.tailnet, id) : std::nullopt;
  if (!key) return no_such_key();
  return *std::move(key);
}

Result<Credential> revoke_key(core::Tx& tx, const identity::Permit<identity::Operation::revoke_key>& may,
                              const identity::Permit<identity::Operation::read_key>& sight,
                              const CredentialId& id, TimePoint now) {
  TRY(auto key, read_key(tx, sight, id));
  TRY(check_revocable(may, key));
  revoke_as_part(tx, may.caller(), key, {}, now);
  return key;
}

void revoke_as_part(core::Tx& tx, const identity::Caller& caller, Credential& key, std::string details,
                    TimePoint now) {
  if (key.revoked) return;
  if (is_trust_credential(key)) {
    const auto tokens = tx.credentials().revoke_minted(key.tailnet, key.id, now);
    if (!details.empty()) details += "; ";
    details += "access tokens ended: " + std::to_string(tokens);
  }
  auto act = act_on(key, caller, audit::Action::revoke, audit::ChangeKind::credential_revoked, now);
  act.record.details = std::move(details);
  if (tx.credentials().revoke(key.tailnet, key.id, now, act)) key.revoked = now;
}

}  // namespace latchkey::credentials
