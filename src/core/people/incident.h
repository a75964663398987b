// Incident mode: every key that a query means ends at once.
//
// First a dry run, which changes nothing and gives a fingerprint of what it found; then the same with the
// fingerprint, so that what ends is what was shown. One transaction, one event group, a record for each key.
// A query reaches only what the caller may revoke one by one.
#pragma once

#include <string>
#include <vector>

#include "core/credentials/credential.h"
#include "core/credentials/key_query.h"
#include "core/identity/authorize.h"
#include "core/tx.h"

namespace latchkey::people {

using MayRevokeKey = identity::Permit<identity::Operation::revoke_key>;
using MayReadKey = identity::Permit<identity::Operation::read_key>;

inline constexpr std::size_t kMostRevoked = 10'000;
inline constexpr std::size_t kMaxReason = 500;  // bytes

// At most kMaxReason bytes of one line, or refused.
Result<void> check_reason(const std::string& reason);

struct Incident {
  std::string query;  // with its times in full: it means the same in the next call
  std::string fingerprint;
  std::vector<credentials::Credential> keys;  // newest first; afterwards as they are then
  std::size_t beyond_reach = 0;               // that match, and that the caller may see but not revoke
  std::size_t devices = 0;                    // in the tailnet by one of these keys; they stay
  std::string group;                          // of the records; empty after a dry run
};

// Of these ids, in any order: "3-0a1b2c...".
std::string fingerprint_of(const std::vector<std::string>& ids);

// Malformed: the query, or more than kMostRevoked keys, with how many.
Result<Incident> find_to_revoke(core::Tx& tx, const MayRevokeKey& may, const MayReadKey& sight,
                                const credentials::KeyQuery& query, TimePoint now);

struct MassRevocation {
  credentials::KeyQuery query;
  std::string fingerprint;
  std::string reason;  // recorded with each
};

// conflict: the fingerprint is not that of what matches now. Nothing ends then.
Result<Incident> revoke_matching(core::Tx& tx, const MayRevokeKey& may, const MayReadKey& sight,
                                 const MassRevocation& want, TimePoint now);

}  // namespace latchkey::people
