// Nothing that was minted holds more than what minted it, however long the chain: clients make clients, these
// mint tokens, and each step asks for something at random. What may be is worked out here from the words.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <random>

#include "base/text.h"
#include "core/identity/scope.h"
#include "testing/api_world.h"

namespace latchkey::http {
namespace {

namespace json = boost::json;
using testing::json_of;
using Scopes = std::vector<std::string>;

constexpr const char* kKeys = "/api/v2/tailnet/-/keys";

bool holds(const Scopes& held, const std::string& needed) {
  return std::ranges::any_of(held, [&](const std::string& scope) {
    if (scope == needed || scope == "all") return true;
    if (!needed.ends_with(":read")) return false;
    return scope + ":read" == needed || scope == "all:read";
  });
}
bool holds_all(const Scopes& held, const Scopes& needed) {
  return std::ranges::all_of(needed, [&](const std::string& each) { return holds(held, each); });
}

std::string joined(const Scopes& scopes) {
  std::string text;
  for (const auto& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

class HeldScopes : public ::testing::Test {
 protected:
  HeldScopes() {
    api_.world.store_policy(R"({"tagOwners": {"tag:ci": []}})");
    owner_ = api_.token(identity::Role::owner);
    for (const auto& row : identity::scope_catalogue()) {
      names_.push_back(identity::to_string({row.family, identity::ScopeAccess::read}));
      if (row.has_write) names_.push_back(identity::to_string({row.family, identity::ScopeAccess::write}));
    }
  }

  bool once_in(int turns) { return random_() % static_cast<unsigned>(turns) == 0; }
  // Mostly of what is held, so that chains go on, and now and then of everything.
  Scopes some_of(const Scopes& held) {
    Scopes some;
    const auto count = 1 + random_() % 4;
    while (some.size() < count) {
      const auto& from = once_in(8) ? names_ : held;
      auto name = from[random_() % from.size()];
      if (once_in(4) && !name.ends_with(":read")) name += ":read";
      if (std::ranges::find(some, name) == some.end()) some.push_back(std::move(name));
      if (held.size() == 1 && once_in(3)) break;
    }
    return some;
  }

  io::Response make(const std::string& type, const Scopes& scopes, const std::string& token) {
    json::object body{{"keyType", type},
                      {"scopes", json::array(scopes.begin(), scopes.end())},
                      {"tags", json::array{"tag:ci"}}};
    if (type == "federated") {
      body["issuer"] = "https://issuer.example";
      body["subject"] = "a";
    }
    return api_.call("POST", kKeys, token, {{}, json::serialize(body)});
  }
  io::Response mint(const std::string& secret, const Scopes& scopes) {
    return api_.call("POST", "/api/v2/oauth/token", {},
                     {{}, "client_secret=" + secret + "&scope=" + percent_encode(joined(scopes))});
  }
  static std::string member(const io::Response& response, const char* name) {
    return std::string(json_of(response).at(name).as_string());
  }

  testing::ApiWorld api_;
  std::string owner_;
  Scopes names_;
  std::mt19937 random_{20};  // NOLINT: the same chains each time
};

TEST_F(HeldScopes, R19_NoTokenHoldsOrHandsOutMoreThanItsMinterHas) {
  int granted = 0;
  int refused = 0;
  for (int chain = 0; chain < 60; ++chain) {
    Scopes held = some_of(names_);
    for (const char* maker : {"oauth_keys", "federated_keys"}) {
      if (std::ranges::find(held, maker) == held.end()) held.emplace_back(maker);
    }
    const Scopes first = held;
    auto made = make("client", held, owner_);
    ASSERT_EQ(made.status, 200) << made.body;
    for (int step = 0; step < 8; ++step) {
      const auto secret = member(made, "key");
      const auto asked = once_in(3) ? held : some_of(held);
      const auto minted = mint(secret, asked);
      ASSERT_EQ(minted.status, holds_all(held, asked) ? 200 : 403) << joined(held) << " > " << joined(asked);
      if (minted.status != 200) {
        ++refused;
        continue;
      }
      ++granted;
      EXPECT_EQ(member(minted, "scope"), joined(asked));
      EXPECT_TRUE(holds_all(first, asked)) << joined(first) << " > " << joined(asked);

      const auto token = member(minted, "access_token");
      const auto wanted = some_of(held);
      for (const char* type : {"federated", "client"}) {
        const bool may = holds(asked, type == std::string("client") ? "oauth_keys" : "federated_keys") &&
                         holds_all(asked, wanted);
        const auto answer = make(type, wanted, token);
        ASSERT_EQ(answer.status, may ? 200 : 403)
            << type << ": " << joined(asked) << " > " << joined(wanted) << answer.body;
        ++(may ? granted : refused);
        if (may && type == std::string("client")) {
          made = answer;
          held = wanted;
        }
      }
    }
  }
  // The chains were neither all open nor all closed.
  EXPECT_GT(granted, 100);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace latchkey::http
