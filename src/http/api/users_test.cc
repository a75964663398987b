#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/api_world.h"

namespace latchkey::http {
namespace {

namespace json = boost::json;
using identity::Role;
using testing::ApiWorld;
using testing::json_of;

json::array users(ApiWorld& api, const std::string& token, const char* query = "") {
  const auto answer = api.call("GET", std::string("/api/v2/tailnet/-/users") + query, token);
  EXPECT_EQ(answer.status, 200) << answer.body;
  return json_of(answer).at("users").as_array();
}

TEST(Users, AreListedWithTheirDevicesAndFoundById) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  api.world.join(1, 1, *api.world.issue_auth_key(Role::owner));
  api.world.user(Role::it_admin);
  const auto listed = users(api, token);
  ASSERT_EQ(listed.size(), 2U);
  for (const auto& each : listed) {
    const auto one = api.call("GET", "/api/v2/users/" + std::string(each.at("id").as_string()), token);
    EXPECT_EQ(json_of(one), each);
    EXPECT_EQ(each.at("deviceCount").as_int64(), each.at("role") == "owner" ? 1 : 0);
    EXPECT_EQ(each.at("status").as_string(), "active");
    EXPECT_FALSE(each.at("currentlyConnected").as_bool());
  }
  EXPECT_EQ(api.call("GET", "/api/v2/users/uNoSuchUserCNTRL", token).status, 404);
}

TEST(Users, AreFilteredByTypeAndRole) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  api.world.user(Role::auditor);
  EXPECT_EQ(users(api, token, "?role=auditor").size(), 1U);
  EXPECT_EQ(users(api, token, "?type=all&role=all").size(), 2U);
  EXPECT_EQ(users(api, token, "?type=shared").size(), 0U);
  for (const char* bad : {"?type=x", "?role=x"}) {
    EXPECT_EQ(api.call("GET", std::string("/api/v2/tailnet/-/users") + bad, token).status, 400);
  }
}

TEST(Users, AreConnectedIdleAndSuspendedAsTheyAre) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const auto device = api.world.join(1, 1, *api.world.issue_auth_key(Role::owner));
  (void)api.world.db().write_now([&](core::Tx& tx) -> Result<void> {
    join::connect(tx, device, "east.1", api.world.now);
    return {};
  });
  api.world.user(Role::member);
  api.clock.advance(days{29});
  api.world.set_status(Role::auditor, identity::UserStatus::suspended);
  for (const auto& each : users(api, token)) {
    const auto& role = each.at("role").as_string();
    EXPECT_EQ(each.at("status").as_string(), role == "owner"    ? "active"
                                             : role == "member" ? "idle"
                                                                : "suspended");
    EXPECT_EQ(each.at("currentlyConnected").as_bool(), role == "owner");
  }
}

}  // namespace
}  // namespace latchkey::http
