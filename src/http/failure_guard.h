// The limit on wrong secrets for each address: a flood of them is answered with 429 before it reaches the
// database. Who has shown a right secret before is let through, so that nobody locks out others behind the
// same address. Safe from any thread.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/token_buckets.h"
#include "crypto/digest.h"

namespace latchkey::http {

struct GuardSettings {
  double failures_per_second = 50;  // for each address, sustained
  double failure_burst = 500;
  std::size_t addresses = 65'536;  // watched at once
  double records_per_second = 1;   // of refused exchanges in the audit log, for each identity, sustained
  double record_burst = 500;
  std::size_t proved = 4096;  // right secrets remembered, newer ones in the place of older ones
};

class FailureGuard {
 public:
  explicit FailureGuard(GuardSettings settings)
      : failures_(settings.failures_per_second, settings.failure_burst, settings.addresses),
        records_(settings.records_per_second, settings.record_burst, settings.addresses),
        proved_(settings.proved) {}

  // Before a secret is looked up. Refused: rate_limited.
  Result<void> check(const std::string& address, TimePoint now);
  void note_failure(const std::string& address, TimePoint now);

  // The same for a secret whose digest is known. It must still be looked up: it may have ended since.
  Result<void> check(const std::string& address, const crypto::Digest& presented, TimePoint now);
  void note_failure(const std::string& address, const crypto::Digest& presented, TimePoint now);
  void note_success(const crypto::Digest& presented);

  // Whether one more refusal of this credential may be written down: strangers who know its id alone must not
  // fill the audit log.
  bool may_record(const CredentialId& credential, TimePoint now);

 private:
  bool is_proved(const crypto::Digest& presented);
  crypto::Digest& place_of(const crypto::Digest& presented);

  TokenBuckets failures_;
  TokenBuckets records_;
  std::mutex lock_;
  std::vector<crypto::Digest> proved_;  // each at the place that its own bytes name; zeros: none
};

}  // namespace latchkey::http
