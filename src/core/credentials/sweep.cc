#include "core/credentials/sweep.h"

#include <algorithm>

#include "core/credentials/audit_view.h"
#include "core/credentials/credential_store.h"
#include "core/federation/claims.h"

namespace latchkey::credentials {

std::int64_t announce_expired(core::Tx& tx, TimePoint now) {
  std::int64_t announced = 0;
  const auto expired = tx.credentials().expired_unannounced(now, kSweepBatch);
  for (const auto& key : expired) {
    const auto worker = identity::worker_caller(key.tailnet, "expire API key");
    const auto act = act_on(key, worker, audit::Action::expired, audit::ChangeKind::credential_expired, now);
    if (tx.credentials().announce_expiry(key.tailnet, key.id, now, act)) ++announced;
  }
  return announced;
}

std::int64_t purge_ended(core::Tx& tx, TimePoint now, days retention) {
  const auto minted = tx.credentials().purge_minted(now, kSweepBatch);
  const auto tokens = tx.credentials().forget_tokens(now - federation::kClockSkew, kSweepBatch);
  return std::max({minted, tokens, tx.credentials().purge_ended(now - retention, kSweepBatch)});
}

}  // namespace latchkey::credentials
