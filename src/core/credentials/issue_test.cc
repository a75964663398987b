#include "core/credentials/issue.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/world.h"

namespace latchkey::credentials {
namespace {

using identity::Role;
using testing::World;

TEST(IssueAuthKey, R17_HasTheDocumentedDefaults) {
  World world;
  const auto issued = world.issue_auth_key(Role::owner);
  ASSERT_TRUE(issued.ok()) << issued.error().message;
  const auto key = world.stored(issued->credential.id);
  EXPECT_EQ(*key.expires - key.created, days{90});
  EXPECT_FALSE(key.grant.reusable);
  EXPECT_FALSE(key.grant.ephemeral);
  EXPECT_FALSE(key.grant.preauthorized);
  EXPECT_TRUE(key.grant.tags.empty());
  EXPECT_EQ(key.owner, world.user(Role::owner).id);
  EXPECT_EQ(key.digest, world.mint().digest(issued->text.expose()));
}

TEST(IssueAuthKey, R17_KeepsEveryOptionAsGiven) {
  World world;
  NewAuthKey want;
  want.description = "ci runner 14";
  want.expiry_seconds = 3600;
  want.grant = {true, true, true, {"tag:b", "tag:a"}, 7, {"build-*"}};
  const auto issued = world.issue_auth_key(Role::admin, want);
  ASSERT_TRUE(issued.ok()) << issued.error().message;
  const auto key = world.stored(issued->credential.id);
  EXPECT_EQ(key.description, "ci runner 14");
  EXPECT_EQ(*key.expires - key.created, hours{1});
  EXPECT_TRUE(key.grant.reusable && key.grant.ephemeral && key.grant.preauthorized);
  EXPECT_EQ(key.grant.tags, (std::vector<std::string>{"tag:b", "tag:a"}));
  EXPECT_EQ(key.grant.max_uses, 7);
  EXPECT_EQ(key.grant.allowed_hostnames, std::vector<std::string>{"build-*"});
}

TEST(IssueAuthKey, R13_R40_IsForRolesThatMayGenerate) {
  World world;
  for (const auto role : identity::kRoles) {
    const bool allowed =
        role == Role::owner || role == Role::admin || role == Role::network_admin || role == Role::it_admin;
    EXPECT_EQ(world.issue_auth_key(role).ok(), allowed) << to_string(role);
    EXPECT_EQ(world.issue_api_token(role).ok(), allowed) << to_string(role);
  }
}

TEST(IssueAuthKey, RefusesWhatIsOutOfBoundsAndNamesTheField) {
  World world;
  struct Row {
    const char* field;
    NewAuthKey want;
  };
  const auto with = [](auto change) {
    NewAuthKey want;
    change(want);
    return want;
  };
  const Row rows[] = {
      {"expirySeconds", with([](auto& want) { want.expiry_seconds = 7'776'001; })},
      {"expirySeconds", with([](auto& want) { want.expiry_seconds = -5; })},
      {"description", with([](auto& want) { want.description = std::string(51, 'a'); })},
      {"description", with([](auto& want) { want.description = "semi;colon"; })},
      {"tags", with([](auto& want) { want.grant.tags = {"ci"}; })},
      {"tags", with([](auto& want) { want.grant.tags = std::vector<std::string>(33, "tag:a"); })},
      {"maxUses", with([](auto& want) { want.grant.max_uses = 2; })},
      {"maxUses", with([](auto& want) { want.grant.reusable = true, want.grant.max_uses = 0; })},
      {"allowedHostnames", with([](auto& want) { want.grant.allowed_hostnames = {"no spaces"}; })},
      {"allowedHostnames", with([](auto& want) { want.grant.allowed_hostnames = {"tskey-auth-kX"}; })},
      {"description", with([](auto& want) { want.description = "tskey-auth-kX"; })},
      {"tags", with([](auto& want) { want.grant.tags = {"tag:tskey-auth-kX"}; })},
  };
  for (const auto& row : rows) {
    const auto issued = world.issue_auth_key(Role::owner, row.want);
    ASSERT_FALSE(issued.ok()) << row.field;
    EXPECT_EQ(issued.error().code, ErrorCode::malformed_input);
    EXPECT_EQ(issued.error().fields, std::vector<std::string>{row.field});
  }
  EXPECT_EQ(world.log().size(), 2U);  // tailnet and owner: refusals leave nothing behind
}

TEST(IssueAuthKey, TagsThatMayNotBeUsedGetUpstreamsText) {
  World world;
  NewAuthKey want;
  want.grant.tags = {"tag:ci", "tag:-x", "web"};
  EXPECT_EQ(world.issue_auth_key(Role::owner, want).error().message,
            "requested tags [tag:-x web] are invalid or not permitted");
  want.grant.tags = {"tag:ci"};
  const auto refused = world.issue_auth_key(Role::it_admin, want).error();
  EXPECT_EQ(refused.message, "requested tags [tag:ci] are invalid or not permitted");
  EXPECT_TRUE(refused.refusal);
  EXPECT_TRUE(world.issue_auth_key(Role::network_admin, want).ok());
}

TEST(IssueApiToken, R14_LastsOneToNinetyDays) {
  World world;
  for (const auto& [asked, allowed] : {std::pair{1, true}, {90, true}, {91, false}}) {
    NewApiToken want;
    want.expiry_seconds = asked * 86'400;
    EXPECT_EQ(world.issue_api_token(Role::owner, want).ok(), allowed) << asked;
  }
  NewApiToken half_a_day;
  half_a_day.expiry_seconds = 43'200;
  EXPECT_FALSE(world.issue_api_token(Role::owner, half_a_day).ok());
}

TEST(IssueApiToken, CannotBeMadeWithAnApiToken) {
  World world;
  const auto may = identity::authorize<identity::Operation::create_api_token>(world.caller(Role::owner));
  ASSERT_FALSE(may.ok());
  EXPECT_EQ(may.error().code, ErrorCode::forbidden);
}

TEST(IssueAudit, R35_WritesApiKeyCreateForBothTypes) {
  World world;
  ASSERT_TRUE(world.issue_auth_key(Role::owner).ok());
  ASSERT_TRUE(world.issue_api_token(Role::owner).ok());
  const auto created = world.log({.events = {"API_KEY.CREATE"}});
  ASSERT_EQ(created.size(), 2U);
  EXPECT_EQ(created[0].target.name, "Auth key");
  EXPECT_EQ(created[1].target.name, "Control API key");
  EXPECT_EQ(created[0].actor.login_name, "olive@otter-reef.example");
  EXPECT_EQ(created[0].group_id.size(), 32U);
}

TEST(IssueAudit, R3_NeverHoldsTheSecretOrItsDigest) {
  World world;
  const auto issued = world.issue_auth_key(Role::owner);
  const auto random = issued->text.expose().substr(issued->text.expose().rfind('-') + 1);
  for (const auto& record : world.log()) {
    const auto text = boost::json::serialize(record.new_value.value_or(nullptr)) +
                      boost::json::serialize(record.old_value.value_or(nullptr)) + record.details;
    EXPECT_EQ(text.find(random), std::string::npos);
  }
}

}  // namespace
}  // namespace latchkey::credentials
