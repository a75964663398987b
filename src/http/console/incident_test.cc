// POST /api/console/credentials/revoke and GET .../keys?matching= through the real router.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/api_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::ApiWorld;
using testing::json_of;
using testing::message_of;

constexpr const char* kRevoke = "/api/console/credentials/revoke";

class RevokeByQuery : public ::testing::Test {
 protected:
  io::Response ask(boost::json::object body) {
    return api_.call("POST", kRevoke, owner_, {{}, boost::json::serialize(body)});
  }
  std::string auth_key(const std::string& token) {
    const auto made =
        api_.call("POST", "/api/v2/tailnet/-/keys", token, {{}, R"({"capabilities":{"devices":{}}})"});
    EXPECT_EQ(made.status, 200) << made.body;
    return std::string(json_of(made).at("id").as_string());
  }
  bool is_invalid(const std::string& id) {
    const auto got = api_.call("GET", "/api/v2/tailnet/-/keys/" + id, owner_);
    return json_of(got).at("invalid").as_bool();
  }

  ApiWorld api_;
  std::string owner_ = api_.token(Role::owner);
  std::string admin_ = api_.token(Role::admin);
};

TEST_F(RevokeByQuery, ShowsFirstAndThenEndsWhatItShowed) {
  const auto one = auth_key(admin_);
  const auto two = auth_key(admin_);
  const auto kept = auth_key(owner_);
  const auto login = api_.world.user(Role::admin).login_name;
  const auto shown = ask({{"query", "owner:" + login + " type:auth created>1h"}});
  ASSERT_EQ(shown.status, 200) << shown.body;
  const auto found = json_of(shown);
  EXPECT_EQ(found.at("count"), 2);
  EXPECT_EQ(found.at("keys").as_array().size(), 2U);
  EXPECT_EQ(found.at("includesCaller"), false);
  EXPECT_FALSE(found.as_object().contains("eventGroupID"));
  EXPECT_FALSE(is_invalid(one));
  // An hour later the query that was given back still means the same.
  api_.clock.advance(hours{1});
  const auto done = ask({{"query", found.at("query")},
                         {"dryRun", false},
                         {"fingerprint", found.at("fingerprint")},
                         {"reason", "stolen laptop"}});
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(json_of(done).at("count"), 2);
  EXPECT_EQ(json_of(done).at("eventGroupID").as_string().size(), 32U);
  EXPECT_TRUE(is_invalid(one) && is_invalid(two));
  EXPECT_FALSE(is_invalid(kept));
}

TEST_F(RevokeByQuery, R15_ATokenOfTheQueryIsRefusedInTheNextRequestAlsoTheCallers) {
  const auto shown = json_of(ask({{"query", "type:api"}}));
  EXPECT_EQ(shown.at("includesCaller"), true);
  EXPECT_EQ(api_.call("GET", "/api/v2/whoami", admin_).status, 200);
  const auto done = ask({{"query", "type:api"}, {"dryRun", false}, {"fingerprint", shown.at("fingerprint")}});
  EXPECT_EQ(done.status, 200) << done.body;
  for (const auto& token : {owner_, admin_}) {
    EXPECT_EQ(api_.call("GET", "/api/v2/whoami", token).status, 401);
  }
}

TEST_F(RevokeByQuery, RefusesWithoutAFingerprintWithAnotherOneAndWhatItDoesNotUnderstand) {
  const auto id = auth_key(owner_);
  EXPECT_EQ(ask({{"query", "type:auth"}, {"dryRun", false}}).status, 400);
  const auto other = ask({{"query", "type:auth"}, {"dryRun", false}, {"fingerprint", "1-00"}});
  EXPECT_EQ(other.status, 409);
  EXPECT_NE(message_of(other).find("1 keys match now"), std::string::npos) << message_of(other);
  for (const auto* query : {"", "kind:auth", "owner:nobody@example.com"}) {
    EXPECT_EQ(ask({{"query", query}}).status, 400) << query;
  }
  EXPECT_EQ(ask({}).status, 400);
  EXPECT_FALSE(is_invalid(id));
}

TEST_F(RevokeByQuery, ListsTakeTheSameQuery) {
  const auto mine = auth_key(owner_);
  auth_key(admin_);
  const auto count = [&](const std::string& rest) {
    const auto got = api_.call("GET", "/api/v2/tailnet/-/keys?" + rest, owner_);
    return got.status == 200 ? static_cast<int>(json_of(got).at("keys").as_array().size()) : -got.status;
  };
  EXPECT_EQ(count("matching=type:auth&all=true"), 2);
  EXPECT_EQ(count("matching=type:auth"), 1) << "one's own";
  EXPECT_EQ(count("all=true&matching=id:" + mine), 1);
  EXPECT_EQ(count("matching="), -400);
}

}  // namespace
}  // namespace latchkey::http
