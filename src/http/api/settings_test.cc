// GET, PATCH /tailnet/{tailnet}/settings and the contacts, through the real router.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/api_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::ApiWorld;
using testing::json_of;
using testing::message_of;

constexpr const char* kSettings = "/api/v2/tailnet/-/settings";
constexpr const char* kContacts = "/api/v2/tailnet/-/contacts";

io::Response patch(ApiWorld& api, const std::string& target, const std::string& token, std::string body) {
  return api.call("PATCH", target, token, {.headers = {}, .body = std::move(body)});
}

TEST(TailnetSettings, AreWholeFromTheBeginning) {
  ApiWorld api;
  const auto answer = api.call("GET", kSettings, api.token(Role::auditor));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(json_of(answer), boost::json::parse(R"({"aclsExternallyManagedOn":false,"aclsExternalLink":"",
      "devicesApprovalOn":false,"devicesAutoUpdatesOn":false,"devicesKeyDurationDays":180,
      "usersApprovalOn":false,"usersRoleAllowedToJoinExternalTailnets":"none","networkFlowLoggingOn":false,
      "regionalRoutingOn":false,"postureIdentityCollectionOn":false,"httpsEnabled":false})"));
}

TEST(TailnetSettings, PatchAnswersTheWholeAndLeavesWhatIsNullOrAbsent) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const auto set = patch(api, kSettings, token,
                         R"({"aclsExternallyManagedOn":true,"aclsExternalLink":"https://git.example/p",
      "devicesApprovalOn":true,"devicesKeyDurationDays":5,"usersApprovalOn":true,"devicesAutoUpdatesOn":true,
      "usersRoleAllowedToJoinExternalTailnets":"member","httpsEnabled":false})");
  ASSERT_EQ(set.status, 200) << set.body;
  EXPECT_EQ(json_of(set).at("devicesKeyDurationDays"), 5);
  EXPECT_EQ(json_of(set).at("usersRoleAllowedToJoinExternalTailnets"), "member");
  EXPECT_EQ(json_of(api.call("GET", kSettings, token)), json_of(set));
  // The Go client's way to leave these two.
  const auto left =
      patch(api, kSettings, token, R"({"aclsExternallyManagedOn":null,"aclsExternalLink":null})");
  EXPECT_EQ(json_of(left), json_of(set));
  const auto cleared = patch(api, kSettings, token, R"({"aclsExternalLink":""})");
  EXPECT_EQ(json_of(cleared).at("aclsExternalLink"), "");
  EXPECT_EQ(json_of(cleared).at("aclsExternallyManagedOn"), true);
}

TEST(TailnetSettings, EveryRefusalNamesTheSetting) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const std::pair<const char*, const char*> rows[] = {
      {R"({"routeSelection":"magicroute"})", "routeSelection"},
      {R"({"devicesKeyDurationDays":0})", "devicesKeyDurationDays"},
      {R"({"devicesKeyDurationDays":181})", "devicesKeyDurationDays"},
      {R"({"devicesKeyDurationDays":"5"})", "devicesKeyDurationDays"},
      {R"({"devicesApprovalOn":1})", "devicesApprovalOn"},
      {R"({"usersRoleAllowedToJoinExternalTailnets":"owner"})", "usersRoleAllowedToJoinExternalTailnets"},
      {R"({"aclsExternalLink":"javascript:x"})", "aclsExternalLink"},
      {"[]", "object"},
      {"{", "JSON"}};
  for (const auto& [body, says] : rows) {
    const auto refused = patch(api, kSettings, token, body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_NE(message_of(refused).find(says), std::string::npos) << refused.body;
  }
  // One bad member refuses the whole.
  EXPECT_EQ(patch(api, kSettings, token, R"({"devicesApprovalOn":true,"routeSelection":"x"})").status, 400);
  EXPECT_EQ(json_of(api.call("GET", kSettings, token)).at("devicesApprovalOn"), false);
}

TEST(TailnetSettings, R40_EachStatusByRole) {
  ApiWorld api;
  EXPECT_EQ(api.call("GET", kSettings).status, 401);
  EXPECT_EQ(api.call("GET", kSettings, api.token(Role::member)).status, 403);
  EXPECT_EQ(patch(api, kSettings, api.token(Role::auditor), R"({"devicesApprovalOn":true})").status, 403);
  EXPECT_EQ(patch(api, kSettings, api.token(Role::it_admin), R"({"devicesApprovalOn":true})").status, 200);
  EXPECT_EQ(api.call("GET", "/api/v2/tailnet/other.example/settings", api.token(Role::owner)).status, 404);
  EXPECT_EQ(api.call("POST", kSettings, api.token(Role::owner)).status, 405);
  const auto refused = api.world.log({.events = {"FAILED_REQUEST.UPDATE"}});
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].target.name, "updateTailnetSettings");
}

TEST(Contacts, ShowTheOwnerAndThenWhatWasSet) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const auto first = json_of(api.call("GET", kContacts, token));
  EXPECT_EQ(first.at("account"),
            boost::json::parse(R"({"email":"olive@otter-reef.example","needsVerification":false})"));
  for (const char* kind : {"account", "support", "security"}) {
    const auto set =
        patch(api, std::string(kContacts) + "/" + kind, token, R"({"email":"ops@otter-reef.example"})");
    EXPECT_EQ(set.status, 200) << set.body;
    EXPECT_EQ(set.body, "{}");
    EXPECT_EQ(json_of(api.call("GET", kContacts, token)).at(kind).at("email"), "ops@otter-reef.example");
  }
}

TEST(Contacts, R40_EachStatusByRole) {
  ApiWorld api;
  const std::string body = R"({"email":"ops@otter-reef.example"})";
  const std::string account = std::string(kContacts) + "/account";
  const std::string security = std::string(kContacts) + "/security";
  const auto owner = api.token(Role::owner);
  const auto it = api.token(Role::it_admin);
  EXPECT_EQ(patch(api, account, it, body).status, 200);
  EXPECT_EQ(patch(api, security, it, body).status, 403);
  EXPECT_EQ(patch(api, account, api.token(Role::network_admin), body).status, 403);
  EXPECT_EQ(api.call("GET", kContacts, api.token(Role::member)).status, 403);
  EXPECT_EQ(api.call("GET", kContacts).status, 401);
  EXPECT_EQ(patch(api, std::string(kContacts) + "/billing", owner, body).status, 404);
  EXPECT_EQ(api.call("GET", "/api/v2/tailnet/other.example/contacts", owner).status, 404);
  for (const char* bad : {"{}", R"({"email":null})", R"({"email":5})", R"({"email":"nobody"})", "["}) {
    EXPECT_EQ(patch(api, account, owner, bad).status, 400) << bad;
  }
}

TEST(Contacts, NothingIsEverPendingToBeVerified) {
  ApiWorld api;
  const auto resend = [&](const char* kind, Role role) {
    return api.call("POST", std::string(kContacts) + "/" + kind + "/resend-verification-email",
                    api.token(role));
  };
  for (const char* kind : {"account", "support", "security"}) {
    EXPECT_EQ(resend(kind, Role::owner).status, 400);
    EXPECT_EQ(resend(kind, Role::auditor).status, 403);
  }
  EXPECT_EQ(resend("security", Role::it_admin).status, 403);
  EXPECT_EQ(resend("nobody", Role::owner).status, 404);
}

}  // namespace
}  // namespace latchkey::http
