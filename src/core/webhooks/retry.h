// When a delivery that failed is tried again: pure, the random value comes from the caller.
//
// The wait after the n-th failure in a row is drawn from the upper half of min(10 s * 3^(n-1), 1 h): 5-10 s,
// 15-30 s, 45-90 s, 135-270 s, 6-14 min, 20-41 min, then 30-60 min. That is some forty attempts a day; where
// upstream waits an hour after the first failure, a receiver that restarts here is back within seconds.
//
// Repeats go on for 24 hours from when an event was queued; what fails at or after that is given up. An event
// is never given up without a failed attempt on its endpoint after that time, so a server that was down for
// two days still delivers.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace latchkey::webhooks {

inline constexpr hours kRetryPeriod{24};
inline constexpr hours kLongestWait{1};
inline constexpr seconds kFirstWait{10};
// An endpoint that failed for so long, whatever the number of attempts, is warned of once.
inline constexpr minutes kPersistentFailure{15};

// `failures` is at least 1, `random` in [0, 1). A receiver's Retry-After lengthens the wait, up to
// kLongestWait.
milliseconds retry_wait(std::int64_t failures, double random,
                        std::optional<seconds> retry_after = std::nullopt);

// Whether a failed delivery is given up rather than tried again.
bool is_given_up(TimePoint queued, TimePoint now);

// What an answer means.
enum class Answer {
  taken,    // 2xx
  refused,  // 400, 413, 415, 422: the receiver objects to this body; later ones may pass it
  failed,   // everything else, redirects and no answer included: the receiver is in trouble, all wait
};
Answer judge(std::optional<std::int64_t> status);

}  // namespace latchkey::webhooks
