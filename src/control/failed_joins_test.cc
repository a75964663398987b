#include "control/failed_joins.h"

#include <gtest/gtest.h>

namespace latchkey::control {
namespace {

const TimePoint kStart = *from_rfc3339("2026-01-05T09:00:00Z");

TEST(FailedJoins, LooksAtSomeTriesThenRepeatsItsAnswerForAMinute) {
  FailedJoins failures;
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(failures.wait_of("mkey:a", kStart));
    failures.note("mkey:a", "expired", kStart);
  }
  const auto wait = failures.wait_of("mkey:a", kStart + seconds(10));
  ASSERT_TRUE(wait);
  EXPECT_EQ(wait->reason, "expired");
  EXPECT_EQ(wait->seconds, seconds(50));
  EXPECT_FALSE(failures.wait_of("mkey:b", kStart));
  EXPECT_FALSE(failures.wait_of("mkey:a", kStart + seconds(60)));
}

TEST(FailedJoins, ALoopIsRecordedOnceInTenMinutesAndForEachNewReason) {
  FailedJoins failures;
  int records = 0;
  for (int i = 0; i < 1199; ++i) {
    records += failures.note("mkey:a", "expired", kStart + seconds(i)) == FailedJoins::Note::record;
  }
  EXPECT_EQ(records, 2);
  EXPECT_EQ(failures.note("mkey:a", "revoked", kStart + seconds(1199)), FailedJoins::Note::record);
}

TEST(FailedJoins, ForgetsAMachineThatGotIn) {
  FailedJoins failures;
  for (int i = 0; i < 10; ++i) failures.note("mkey:a", "expired", kStart);
  failures.forget("mkey:a");
  EXPECT_FALSE(failures.wait_of("mkey:a", kStart));
}

TEST(FailedJoins, AFloodOfNewMachinesStaysBounded) {
  FailedJoins failures;
  for (int i = 0; i < 200'000; ++i) failures.note("mkey:" + std::to_string(i), "unknown", kStart);
  EXPECT_FALSE(failures.wait_of("mkey:0", kStart));
}

}  // namespace
}  // namespace latchkey::control
