#include "workers/session_work.h"

#include "core/signon/sessions.h"
#include "workers/batches.h"

namespace latchkey::workers {
namespace {

constexpr std::int64_t kBatch = 1000;

}  // namespace

io::awaitable<Result<std::int64_t>> forget_sessions(WorkContext& context, signon::SessionLimits limits) {
  auto step = [limits](core::Tx& tx, TimePoint now) {
    return signon::forget_sessions(tx, limits, now, kBatch);
  };
  co_return co_await in_batches(context, "forget sessions", kBatch, step);
}

}  // namespace latchkey::workers
