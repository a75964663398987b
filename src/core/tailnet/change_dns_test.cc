#include "core/tailnet/change_dns.h"

#include <gtest/gtest.h>

#include "testing/world.h"

namespace latchkey::tailnet {
namespace {

using identity::Operation;
using identity::Role;
using testing::World;

Result<DnsConfiguration> change(World& world, Role by, const DnsChange& wanted) {
  TRY(const auto may, identity::authorize<Operation::write_dns>(world.caller(by)));
  return world.db().write_now([&](core::Tx& tx) { return change_dns(tx, may, wanted, world.now); });
}

DnsConfiguration stored(World& world) {
  return *world.db().read_now([&](core::Tx& tx) -> Result<DnsConfiguration> {
    TRY(const auto may, identity::authorize<Operation::read_dns>(world.caller(Role::auditor)));
    return read_dns(tx, may);
  });
}

DnsChange some() {
  DnsChange wanted;
  wanted.nameservers = {"1.1.1.1"};
  wanted.magic_dns = false;
  return wanted;
}

TEST(ChangeDns, IsRecordedWithBothValuesAsOneAct) {
  World world;
  ASSERT_TRUE(change(world, Role::network_admin, some()).ok());
  EXPECT_EQ(stored(world).nameservers, (std::vector<Resolver>{{"1.1.1.1", false}}));
  EXPECT_FALSE(stored(world).magic_dns);
  const auto updated = world.log({.events = {"TAILNET.UPDATE.DNS_CONFIG"}});
  const auto switched = world.log({.events = {"TAILNET.DISABLE.MAGIC_DNS"}});
  ASSERT_EQ(updated.size(), 1U);
  ASSERT_EQ(switched.size(), 1U);
  EXPECT_EQ(updated[0].group_id, switched[0].group_id);
  EXPECT_EQ(updated[0].target.name, "otter-reef.example");
  EXPECT_TRUE(updated[0].old_value->at("nameservers").as_array().empty());
  EXPECT_EQ(updated[0].new_value->at("nameservers").at(0).at("address"), "1.1.1.1");
}

TEST(ChangeDns, ToWhatIsAlreadySoIsNoEvent) {
  World world;
  ASSERT_TRUE(change(world, Role::owner, some()).ok());
  const auto before = world.log().size();
  EXPECT_TRUE(change(world, Role::owner, some()).ok());
  EXPECT_EQ(world.log().size(), before);
}

TEST(ChangeDns, RefusedLeavesEverythingAsItWas) {
  World world;
  auto wanted = some();
  wanted.search_paths = {"not a domain"};
  EXPECT_FALSE(change(world, Role::owner, wanted).ok());
  EXPECT_EQ(stored(world), DnsConfiguration{});
}

TEST(ChangeDns, R40_IsForWhoConfiguresTheNetwork) {
  for (const auto role : identity::kRoles) {
    World world;
    EXPECT_EQ(change(world, role, some()).ok(), identity::may(role, identity::Right::configure_network))
        << to_string(role);
  }
  World world;
  EXPECT_FALSE(identity::authorize<Operation::read_dns>(world.caller(Role::member)).ok());
}

TEST(ChangeDns, AnotherTailnetKeepsItsOwn) {
  World world;
  auto other = world.caller(Role::owner);
  other.tailnet = TailnetId("T11111111111CNTRL");
  ASSERT_TRUE(change(world, Role::owner, some()).ok());
  const auto may = identity::authorize<Operation::read_dns>(other);
  const auto seen =
      world.db().read_now([&](core::Tx& tx) -> Result<DnsConfiguration> { return read_dns(tx, *may); });
  EXPECT_EQ(*seen, DnsConfiguration{});
}

}  // namespace
}  // namespace latchkey::tailnet
