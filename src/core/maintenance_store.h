// The server's own housekeeping in the database: who does the periodic work, and how much of the feed is
// kept.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace latchkey::core {

class MaintenanceStore {
 public:
  virtual ~MaintenanceStore() = default;

  // Takes or prolongs a lease; true when `holder` has it until `until`. Periodic work is correct without it:
  // a lease only keeps replicas from doing the same twice.
  virtual bool hold_lease(std::string_view name, std::string_view holder, TimePoint now, TimePoint until) = 0;

  // Forgets the leases that ended before or at `ended`. Returns how many.
  virtual std::int64_t forget_leases(TimePoint ended) = 0;

  // Removes feed entries older than `before`, and the texts kept for their readers, at most `limit` of each.
  // An entry that a reader with a position has not taken (core/audit/feed_reader_store.h) stays, however old
  // it is. Returns the larger number.
  virtual std::int64_t trim_feed(TimePoint before, std::int64_t limit) = 0;
};

}  // namespace latchkey::core
