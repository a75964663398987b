#include "core/join/session.h"

#include <gtest/gtest.h>

#include "core/join/host.h"
#include "core/tailnet/device_store.h"
#include "testing/world.h"

namespace latchkey::join {
namespace {

using identity::Role;
using testing::public_key;
using testing::World;

struct Joined {
  World world;
  tailnet::Device device;

  Joined() {
    const auto key = world.issue_auth_key(Role::owner);
    device = world.join(1, 1, *key);
  }
  tailnet::Device stored() { return *world.device(device.id); }
  Result<Reported> report(const StatusReport& status) {
    return world.db().write_now([&](core::Tx& tx) {
      return join::report(tx, *tx.devices().find(device.tailnet, device.id), status, world.join_context(),
                          {.origin = audit::Origin::node}, world.now);
    });
  }
  bool disconnect(std::string_view replica) {
    return *world.db().write_now([&](core::Tx& tx) -> Result<bool> {
      return join::disconnect(tx, device.tailnet, device.id, replica, world.now);
    });
  }
  void connect(std::string_view replica) {
    (void)world.db().write_now([&](core::Tx& tx) -> Result<void> {
      join::connect(tx, device, replica, world.now);
      return {};
    });
  }
};

StatusReport full_report() {
  StatusReport status;
  status.disco_key = public_key(tailnet::kDiscoKeyPrefix, 5);
  status.endpoints = {{"192.0.2.1:41641", "[2001:db8::1]:41641"}};
  status.host = {R"({"Hostname":"build-1","NetInfo":{"PreferredDERP":900}})", "build-1", {}};
  status.capability_version = 131;
  return status;
}

TEST(Session, NodeKeyCountsOnlyForTheMachineThatOwnsIt) {
  Joined joined;
  const auto find = [&](int machine, int node) {
    return joined.world.db().read_now([&](core::Tx& tx) {
      return device_of(tx, public_key("mkey:", machine), public_key("nodekey:", node));
    });
  };
  EXPECT_EQ(find(1, 1)->id, joined.device.id);
  EXPECT_EQ(find(2, 1).error().code, ErrorCode::not_found);
  EXPECT_EQ(find(2, 1).error().message, find(1, 2).error().message);
}

TEST(Report, IsKeptAndTheSameAgainWritesNothing) {
  Joined joined;
  EXPECT_TRUE(joined.report(full_report())->changed);
  const auto stored = joined.stored();
  EXPECT_EQ(stored.report.endpoints.size(), 2U);
  EXPECT_EQ(stored.report.home_relay, 900);
  EXPECT_EQ(stored.report.capability_version, 131);
  EXPECT_FALSE(joined.report(full_report())->changed);
}

TEST(Report, WithoutNetInfoKeepsTheWayToTheRelay) {
  Joined joined;
  ASSERT_TRUE(joined.report(full_report()).ok());
  StatusReport later;
  later.host = {R"({"Hostname":"build-1","OS":"linux"})", "build-1", {}};
  EXPECT_TRUE(joined.report(later)->changed);
  EXPECT_EQ(joined.stored().report.home_relay, 900);
  EXPECT_NE(joined.stored().report.host_info.find("PreferredDERP"), std::string::npos);
  EXPECT_EQ(joined.stored().report.endpoints.size(), 2U);
}

TEST(Report, HostNameRenamesUnlessTheNameWasChosen) {
  Joined joined;
  auto status = full_report();
  status.host->hostname = "web.local";
  EXPECT_EQ(joined.report(status)->device.name, "web");
  const auto records = joined.world.log({.events = {"NODE.UPDATE.MACHINE_NAME"}});
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(*records[0].new_value, "web");

  auto chosen = joined.stored();
  chosen.name = "front";
  chosen.name_is_chosen = true;
  (void)joined.world.db().write_now([&](core::Tx& tx) -> Result<void> {
    tx.devices().update(chosen, {},
                        {audit::ChangeKind::device_updated, chosen.tailnet, chosen.id.str(), 0, {}});
    return {};
  });
  status.host->hostname = "other";
  EXPECT_EQ(joined.report(status)->device.name, "front");
  EXPECT_EQ(joined.stored().hostname, "other");
}

TEST(Report, RefusesWhatItCannotKeep) {
  Joined joined;
  auto status = full_report();
  status.disco_key = "discokey:x";
  EXPECT_FALSE(joined.report(status).ok());
  status = full_report();
  status.host->info = std::string(tailnet::kMaxHostInfo + 1, ' ');
  EXPECT_FALSE(joined.report(status).ok());
  EXPECT_EQ(joined.stored().report.disco_key, "");
}

TEST(Report, HoldsNoKeys) {
  Joined joined;
  auto status = full_report();
  status.host->info = R"({"Hostname":"tskey-auth-abc"})";
  ASSERT_TRUE(joined.report(status).ok());
  EXPECT_EQ(joined.stored().report.host_info.find("tskey-auth"), std::string::npos);
}

TEST(Endpoints, AreAddressesWithPortsThatPeersCanReach) {
  EXPECT_EQ(usable_endpoints({"192.0.2.1:1", "[fe80::1]:2", "[fd00::1%eth0]:3", "x:4", "192.0.2.1",
                              "192.0.2.1:0", "192.0.2.1:70000", "[192.0.2.1]:5", "fd00::1:6", "[fd00::1]:7"}),
            (std::vector<std::string>{"192.0.2.1:1", "[fd00::1]:7"}));
  EXPECT_EQ(usable_endpoints(std::vector<std::string>(100, "192.0.2.1:1")).size(), tailnet::kMaxEndpoints);
}

TEST(Connection, LateEndingDoesNotUndoANewerOneElsewhere) {
  Joined joined;
  joined.connect("east");
  EXPECT_EQ(joined.stored().connected_to, "east");
  EXPECT_EQ(joined.stored().last_seen, joined.world.now);
  joined.connect("west");
  EXPECT_FALSE(joined.disconnect("east"));
  EXPECT_EQ(joined.stored().connected_to, "west");
  joined.world.now += minutes{5};
  EXPECT_TRUE(joined.disconnect("west"));
  EXPECT_EQ(joined.stored().connected_to, "");
  EXPECT_EQ(joined.stored().last_seen, joined.world.now);
}

TEST(Connection, WhatAReplicaLeftOpenEndsOnceItIsSilent) {
  Joined joined;
  auto& world = joined.world;
  const auto say = [&](const char* replica) {
    return world.db().write_now([&](core::Tx& tx) -> Result<void> {
      say_alive(tx, replica, world.now);
      return {};
    });
  };
  const auto sweep = [&] {
    return *world.db().write_now(
        [&](core::Tx& tx) -> Result<std::int64_t> { return disconnect_left(tx, world.now); });
  };
  ASSERT_TRUE(say("east").ok());
  joined.connect("east.1");
  EXPECT_EQ(sweep(), 0);
  world.now += kReplicaLease;
  // Another one with a longer name speaks for itself alone.
  ASSERT_TRUE(say("eas").ok());
  ASSERT_TRUE(say("east.").ok());
  EXPECT_EQ(sweep(), 1);
  EXPECT_EQ(joined.stored().connected_to, "");
  EXPECT_EQ(sweep(), 0);
}

TEST(Connection, AReplicaThatWasTakenForGoneTakesNothingFromAnother) {
  Joined joined;
  auto& world = joined.world;
  const auto again = [&](const char* connection) {
    return world.db().write_now([&](core::Tx& tx) -> Result<void> {
      const auto device = joined.stored();
      connect_again(tx, device.tailnet, device.id, connection, world.now);
      return {};
    });
  };
  ASSERT_TRUE(again("east.1").ok());
  EXPECT_EQ(joined.stored().connected_to, "east.1");
  joined.connect("west.1");
  ASSERT_TRUE(again("east.1").ok());
  EXPECT_EQ(joined.stored().connected_to, "west.1");
}

}  // namespace
}  // namespace latchkey::join
