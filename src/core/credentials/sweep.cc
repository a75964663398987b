#include "core/credentials/sweep.h"

#include <algorithm>

#include "core/credentials/audit_view.h"
#include "core/credentials/credential_store.h"
#include "core/federation/claims.h"

namespace latchkey::credentials {
namespace {

std::int64_t warn(core::Tx& tx, days within, audit::ChangeKind kind, TimePoint now) {
  std::int64_t warned = 0;
  for (const auto& key : tx.credentials().expiring_unwarned(now, within, kSweepBatch)) {
    const audit::Change change{kind, key.tailnet, key.id.str(), 0, now};
    if (tx.credentials().warn_of_expiry(key.tailnet, key.id, within, change)) ++warned;
  }
  return warned;
}

}  // namespace

std::int64_t warn_of_expiring(core::Tx& tx, TimePoint now) {
  // The day first: who has only that left is not told of the week.
  return warn(tx, days{1}, audit::ChangeKind::credential_expiring_in_one_day, now) +
         warn(tx, days{7}, audit::ChangeKind::credential_expiring_in_one_week, now);
}

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
