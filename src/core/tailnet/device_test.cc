#include "core/tailnet/device.h"

#include <gtest/gtest.h>

namespace latchkey::tailnet {
namespace {

TEST(Device, R38_NodeKeyIsExpiredFromItsDateOnUnlessExpiryIsDisabled) {
  const TimePoint date = *from_rfc3339("2026-07-04T09:00:00Z");
  struct Case {
    std::optional<TimePoint> expires;
    bool disabled;
    TimePoint now;
    bool expired;
  };
  const Case cases[] = {
      {date, false, date - std::chrono::microseconds{1}, false},
      {date, false, date, true},
      {date, false, date + days{1}, true},
      {date, true, date + days{1}, false},
      {std::nullopt, false, date, false},
  };
  for (const auto& row : cases) {
    Device device;
    device.key_expires = row.expires;
    device.key_expiry_disabled = row.disabled;
    EXPECT_EQ(is_key_expired(device, row.now), row.expired) << to_rfc3339(row.now);
  }
}

TEST(Device, PublicKeysAreAPrefixAndSixtyFourSmallHexadecimalDigits) {
  const std::string digits(64, 'a');
  EXPECT_TRUE(is_public_key(kNodeKeyPrefix, "nodekey:" + digits));
  EXPECT_FALSE(is_public_key(kNodeKeyPrefix, "mkey:" + digits));
  EXPECT_FALSE(is_public_key(kNodeKeyPrefix, "nodekey:" + digits + "a"));
  EXPECT_FALSE(is_public_key(kNodeKeyPrefix, "nodekey:" + std::string(64, 'A')));
  EXPECT_FALSE(is_public_key(kNodeKeyPrefix, "nodekey:" + std::string(64, '0')));
  EXPECT_FALSE(is_public_key(kNodeKeyPrefix, ""));
}

}  // namespace
}  // namespace latchkey::tailnet
