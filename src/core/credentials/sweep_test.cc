#include "core/credentials/sweep.h"

#include <gtest/gtest.h>

#include "core/credentials/credential_store.h"
#include "testing/world.h"

namespace latchkey::credentials {
namespace {

using identity::Role;
using testing::World;

std::int64_t announce(World& world) {
  return *world.db().write_now(
      [&](core::Tx& tx) -> Result<std::int64_t> { return announce_expired(tx, world.now); });
}

std::int64_t purge(World& world) {
  return *world.db().write_now(
      [&](core::Tx& tx) -> Result<std::int64_t> { return purge_ended(tx, world.now); });
}

bool exists(World& world, const CredentialId& id) {
  return *world.db().read_now([&](core::Tx& tx) -> Result<bool> {
    return tx.credentials().find(world.tailnet().tailnet.id, id).has_value();
  });
}

TEST(Sweep, R38_AnnouncesEachExpiryOnce) {
  World world;
  NewAuthKey brief;
  brief.expiry_seconds = 60;
  const auto id = world.issue_auth_key(Role::owner, brief)->credential.id;
  const auto revoked = world.issue_auth_key(Role::owner, brief)->credential.id;
  ASSERT_TRUE(world.revoke(Role::owner, revoked).ok());
  world.now += seconds{59};
  EXPECT_EQ(announce(world), 0);
  world.now += seconds{1};
  EXPECT_EQ(announce(world), 1);
  EXPECT_EQ(announce(world), 0);
  const auto records = world.log({.events = {"API_KEY.EXPIRED"}});
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].target.id, id.str());
  EXPECT_EQ(records[0].actor.type, audit::ActorType::automated_worker);
}

TEST(Sweep, KeepsEndedKeysForNinetyDays) {
  World world;
  const auto revoked = world.issue_auth_key(Role::owner)->credential.id;
  NewAuthKey brief;
  brief.expiry_seconds = 60;
  const auto expired = world.issue_auth_key(Role::owner, brief)->credential.id;
  NewAuthKey open_ended;
  open_ended.grant.reusable = true;
  const auto used = world.issue_auth_key(Role::owner, open_ended);
  ASSERT_TRUE(world.redeem(*used).ok());
  ASSERT_TRUE(world.revoke(Role::owner, revoked).ok());
  world.now += minutes{2};
  announce(world);
  world.now += days{89};
  EXPECT_EQ(purge(world), 0);
  world.now += days{1};
  EXPECT_EQ(purge(world), 2);
  EXPECT_FALSE(exists(world, revoked));
  EXPECT_FALSE(exists(world, expired));
  EXPECT_TRUE(exists(world, used->credential.id));
  EXPECT_EQ(world.log({.events = {"API_KEY.CREATE"}}).size(), 3U);  // the log remembers
}

}  // namespace
}  // namespace latchkey::credentials
