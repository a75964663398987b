#include "http/failure_guard.h"

#include <cstring>

#include "base/ip_address.h"

namespace latchkey::http {

Result<void> FailureGuard::check(const std::string& address, TimePoint now) {
  if (failures_.look(counted_address(address), now).remaining >= 1) return {};
  return Error{ErrorCode::rate_limited,
               "too many requests with invalid API tokens from this address; wait before trying again",
               {},
               {}};
}

void FailureGuard::note_failure(const std::string& address, TimePoint now) {
  failures_.charge(counted_address(address), now);
}

Result<void> FailureGuard::check(const std::string& address, const crypto::Digest& presented, TimePoint now) {
  if (is_proved(presented)) return {};
  return check(address, now);
}

void FailureGuard::note_failure(const std::string& address, const crypto::Digest& presented, TimePoint now) {
  {
    const std::lock_guard lock(lock_);
    auto& place = place_of(presented);
    if (crypto::constant_time_equal(place, presented)) place = {};
  }
  note_failure(address, now);
}

void FailureGuard::note_success(const crypto::Digest& presented) {
  const std::lock_guard lock(lock_);
  place_of(presented) = presented;
}

bool FailureGuard::may_record(const CredentialId& credential, TimePoint now) {
  return records_.take(credential.str(), now).allowed;
}

bool FailureGuard::is_proved(const crypto::Digest& presented) {
  const std::lock_guard lock(lock_);
  return presented != crypto::Digest{} && crypto::constant_time_equal(place_of(presented), presented);
}

crypto::Digest& FailureGuard::place_of(const crypto::Digest& presented) {
  std::uint64_t number = 0;
  std::memcpy(&number, presented.data(), sizeof number);
  return proved_[number % proved_.size()];
}

}  // namespace latchkey::http
