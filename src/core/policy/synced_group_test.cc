#include "core/policy/synced_group.h"

#include <gtest/gtest.h>

namespace latchkey::policy {
namespace {

TEST(SyncedGroup, IsNamedByNameAndDomainOrById) {
  const struct {
    const char* group;
    const char* name;
    const char* domain;
    const char* id;
  } rows[] = {
      {"group:Sec Ops@Example.com", "sec ops", "example.com", ""},
      {"group:a@b@example.com", "a@b", "example.com", ""},
      {"group:0f0e2d1c-5a5a-4b4b-8c8c-777788889999", "", "", "0f0e2d1c-5a5a-4b4b-8c8c-777788889999"},
  };
  for (const auto& row : rows) {
    const auto found = synced_reference(row.group);
    ASSERT_TRUE(found) << row.group;
    EXPECT_EQ(found->name, row.name) << row.group;
    EXPECT_EQ(found->domain, row.domain) << row.group;
    EXPECT_EQ(found->id, row.id) << row.group;
  }
  for (const char* group : {"group:eng", "group:", "group:@example.com", "group:eng@", "tag:a@b",
                            "group:0f0e2d1c-5a5a-4b4b-8c8c-77778888999x"}) {
    EXPECT_FALSE(synced_reference(group)) << group;
  }
}

TEST(SyncedGroup, APolicyMayNameOneAndMistakesAreStillRefused) {
  const auto policy = Policy::parse(
      R"({"groups": {"group:own@example.com": []},
          "tagOwners": {"tag:a": ["group:ops@example.com"]},
          "acls": [{"action": "accept", "src": ["group:sec ops@example.com", "group:own@example.com"],
                    "dst": ["group:0f0e2d1c-5a5a-4b4b-8c8c-777788889999:22"]}]})");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  EXPECT_EQ(policy->synced_groups(),
            (std::vector<std::string>{"group:0f0e2d1c-5a5a-4b4b-8c8c-777788889999", "group:ops@example.com",
                                      "group:sec ops@example.com"}));
  EXPECT_FALSE(
      Policy::parse(R"({"acls": [{"action": "accept", "src": ["group:enginers"], "dst": ["*:*"]}]})").ok());
}

}  // namespace
}  // namespace latchkey::policy
