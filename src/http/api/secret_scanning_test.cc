// What whoever finds a secret can ask and report, over the API.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/api_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::ApiWorld;
using testing::json_of;

class SecretScanning : public ::testing::Test {
 protected:
  struct Client {
    std::string id;
    std::string secret;
    std::string access_token;
  };
  Client client() {
    const auto made =
        api_.call("POST", "/api/v2/tailnet/-/keys", owner_, {{}, R"({"keyType":"client","scopes":["dns"]})"});
    EXPECT_EQ(made.status, 200) << made.body;
    const auto body = json_of(made).as_object();
    Client client{std::string(body.at("id").as_string()), std::string(body.at("key").as_string()), {}};
    const auto minted = ask_token(client);
    EXPECT_EQ(minted.status, 200) << minted.body;
    client.access_token = json_of(minted).at("access_token").as_string();
    return client;
  }
  io::Response ask_token(const Client& of) {
    return form("/api/v2/oauth/token", "client_id=" + of.id + "&client_secret=" + of.secret);
  }
  io::Response form(const std::string& target, const std::string& body) {
    return api_.call("POST", target, {}, {{{"Content-Type", "application/x-www-form-urlencoded"}}, body});
  }
  int verify(const std::string& key) { return form("/api/v2/secret-scanning/verify", "key=" + key).status; }
  io::Response report(const std::string& body, const std::string& token) {
    return api_.call("POST", "/api/v2/secret-scanning/report", token, {{}, body});
  }

  ApiWorld api_;
  std::string owner_ = api_.token(Role::owner);
};

TEST_F(SecretScanning, R8_WhoFindsASecretLearnsWhetherItIsLive) {
  const auto of = client();
  const auto key = *api_.world.issue_auth_key(Role::owner);
  for (const auto& live : {of.secret, of.access_token, owner_, std::string(key.text.expose())})
    EXPECT_EQ(verify(live), 204);
  auto wrong = of.secret;
  wrong[40] = wrong[40] == 'a' ? 'b' : 'a';
  EXPECT_EQ(verify(wrong), 401);
  EXPECT_EQ(verify("nonsense"), 401);
  EXPECT_EQ(form("/api/v2/secret-scanning/verify", "").status, 400);
  ASSERT_EQ(api_.call("DELETE", "/api/v2/tailnet/-/keys/" + of.id, owner_).status, 200);
  EXPECT_EQ(verify(of.secret), 401);
  EXPECT_EQ(verify(of.access_token), 401);
}

TEST_F(SecretScanning, R8_AReportedSecretEndsAtOnceAndIsNotRepeated) {
  const auto of = client();
  const auto key = *api_.world.issue_auth_key(Role::owner);
  const std::string text(key.text.expose());
  const auto answer = report(R"([{"token":")" + of.secret +
                                 R"(","type":"latchkey","url":"https://example.com/1","source":"content"},)" +
                                 R"({"token":")" + text + R"("},{"token":"nonsense"}])",
                             owner_);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body.find(of.secret), std::string::npos);
  EXPECT_EQ(answer.body.find(text), std::string::npos);
  const auto verdicts = json_of(answer).as_array();
  ASSERT_EQ(verdicts.size(), 3u);
  EXPECT_EQ(verdicts[0].at("outcome").as_string(), "revoked");
  EXPECT_EQ(verdicts[0].at("label").as_string(), "true_positive");
  EXPECT_EQ(verdicts[0].at("token_type").as_string(), "client");
  EXPECT_EQ(verdicts[1].at("outcome").as_string(), "revoked");
  EXPECT_EQ(verdicts[2].at("outcome").as_string(), "unknown");
  EXPECT_EQ(verdicts[2].at("label").as_string(), "false_positive");
  EXPECT_EQ(ask_token(of).status, 401);
  EXPECT_EQ(api_.call("GET", "/api/v2/whoami", of.access_token).status, 401)
      << "its access tokens end with it";
  const auto again = report(R"([{"token":")" + text + R"("}])", owner_);
  EXPECT_EQ(json_of(again).at(0).at("outcome").as_string(), "ended");

  for (const auto* bad :
       {"", "{}", "[]", "[1]", R"([{"url":"https://example.com"}])", R"([{"token":5}])", "["}) {
    EXPECT_EQ(report(bad, owner_).status, 400) << bad;
  }
  EXPECT_EQ(report(R"([{"token":"x"}])", {}).status, 401);
}

}  // namespace
}  // namespace latchkey::http
