// Reading and withdrawing keys. A key that the caller may not see is answered like one that does not exist.
#pragma once

#include <vector>

#include "core/credentials/credential.h"
#include "core/identity/authorize.h"
#include "core/tx.h"

namespace latchkey::credentials {

inline constexpr std::int64_t kMaxListed = 100'000;

enum class ListScope {
  own,         // keys of the caller; of a trust credential, all trust credentials of its kind
  everything,  // every key that the caller may read
};

// Valid keys only; ended ones stay readable by id while they are retained.
Result<std::vector<Credential>> list_keys(core::Tx& tx,
                                          const identity::Permit<identity::Operation::list_keys>& may,
                                          ListScope scope, TimePoint now);

Result<Credential> read_key(core::Tx& tx, const identity::Permit<identity::Operation::read_key>& may,
                            const CredentialId& id);

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

}  // namespace latchkey::credentials
