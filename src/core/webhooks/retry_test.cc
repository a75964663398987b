#include "core/webhooks/retry.h"

#include <gtest/gtest.h>

namespace latchkey::webhooks {
namespace {

TEST(WebhookRetry, WaitsGrowThreefoldUpToAnHourAndAreDrawnFromTheUpperHalf) {
  const seconds longest[] = {seconds{10},  seconds{30},  seconds{90},
                             seconds{270}, seconds{810}, seconds{2430}};
  std::int64_t failures = 1;
  for (const auto wait : longest) {
    EXPECT_EQ(retry_wait(failures, 1.0), milliseconds(wait)) << failures;
    EXPECT_EQ(retry_wait(failures, 0.0), milliseconds(wait) / 2) << failures;
    EXPECT_EQ(retry_wait(failures, 0.5), milliseconds(wait) * 3 / 4) << failures;
    ++failures;
  }
  for (const std::int64_t many : {7, 40, 1'000'000}) {
    EXPECT_EQ(retry_wait(many, 1.0), milliseconds(hours{1}));
    EXPECT_EQ(retry_wait(many, 0.0), milliseconds(minutes{30}));
  }
}

TEST(WebhookRetry, ReceiversMayAskForMoreTimeUpToAnHour) {
  EXPECT_EQ(retry_wait(1, 1.0, seconds{60}), milliseconds(minutes{1}));
  EXPECT_EQ(retry_wait(1, 1.0, seconds{1}), milliseconds(seconds{10})) << "never less";
  EXPECT_EQ(retry_wait(1, 1.0, days{7}), milliseconds(hours{1}));
  EXPECT_EQ(retry_wait(1, 1.0, seconds{-5}), milliseconds(seconds{10}));
}

TEST(WebhookRetry, GoesOnForADay) {
  const TimePoint queued{seconds{1'000'000}};
  EXPECT_FALSE(is_given_up(queued, queued + hours{24} - seconds{1}));
  EXPECT_TRUE(is_given_up(queued, queued + hours{24}));
}

TEST(WebhookRetry, OnlyTwoHundredsCount) {
  for (const std::int64_t status : {200, 201, 204, 299}) EXPECT_EQ(judge(status), Answer::taken) << status;
  for (const std::int64_t status : {400, 413, 415, 422}) EXPECT_EQ(judge(status), Answer::refused) << status;
  for (const std::int64_t status : {0, 101, 199, 300, 302, 307, 401, 403, 404, 408, 410, 429, 500, 503}) {
    EXPECT_EQ(judge(status), Answer::failed) << status;
  }
  EXPECT_EQ(judge(std::nullopt), Answer::failed);
}

}  // namespace
}  // namespace latchkey::webhooks
