#include "control/messages/map_request.h"

#include <gtest/gtest.h>

namespace latchkey::control {
namespace {

std::string request_with(const std::string& member) {
  return R"({"Version":113,"NodeKey":"nodekey:)" + std::string(64, 'a') + "\"" + member + "}";
}

TEST(MapRequest, ARouterThatDoesNotForwardSaysSo) {
  EXPECT_FALSE(parse_map_request(request_with(""))->forwarding_off);
  EXPECT_FALSE(parse_map_request(request_with(R"(,"DebugFlags":null)"))->forwarding_off);
  EXPECT_FALSE(parse_map_request(request_with(R"(,"DebugFlags":["warn-router-unhealthy"])"))->forwarding_off);
  EXPECT_TRUE(
      parse_map_request(request_with(R"(,"DebugFlags":["x","warn-ip-forwarding-off"])"))->forwarding_off);
  EXPECT_FALSE(parse_map_request(request_with(R"(,"DebugFlags":"warn-ip-forwarding-off")")).ok());
}

}  // namespace
}  // namespace latchkey::control
