#include "core/identity/scope.h"

#include <gtest/gtest.h>

#include <set>

namespace latchkey::identity {
namespace {

ScopeSet set_of(std::vector<std::string> names) {
  auto set = ScopeSet::parse(names);
  EXPECT_TRUE(set.ok()) << (set.ok() ? "" : set.error().message);
  return set.ok() ? *set : ScopeSet();
}

std::vector<Scope> every_scope() {
  std::vector<Scope> scopes;
  for (const auto& row : scope_catalogue()) {
    scopes.push_back({row.family, ScopeAccess::read});
    if (row.has_write) scopes.push_back({row.family, ScopeAccess::write});
  }
  return scopes;
}

TEST(Scopes, EveryNameIsItsOwn) {
  std::set<std::string> names;
  for (const auto scope : every_scope()) {
    EXPECT_TRUE(names.insert(to_string(scope)).second) << to_string(scope);
    EXPECT_TRUE(set_of({to_string(scope)}).holds(scope)) << to_string(scope);
  }
  EXPECT_EQ(names.size(), 43U);
  EXPECT_TRUE(names.contains("logs:configuration:read"));
  EXPECT_FALSE(names.contains("logs:configuration"));
}

TEST(Scopes, R19_HoldWhatTheirRowSaysAndNothingElse) {
  for (const auto given : every_scope()) {
    const auto set = set_of({to_string(given)});
    for (const auto needed : every_scope()) {
      const bool same = given.family == needed.family || given.family == ScopeFamily::all;
      const bool enough = given.access == ScopeAccess::write || needed.access == ScopeAccess::read;
      const bool kept = needed.family != ScopeFamily::all || given.family == ScopeFamily::all;
      EXPECT_EQ(set.holds(needed), same && enough && kept) << to_string(given) << " " << to_string(needed);
    }
  }
}

TEST(Scopes, EveryFamilyTogetherIsNotAll) {
  std::vector<std::string> names;
  for (const auto scope : every_scope()) {
    if (scope.family != ScopeFamily::all) names.push_back(to_string(scope));
  }
  EXPECT_FALSE(set_of(names).is_everything());
  EXPECT_FALSE(set_of(names).includes(set_of({"all"})));
  EXPECT_TRUE(set_of({"all"}).includes(set_of(names)));
}

TEST(Scopes, OldNamesMeanTheirSuccessors) {
  EXPECT_EQ(set_of({"devices"}), set_of({"devices:core", "devices:posture_attributes", "auth_keys"}));
  EXPECT_EQ(set_of({"devices:read"}),
            set_of({"devices:core:read", "devices:posture_attributes:read", "auth_keys:read"}));
  EXPECT_EQ(set_of({"routes"}), set_of({"devices:routes"}));
  EXPECT_EQ(set_of({"acl:read"}), set_of({"policy_file:read"}));
  EXPECT_EQ(set_of({"logs:read"}), set_of({"logs:configuration:read"}));
  EXPECT_EQ(set_of({"network-logs:read"}), set_of({"logs:network:read"}));
}

TEST(Scopes, UnknownOnesAreRefusedByName) {
  for (const char* name : {"", "al", "ALL", "all:write", "dns:", "dns:read:read", "logs:configuration",
                           "logs", "dns ", "devices:core:write", "*"}) {
    const std::vector<std::string> names{name};
    const auto refused = ScopeSet::parse(names);
    ASSERT_FALSE(refused.ok()) << name;
    EXPECT_NE(refused.error().message.find(name), std::string::npos) << refused.error().message;
  }
}

TEST(Scopes, TagsAreNeededWhereDevicesAreMadeOrChanged) {
  EXPECT_TRUE(set_of({"auth_keys"}).needs_tags());
  EXPECT_TRUE(set_of({"dns", "devices:core"}).needs_tags());
  EXPECT_TRUE(set_of({"devices"}).needs_tags());
  EXPECT_FALSE(set_of({"auth_keys:read", "devices:core:read"}).needs_tags());
  EXPECT_FALSE(set_of({"all"}).needs_tags());
}

TEST(Scopes, WordsAreReadAsRfc6749HasThem) {
  EXPECT_EQ(scope_words(" dns  all dns "), (std::vector<std::string>{"dns", "all"}));
  EXPECT_TRUE(scope_words("").empty());
}

}  // namespace
}  // namespace latchkey::identity
