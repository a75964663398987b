#include "workers/device_work.h"

#include "core/join/session.h"
#include "core/tailnet/device_sweep.h"
#include "workers/batches.h"

namespace latchkey::workers {

io::awaitable<Result<std::int64_t>> announce_expired_node_keys(WorkContext& context) {
  auto step = [](core::Tx& tx, TimePoint now) { return tailnet::announce_expired_node_keys(tx, now); };
  co_return co_await in_batches(context, "announce expired node keys", tailnet::kDeviceSweepBatch, step);
}

io::awaitable<Result<std::int64_t>> remove_gone_devices(WorkContext& context, seconds absence) {
  auto step = [absence](core::Tx& tx, TimePoint now) {
    return tailnet::remove_gone_devices(tx, now, absence);
  };
  co_return co_await in_batches(context, "remove gone devices", tailnet::kDeviceSweepBatch, step);
}

io::awaitable<Result<std::int64_t>> disconnect_left(WorkContext& context) {
  auto step = [](core::Tx& tx, TimePoint now) { return join::disconnect_left(tx, now); };
  co_return co_await in_batches(context, "disconnect left", join::kDisconnectBatch, step);
}

io::awaitable<Result<std::int64_t>> Presence::turn(WorkContext& context) {
  const auto now = context.clock.now();
  auto write = [replica = context.replica, now](core::Tx& tx) -> Result<void> {
    join::say_alive(tx, replica, now);
    return {};
  };
  CO_TRY(co_await context.db.write(std::move(write)));
  const bool was_silent = until_ && *until_ <= now;
  until_ = now + join::kReplicaLease;
  if (!was_silent) co_return std::int64_t{0};
  co_return co_await taken_for_gone_();
}

}  // namespace latchkey::workers
