#include "core/credentials/watch.h"

namespace latchkey::credentials {
namespace {

void watch_refusals(core::Tx& tx, const UseTally& tally) {
  auto refusals = tx.credentials().refusals(tally.tailnet, tally.id);
  if (!refusals || !tally.added.last_refused) return;
  const auto at = *tally.added.last_refused;
  if (judge_refusals(*refusals, tally.added.refused, at)) {
    tx.credentials().announce(
        {audit::ChangeKind::credential_refused_repeatedly, tally.tailnet, tally.id.str(), 0, at});
  }
  tx.credentials().set_refusals(tally.tailnet, tally.id, *refusals);
}

}  // namespace

bool judge_refusals(CredentialStore::Refusals& refusals, std::int64_t added, TimePoint at) {
  if (!refusals.from || at - *refusals.from >= kRefusalWindow) {
    refusals.from = at;
    refusals.count = 0;
  }
  refusals.count += added;
  if (refusals.count < kManyRefusals) return false;
  if (refusals.told && at - *refusals.told < kRefusalPause) return false;
  refusals.told = at;
  return true;
}

void watch_use(core::Tx& tx, const UseBefore& before, TimePoint now) {
  using audit::ChangeKind;
  if (before.uses == 0) {
    tx.credentials().announce({ChangeKind::credential_first_used, before.tailnet, before.id.str(), 0, now});
  } else if (before.last_used && now - *before.last_used >= kLongSilence) {
    tx.credentials().announce(
        {ChangeKind::credential_used_after_silence, before.tailnet, before.id.str(), 0, now});
  }
}

void write_usage(core::Tx& tx, std::span<const UseTally> tallies) {
  for (const auto& tally : tallies) {
    const auto before = tx.credentials().add_usage(tally);
    if (!before || before->is_minted) continue;
    if (tally.added.uses > 0 && tally.added.last_used) {
      watch_use(tx, {tally.tailnet, tally.id, before->uses, before->last_used}, *tally.added.last_used);
    }
    if (tally.added.refused > 0) watch_refusals(tx, tally);
  }
}

}  // namespace latchkey::credentials
