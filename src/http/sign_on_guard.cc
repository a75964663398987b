#include "http/sign_on_guard.h"

#include "base/ip_address.h"

namespace latchkey::http {
namespace {

constexpr double kMinute = 60;
constexpr std::size_t kProviders = 1024;

Error too_many() {
  return {
      ErrorCode::rate_limited, "too many sign-ons from this address: wait a minute and try again", {}, {}};
}

}  // namespace

SignOnGuard::SignOnGuard(const SignOnGuardSettings& settings)
    : starts_(settings.starts_per_minute / kMinute, settings.starts_per_minute, settings.addresses),
      failures_(settings.failures_per_minute / kMinute, settings.failures_per_minute, settings.addresses),
      records_(settings.records_per_minute / kMinute, settings.records_per_minute, settings.addresses),
      providers_(1.0 / static_cast<double>(settings.provider_pause.count()), 1, kProviders) {}

Result<void> SignOnGuard::may_start(const std::string& address, TimePoint now) {
  if (starts_.take(counted_address(address), now).allowed) return {};
  return too_many();
}

Result<void> SignOnGuard::may_answer(const std::string& address, TimePoint now) {
  if (failures_.look(counted_address(address), now).remaining >= 1) return {};
  return too_many();
}

void SignOnGuard::note_failure(const std::string& address, TimePoint now) {
  failures_.charge(counted_address(address), now);
}

bool SignOnGuard::may_record(const std::string& address, TimePoint now) {
  return records_.take(counted_address(address), now).allowed;
}

bool SignOnGuard::may_ask(const std::string& issuer, TimePoint now) {
  return providers_.look(issuer, now).remaining >= 1;
}

void SignOnGuard::note_provider_failure(const std::string& issuer, TimePoint now) {
  providers_.charge(issuer, now);
}

}  // namespace latchkey::http
