// Posture integrations through the real router.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/api_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::ApiWorld;
using testing::json_of;
using testing::message_of;

constexpr const char* kList = "/api/v2/tailnet/-/posture/integrations";
constexpr const char* kFalcon =
    R"({"provider":"falcon","cloudId":"us-1","clientId":"client","clientSecret":"s3cret","tenantId":null})";

class PostureApi : public ::testing::Test {
 protected:
  io::Response call(const std::string& method, const std::string& target, std::string body = {}) {
    return api.call(method, target, token, {.headers = {}, .body = std::move(body)});
  }
  std::string made() {
    const auto answer = call("POST", kList, kFalcon);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return "/api/v2/posture/integrations/" + std::string(json_of(answer).at("id").as_string());
  }

  ApiWorld api;
  std::string token = api.token(Role::owner);
};

TEST_F(PostureApi, ShowsEverythingButTheSecret) {
  EXPECT_EQ(call("GET", kList).body, R"({"integrations":[]})");
  const auto one = made();
  const auto shown = json_of(call("GET", one)).as_object();
  EXPECT_EQ(shown.at("provider"), "falcon");
  EXPECT_EQ(shown.at("cloudId"), "us-1");
  EXPECT_EQ(shown.at("clientId"), "client");
  EXPECT_EQ(shown.at("configUpdated"), "2026-01-05T09:00:00Z");
  EXPECT_EQ(shown.at("status").at("providerHostCount"), 0);
  EXPECT_FALSE(shown.contains("tenantId"));
  EXPECT_FALSE(shown.contains("clientSecret"));
  EXPECT_EQ(json_of(call("GET", kList)).at("integrations").as_array(), boost::json::array{shown});
  const auto changed = call("PATCH", one, R"({"cloudId":"us-2","clientSecret":"other-s3cret"})");
  EXPECT_EQ(json_of(changed).at("cloudId"), "us-2");
  EXPECT_EQ(json_of(changed).at("clientId"), "client");
  for (const auto& answer : {changed, call("GET", one), call("GET", kList)}) {
    EXPECT_EQ(answer.body.find("s3cret"), std::string::npos);
  }
  EXPECT_EQ(call("DELETE", one).body, "{}");
  for (const char* method : {"GET", "PATCH", "DELETE"}) EXPECT_EQ(call(method, one).status, 404) << method;
}

TEST_F(PostureApi, R1_TheSecretIsNowhereInTheDatabaseOrTheLog) {
  made();
  const auto stored = api.world.db().read_now([](core::Tx& tx) -> Result<std::string> {
    auto& connection = static_cast<storage::UnitOfWork&>(tx).connection();
    static const storage::Statement kAll{"SELECT sealed_secret FROM posture_integrations"};
    const auto sealed = connection.run(kAll).at(0).at(0).bytes();
    return std::string(sealed.begin(), sealed.end());
  });
  EXPECT_FALSE(stored->empty());
  EXPECT_EQ(stored->find("s3cret"), std::string::npos);
  const auto log =
      call("GET",
           "/api/v2/tailnet/-/logging/configuration?start=2020-01-01T00:00:00Z&end=2030-01-01T00:00:00Z"
           "&event=TAILNET.CREATE.POSTURE_INTEGRATION&fields=all");
  EXPECT_EQ(json_of(log).at("logs").as_array().size(), 1U) << log.body;
  EXPECT_EQ(log.body.find("s3cret"), std::string::npos);
}

TEST_F(PostureApi, R40_EachStatus) {
  const auto one = made();
  EXPECT_EQ(call("POST", kList, kFalcon).status, 409);
  for (const char* bad : {"{}", "[", R"({"provider":"kolide"})", R"({"provider":"acme","clientSecret":"x"})",
                          R"({"clientSecret":"x"})", R"({"provider":"kolide","clientSecret":5})",
                          R"({"provider":"kolide","clientSecret":"x","cloudId":"us-1"})"}) {
    EXPECT_EQ(call("POST", kList, bad).status, 400) << bad;
  }
  EXPECT_EQ(call("PATCH", one, R"({"provider":"kolide"})").status, 400);
  EXPECT_EQ(call("PATCH", one, R"({"cloudId":"mars"})").status, 400);
  EXPECT_EQ(call("PATCH", one, "[").status, 400);
  EXPECT_EQ(api.call("GET", kList).status, 401);
  EXPECT_EQ(api.call("GET", "/api/v2/tailnet/other.example/posture/integrations", token).status, 404);
  EXPECT_EQ(call("PUT", one, "{}").status, 405);
  EXPECT_EQ(api.call("GET", one, api.token(Role::member)).status, 403);
  EXPECT_EQ(api.call("DELETE", one, api.token(Role::network_admin)).status, 403);
  EXPECT_EQ(api.call("DELETE", one, api.token(Role::it_admin)).status, 200);
}

}  // namespace
}  // namespace latchkey::http
