// Periodic work on devices. Correct when it runs twice or on two replicas at once.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "core/tx.h"

namespace latchkey::tailnet {

inline constexpr std::int64_t kDeviceSweepBatch = 500;
// Writes NODE.EXPIRED.KEY_EXPIRY_TIME once for each node key whose date has passed, and a feed entry, so that
// streams tell peers. Returns how many; call again while it returns kDeviceSweepBatch.
std::int64_t announce_expired_node_keys(core::Tx& tx, TimePoint now);

// Puts into the feed, once each, that a node key expires within seven days and within one; of both at once
// the shorter. Not in tailnets whose keys live no longer than that anyway. Returns how many; call again while
// it returns kDeviceSweepBatch or more.
std::int64_t warn_of_expiring_node_keys(core::Tx& tx, TimePoint now);

// Removes ephemeral devices that have not been connected for `absence`. Returns how many; call again while it
// returns kDeviceSweepBatch.
std::int64_t remove_gone_devices(core::Tx& tx, TimePoint now, seconds absence);

}  // namespace latchkey::tailnet
