#include "base/token_buckets.h"

#include <algorithm>
#include <cmath>

namespace latchkey {

TokenBuckets::TokenBuckets(double per_second, double burst, std::size_t capacity)
    : per_second_(per_second), burst_(burst), shard_capacity_(std::max<std::size_t>(1, capacity / kShards)) {}

TokenBuckets::State TokenBuckets::take(std::string_view name, TimePoint now, double tokens) {
  Shard& shard = shard_of(name);
  const std::lock_guard guard(shard.lock);
  Bucket& found = bucket(shard, name, now);
  const bool allowed = found.tokens >= tokens;
  if (allowed) found.tokens -= tokens;
  return state_of(found, allowed);
}

TokenBuckets::State TokenBuckets::look(std::string_view name, TimePoint now) {
  return take(name, now, 0);
}

void TokenBuckets::charge(std::string_view name, TimePoint now, double tokens) {
  Shard& shard = shard_of(name);
  const std::lock_guard guard(shard.lock);
  Bucket& found = bucket(shard, name, now);
  found.tokens = std::max(0.0, found.tokens - tokens);
}

TokenBuckets::Bucket& TokenBuckets::bucket(Shard& shard, std::string_view name, TimePoint now) {
  const auto found = shard.by_name.find(name);
  if (found != shard.by_name.end()) {
    shard.by_age.splice(shard.by_age.begin(), shard.by_age, found->second);
    Bucket& old = *found->second;
    // A clock set back must not refill or drain.
    if (now > old.filled) {
      const double passed = std::chrono::duration<double>(now - old.filled).count();
      old.tokens = std::min(burst_, old.tokens + passed * per_second_);
    }
    old.filled = now;
    return old;
  }
  if (shard.by_name.size() >= shard_capacity_) {
    shard.by_name.erase(shard.by_age.back().name);
    shard.by_age.pop_back();
  }
  shard.by_age.push_front({std::string(name), burst_, now});
  shard.by_name.emplace(shard.by_age.front().name, shard.by_age.begin());
  return shard.by_age.front();
}

TokenBuckets::State TokenBuckets::state_of(const Bucket& bucket, bool allowed) const {
  const double missing = burst_ - bucket.tokens;
  return {allowed, static_cast<std::int64_t>(bucket.tokens),
          seconds{static_cast<std::int64_t>(std::ceil(missing / per_second_))}};
}

}  // namespace latchkey
