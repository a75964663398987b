#include "base/time.h"

#include <gtest/gtest.h>

namespace latchkey {
namespace {

TEST(Rfc3339, PrintsWholeSecondsWithoutAFraction) {
  const auto time = from_rfc3339("2026-01-05T09:00:00Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(to_rfc3339(*time), "2026-01-05T09:00:00Z");
  EXPECT_EQ(to_rfc3339(*time + std::chrono::microseconds{42}), "2026-01-05T09:00:00.000042Z");
  EXPECT_EQ(to_go_time(*time), "2026-01-05 09:00:00 +0000 UTC");
  EXPECT_EQ(to_go_time(*time + std::chrono::microseconds{500000}), "2026-01-05 09:00:00.5 +0000 UTC");
}

TEST(Rfc3339, ReadsOffsetsAndNanoseconds) {
  const auto utc = from_rfc3339("2026-01-05T09:00:00.123456Z");
  EXPECT_EQ(from_rfc3339("2026-01-05T11:00:00.123456789+02:00"), utc);
  EXPECT_EQ(from_rfc3339("2026-01-05t04:30:00.123456-04:30"), utc);
  EXPECT_EQ(from_rfc3339("0001-01-01T00:00:00Z").has_value(), true);
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2026-01-05", "2026-01-05T09:00:00", "2026-13-05T09:00:00Z", "2026-02-30T09:00:00Z",
        "2026-01-05T24:00:00Z", "2026-01-05T09:00:00.Z", "2026-01-05T09:00:00+0200", "2026-01-05T09:00:00Zx",
        "0000-01-01T00:00:00Z", "2026-01-05T09:00:00.1234567890Z"}) {
    EXPECT_EQ(from_rfc3339(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace latchkey
