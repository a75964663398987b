// Periodic work in batches: each a transaction of its own, under the work's lease, so that one replica does
// it.
#pragma once

#include <string>

#include "core/maintenance_store.h"
#include "core/tx.h"
#include "workers/periodic.h"

namespace latchkey::workers {

inline constexpr int kBatchesPerTurn = 20;
inline constexpr minutes kLease{2};

// Runs batches of `step`, a function of (Tx&, now) that returns how much it did, until one does less than
// `batch`. Nothing while another replica holds the lease.
template <class Step>
io::awaitable<Result<std::int64_t>> in_batches(WorkContext& context, std::string lease, std::int64_t batch,
                                               Step step) {
  std::int64_t total = 0;
  for (int round = 0; round < kBatchesPerTurn; ++round) {
    auto work = [&context, lease, step, now = context.clock.now()](core::Tx& tx) -> Result<std::int64_t> {
      if (!tx.maintenance().hold_lease(lease, context.replica, now, now + kLease)) return std::int64_t{0};
      return step(tx, now);
    };
    CO_TRY(const auto done, co_await context.db.write(std::move(work)));
    total += done;
    if (done < batch) break;
  }
  co_return total;
}

}  // namespace latchkey::workers
