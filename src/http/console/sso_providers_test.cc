// Setting up identity providers over the API.
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <deque>

#include "testing/sign_on_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::FakeProvider;
using testing::json_of;
using testing::message_of;
using testing::SignOnWorld;

constexpr const char* kProviders = "/api/console/sso/providers";

class SsoProviders : public ::testing::Test {
 protected:
  SsoProviders() { other_.publish(world_.api); }
  io::Response call(const std::string& method, const std::string& path, const std::string& body = "",
                    Role role = Role::owner) {
    return world_.api.call(method, kProviders + path, world_.api.token(role), {.body = body});
  }
  static std::string new_provider(const char* member = "", const boost::json::value& value = nullptr) {
    boost::json::object body{{"id", "other"},
                             {"issuer", "https://other.example"},
                             {"clientId", "latchkey"},
                             {"clientSecret", "s3cret-of-the-client"},
                             {"domains", {"Other.example"}}};
    if (*member != '\0') body[member] = value;
    return boost::json::serialize(body);
  }

  SignOnWorld world_;
  FakeProvider other_{"https://other.example"};
};

TEST_F(SsoProviders, AreMadeReadChangedAndRemovedAndNeverShowTheirSecret) {
  const auto made = call("POST", "", new_provider());
  ASSERT_EQ(made.status, 200) << made.body;
  const auto json = json_of(made);
  EXPECT_EQ(json.at("id").as_string(), "other");
  EXPECT_EQ(json.at("name").as_string(), "other");
  EXPECT_EQ(json.at("domains").as_array().at(0).as_string(), "other.example");
  EXPECT_EQ(json.at("redirectUri").as_string(), "http://localhost:8080/auth/callback");
  EXPECT_EQ(json_of(call("GET", "")).at("providers").as_array().size(), 2U);
  const auto changed = call("PATCH", "/other", R"({"name":"Other","enabled":false})");
  EXPECT_EQ(json_of(changed).at("name").as_string(), "Other");
  EXPECT_FALSE(json_of(call("GET", "/other")).at("enabled").as_bool());
  std::string log;
  for (const auto& record : world_.api.world.log()) {
    if (record.new_value) log += boost::json::serialize(*record.new_value);
  }
  for (const auto& text : {made.body, changed.body, call("GET", "/other").body, log}) {
    EXPECT_EQ(text.find("s3cret"), std::string::npos);
  }
  EXPECT_EQ(call("DELETE", "/other").status, 200);
  EXPECT_EQ(call("GET", "/other").status, 404);
  EXPECT_EQ(call("DELETE", "/other").status, 404);
}

TEST_F(SsoProviders, RefuseWhatIsMalformedAndNameTheMember) {
  const std::pair<const char*, boost::json::value> cases[] = {{"id", "No"},
                                                              {"id", nullptr},
                                                              {"issuer", "http://other.example"},
                                                              {"issuer", nullptr},
                                                              {"clientId", ""},
                                                              {"clientSecret", ""},
                                                              {"clientSecret", nullptr},
                                                              {"domains", boost::json::array()},
                                                              {"domains", "x"},
                                                              {"loginClaim", "sub"},
                                                              {"enabled", "yes"},
                                                              {"scopes", {"a b"}},
                                                              {"groupsClaim", "."},
                                                              {"allowedGroups", {""}}};
  for (const auto& [member, value] : cases) {
    const auto answer = call("POST", "", new_provider(member, value));
    EXPECT_EQ(answer.status, 400) << member;
    EXPECT_EQ(json_of(answer).at("fields").as_array().at(0).as_string(), member) << answer.body;
  }
  EXPECT_EQ(call("PATCH", "/idp", R"({"issuer":"https://other.example"})").status, 400);
  ASSERT_EQ(call("POST", "", new_provider()).status, 200);
  EXPECT_EQ(call("POST", "", new_provider()).status, 409);
  EXPECT_EQ(call("POST", "", new_provider("id", "another")).status, 409) << "the issuer is taken";
}

TEST_F(SsoProviders, AreSixteenAtMost) {
  std::deque<FakeProvider> more;
  for (int number = 2; number <= 16; ++number) {
    const auto id = "p" + std::to_string(number);
    world_.add_provider(more.emplace_back("https://" + id + ".example"), id);
  }
  EXPECT_EQ(call("POST", "", new_provider()).status, 409);
  EXPECT_EQ(call("DELETE", "/p2").status, 200);
  EXPECT_EQ(call("POST", "", new_provider()).status, 200);
}

TEST_F(SsoProviders, EndTheirSessionsWhenTheyAreRemoved) {
  auto browser = world_.browser();
  ASSERT_EQ(world_.sign_in(browser).status, 303);
  EXPECT_EQ(call("DELETE", "/idp").status, 200);
  EXPECT_EQ(browser.get("/api/console/session").status, 401);
}

TEST_F(SsoProviders, AreCheckedWhenTheyAreAdded) {
  other_.document = {{"code_challenge_methods_supported", {"plain"}},
                     {"id_token_signing_alg_values_supported", {"HS256"}}};
  other_.publish(world_.api);
  const auto answer = call("POST", "", new_provider());
  EXPECT_EQ(answer.status, 400);
  for (const char* line : {"PKCE", "signatures"}) {
    EXPECT_NE(message_of(answer).find(line), std::string::npos) << message_of(answer);
  }
  const auto nowhere = call("POST", "", new_provider("issuer", "https://nowhere.example"));
  EXPECT_EQ(nowhere.status, 400);
  EXPECT_NE(message_of(nowhere).find("discovery document"), std::string::npos);
}

TEST_F(SsoProviders, AreCheckedOnDemandLineByLine) {
  const auto report = json_of(call("POST", "/idp/check"));
  EXPECT_TRUE(report.at("good").as_bool());
  EXPECT_GE(report.at("checks").as_array().size(), 7U);
}

TEST_F(SsoProviders, AreForThoseWhoConfigureFeatures) {
  for (const auto role : {Role::network_admin, Role::billing_admin, Role::auditor, Role::member}) {
    EXPECT_EQ(call("GET", "", "", role).status, 403);
    EXPECT_EQ(call("POST", "", new_provider(), role).status, 403);
  }
  EXPECT_EQ(call("POST", "", new_provider(), Role::it_admin).status, 200);
}

TEST_F(SsoProviders, AnIdentityIsUnlinkedWithItsSessions) {
  auto browser = world_.browser();
  ASSERT_EQ(world_.sign_in(browser).status, 303);
  const auto token = world_.api.token(Role::owner);
  const auto page = json_of(browser.get("/api/console/session"));
  const auto path = "/api/console/users/" + std::string(page.at("userId").as_string()) + "/identities";
  const auto links = json_of(world_.api.call("GET", path, token)).at("identities").as_array();
  ASSERT_EQ(links.size(), 1U);
  EXPECT_EQ(links.at(0).at("subject").as_string(), "idp-7");
  EXPECT_EQ(json_of(world_.api.call("DELETE", path, token)).at("unlinked").as_int64(), 1);
  EXPECT_EQ(browser.get("/api/console/session").status, 401);
  EXPECT_EQ(world_.api.call("GET", "/api/console/users/uNone/identities", token).status, 404);
}

}  // namespace
}  // namespace latchkey::http
