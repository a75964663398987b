#include "core/tailnet/settings.h"

#include <gtest/gtest.h>

#include "testing/world.h"

namespace latchkey::tailnet {
namespace {

using identity::Operation;
using identity::Role;
using testing::World;

Result<TailnetSettings> change(World& world, Role by, const SettingsChange& wanted) {
  TRY(const auto may, identity::authorize<Operation::write_settings>(world.caller(by)));
  return world.db().write_now([&](core::Tx& tx) { return change_settings(tx, may, wanted, world.now); });
}

TailnetSettings stored(World& world) {
  return *world.db().read_now([&](core::Tx& tx) -> Result<TailnetSettings> {
    TRY(const auto may, identity::authorize<Operation::read_settings>(world.caller(Role::auditor)));
    return read_settings(tx, may);
  });
}

TEST(Settings, BeginWithTheLongestKeysAndNothingOn) {
  World world;
  const auto settings = stored(world);
  EXPECT_EQ(settings, TailnetSettings{});
  EXPECT_EQ(settings.devices_key_duration_days, 180);
  EXPECT_FALSE(settings.devices_approval);
}

TEST(Settings, KeyDurationIsOneTo180Days) {
  for (const std::int64_t days : {1, 90, 180}) {
    SettingsChange wanted;
    wanted.devices_key_duration_days = days;
    EXPECT_EQ(apply(wanted, {})->devices_key_duration_days, days);
  }
  for (const std::int64_t days : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{181}, INT64_MAX}) {
    SettingsChange wanted;
    wanted.devices_key_duration_days = days;
    EXPECT_EQ(apply(wanted, {}).error().fields, std::vector<std::string>{"devicesKeyDurationDays"}) << days;
  }
}

TEST(Settings, ThereIsOneWayToChooseRoutes) {
  SettingsChange wanted;
  wanted.route_selection = "magicroute";
  EXPECT_EQ(apply(wanted, {}).error().fields, std::vector<std::string>{"routeSelection"});
}

TEST(Settings, LinkIsAWebAddressOrNone) {
  for (const char* link : {"", "https://git.example/policy", "http://x/?a=b#c"}) {
    SettingsChange wanted;
    wanted.acls_external_link = link;
    EXPECT_EQ(apply(wanted, {})->acls_external_link, link);
  }
  for (const std::string link :
       {std::string("javascript:alert(1)"), std::string("git.example/policy"), std::string("https://a b"),
        std::string("https://x\n"), "https://x/" + std::string(1024, 'a'),
        std::string("https://x/tskey-auth-")}) {
    SettingsChange wanted;
    wanted.acls_external_link = link;
    EXPECT_FALSE(apply(wanted, {}).ok()) << link;
  }
}

TEST(Settings, EachChangeIsAnEventOfOneAct) {
  World world;
  SettingsChange wanted;
  wanted.devices_approval = true;
  wanted.devices_key_duration_days = 30;
  wanted.users_approval = true;
  wanted.users_join_external = "admin";
  wanted.devices_auto_updates = true;
  wanted.acls_externally_managed = true;
  wanted.acls_external_link = "https://git.example/policy";
  // Made on first use, which is in the log too.
  world.user(Role::it_admin);
  world.user(Role::auditor);
  const auto before = world.log().size();
  ASSERT_TRUE(change(world, Role::it_admin, wanted).ok());
  EXPECT_EQ(stored(world), *apply(wanted, {}));
  const auto all = world.log();
  ASSERT_EQ(all.size(), before + 7);
  for (std::size_t i = before; i < all.size(); ++i) {
    EXPECT_EQ(all[i].group_id, all[before].group_id);
    EXPECT_EQ(all[i].actor.id, world.user(Role::it_admin).id.str());
    EXPECT_TRUE(audit::is_event_name(event_name(all[i]))) << event_name(all[i]);
  }
  const auto duration = world.log({.events = {"TAILNET.UPDATE.MAX_KEY_DURATION"}});
  ASSERT_EQ(duration.size(), 1U);
  EXPECT_EQ(*duration[0].old_value, 180);
  EXPECT_EQ(*duration[0].new_value, 30);
  EXPECT_EQ(world.log({.events = {"TAILNET.ENABLE.MACHINE_APPROVAL_NEEDED"}}).size(), 1U);

  EXPECT_TRUE(change(world, Role::owner, wanted).ok());  // nothing is left to change
  EXPECT_EQ(world.log().size(), all.size());
  SettingsChange off;
  off.devices_approval = false;
  off.acls_external_link = "";
  ASSERT_TRUE(change(world, Role::owner, off).ok());
  EXPECT_EQ(stored(world).acls_external_link, "");
  EXPECT_EQ(stored(world).devices_key_duration_days, 30);
  EXPECT_EQ(world.log({.events = {"TAILNET.DISABLE.MACHINE_APPROVAL_NEEDED"}}).size(), 1U);
}

TEST(Settings, R40_AreChangedByWhoConfiguresFeatures) {
  SettingsChange wanted;
  wanted.devices_approval = true;
  for (const auto role : identity::kRoles) {
    World world;
    EXPECT_EQ(change(world, role, wanted).ok(), identity::may(role, identity::Right::configure_features))
        << to_string(role);
  }
}

TEST(Settings, WordsForJoiningOtherTailnetsRoundTrip) {
  for (const auto value : {JoinExternal::none, JoinExternal::admin, JoinExternal::member}) {
    EXPECT_EQ(join_external_from(to_string(value)), value);
  }
  EXPECT_EQ(join_external_from("owner"), std::nullopt);
}

}  // namespace
}  // namespace latchkey::tailnet
