// /api/console/users/{userId}/offboarding and its report through the real router.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/api_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::ApiWorld;
using testing::json_of;
using testing::message_of;

class OffboardingRoutes : public ::testing::Test {
 protected:
  OffboardingRoutes() {
    const auto made = api_.call("POST", "/api/v2/tailnet/-/keys", his_,
                                {{}, R"({"keyType":"client","scopes":["dns"],"description":"deploys"})"});
    EXPECT_EQ(made.status, 200) << made.body;
    client_ = std::string(json_of(made).at("id").as_string());
  }
  std::string path(const std::string& rest = {}) {
    return "/api/console/users/" + leaver_.id.str() + "/offboarding" + rest;
  }
  boost::json::object preview() { return json_of(api_.call("GET", path(), owner_)).as_object(); }
  io::Response act(boost::json::object body, const std::string& token) {
    if (!body.contains("fingerprint")) body["fingerprint"] = preview().at("fingerprint");
    return api_.call("POST", path(), token, {{}, boost::json::serialize(body)});
  }

  ApiWorld api_;
  std::string owner_ = api_.token(Role::owner);
  std::string his_ = api_.token(Role::admin);
  identity::User leaver_ = api_.world.user(Role::admin);
  std::string client_;
};

TEST_F(OffboardingRoutes, R39_ShowsWhatRestsOnHimWithItsFateAndAdvice) {
  const auto shown = preview();
  EXPECT_EQ(shown.at("loginName").as_string(), leaver_.login_name);
  EXPECT_EQ(shown.at("status"), "active");
  std::map<std::string, boost::json::object> kinds;
  for (const auto& holding : shown.at("holdings").as_array()) {
    kinds[std::string(holding.at("kind").as_string())] = holding.as_object();
  }
  ASSERT_EQ(kinds.size(), 2U);
  EXPECT_EQ(kinds["apiToken"].at("ifDeleted"), "ends");
  EXPECT_EQ(kinds["client"].at("id").as_string(), client_);
  EXPECT_EQ(kinds["client"].at("ifDeleted"), "goesOn");
  EXPECT_EQ(kinds["client"].at("advice"), "revoke it: it was never used");
}

TEST_F(OffboardingRoutes, R39_HisTokenIsRefusedInTheNextRequestAndTheReportNamesEachRecord) {
  EXPECT_EQ(api_.call("GET", "/api/v2/whoami", his_).status, 200);
  const auto done = act({{"end", "delete"}, {"rotate", {"clients"}}, {"reason", "left"}}, owner_);
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_TRUE(done.sensitive);
  const auto answer = json_of(done);
  EXPECT_EQ(answer.at("secrets").as_array().size(), 1U);
  EXPECT_EQ(answer.at("repeated"), false);
  EXPECT_EQ(api_.call("GET", "/api/v2/whoami", his_).status, 401);
  EXPECT_EQ(api_.call("GET", path(), owner_).status, 404) << "he is gone";

  const auto group = std::string(answer.at("eventGroupID").as_string());
  const auto got = api_.call("GET", path("-report?verify=true&group=" + group), owner_);
  ASSERT_EQ(got.status, 200) << got.body;
  const auto report = json_of(got);
  EXPECT_EQ(report.at("reason"), "left");
  EXPECT_EQ(report.at("auditLog").at("whole"), true);
  EXPECT_GE(report.at("records").as_array().size(), 4U);
  for (const auto& record : report.at("records").as_array()) {
    EXPECT_EQ(record.at("eventGroupID").as_string(), group);
    EXPECT_GT(record.at("record").as_int64(), 0);
  }
  const auto secret = std::string(answer.at("secrets").at(0).at("secret").as_string());
  EXPECT_EQ(got.body.find(secret.substr(secret.size() - 20)), std::string::npos);
  const auto page = api_.call("GET", path("-report?format=markdown"), owner_);
  EXPECT_EQ(page.content_type, "text/markdown; charset=utf-8");
  EXPECT_TRUE(page.body.starts_with("# Offboarding of ")) << page.body;
}

TEST_F(OffboardingRoutes, RefusesWhatItDoesNotUnderstandAndWhatWasNotShown) {
  EXPECT_EQ(act({{"end", "fire"}}, owner_).status, 400);
  EXPECT_EQ(act({{"end", "suspend"}, {"revoke", {"everything"}}}, owner_).status, 400);
  EXPECT_EQ(act({{"end", "suspend"}, {"fingerprint", "1-0"}}, owner_).status, 409);
  EXPECT_EQ(api_.call("POST", path(), owner_, {{}, R"({"end":"suspend"})"}).status, 400);
  EXPECT_EQ(api_.call("GET", path("-report"), owner_).status, 404);
  EXPECT_EQ(api_.call("GET", path("-report?verify=x"), owner_).status, 400);
  EXPECT_EQ(api_.call("GET", path("-report?format=pdf"), owner_).status, 400);
  EXPECT_EQ(act({{"end", "suspend"}}, his_).status, 403) << "nobody offboards himself";
  EXPECT_EQ(api_.call("GET", "/api/v2/whoami", his_).status, 200);
}

}  // namespace
}  // namespace latchkey::http
