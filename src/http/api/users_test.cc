#include <gtest/gtest.h>

#include <algorithm>
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

// The whole life of a person, asked by every role.
class PeopleApi : public ::testing::Test {
 protected:
  io::Response post(const std::string& token, const UserId& who, const char* step, const char* body = "") {
    return api_.call("POST", "/api/v2/users/" + who.str() + "/" + step, token, {{}, body});
  }
  std::string status_of(const UserId& who) {
    const auto answer = api_.call("GET", "/api/v2/users/" + who.str(), api_.token(Role::owner));
    return answer.status == 200 ? std::string(json_of(answer).at("status").as_string()) : "gone";
  }

  ApiWorld api_;
};

TEST_F(PeopleApi, R40_StandingIsForOwnerAdminAndItAdminAndNeverForOneself) {
  const auto target = api_.world.user(Role::member).id;
  for (const auto role : identity::kRoles) {
    if (role == Role::member) continue;
    const bool may = role == Role::owner || role == Role::admin || role == Role::it_admin;
    const auto token = api_.token(role);
    const auto self = api_.world.user(role).id;
    const auto owner = api_.world.user(Role::owner).id;
    for (const char* step : {"approve", "suspend", "restore", "role"}) {
      EXPECT_EQ(post(token, target, step, R"({"role":"member"})").status, may ? 200 : 403)
          << to_string(role) << " " << step;
      EXPECT_EQ(post(token, UserId("uNobodyCNTRL"), step, R"({"role":"member"})").status, may ? 404 : 403);
    }
    for (const char* step : {"suspend", "delete", "role"}) {
      EXPECT_EQ(post(token, self, step, R"({"role":"admin"})").status, 403) << to_string(role) << step;
      EXPECT_EQ(post(token, owner, step, R"({"role":"admin"})").status, 403) << to_string(role) << step;
    }
    EXPECT_EQ(api_.call("POST", "/api/console/users/" + target.str() + "/ownership", token).status, 403);
  }
  const auto refused = api_.world.log({.events = {"FAILED_REQUEST.UPDATE"}});
  EXPECT_FALSE(refused.empty());
  EXPECT_EQ(refused.back().target.id, target.str());
}

TEST_F(PeopleApi, R39_ASuspendedPersonsTokenIsRefusedAtOnceAndComesBackWithHim) {
  const auto admin = api_.token(Role::admin);
  const auto his = api_.token(Role::auditor);
  const auto auditor = api_.world.user(Role::auditor).id;
  const auto asks = [&] { return api_.call("GET", "/api/v2/tailnet/-/users", his).status; };
  EXPECT_EQ(asks(), 200);
  EXPECT_EQ(post(admin, auditor, "suspend").status, 200);
  EXPECT_EQ(asks(), 401) << "although it was in the cache";
  EXPECT_EQ(status_of(auditor), "suspended");
  EXPECT_EQ(post(admin, auditor, "approve").status, 409);
  EXPECT_EQ(post(admin, auditor, "restore").status, 200);
  EXPECT_EQ(asks(), 200);
  EXPECT_EQ(post(admin, auditor, "role", R"({"role":"member"})").status, 200);
  EXPECT_EQ(asks(), 403) << "less right from the next request on";
  EXPECT_EQ(post(admin, auditor, "role", R"({"role":"king"})").status, 400);
  EXPECT_EQ(post(admin, auditor, "role", R"({"role":"owner"})").status, 400);

  const auto answer = post(admin, auditor, "delete");
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(json_of(answer).at("keys").as_array().size(), 1U);
  EXPECT_EQ(asks(), 401);
  EXPECT_EQ(status_of(auditor), "gone");
  EXPECT_EQ(post(admin, auditor, "delete").status, 404);
}

TEST_F(PeopleApi, OwnershipIsTransferredOnTheMachine) {
  const auto heir = api_.world.user(Role::member).id;
  const auto path = "/api/console/users/" + heir.str() + "/ownership";
  EXPECT_EQ(api_.call_locally("POST", path, {{{"X-Latchkey-User", "member@otter-reef.example"}}, ""}).status,
            403);
  EXPECT_EQ(api_.call_locally("POST", path).status, 200);
  EXPECT_EQ(api_.world.user(Role::member).role, Role::owner);
  EXPECT_EQ(api_.world.user(Role::owner).role, Role::admin);
}

TEST_F(PeopleApi, InvitesShowTheirLinkOnceAndAreSentAgainOnceAMinute) {
  const auto token = api_.token(Role::it_admin);
  const std::string all = "/api/v2/tailnet/-/user-invites";
  api_.context().public_url = "https://keys.example";
  const auto made =
      api_.call("POST", all, token, {{}, R"([{"role":"auditor","email":"bob@example.com"},{}])"});
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_TRUE(made.sensitive);
  const auto first = json_of(made).at(0).as_object();
  EXPECT_EQ(first.at("role").as_string(), "auditor");
  EXPECT_EQ(json_of(made).at(1).at("role").as_string(), "member");
  EXPECT_TRUE(first.at("inviteUrl").as_string().starts_with("https://keys.example/invite/"));
  EXPECT_TRUE(first.at("tailnetId").is_int64() && first.at("inviterId").is_int64());
  const std::string code(std::string_view(first.at("inviteUrl").as_string())
                             .substr(std::string("https://keys.example/invite/").size()));

  const auto listed = api_.call("GET", all, token);
  EXPECT_EQ(json_of(listed).as_array().size(), 2U);
  EXPECT_EQ(listed.body.find(code), std::string::npos);
  const auto one = "/api/v2/user-invites/" + std::string(first.at("id").as_string());
  const auto entries = json_of(listed).as_array();
  EXPECT_EQ(std::ranges::count(entries, json_of(api_.call("GET", one, token))), 1) << "as the list has it";
  EXPECT_EQ(api_.call("POST", one + "/resend", token).status, 429);
  api_.clock.advance(minutes{1});
  const auto again = api_.call("POST", one + "/resend", token);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body.find(code), std::string::npos) << "another link";
  const auto open = "/api/v2/user-invites/" + std::string(json_of(made).at(1).at("id").as_string());
  EXPECT_EQ(api_.call("POST", open + "/resend", token).status, 400) << "it says no address";
  EXPECT_EQ(api_.call("DELETE", one, token).status, 200);
  EXPECT_EQ(api_.call("DELETE", one, token).status, 404);
  for (const char* bad : {"{}", "[]", R"([{"role":"owner"}])", R"([{"role":1}])", R"([{"email":"x"}])"}) {
    EXPECT_EQ(api_.call("POST", all, token, {{}, bad}).status, 400) << bad;
  }
  api_.clock.advance(days{90});
  api_.world.now = api_.clock.now();
  EXPECT_EQ(json_of(api_.call("GET", all, api_.token(Role::owner))).as_array().size(), 0U);
}

}  // namespace
}  // namespace latchkey::http
