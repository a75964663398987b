#include "workers/webhook_work.h"

#include "core/credentials/sweep.h"
#include "core/tailnet/device_sweep.h"
#include "core/webhooks/dispatch.h"
#include "workers/batches.h"

namespace latchkey::workers {
namespace {

constexpr std::int64_t kForgetBatch = 2000;

}  // namespace

io::awaitable<Result<std::int64_t>> queue_webhook_news(WorkContext& context, webhooks::NewsContext news) {
  std::int64_t queued = 0;
  for (int round = 0; round < kBatchesPerTurn; ++round) {
    auto look = [](core::Tx& tx) -> Result<bool> { return webhooks::has_news(tx); };
    CO_TRY(const bool any, co_await context.db.read(std::move(look)));
    if (!any) break;
    auto work = [news, now = context.clock.now()](core::Tx& tx) -> Result<webhooks::QueuedNews> {
      return webhooks::queue_news(tx, news, now);
    };
    CO_TRY(const auto done, co_await context.db.write(std::move(work)));
    queued += done.deliveries;
    if (done.entries < webhooks::kNewsBatch) break;
  }
  co_return queued;
}

io::awaitable<Result<std::int64_t>> warn_of_expiry(WorkContext& context) {
  auto keys = [](core::Tx& tx, TimePoint now) { return credentials::warn_of_expiring(tx, now); };
  CO_TRY(const auto warned,
         co_await in_batches(context, "warn of expiring keys", credentials::kSweepBatch, keys));
  auto devices = [](core::Tx& tx, TimePoint now) { return tailnet::warn_of_expiring_node_keys(tx, now); };
  CO_TRY(const auto devices_warned,
         co_await in_batches(context, "warn of expiring node keys", tailnet::kDeviceSweepBatch, devices));
  co_return warned + devices_warned;
}

io::awaitable<Result<std::int64_t>> forget_webhook_deliveries(WorkContext& context) {
  auto step = [](core::Tx& tx, TimePoint now) { return webhooks::forget_deliveries(tx, now, kForgetBatch); };
  co_return co_await in_batches(context, "forget webhook deliveries", kForgetBatch, step);
}

}  // namespace latchkey::workers
