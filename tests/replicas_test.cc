// What one replica ends, another one refuses within the promised second; what one has seen, another knows.
#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <thread>

#include "base/text.h"
#include "loopback_issuer.h"
#include "running_server.h"
#include "testing/postgres_server.h"

namespace latchkey {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;
using testing::PostgresServer;

constexpr const char* kKeys = "/api/v2/tailnet/-/keys";
constexpr const char* kDns = "/api/v2/tailnet/-/dns/preferences";

class Replicas : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto usable = PostgresServer::available(); !usable) GTEST_SKIP() << usable.error().message;
    one_ = std::make_unique<RunningServer>(PostgresServer::shared().new_database());
    one_->settings().federation_allow_http = true;
    one_->settings().federation_allow_networks = {"127.0.0.1"};
    one_->stop();
    one_->start();
    two_ = std::make_unique<RunningServer>(RunningServer::ReplicaOf{*one_});
  }
  static std::string text(const RunningServer::Answer& answer, const char* name) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    return std::string(answer.json().at(name).as_string());
  }
  struct Client {
    std::string id;
    std::string secret;
  };
  Client client() {
    const auto made = one_->call("POST", kKeys, R"({"keyType":"client","scopes":["dns","users:read"]})");
    return {text(made, "id"), text(made, "key")};
  }
  static RunningServer::Answer mint(RunningServer& at, const Client& by) {
    return at.post_form("/api/v2/oauth/token", "client_secret=" + by.secret);
  }
  static int use(RunningServer& at, const SecretString& token, const char* path = kDns) {
    return at.call_as(token, "GET", path).status;
  }
  // How long it takes until a use there has this status; more than the promise fails the test.
  static void expect_soon(RunningServer& at, const SecretString& token, int status, const char* path = kDns) {
    const auto began = steady_clock::now();
    int got = 0;
    while ((got = use(at, token, path)) != status && steady_clock::now() - began < std::chrono::seconds(5)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(got, status);
    EXPECT_LE(steady_clock::now() - began, std::chrono::seconds(1));
  }

  std::unique_ptr<RunningServer> one_;
  std::unique_ptr<RunningServer> two_;
};

TEST_F(Replicas, R20_TokensOfARevokedClientEndEverywhere) {
  const auto of = client();
  const SecretString token(text(mint(*two_, of), "access_token"));
  EXPECT_EQ(use(*one_, token), 200);
  EXPECT_EQ(use(*two_, token), 200);
  ASSERT_EQ(one_->call("DELETE", std::string(kKeys) + "/" + of.id).status, 200);
  EXPECT_EQ(use(*one_, token), 401);
  expect_soon(*two_, token, 401);
  EXPECT_EQ(mint(*one_, of).status, 401);
  EXPECT_EQ(mint(*two_, of).status, 401);
}

TEST_F(Replicas, R19_TokensOfANarrowedClientAreNarrowedEverywhere) {
  const auto of = client();
  const SecretString token(text(mint(*two_, of), "access_token"));
  EXPECT_EQ(use(*one_, token), 200);
  EXPECT_EQ(use(*two_, token), 200);
  ASSERT_EQ(
      one_->call("PUT", std::string(kKeys) + "/" + of.id, R"({"keyType":"client","scopes":["users:read"]})")
          .status,
      200);
  EXPECT_EQ(use(*one_, token), 403);
  expect_soon(*two_, token, 403);
}

TEST_F(Replicas, R22_ASupersededScimKeyIsRefusedAtOnceHereAndSoonElsewhere) {
  constexpr const char* kUsers = "/scim/v2/Users";
  const std::string door = "/api/console/provisioning";
  const SecretString old(text(one_->call("POST", door + "/enable"), "key"));
  EXPECT_EQ(use(*one_, old, kUsers), 200);
  EXPECT_EQ(use(*two_, old, kUsers), 200);
  const SecretString fresh(text(one_->call("POST", door + "/key"), "key"));
  EXPECT_EQ(use(*one_, old, kUsers), 401);
  expect_soon(*two_, old, 401, kUsers);
  EXPECT_EQ(use(*one_, fresh, kUsers), 200);
  EXPECT_EQ(use(*two_, fresh, kUsers), 200);
}

TEST_F(Replicas, ATokenOfAnIssuerThatOneHasTakenIsRefusedByTheOther) {
  LoopbackIssuer issuer;
  const testing::TokenMaker maker("ES256", "1");
  issuer.serve_keys({maker.jwk()});
  const json::object wanted{{"keyType", "federated"},
                            {"scopes", json::array{"dns"}},
                            {"issuer", issuer.url()},
                            {"subject", "build"}};
  const auto made = one_->call("POST", kKeys, json::serialize(wanted));
  const auto id = text(made, "id");
  const auto now =
      std::chrono::duration_cast<seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  json::object claims{{"iss", issuer.url()}, {"aud", text(made, "audience")},
                      {"sub", "build"},      {"iat", now},
                      {"exp", now + 300},    {"jti", "1"}};
  const auto exchange = [&](RunningServer& at, const std::string& token) {
    return at.post_form("/api/v2/oauth/token-exchange", "client_id=" + percent_encode(id) + "&jwt=" + token)
        .status;
  };
  EXPECT_EQ(exchange(*one_, maker.sign(claims)), 200);
  EXPECT_EQ(exchange(*two_, maker.sign(claims)), 403);
  // Shown to both at once, again and again, each counts once.
  for (int round = 0; round < 10; ++round) {
    claims["jti"] = "round " + std::to_string(round);
    const auto token = maker.sign(claims);
    std::array<int, 2> statuses{};
    {
      const std::jthread there([&] { statuses[0] = exchange(*one_, token); });
      statuses[1] = exchange(*two_, token);
    }
    EXPECT_EQ(statuses[0] + statuses[1], 200 + 403) << round;
  }
}

}  // namespace
}  // namespace latchkey
