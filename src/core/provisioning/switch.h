// Switching provisioning on and off, and its key: exactly one is valid in a tailnet at any moment
// (docs/provisioning.md). The key belongs to the tailnet and never expires.
#pragma once

#include <optional>

#include "core/credentials/issue.h"
#include "core/identity/authorize.h"
#include "core/provisioning/provisioning.h"
#include "core/tx.h"

namespace latchkey::provisioning {

using MayManage = identity::Permit<identity::Operation::manage_provisioning>;
using MayRead = identity::Permit<identity::Operation::read_provisioning>;

// A key that no sync used for so long: nobody is offboarded by it.
inline constexpr days kQuietAfter{7};

struct Status {
  Provisioning provisioning;
  std::optional<credentials::Credential> key;  // the valid one
  bool quiet = false;                          // on, and its key unused for kQuietAfter
};

Status read_status(core::Tx& tx, const MayRead& may, TimePoint now);

// Makes the first key, ends one that outlived an earlier switching off, and switches user approval off:
// the provider decides who comes in. A conflict when it is on already.
Result<credentials::IssuedKey> enable(core::Tx& tx, const MayManage& may, const credentials::Issuer& issuer,
                                      TimePoint now);

// Ends the present key, if there is one, in the same transaction. A conflict while provisioning is off.
Result<credentials::IssuedKey> generate_key(core::Tx& tx, const MayManage& may,
                                            const credentials::Issuer& issuer, TimePoint now);

// Users and groups stay as last synced. Idempotent; the key that ended, if there was one.
Result<std::optional<credentials::Credential>> revoke_key(core::Tx& tx, const MayManage& may, TimePoint now);

// The key is refused from now on; with `and_key` it is revoked too. Users and groups stay. A conflict when it
// is off already.
Result<void> disable(core::Tx& tx, const MayManage& may, bool and_key, TimePoint now);

// Whether the sync may speak at all: unauthenticated while provisioning is off.
Result<void> require_enabled(core::Tx& tx, const TailnetId& tailnet);

}  // namespace latchkey::provisioning
