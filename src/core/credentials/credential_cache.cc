#include "core/credentials/credential_cache.h"

#include <algorithm>

namespace latchkey::credentials {

CredentialCache::CredentialCache(std::size_t capacity)
    : shard_capacity_(std::max<std::size_t>(1, capacity / kShards)) {}

CredentialCache::Entry CredentialCache::find(const CredentialId& id) {
  Shard& shard = shard_of(id);
  const std::lock_guard guard(shard.lock);
  const auto found = shard.by_id.find(id);
  if (found == shard.by_id.end()) return nullptr;
  shard.by_age.splice(shard.by_age.begin(), shard.by_age, found->second);
  return *found->second;
}

CredentialCache::Ticket CredentialCache::ticket(const CredentialId& id) const {
  const Shard& shard = shard_of(id);
  const std::lock_guard guard(shard.lock);
  return Ticket{shard.drops};
}

void CredentialCache::insert(const Entry& entry, Ticket ticket) {
  const CredentialId& id = entry->credential.id;
  Shard& shard = shard_of(id);
  const std::lock_guard guard(shard.lock);
  // Something was dropped since the entry was read: it may be stale. The next use reads it again.
  if (shard.drops != ticket.drops) return;
  drop(shard, id);
  if (shard.by_id.size() >= shard_capacity_) {
    drop(shard, shard.by_age.back()->credential.id);
  }
  if (!entry->credential.minted_by.empty()) ++shard.minted;
  shard.by_age.push_front(entry);
  shard.by_id.emplace(id, shard.by_age.begin());
}

void CredentialCache::apply(std::span<const audit::Change> changes) {
  for (const auto& change : changes) {
    switch (change.kind) {
      case audit::ChangeKind::credential_expired:
      case audit::ChangeKind::credential_revoked:
      case audit::ChangeKind::credential_used_up:
      case audit::ChangeKind::credential_updated: {
        const CredentialId id(change.subject);
        Shard& shard = shard_of(id);
        {
          const std::lock_guard guard(shard.lock);
          ++shard.drops;
          drop(shard, id);
        }
        if (change.kind != audit::ChangeKind::credential_used_up) drop_minted(id);
        break;
      }
      case audit::ChangeKind::user_updated:
      case audit::ChangeKind::user_deleted:
        drop_user(change.tailnet, change.subject);
        break;
      default:  // says nothing of a credential that is known
        break;
    }
  }
}

void CredentialCache::clear() {
  for (auto& shard : shards_) {
    const std::lock_guard guard(shard.lock);
    ++shard.drops;
    while (!shard.by_age.empty()) drop(shard, CredentialId(shard.by_age.back()->credential.id));
  }
}

void CredentialCache::note_use(const Credential& key, TimePoint now, std::string_view address) {
  Shard& shard = shard_of(key.id);
  const std::lock_guard guard(shard.lock);
  Usage& added = tally_of(shard, key).added;
  ++added.uses;
  added.last_used = std::max(added.last_used.value_or(now), now);
  if (added.last_address != address) added.last_address = address;
}

void CredentialCache::note_refused(const Credential& key, TimePoint now) {
  Shard& shard = shard_of(key.id);
  const std::lock_guard guard(shard.lock);
  Usage& added = tally_of(shard, key).added;
  ++added.refused;
  added.last_refused = std::max(added.last_refused.value_or(now), now);
}

std::vector<UseTally> CredentialCache::take_tallies() {
  std::vector<UseTally> all;
  for (auto& shard : shards_) {
    const std::lock_guard guard(shard.lock);
    for (auto& [id, tally] : shard.tallies) all.push_back(std::move(tally));
    shard.tallies.clear();
  }
  return all;
}

void CredentialCache::restore_tallies(std::vector<UseTally> tallies) {
  for (auto& back : tallies) {
    Shard& shard = shard_of(back.id);
    const std::lock_guard guard(shard.lock);
    const auto [at, fresh] = shard.tallies.try_emplace(back.id, back);
    if (fresh) continue;
    Usage& added = at->second.added;  // newer than what comes back: counts add up, times and address stay
    added.uses += back.added.uses;
    added.refused += back.added.refused;
    if (!added.last_used) added.last_used = back.added.last_used;
    if (!added.last_refused) added.last_refused = back.added.last_refused;
    if (added.last_address.empty()) added.last_address = back.added.last_address;
  }
}

std::size_t CredentialCache::size() const {
  std::size_t count = 0;
  for (const auto& shard : shards_) {
    const std::lock_guard guard(shard.lock);
    count += shard.by_id.size();
  }
  return count;
}

void CredentialCache::drop(Shard& shard, const CredentialId& id) {
  const auto found = shard.by_id.find(id);
  if (found == shard.by_id.end()) return;
  if (!(*found->second)->credential.minted_by.empty()) --shard.minted;
  shard.by_age.erase(found->second);
  shard.by_id.erase(found);
}

template <typename Shards, typename Condition>
void CredentialCache::drop_if(Shards is_worth_a_look, Condition condition) {
  for (auto& shard : shards_) {
    const std::lock_guard guard(shard.lock);
    ++shard.drops;
    if (!is_worth_a_look(shard)) continue;
    for (auto at = shard.by_age.begin(); at != shard.by_age.end();) {
      const Entry entry = *at++;
      if (condition(entry->credential)) drop(shard, entry->credential.id);
    }
  }
}

void CredentialCache::drop_user(const TailnetId& tailnet, const std::string& user) {
  drop_if([](const Shard&) { return true; },
          [&](const Credential& key) { return key.tailnet == tailnet && key.owner.str() == user; });
}

// Also where no token is held: one that was read before may be about to come.
void CredentialCache::drop_minted(const CredentialId& minter) {
  drop_if([](const Shard& shard) { return shard.minted > 0; },
          [&](const Credential& key) { return key.minted_by == minter; });
}

UseTally& CredentialCache::tally_of(Shard& shard, const Credential& key) {
  return shard.tallies.try_emplace(key.id, UseTally{key.tailnet, key.id, {}}).first->second;
}

}  // namespace latchkey::credentials
