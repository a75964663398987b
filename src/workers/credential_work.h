// The turns of periodic work on credentials: announcing expiry, forgetting what ended long ago, writing down
// uses.
#pragma once

#include "core/credentials/credential_cache.h"
#include "workers/periodic.h"

namespace latchkey::workers {

// API_KEY.EXPIRED for keys whose date has passed. Several batches a turn when many expire together.
io::awaitable<Result<std::int64_t>> announce_expired_keys(WorkContext& context);

// Ended keys, old audit records, old feed entries.
struct Retention {
  days keys;
  days audit;
  days feed{7};
};
io::awaitable<Result<std::int64_t>> forget_the_old(WorkContext& context, Retention retention);

// Uses gathered in memory. What cannot be written is kept for the next turn.
io::awaitable<Result<std::int64_t>> flush_usage(WorkContext& context, credentials::CredentialCache& cache);
// The same on a plain thread, for the last time before the database closes.
Result<std::int64_t> flush_usage_now(io::Database& db, credentials::CredentialCache& cache);

}  // namespace latchkey::workers
