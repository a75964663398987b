#include "workers/credential_work.h"

#include "core/audit/audit_store.h"
#include "core/credentials/sweep.h"
#include "core/credentials/watch.h"
#include "core/maintenance_store.h"
#include "core/tx.h"
#include "workers/batches.h"

namespace latchkey::workers {
namespace {

constexpr std::int64_t kTrimBatch = 5000;

auto usage_job(const std::vector<credentials::UseTally>& tallies) {
  return [&tallies](core::Tx& tx) -> Result<std::int64_t> {
    credentials::write_usage(tx, tallies);
    return static_cast<std::int64_t>(tallies.size());
  };
}

}  // namespace

io::awaitable<Result<std::int64_t>> announce_expired_keys(WorkContext& context) {
  auto step = [](core::Tx& tx, TimePoint now) { return credentials::announce_expired(tx, now); };
  co_return co_await in_batches(context, "announce expired keys", credentials::kSweepBatch, step);
}

io::awaitable<Result<std::int64_t>> forget_the_old(WorkContext& context, Retention retention) {
  auto keys = [retention](core::Tx& tx, TimePoint now) {
    return credentials::purge_ended(tx, now, retention.keys);
  };
  CO_TRY(auto total, co_await in_batches(context, "purge keys", credentials::kSweepBatch, keys));
  auto records = [retention](core::Tx& tx, TimePoint now) {
    return tx.audit().purge(now - retention.audit, kTrimBatch);
  };
  CO_TRY(const auto purged, co_await in_batches(context, "purge audit log", kTrimBatch, records));
  auto entries = [retention](core::Tx& tx, TimePoint now) {
    return tx.maintenance().trim_feed(now - retention.feed, kTrimBatch);
  };
  CO_TRY(const auto trimmed, co_await in_batches(context, "trim feed", kTrimBatch, entries));
  total += purged + trimmed;
  co_return total;
}

io::awaitable<Result<std::int64_t>> flush_usage(WorkContext& context, credentials::CredentialCache& cache) {
  auto tallies = cache.take_tallies();
  if (tallies.empty()) co_return std::int64_t{0};
  Result<std::int64_t> written = unavailable("not written");
  std::exception_ptr failure;
  try {
    auto work = usage_job(tallies);
    written = co_await context.db.write(std::move(work));
  } catch (...) {
    failure = std::current_exception();
  }
  if (!written) cache.restore_tallies(std::move(tallies));
  if (failure) std::rethrow_exception(failure);
  co_return written;
}

Result<std::int64_t> flush_usage_now(io::Database& db, credentials::CredentialCache& cache) {
  const auto tallies = cache.take_tallies();
  if (tallies.empty()) return std::int64_t{0};
  return db.write_now(usage_job(tallies));
}

}  // namespace latchkey::workers
