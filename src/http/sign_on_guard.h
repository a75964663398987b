// The limits on strangers who sign in, or seem to: for each address, so that nobody fills the database or the
// audit log, or makes this server knock at a provider's door. Safe from any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "base/token_buckets.h"

namespace latchkey::http {

struct SignOnGuardSettings {
  double starts_per_minute = 20;    // sign-ons that one address begins
  double failures_per_minute = 20;  // answers and links of it that belong to none; then it waits
  double records_per_minute = 20;   // failures of it that are written down
  seconds provider_pause{30};       // after a provider's token endpoint failed
  std::size_t addresses = 16'384;   // watched at once
};

class SignOnGuard {
 public:
  explicit SignOnGuard(const SignOnGuardSettings& settings);

  // rate_limited.
  Result<void> may_start(const std::string& address, TimePoint now);
  Result<void> may_answer(const std::string& address, TimePoint now);
  void note_failure(const std::string& address, TimePoint now);
  bool may_record(const std::string& address, TimePoint now);

  // Whether a provider may be asked again: not within `provider_pause` of a failure of the provider's own.
  bool may_ask(const std::string& issuer, TimePoint now);
  void note_provider_failure(const std::string& issuer, TimePoint now);

 private:
  TokenBuckets starts_;
  TokenBuckets failures_;
  TokenBuckets records_;
  TokenBuckets providers_;
};

}  // namespace latchkey::http
