#include "core/credentials/manage.h"

#include "core/credentials/audit_view.h"
#include "core/credentials/credential_store.h"
#include "core/tailnet/device_store.h"

namespace latchkey::credentials {
namespace {

Error no_such_key() {
  return not_found("key not found");
}

}  // namespace

Result<std::vector<Credential>> list_keys(core::Tx& tx,
                                          const identity::Permit<identity::Operation::list_keys>& may,
                                          ListScope scope, TimePoint now) {
  std::optional<UserId> owner;
  if (scope == ListScope::own) owner = may.caller().user;
  auto keys = tx.credentials().list_valid(may.tailnet(), owner, now, kMaxListed + 1);
  if (keys.size() > static_cast<std::size_t>(kMaxListed)) {
    return malformed("more than " + std::to_string(kMaxListed) +
                     " keys match; list without all=true, or by id");
  }
  std::erase_if(keys, [&](const Credential& key) { return !may.reaches(key.owner); });
  return keys;
}

Result<Credential> read_key(core::Tx& tx, const identity::Permit<identity::Operation::read_key>& may,
                            const CredentialId& id) {
  auto key = tx.credentials().find(may.tailnet(), id);
  if (!key || !may.reaches(key->owner)) return no_such_key();
  return *std::move(key);
}

std::int64_t count_devices(core::Tx& tx, const Credential& key) {
  return tx.devices().count_of_auth_key(key.tailnet, key.id);
}

Result<Credential> read_own_key(core::Tx& tx, const identity::Caller& caller) {
  auto key = tx.credentials().find(caller.tailnet, caller.source.credential);
  if (!key) return no_such_key();
  return *std::move(key);
}

Result<Credential> revoke_key(core::Tx& tx, const identity::Permit<identity::Operation::revoke_key>& may,
                              const identity::Permit<identity::Operation::read_key>& sight,
                              const CredentialId& id, TimePoint now) {
  TRY(auto key, read_key(tx, sight, id));
  if (!may.reaches(key.owner)) {
    return forbidden(
        "calling actor does not have enough permissions to perform this function: the key belongs to "
        "someone else, and only an owner or admin may revoke it");
  }
  if (!key.revoked && tx.credentials().revoke(key.tailnet, key.id, now,
                                              act_on(key, may.caller(), audit::Action::revoke,
                                                     audit::ChangeKind::credential_revoked, now))) {
    key.revoked = now;
  }
  return key;
}

}  // namespace latchkey::credentials
