// Token buckets by name: how many of something a caller or an address may do. Bounded: when the table is
// full, the least recently used bucket makes room. Safe from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"

namespace latchkey {

class TokenBuckets {
 public:
  // `burst` tokens at most, refilled at `per_second`.
  TokenBuckets(double per_second, double burst, std::size_t capacity);

  struct State {
    bool allowed;
    std::int64_t remaining;  // whole tokens left
    seconds until_full;      // rounded up
  };
  // Takes tokens if they are there.
  State take(std::string_view name, TimePoint now, double tokens = 1);
  // Looks without taking.
  State look(std::string_view name, TimePoint now);
  // Takes tokens also when they are not there, down to none.
  void charge(std::string_view name, TimePoint now, double tokens = 1);

  std::int64_t burst() const { return static_cast<std::int64_t>(burst_); }

 private:
  struct Bucket {
    std::string name;
    double tokens;
    TimePoint filled;
  };
  struct Shard {
    std::mutex lock;
    std::list<Bucket> by_age;
    std::unordered_map<std::string_view, std::list<Bucket>::iterator> by_name;  // keys view the list's names
  };
  static constexpr std::size_t kShards = 8;

  Shard& shard_of(std::string_view name) { return shards_[std::hash<std::string_view>{}(name) % kShards]; }
  Bucket& bucket(Shard& shard, std::string_view name, TimePoint now);
  State state_of(const Bucket& bucket, bool allowed) const;

  double per_second_;
  double burst_;
  std::size_t shard_capacity_;
  std::array<Shard, kShards> shards_;
};

}  // namespace latchkey
