// The brake on mass changes, as a pure rule. A provider whose directory was emptied by mistake, or a stolen
// key, would otherwise end a whole tailnet within minutes (docs/decisions/0017-mass-change-guard.md).
//
// Only what takes a person away counts: suspension and deletion by the sync. Nothing else is ever held.
#pragma once

#include <cstdint>

#include "core/provisioning/provisioning.h"

namespace latchkey::provisioning {

struct GuardLimits {
  std::int64_t percent = 20;  // of the people there are; 100 and more: never holds
  std::int64_t at_least = 5;  // so many always pass
  seconds within{3600};
};

// How long a release may last.
inline constexpr seconds kShortestRelease{60};
inline constexpr seconds kLongestRelease{24 * 3600};
inline constexpr seconds kUsualRelease{3600};

struct Removals {
  std::int64_t recent = 0;  // people taken away within the window, without the one in question
  std::int64_t people = 0;  // active ones now, with the one in question
};

enum class Verdict {
  pass,
  hold_from_now,  // the first that does not pass
  hold,
  refuse,
};

// How many may be taken away within the window.
std::int64_t allowance(const GuardLimits& limits, const Removals& removals);

Verdict judge(const Guard& guard, const GuardLimits& limits, const Removals& removals, TimePoint now);

// What is said of it at this moment: a release that has run out is none.
GuardState state_at(const Guard& guard, TimePoint now);

}  // namespace latchkey::provisioning
