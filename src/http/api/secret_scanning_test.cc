// What whoever finds a secret can ask and report, over the API.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/oauth_api.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::json_of;

class SecretScanning : public testing::OauthApi {
 protected:
  int verify(const std::string& key) { return form("/api/v2/secret-scanning/verify", "key=" + key).status; }
  io::Response report(const std::string& body, const std::string& token) {
    return post("/api/v2/secret-scanning/report", body, token);
  }
};

TEST_F(SecretScanning, R8_WhoFindsASecretLearnsWhetherItIsLive) {
  const auto of = client(R"("scopes":["dns"])");
  const auto one = token(of);
  const auto key = *api_.world.issue_auth_key(Role::owner);
  for (const auto& live : {of.secret, one, owner(), std::string(key.text.expose())})
    EXPECT_EQ(verify(live), 204);
  auto wrong = of.secret;
  wrong[40] = wrong[40] == 'a' ? 'b' : 'a';
  EXPECT_EQ(verify(wrong), 401);
  EXPECT_EQ(verify("nonsense"), 401);
  EXPECT_EQ(form("/api/v2/secret-scanning/verify", "").status, 400);
  ASSERT_EQ(status("DELETE", std::string(kKeys) + "/" + of.id, owner()), 200);
  EXPECT_EQ(verify(of.secret), 401);
  EXPECT_EQ(verify(one), 401);
}

TEST_F(SecretScanning, R8_AReportedSecretEndsAtOnceAndIsNotRepeated) {
  const auto of = client(R"("scopes":["dns"])");
  const auto one = token(of);
  const auto key = *api_.world.issue_auth_key(Role::owner);
  const std::string text(key.text.expose());
  const auto answer = report(R"([{"token":")" + of.secret +
                                 R"(","type":"latchkey","url":"https://example.com/1","source":"content"},)" +
                                 R"({"token":")" + text + R"("},{"token":"nonsense"}])",
                             owner());
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
  EXPECT_EQ(status("GET", "/api/v2/whoami", one), 401) << "its access tokens end with it";
  const auto again = report(R"([{"token":")" + text + R"("}])", owner());
  EXPECT_EQ(json_of(again).at(0).at("outcome").as_string(), "ended");

  for (const auto* bad :
       {"", "{}", "[]", "[1]", R"([{"url":"https://example.com"}])", R"([{"token":5}])", "["}) {
    EXPECT_EQ(report(bad, owner()).status, 400) << bad;
  }
  EXPECT_EQ(report(R"([{"token":"x"}])", {}).status, 401);
}

}  // namespace
}  // namespace latchkey::http
