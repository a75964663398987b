#include "core/provisioning/guard.h"

#include <algorithm>

namespace latchkey::provisioning {

std::int64_t allowance(const GuardLimits& limits, const Removals& removals) {
  // Of the people there were before the window's removals.
  const auto share = (removals.people + removals.recent) * limits.percent / 100;
  return std::max(share, limits.at_least);
}

GuardState state_at(const Guard& guard, TimePoint now) {
  const bool over =
      guard.state == GuardState::released && (!guard.released_until || now >= *guard.released_until);
  return over ? GuardState::watching : guard.state;
}

Verdict judge(const Guard& guard, const GuardLimits& limits, const Removals& removals, TimePoint now) {
  switch (state_at(guard, now)) {
    case GuardState::released:
      return Verdict::pass;
    case GuardState::holding:
      return Verdict::hold;
    case GuardState::refused:
      return Verdict::refuse;
    case GuardState::watching:
      break;
  }
  if (limits.percent >= 100) return Verdict::pass;
  return removals.recent + 1 > allowance(limits, removals) ? Verdict::hold_from_now : Verdict::pass;
}

}  // namespace latchkey::provisioning
