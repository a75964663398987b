#include "core/tailnet/device_sweep.h"

#include <gtest/gtest.h>

#include "core/join/session.h"
#include "core/tailnet/device_store.h"
#include "testing/world.h"

namespace latchkey::tailnet {
namespace {

constexpr minutes kAbsence{30};

using identity::Role;
using testing::World;

std::int64_t announce(World& world) {
  return *world.db().write_now(
      [&](core::Tx& tx) -> Result<std::int64_t> { return announce_expired_node_keys(tx, world.now); });
}

std::int64_t remove_gone(World& world) {
  return *world.db().write_now(
      [&](core::Tx& tx) -> Result<std::int64_t> { return remove_gone_devices(tx, world.now, kAbsence); });
}

TEST(DeviceSweep, R38_AnnouncesEachExpiryOnce) {
  World world;
  const auto key = world.issue_auth_key(Role::owner);
  const auto device = world.join(1, 1, *key);
  credentials::NewAuthKey tagged;
  tagged.grant.tags = {"tag:ci"};
  const auto tagged_key = world.issue_auth_key(Role::owner, tagged);
  world.join(2, 2, *tagged_key);
  world.now += days{180} - seconds{1};
  EXPECT_EQ(announce(world), 0);
  world.now += seconds{1};
  EXPECT_EQ(announce(world), 1);
  EXPECT_EQ(announce(world), 0);
  const auto records = world.log({.events = {"NODE.EXPIRED.KEY_EXPIRY_TIME"}});
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].target.id, device.id.str());
  EXPECT_EQ(records[0].actor.type, audit::ActorType::automated_worker);
  EXPECT_TRUE(is_key_expired(*world.device(device.id), world.now));
}

TEST(DeviceSweep, LogoutIsNotAnnouncedAgain) {
  World world;
  const auto key = world.issue_auth_key(Role::owner);
  world.join(1, 1, *key);
  auto logout = world.join_request(1, 1);
  logout.expiry = from_micros(1);
  ASSERT_TRUE(world.join(logout).ok());
  EXPECT_EQ(announce(world), 0);
}

TEST(DeviceSweep, EphemeralDevicesGoAfterHalfAnHourAwayAndOthersStay) {
  World world;
  credentials::NewAuthKey want;
  want.grant.reusable = true;
  const auto lasting_key = world.issue_auth_key(Role::owner, want);
  want.grant.ephemeral = true;
  const auto key = world.issue_auth_key(Role::owner, want);
  const auto lasting = world.join(1, 1, *lasting_key);
  const auto away = world.join(2, 2, *key);
  const auto here = world.join(3, 3, *key);
  (void)world.db().write_now([&](core::Tx& tx) -> Result<void> {
    join::connect(tx, here, "east", world.now);
    return {};
  });
  world.now += kAbsence - seconds{1};
  EXPECT_EQ(remove_gone(world), 0);
  world.now += seconds{1};
  EXPECT_EQ(remove_gone(world), 1);
  EXPECT_EQ(remove_gone(world), 0);
  EXPECT_FALSE(world.device(away.id));
  EXPECT_TRUE(world.device(here.id));
  EXPECT_TRUE(world.device(lasting.id));
  const auto records = world.log({.events = {"NODE.DELETE"}});
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].target.id, away.id.str());
}

}  // namespace
}  // namespace latchkey::tailnet
