#include "base/moment.h"

#include <gtest/gtest.h>

namespace latchkey {
namespace {

const TimePoint kNow = *from_rfc3339("2026-01-05T10:00:00Z");

TEST(Moment, DurationsInAllUnits) {
  EXPECT_EQ(parse_duration("90d").value(), days{90});
  EXPECT_EQ(parse_duration("12h").value(), hours{12});
  EXPECT_EQ(parse_duration("30m").value(), minutes{30});
  EXPECT_EQ(parse_duration("45s").value(), seconds{45});
  EXPECT_EQ(parse_duration("3600").value(), seconds{3600});
  EXPECT_EQ(parse_duration("36525d").value(), days{36525});
}

TEST(Moment, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "d", "-1d", "+1d", "1.5h", "90 d", " 90d", "90d ", "90dd", "90w", "0", "0d",
                           "1e3", "36526d", "9223372036854775807d", "99999999999999999999"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Moment, IsATimeADateOrADurationBeforeNow) {
  EXPECT_EQ(parse_moment("24h", kNow).value(), kNow - hours{24});
  EXPECT_EQ(parse_moment("2026-01-04T10:00:00+01:00", kNow).value(), *from_rfc3339("2026-01-04T09:00:00Z"));
  EXPECT_EQ(parse_moment("2026-01-04", kNow).value(), *from_rfc3339("2026-01-04T00:00:00Z"));
  for (const char* text : {"yesterday", "2026-02-30", "2026-01-4", "2026-01-04T", "2026-01"}) {
    EXPECT_FALSE(parse_moment(text, kNow)) << text;
  }
}

}  // namespace
}  // namespace latchkey
