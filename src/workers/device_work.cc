#include "workers/device_work.h"

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

}  // namespace latchkey::workers
