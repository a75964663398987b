// Reading and withdrawing keys. A key that the caller may not see is answered like one that does not exist.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/credentials/key_query.h"
#include "core/identity/authorize.h"
#include "core/tx.h"

namespace latchkey::credentials {

inline constexpr std::int64_t kMaxListed = 100'000;

enum class ListScope {
  own,         // keys of the caller; of a trust credential, all trust credentials of its kind
  everything,  // every key that the caller may read
};

// Valid keys only; ended ones stay readable by id while they are retained. With a query, those that it means.
Result<std::vector<Credential>> list_keys(core::Tx& tx,
                                          const identity::Permit<identity::Operation::list_keys>& may,
                                          ListScope scope, TimePoint now,
                                          const std::optional<KeyQuery>& query = std::nullopt);

Result<Credential> read_key(core::Tx& tx, const identity::Permit<identity::Operation::read_key>& may,
                            const CredentialId& id);

// Whether the key's type and owner are within the permit.
bool is_visible(const identity::Permit<identity::Operation::read_key>& may, const Credential& key);
// Trust credentials go by what they may do; other keys by whose they are. Forbidden with the reason.
Result<void> check_revocable(const identity::Permit<identity::Operation::revoke_key>& may,
                             const Credential& key);

// What goes on working when the key is revoked: how many devices are in the tailnet by it.
// Nobody is by anything but an auth key.
std::int64_t count_devices(core::Tx& tx, const Credential& key);

// Every valid token may read its own record, whatever its owner's role or its scopes, and that of the trust
// credential that minted it.
bool is_own_key(const identity::Caller& caller, const CredentialId& id);
Result<Credential> read_own_key(core::Tx& tx, const identity::Caller& caller, const CredentialId& id);

// Idempotent while the record is retained. Visible but not the caller's to revoke: forbidden. `sight` is the
// caller's permit to read keys, if any.
Result<Credential> revoke_key(core::Tx& tx, const identity::Permit<identity::Operation::revoke_key>& may,
                              const identity::Permit<identity::Operation::read_key>& sight,
                              const CredentialId& id, TimePoint now);

// As a part of a larger act that was permitted, with its words. Ends the access tokens of a trust credential
// too. Nothing happens to a key that was revoked before.
void revoke_as_part(core::Tx& tx, const identity::Caller& caller, Credential& key, std::string details,
                    TimePoint now);

}  // namespace latchkey::credentials
