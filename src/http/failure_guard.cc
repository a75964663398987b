#include "http/failure_guard.h"

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

}  // namespace latchkey::http
