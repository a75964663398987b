// Periodic work on credentials. Correct when it runs twice or on two replicas at once.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "core/tx.h"

namespace latchkey::credentials {

inline constexpr std::int64_t kSweepBatch = 500;
// How long a revoked, spent or expired credential stays readable; the audit log keeps at least as long.
inline constexpr days kRetention{90};

// Writes API_KEY.EXPIRED once for each credential whose date has passed. Refusal does not wait for this:
// expiry is judged at every use. Returns how many; call again while it returns kSweepBatch.
std::int64_t announce_expired(core::Tx& tx, TimePoint now);

// Puts into the feed, once each, that a credential expires within seven days and within one; of both at once
// the shorter, and not of one that was made for no longer than that. Returns how many; call again while it
// returns kSweepBatch or more.
std::int64_t warn_of_expiring(core::Tx& tx, TimePoint now);

// Forgets credentials that ended more than `retention` ago, and access tokens of trust credentials once they
// have expired. Call again while it returns kSweepBatch.
std::int64_t purge_ended(core::Tx& tx, TimePoint now, days retention = kRetention);

}  // namespace latchkey::credentials
