// The turns of periodic work on devices: announcing that node keys expired, removing ephemeral devices that
// are gone.
#pragma once

#include <functional>
#include <optional>

#include "workers/periodic.h"

namespace latchkey::workers {

// NODE.EXPIRED.KEY_EXPIRY_TIME for node keys whose date has passed.
io::awaitable<Result<std::int64_t>> announce_expired_node_keys(WorkContext& context);

// NODE.DELETE for ephemeral devices that were away for so long.
io::awaitable<Result<std::int64_t>> remove_gone_devices(WorkContext& context, seconds absence);

// Ends the connections that a replica left behind which is gone.
io::awaitable<Result<std::int64_t>> disconnect_left(WorkContext& context);

// Says that this replica lives (core/join/session.h), and, when it could not say so for too long and was
// taken for gone, calls `taken_for_gone`: what it holds must be noted again.
class Presence {
 public:
  explicit Presence(std::function<io::awaitable<Result<std::int64_t>>()> taken_for_gone)
      : taken_for_gone_(std::move(taken_for_gone)) {}

  io::awaitable<Result<std::int64_t>> turn(WorkContext& context);

 private:
  std::function<io::awaitable<Result<std::int64_t>>()> taken_for_gone_;
  std::optional<TimePoint> until_;
};

}  // namespace latchkey::workers
