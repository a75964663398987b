#include "core/provisioning/guard.h"

#include <gtest/gtest.h>

namespace latchkey::provisioning {
namespace {

const TimePoint kNow = *from_rfc3339("2026-03-02T09:00:00Z");
const GuardLimits kLimits;

TEST(MassChangeGuard, AllowsAShareOfThePeopleAndAlwaysAFew) {
  const struct {
    std::int64_t recent, people;
    std::int64_t allowed;
    bool passes;
  } rows[] = {
      {0, 1, 5, true},       // a small tailnet: its few leavers pass
      {4, 2, 5, true},       // the fifth
      {5, 1, 5, false},      // the sixth
      {0, 25, 5, true},      // 20 % of 25
      {5, 20, 5, false},     // of those there were before
      {5, 25, 6, true},      // 20 % of 30
      {99, 401, 100, true},  // the hundredth of 500
      {100, 400, 100, false}, {999, 4001, 1000, true}, {1000, 4000, 1000, false},
  };
  for (const auto& row : rows) {
    const Removals removals{row.recent, row.people};
    EXPECT_EQ(allowance(kLimits, removals), row.allowed) << row.recent << " of " << row.people;
    EXPECT_EQ(judge({}, kLimits, removals, kNow), row.passes ? Verdict::pass : Verdict::hold_from_now)
        << row.recent << " of " << row.people;
  }
}

TEST(MassChangeGuard, AfterItHeldOnlyAPersonLetsPass) {
  const Removals none{0, 100};
  EXPECT_EQ(judge({.state = GuardState::holding}, kLimits, none, kNow), Verdict::hold);
  EXPECT_EQ(judge({.state = GuardState::refused}, kLimits, none, kNow), Verdict::refuse);
}

TEST(MassChangeGuard, AReleaseEndsByItself) {
  const Removals many{1000, 10};
  const Guard released{.state = GuardState::released, .released_until = kNow + seconds{60}};
  EXPECT_EQ(judge(released, kLimits, many, kNow), Verdict::pass);
  EXPECT_EQ(judge(released, kLimits, many, kNow + seconds{59}), Verdict::pass);
  EXPECT_EQ(judge(released, kLimits, many, kNow + seconds{60}), Verdict::hold_from_now);
  EXPECT_EQ(state_at(released, kNow + seconds{60}), GuardState::watching);
  EXPECT_EQ(judge({.state = GuardState::released}, kLimits, many, kNow), Verdict::hold_from_now);
}

TEST(MassChangeGuard, AHundredPercentIsNoGuard) {
  EXPECT_EQ(judge({}, {.percent = 100, .at_least = 0}, {1000, 0}, kNow), Verdict::pass);
  EXPECT_EQ(judge({}, {.percent = 0, .at_least = 0}, {0, 1000}, kNow), Verdict::hold_from_now);
}

}  // namespace
}  // namespace latchkey::provisioning
