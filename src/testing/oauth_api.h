// OAuth clients and their access tokens, a call away through the real router.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "testing/api_world.h"

namespace latchkey::testing {

class OauthApi : public ::testing::Test {
 protected:
  static constexpr const char* kKeys = "/api/v2/tailnet/-/keys";
  static constexpr const char* kForm = "application/x-www-form-urlencoded";

  // Of tag:ci, which owns tag:web, and tag:db, which nobody owns.
  OauthApi() {
    api_.world.store_policy(R"({"tagOwners": {"tag:ci": [], "tag:web": ["tag:ci"], "tag:db": []}})");
  }

  std::string owner() {
    if (owner_.empty()) owner_ = api_.token(identity::Role::owner);
    return owner_;
  }
  io::Response post(const std::string& target, const std::string& body, const std::string& token) {
    return api_.call("POST", target, token, {{}, body});
  }
  struct Client {
    std::string id;
    std::string secret;
  };
  Client client(const std::string& members) {
    const auto made = post(kKeys, R"({"keyType":"client",)" + members + "}", owner());
    EXPECT_EQ(made.status, 200) << made.body;
    const auto body = json_of(made).as_object();
    return {std::string(body.at("id").as_string()), std::string(body.at("key").as_string())};
  }
  io::Response form(const std::string& target, const std::string& body,
                    std::vector<io::Header> headers = {}) {
    headers.push_back({"Content-Type", kForm});
    return api_.call("POST", target, {}, {std::move(headers), body});
  }
  io::Response ask_token(const Client& of, const std::string& more = {}) {
    return form("/api/v2/oauth/token", "client_id=" + of.id + "&client_secret=" + of.secret + more);
  }
  std::string token(const Client& of, const std::string& more = {}) {
    const auto answer = ask_token(of, more);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return std::string(json_of(answer).at("access_token").as_string());
  }
  int status(const std::string& method, const std::string& target, const std::string& token,
             const std::string& body = {}) {
    return api_.call(method, target, token, {{}, body}).status;
  }

  ApiWorld api_;
  std::string owner_;
};

}  // namespace latchkey::testing
