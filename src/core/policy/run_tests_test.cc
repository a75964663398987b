#include "core/policy/run_tests.h"

#include <gtest/gtest.h>

namespace latchkey::policy {
namespace {

using identity::Role;

class RunTests : public ::testing::Test {
 protected:
  // Whether one test of `accept` (or `deny`) holds.
  bool accepts(const std::string& src, const std::string& dst, const std::string& more = {}) {
    return holds("accept", src, dst, more);
  }
  bool denies(const std::string& src, const std::string& dst, const std::string& more = {}) {
    return holds("deny", src, dst, more);
  }

  bool holds(const std::string& kind, const std::string& src, const std::string& dst,
             const std::string& more) {
    const auto tests =
        policy_.parse_tests(R"([{"src":")" + src + "\",\"" + kind + "\":[\"" + dst + "\"]" + more + "}]");
    EXPECT_TRUE(tests.ok()) << tests.error().message;
    return run_tests(policy_, *tests, {users_, nodes_})->empty();
  }

  std::vector<identity::User> users_{user("alice@example.com", Role::admin),
                                     user("bob@example.com", Role::member)};
  std::vector<PolicyNode> nodes_{{1, {{}, {}, {"tag:web"}}, {"100.64.0.8"}, {}},
                                 {2, {"bob@example.com", Role::member, {}}, {"100.64.0.9"}, {}}};
  Policy policy_ = *Policy::parse(R"({
    "groups": {"group:dev": ["bob@example.com", "carol@example.com"], "group:mixed": ["bob@example.com", "dave@example.com"]},
    "hosts": {"db": "10.1.2.3"},
    "tagOwners": {"tag:web": [], "tag:db": []},
    "acls": [
      {"action": "accept", "src": ["group:dev"], "dst": ["tag:web:443"]},
      {"action": "accept", "src": ["tag:web"], "dst": ["10.0.0.0/8:5432"], "proto": "tcp"},
      {"action": "accept", "src": ["autogroup:admin"], "dst": ["*:*"]},
      {"action": "accept", "src": ["autogroup:member"], "dst": ["autogroup:self:22"]},
      {"action": "accept", "src": ["192.168.0.0/16"], "dst": ["tag:db:1-100"]},
      {"action": "accept", "src": ["tag:db"], "dst": ["autogroup:internet:*"]},
    ],
  })");

 private:
  static identity::User user(std::string login, Role role) {
    identity::User made;
    made.login_name = std::move(login);
    made.role = role;
    return made;
  }
};

TEST_F(RunTests, PeopleTagsHostsAndAddresses) {
  EXPECT_TRUE(accepts("bob@example.com", "tag:web:443"));
  EXPECT_TRUE(denies("bob@example.com", "tag:web:80"));
  EXPECT_TRUE(denies("bob@example.com", "tag:db:443"));
  EXPECT_FALSE(accepts("bob@example.com", "tag:db:443"));
  EXPECT_TRUE(accepts("tag:web", "db:5432"));
  EXPECT_TRUE(accepts("192.168.7.7", "tag:db:99"));
  EXPECT_TRUE(denies("192.168.7.7", "tag:db:101"));
  EXPECT_TRUE(accepts("tag:db", "1.1.1.1:53"));
  EXPECT_TRUE(denies("tag:db", "10.1.2.3:53"));
}

TEST_F(RunTests, RolesAreThoseOfTheUsersThereAre) {
  EXPECT_TRUE(accepts("alice@example.com", "tag:db:1"));
  EXPECT_TRUE(accepts("autogroup:admin", "10.9.9.9:1"));
  EXPECT_TRUE(denies("autogroup:member", "tag:db:1"));
}

TEST_F(RunTests, AGroupMeansAllOfItForAcceptAndAnyOfItForDeny) {
  EXPECT_TRUE(accepts("group:dev", "tag:web:443"));
  EXPECT_FALSE(accepts("group:mixed", "tag:web:443"));
  EXPECT_FALSE(denies("group:mixed", "tag:web:443"));
}

TEST_F(RunTests, AnAddressStandsForTheDeviceThatHasIt) {
  EXPECT_TRUE(accepts("100.64.0.9", "100.64.0.8:443"));
  EXPECT_TRUE(accepts("100.64.0.8", "db:5432"));
  EXPECT_TRUE(denies("100.64.0.77", "100.64.0.8:443"));
}

TEST_F(RunTests, SelfAndProtocols) {
  EXPECT_TRUE(accepts("bob@example.com", "autogroup:self:22"));
  EXPECT_TRUE(denies("tag:web", "autogroup:self:22"));
  EXPECT_TRUE(accepts("bob@example.com", "100.64.0.9:22"));
  EXPECT_TRUE(denies("carol@example.com", "100.64.0.9:22"));
  EXPECT_TRUE(accepts("tag:web", "db:5432", R"(,"proto":"tcp")"));
  EXPECT_TRUE(denies("tag:web", "db:5432", R"(,"proto":"udp")"));
}

TEST_F(RunTests, SaysWhatFailedAsUpstreamDoes) {
  const auto tests = policy_.parse_tests(
      R"([{"src":"tag:web","accept":["db:5432","db:22"],"deny":["db:5432"]},{"src":"tag:db","deny":["db:1"]}])");
  const auto failures = *run_tests(policy_, *tests, {users_, nodes_});
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].source, "tag:web");
  EXPECT_EQ(failures[0].errors, (std::vector<std::string>{R"(address "db:22": want: Accept, got: Drop)",
                                                          R"(address "db:5432": want: Drop, got: Accept)"}));
}

TEST_F(RunTests, StopsWhenTheyTakeTooLong) {
  std::string text = R"({"tagOwners":{"tag:a":[]},"groups":{"group:big":[)";
  for (int i = 0; i < 10'000; ++i) text += "\"u" + std::to_string(i) + "\",";
  text += R"(]},"acls":[)";
  for (int i = 0; i < 3'000; ++i) text += R"({"action":"accept","src":["tag:a"],"dst":["*:*"]},)";
  const auto policy = Policy::parse(text + R"(],"tests":[{"src":"group:big","deny":["tag:a:1"]}]})");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  const auto run = run_tests(*policy, policy->tests(), {});
  ASSERT_FALSE(run.ok());
  EXPECT_NE(run.error().message.find("too long"), std::string::npos);
}

}  // namespace
}  // namespace latchkey::policy
