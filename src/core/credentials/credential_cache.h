// Credentials in memory, for checking one without the database, and the uses gathered since the last flush.
//
// Bounded: the least recently used entry makes room. Safe from any thread. What ended is dropped before the
// revoking caller hears back (the database's commit hook) and on other replicas when the change feed says so;
// an entry read from the database before a drop, and stored after it, is not kept (see Ticket).
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/audit/change.h"
#include "core/credentials/credential_store.h"

namespace latchkey::credentials {

class CredentialCache {
 public:
  explicit CredentialCache(std::size_t capacity);

  using Entry = std::shared_ptr<const OwnedCredential>;
  Entry find(const CredentialId& id);

  // Take a ticket before reading the database and hand it in with what was read.
  struct Ticket {
    std::uint64_t drops;
  };
  Ticket ticket(const CredentialId& id) const;
  void insert(const Entry& entry, Ticket ticket);

  // Forgets whatever these changes may have touched.
  void apply(std::span<const audit::Change> changes);
  void clear();

  void note_use(const Credential& key, TimePoint now, std::string_view address);
  // The true secret of a credential that has ended or sleeps.
  void note_refused(const Credential& key, TimePoint now);
  std::vector<UseTally> take_tallies();
  // Puts back what could not be written.
  void restore_tallies(std::vector<UseTally> tallies);

  std::size_t size() const;

 private:
  struct Shard {
    mutable std::mutex lock;
    std::list<Entry> by_age;  // most recently used first
    std::unordered_map<CredentialId, std::list<Entry>::iterator> by_id;
    std::unordered_map<CredentialId, UseTally> tallies;
    std::uint64_t drops = 0;
    std::size_t minted = 0;  // entries that are access tokens of trust credentials
  };
  static constexpr std::size_t kShards = 16;

  Shard& shard_of(const CredentialId& id) { return shards_[std::hash<CredentialId>{}(id) % kShards]; }
  const Shard& shard_of(const CredentialId& id) const {
    return shards_[std::hash<CredentialId>{}(id) % kShards];
  }
  static void drop(Shard& shard, const CredentialId& id);
  template <typename Shards, typename Condition>
  void drop_if(Shards is_worth_a_look, Condition condition);
  void drop_user(const TailnetId& tailnet, const std::string& user);
  void drop_minted(const CredentialId& minter);
  static UseTally& tally_of(Shard& shard, const Credential& key);

  std::size_t shard_capacity_;
  std::array<Shard, kShards> shards_;
};

}  // namespace latchkey::credentials
