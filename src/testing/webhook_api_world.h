// A tailnet with webhook endpoints behind the real router, and the sender's part played by the test: what is
// queued, what would be sent, and what the receiver said.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <optional>
#include <string>

#include "core/webhooks/dispatch.h"
#include "core/webhooks/queue_news.h"
#include "core/webhooks/signature.h"
#include "testing/api_world.h"

namespace latchkey::testing {

class WebhookApiWorld : public ::testing::Test {
 protected:
  static constexpr const char* kHooks = "/api/v2/tailnet/-/webhooks";
  static constexpr const char* kBody =
      R"({"endpointUrl":"https://ops.example.com/hook","subscriptions":["nodeCreated"]})";

  std::string owner() {
    if (owner_.empty()) owner_ = api_.token(identity::Role::owner);
    return owner_;
  }
  io::Response post(const std::string& target, const std::string& body) {
    return api_.call("POST", target, owner(), {{}, body});
  }
  boost::json::object make(const std::string& body = kBody) {
    const auto made = post(kHooks, body);
    EXPECT_EQ(made.status, 200) << made.body;
    return json_of(made).as_object();
  }
  static std::string path_of(const boost::json::object& endpoint) {
    return "/api/v2/webhooks/" + std::string(endpoint.at("endpointId").as_string());
  }
  boost::json::object shown(const boost::json::object& endpoint) {
    const auto answer = api_.call("GET", path_of(endpoint) + "?fields=all", owner());
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json_of(answer).as_object();
  }
  boost::json::object made_in_another_tailnet() {
    const auto made = api_.call_locally("POST", "/api/local/tailnets",
                                        {{}, R"({"tailnet":"other.example","owner":"zoe@other.example"})"});
    EXPECT_EQ(made.status, 200) << made.body;
    const std::string token(json_of(made).at("apiToken").as_string());
    const auto hook = api_.call("POST", kHooks, token, {{}, kBody});
    EXPECT_EQ(hook.status, 200) << hook.body;
    return json_of(hook).as_object();
  }
  std::string token_with(const std::string& scope) {
    const auto client = post("/api/v2/tailnet/-/keys", R"({"keyType":"client","scopes":[")" + scope + "\"]}");
    EXPECT_EQ(client.status, 200) << client.body;
    const std::string secret(json_of(client).at("key").as_string());
    const auto token = api_.call("POST", "/api/v2/oauth/token", {}, {{}, "client_secret=" + secret});
    EXPECT_EQ(token.status, 200) << token.body;
    return std::string(json_of(token).at("access_token").as_string());
  }

  void queue_news() {
    auto queued = api_.world.db().write_now([this](core::Tx& tx) -> Result<webhooks::QueuedNews> {
      return webhooks::queue_news(tx, {"https://latchkey.example/admin"}, api_.clock.now());
    });
    ASSERT_TRUE(queued);
  }
  void queue_test(const std::string& path) {
    EXPECT_EQ(post(path + "/test", "").status, 202);
    queue_news();
  }
  std::optional<webhooks::Dispatch> take_up(const std::string& path) {
    const EndpointId id(path.substr(path.rfind('/') + 1));
    auto taken = api_.world.db().write_now([&](core::Tx& tx) -> Result<std::optional<webhooks::Dispatch>> {
      return webhooks::take_up(tx, api_.vault(), {api_.world.tailnet().tailnet.id, id}, "test",
                               api_.clock.now());
    });
    return *std::move(taken);
  }
  void settle(const webhooks::Dispatch& sent, std::optional<std::int64_t> status,
              const std::string& answer = {}, const std::string& error = {}) {
    webhooks::Outcome outcome;
    outcome.began = api_.clock.now();
    outcome.took = milliseconds{12};
    outcome.status = status;
    outcome.answer = answer;
    outcome.error = error;
    auto settled = api_.world.db().write_now([&](core::Tx& tx) -> Result<webhooks::Settled> {
      return webhooks::settle(tx, sent, outcome, 0.5, api_.clock.now());
    });
    ASSERT_TRUE(settled);
  }
  webhooks::Verdict verdict(const webhooks::Dispatch& sent, const boost::json::object& with_secret) {
    const SecretString secret(std::string(with_secret.at("secret").as_string()));
    return webhooks::verify(sent.signature, secret, sent.body, api_.clock.now());
  }

  ApiWorld api_;
  std::string owner_;
};

}  // namespace latchkey::testing
