// What is worth telling about the use of a credential: the first one, one after a long silence, and refusal
// again and again. Told by the change feed, since no act of configuration.
#pragma once

#include <span>

#include "core/credentials/credential_store.h"
#include "core/tx.h"

namespace latchkey::credentials {

inline constexpr days kLongSilence{30};
// The true secret of a credential that has ended: somebody still depends on it, or somebody has found it.
inline constexpr std::int64_t kManyRefusals = 10;
inline constexpr hours kRefusalWindow{1};
inline constexpr days kRefusalPause{1};  // told once in so long

struct UseBefore {
  TailnetId tailnet;
  CredentialId id;
  std::int64_t uses = 0;               // before this one
  std::optional<TimePoint> last_used;  // likewise
};
// After a use that was counted in this transaction.
void watch_use(core::Tx& tx, const UseBefore& before, TimePoint now);

// Writes down uses and refusals that were gathered, and tells what is worth it. Access tokens of trust
// credentials come and go within the hour: nothing is told of them.
void write_usage(core::Tx& tx, std::span<const UseTally> tallies);

// `added` refusals more, the last one at `at`; whether that is to be told.
bool judge_refusals(CredentialStore::Refusals& refusals, std::int64_t added, TimePoint at);

}  // namespace latchkey::credentials
