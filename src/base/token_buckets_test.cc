#include "base/token_buckets.h"

#include <gtest/gtest.h>

namespace latchkey {
namespace {

const TimePoint kStart = *from_rfc3339("2026-01-05T09:00:00Z");

TEST(TokenBuckets, RefillWithTimeAndNotBeyondTheBurst) {
  TokenBuckets buckets(2, 4, 100);
  auto now = kStart;
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(buckets.take("a", now).allowed);
  EXPECT_FALSE(buckets.take("a", now).allowed);
  EXPECT_TRUE(buckets.take("b", now).allowed);
  now += milliseconds{500};
  EXPECT_TRUE(buckets.take("a", now).allowed);
  EXPECT_FALSE(buckets.take("a", now).allowed);
  now += hours{1};
  EXPECT_EQ(buckets.look("a", now).remaining, 4);
  EXPECT_EQ(buckets.look("a", now).until_full, seconds{0});
}

TEST(TokenBuckets, ClockSetBackChangesNothing) {
  TokenBuckets buckets(1, 1, 100);
  EXPECT_TRUE(buckets.take("a", kStart).allowed);
  EXPECT_FALSE(buckets.take("a", kStart - hours{1}).allowed);
}

TEST(TokenBuckets, AreBounded) {
  TokenBuckets buckets(1, 1, 8);
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(buckets.take("name" + std::to_string(i), kStart).allowed);
  }
}

}  // namespace
}  // namespace latchkey
