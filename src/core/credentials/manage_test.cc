#include "core/credentials/manage.h"

#include <gtest/gtest.h>

#include "testing/world.h"

namespace latchkey::credentials {
namespace {

using identity::Operation;
using identity::Role;
using testing::World;

std::vector<CredentialId> listed(World& world, Role by, ListScope scope) {
  const auto may = identity::authorize<Operation::list_keys>(world.caller(by));
  if (!may) return {};
  const auto keys = world.db().read_now([&](core::Tx& tx) { return list_keys(tx, *may, scope, world.now); });
  std::vector<CredentialId> ids;
  for (const auto& key : *keys) ids.push_back(key.id);
  return ids;
}

Result<Credential> read(World& world, Role by, const CredentialId& id) {
  TRY(const auto may, identity::authorize<Operation::read_key>(world.caller(by)));
  return world.db().read_now([&](core::Tx& tx) { return read_key(tx, may, id); });
}

TEST(ListKeys, ShowsOwnKeysAndAllThatTheRoleMayRead) {
  World world;
  const auto owners = world.issue_auth_key(Role::owner)->credential.id;
  const auto its = world.issue_auth_key(Role::it_admin)->credential.id;
  EXPECT_EQ(listed(world, Role::owner, ListScope::own), std::vector{owners});
  EXPECT_EQ(listed(world, Role::owner, ListScope::everything).size(), 2U);
  EXPECT_EQ(listed(world, Role::auditor, ListScope::everything).size(), 2U);
  EXPECT_TRUE(listed(world, Role::auditor, ListScope::own).empty());
  EXPECT_EQ(listed(world, Role::it_admin, ListScope::everything), std::vector{its});
  EXPECT_FALSE(identity::authorize<Operation::list_keys>(world.caller(Role::member)).ok());
}

TEST(ListKeys, HidesWhatHasEnded) {
  World world;
  NewAuthKey brief;
  brief.expiry_seconds = 60;
  ASSERT_TRUE(world.issue_auth_key(Role::owner, brief).ok());
  const auto revoked = world.issue_auth_key(Role::owner)->credential.id;
  const auto spent = world.issue_auth_key(Role::owner);
  const auto living = world.issue_auth_key(Role::owner)->credential.id;
  ASSERT_TRUE(world.revoke(Role::owner, revoked).ok());
  ASSERT_TRUE(world.redeem(*spent).ok());
  world.now += minutes{2};
  EXPECT_EQ(listed(world, Role::owner, ListScope::own), std::vector{living});
}

TEST(ReadKey, HiddenIsAnsweredLikeMissing) {
  World world;
  const auto owners = world.issue_auth_key(Role::owner)->credential.id;
  const auto hidden = read(world, Role::it_admin, owners).error();
  const auto missing = read(world, Role::it_admin, CredentialId("k11111111111CNTRL")).error();
  EXPECT_EQ(hidden.code, ErrorCode::not_found);
  EXPECT_EQ(hidden.code, missing.code);
  EXPECT_EQ(hidden.message, missing.message);
}

TEST(ReadKey, AnotherTailnetsKeyDoesNotExist) {
  World world;
  World other;
  const auto foreign = other.issue_auth_key(Role::owner)->credential.id;
  EXPECT_EQ(read(world, Role::owner, foreign).error().code, ErrorCode::not_found);
}

TEST(RevokeKey, R15_TakesEffectAtOnceAndIsRecorded) {
  World world;
  const auto issued = world.issue_auth_key(Role::owner);
  const auto other = world.issue_auth_key(Role::owner);
  ASSERT_TRUE(world.revoke(Role::owner, issued->credential.id).ok());
  EXPECT_EQ(world.stored(issued->credential.id).revoked, world.now);
  EXPECT_FALSE(world.redeem(*issued).ok());
  EXPECT_TRUE(world.redeem(*other, "mkey:2").ok());
  const auto revoked = world.log({.events = {"API_KEY.REVOKE"}});
  ASSERT_GE(revoked.size(), 1U);
  EXPECT_EQ(revoked[0].target.id, issued->credential.id.str());
  EXPECT_TRUE(revoked[0].old_value.has_value());
}

TEST(RevokeKey, TwiceIsOnceAndRecordedOnce) {
  World world;
  const auto id = world.issue_auth_key(Role::owner)->credential.id;
  ASSERT_TRUE(world.revoke(Role::owner, id).ok());
  const auto first = world.stored(id).revoked;
  world.now += hours{1};
  EXPECT_TRUE(world.revoke(Role::owner, id).ok());
  EXPECT_EQ(world.stored(id).revoked, first);
  EXPECT_EQ(world.log({.events = {"API_KEY.REVOKE"}}).size(), 1U);
}

TEST(RevokeKey, R13_R40_FollowsTheRoleMatrix) {
  for (const auto role : identity::kRoles) {
    World world;
    const auto owners = world.issue_auth_key(Role::owner)->credential.id;
    const bool any = role == Role::owner || role == Role::admin;
    EXPECT_EQ(world.revoke(role, owners).ok(), any) << to_string(role);
    if (const auto own = world.issue_auth_key(role); own.ok()) {
      EXPECT_TRUE(world.revoke(role, own->credential.id).ok()) << to_string(role);
    }
  }
}

}  // namespace
}  // namespace latchkey::credentials
