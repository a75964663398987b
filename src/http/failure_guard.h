// The limit on wrong secrets for each address: a flood of them is answered with 429 before it reaches the
// database. Safe from any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "base/token_buckets.h"

namespace latchkey::http {

struct GuardSettings {
  double failures_per_second = 50;  // for each address, sustained
  double failure_burst = 500;
  std::size_t addresses = 65'536;  // watched at once
};

class FailureGuard {
 public:
  explicit FailureGuard(GuardSettings settings)
      : failures_(settings.failures_per_second, settings.failure_burst, settings.addresses) {}

  // Before a secret is looked up. Refused: rate_limited.
  Result<void> check(const std::string& address, TimePoint now);
  void note_failure(const std::string& address, TimePoint now);

 private:
  TokenBuckets failures_;
};

}  // namespace latchkey::http
