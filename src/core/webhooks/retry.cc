#include "core/webhooks/retry.h"

#include <algorithm>

namespace latchkey::webhooks {
namespace {

constexpr std::int64_t kGrowth = 3;

milliseconds longest_wait_after(std::int64_t failures) {
  milliseconds wait = kFirstWait;
  for (std::int64_t n = 1; n < failures && wait < kLongestWait; ++n) wait *= kGrowth;
  return std::min<milliseconds>(wait, kLongestWait);
}

}  // namespace

milliseconds retry_wait(std::int64_t failures, double random, std::optional<seconds> retry_after) {
  const auto longest = longest_wait_after(std::max<std::int64_t>(failures, 1));
  const double part = (1 + std::clamp(random, 0.0, 1.0)) / 2;
  const milliseconds wait{static_cast<std::int64_t>(static_cast<double>(longest.count()) * part)};
  if (!retry_after) return wait;
  const milliseconds asked = std::clamp<seconds>(*retry_after, seconds{0}, kLongestWait);
  return std::max(wait, asked);
}

bool is_given_up(TimePoint queued, TimePoint now) {
  return now - queued >= kRetryPeriod;
}

Answer judge(std::optional<std::int64_t> status) {
  if (!status) return Answer::failed;
  if (*status >= 200 && *status < 300) return Answer::taken;
  switch (*status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return Answer::refused;
    default:
      return Answer::failed;
  }
}

}  // namespace latchkey::webhooks
