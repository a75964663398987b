#include "core/policy/manage.h"

#include <gtest/gtest.h>

#include "testing/world.h"

namespace latchkey::policy {
namespace {

using identity::Operation;
using identity::Role;
using testing::World;

constexpr const char* kOwned =
    R"({"tagOwners":{"tag:ci":["it-admin@otter-reef.example"],"tag:other":[]}, // who may
})";

Result<WrittenPolicy> write(World& world, std::string text, std::optional<std::string> expected = {},
                            Role by = Role::owner) {
  TRY(const auto may, identity::authorize<Operation::write_policy>(world.caller(by)));
  const NewPolicy want{std::move(text), std::move(expected)};
  return world.db().write_now([&](core::Tx& tx) { return write_policy(tx, may, want, {}, world.now); });
}

Policy current(World& world) {
  return *world.db().read_now(
      [&](core::Tx& tx) -> Result<Policy> { return current_policy(tx, world.tailnet().tailnet.id); });
}

TEST(WritePolicy, StoresTheTextByteForByte) {
  World world;
  EXPECT_TRUE(current(world).is_standard());
  const auto written = write(world, kOwned);
  ASSERT_TRUE(written.ok()) << written.error().message;
  EXPECT_EQ(current(world).text(), kOwned);
  EXPECT_EQ(written->policy.hash(), current(world).hash());
}

TEST(WritePolicy, IsForThreeRoles) {
  World world;
  for (const auto role : identity::kRoles) {
    const bool may_write = role == Role::owner || role == Role::admin || role == Role::network_admin;
    EXPECT_EQ(identity::authorize<Operation::write_policy>(world.caller(role)).ok(), may_write)
        << to_string(role);
    EXPECT_EQ(identity::authorize<Operation::read_policy>(world.caller(role)).ok(), role != Role::member);
  }
}

TEST(WritePolicy, IsRecordedWithBothTextsAndOnlyWhenSomethingChanges) {
  World world;
  ASSERT_TRUE(write(world, kOwned).ok());
  ASSERT_TRUE(write(world, kOwned).ok());
  ASSERT_TRUE(write(world, "{}").ok());
  const auto records = world.log({.events = {"TAILNET.UPDATE.ACL"}});
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].old_value->as_string(), Policy::standard().text());
  EXPECT_EQ(records[0].new_value->as_string(), kOwned);
  EXPECT_EQ(records[1].old_value->as_string(), kOwned);
  EXPECT_EQ(records[1].target.id, world.tailnet().tailnet.id.str());
  EXPECT_TRUE(records[1].details.empty());
}

TEST(WritePolicy, LongTextsAreCutInTheRecordOnly) {
  World world;
  const std::string longer = "{} //" + std::string(kMaxAuditedText, 'x') + "\n";
  ASSERT_TRUE(write(world, longer).ok());
  EXPECT_EQ(current(world).text(), longer);
  const auto record = world.log({.events = {"TAILNET.UPDATE.ACL"}}).at(0);
  EXPECT_EQ(record.new_value->as_string().size(), kMaxAuditedText);
  EXPECT_NE(record.details.find("cut"), std::string::npos);
}

TEST(WritePolicy, ExpectsTheHashOrTheStandardPolicyWhenAsked) {
  World world;
  EXPECT_EQ(write(world, "{}", "0123").error().message, kWrongHash);
  ASSERT_TRUE(write(world, "{}", "ts-default").ok());
  EXPECT_EQ(write(world, kOwned, "ts-default").error().code, ErrorCode::precondition_failed);
  EXPECT_TRUE(write(world, kOwned, current(world).hash()).ok());
}

TEST(WritePolicy, AnEmptyTextRestoresTheStandardPolicy) {
  World world;
  ASSERT_TRUE(write(world, kOwned).ok());
  const auto reset = write(world, " \n");
  ASSERT_TRUE(reset.ok());
  EXPECT_TRUE(reset->policy.is_standard() && current(world).is_standard());
  ASSERT_TRUE(write(world, "", "ts-default").ok());
  EXPECT_EQ(world.log({.events = {"TAILNET.UPDATE.ACL"}}).size(), 2U);
}

TEST(WritePolicy, FailingTestsAndBadTextsChangeNothing) {
  World world;
  const auto failed = write(
      world, R"({"tagOwners":{"tag:a":[]},"acls":[],"tests":[{"src":"tag:a","accept":["10.0.0.1:22"]}]})");
  ASSERT_TRUE(failed.ok());
  EXPECT_EQ(failed->failures.size(), 1U);
  EXPECT_FALSE(write(world, R"({"ssh":[{}]})").ok());
  EXPECT_TRUE(current(world).is_standard());
  EXPECT_TRUE(world.log({.events = {"TAILNET.UPDATE.ACL"}}).empty());
}

TEST(PolicyAndKeys, TagsOfANewKeyFollowThePolicyThatHolds) {
  World world;
  credentials::NewAuthKey want;
  want.grant.tags = {"tag:ci"};
  EXPECT_FALSE(world.issue_auth_key(Role::it_admin, want).ok());
  EXPECT_TRUE(world.issue_auth_key(Role::owner, want).ok());
  world.user(Role::it_admin);
  ASSERT_TRUE(write(world, kOwned).ok());
  EXPECT_TRUE(world.issue_auth_key(Role::it_admin, want).ok());
  want.grant.tags = {"tag:ci", "tag:other"};
  EXPECT_EQ(world.issue_auth_key(Role::it_admin, want).error().message,
            "requested tags [tag:other] are invalid or not permitted");
  EXPECT_TRUE(world.issue_auth_key(Role::owner, want).ok());
  want.grant.tags = {"tag:undefined"};
  EXPECT_FALSE(world.issue_auth_key(Role::owner, want).ok());
}

TEST(Warnings, NameUsersThatAreNone) {
  World world;
  const auto policy = *Policy::parse(
      R"({"groups":{"group:a":["olive@otter-reef.example","x@y.z"]},"tagOwners":{"tag:t":["q@y.z"]}})");
  const auto may = identity::authorize<Operation::read_policy>(world.caller(Role::auditor));
  const auto found = *world.db().read_now(
      [&](core::Tx& tx) -> Result<std::vector<std::string>> { return warnings(tx, *may, policy); });
  EXPECT_EQ(found, (std::vector<std::string>{R"("group:a": user not found: "x@y.z")",
                                             R"("tag:t": user not found: "q@y.z")"}));
}

}  // namespace
}  // namespace latchkey::policy
