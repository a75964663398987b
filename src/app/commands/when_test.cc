#include "app/commands/when.h"

#include <gtest/gtest.h>

namespace latchkey::app::commands {
namespace {

const TimePoint kNow = *from_rfc3339("2026-01-05T10:00:00Z");

TEST(When, RelativeTimesRoundToTheUnitThatReadsBest) {
  EXPECT_EQ(relative_time(kNow, kNow), "now");
  EXPECT_EQ(relative_time(kNow + seconds{1}, kNow), "in 1 second");
  EXPECT_EQ(relative_time(kNow - seconds{89}, kNow), "89 seconds ago");
  EXPECT_EQ(relative_time(kNow + seconds{90}, kNow), "in 2 minutes");
  EXPECT_EQ(relative_time(kNow - hours{3}, kNow), "3 hours ago");
  EXPECT_EQ(relative_time(kNow + days{90} - seconds{1}, kNow), "in 90 days");
  EXPECT_EQ(date_of(kNow), "2026-01-05");
}

}  // namespace
}  // namespace latchkey::app::commands
