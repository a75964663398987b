#include "app/request_probe.h"

#include <gtest/gtest.h>

namespace latchkey::app {
namespace {

// A key that nobody issued, in parts for scanners of secrets.
const std::string kKey = std::string("tskey-auth-") + "kAAAAAAAAA1CNTRL-" + std::string(32, 'A');

TEST(LoggablePath, LeavesOutTheQuery) {
  EXPECT_EQ(loggable_path("/auth/link?code=abc"), "/auth/link");
}

TEST(LoggablePath, ShowsNoKeyAndNoInvite) {
  EXPECT_EQ(loggable_path("/api/v2/" + kKey).find(kKey), std::string::npos);
  EXPECT_EQ(loggable_path("/api/v2/tskey%2D" + kKey.substr(6)).find(kKey), std::string::npos);
  EXPECT_EQ(loggable_path("/invite/0123abcd"), "/invite/***");
  EXPECT_EQ(loggable_path("/%69nvite/0123abcd/more"), "/invite/***");
  EXPECT_EQ(loggable_path("/" + kKey + "/invite/0123abcd").find(kKey), std::string::npos);
}

TEST(LoggablePath, HasABound) {
  const auto whole = loggable_path("/" + std::string(9000, 'a'));
  EXPECT_LT(whole.size(), 9000u);
  EXPECT_LE(loggable_path("/" + std::string(9000, 'a') + "/invite/0123abcd").size(), whole.size());
}

}  // namespace
}  // namespace latchkey::app
