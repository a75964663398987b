#include "storage/device_store.h"

#include <gtest/gtest.h>

#include <barrier>
#include <thread>

#include "core/tailnet/device_audit.h"
#include "testing/engines.h"
#include "testing/world.h"

namespace latchkey::storage {
namespace {

using audit::ChangeKind;
using identity::Role;
using tailnet::Device;
using tailnet::DeviceStore;
using Written = DeviceStore::Written;
using testing::World;

class DeviceStoreTest : public testing::EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    if (IsSkipped()) return;
    world_ = std::make_unique<World>(open());
  }
  void TearDown() override {
    world_.reset();
    EngineTest::TearDown();
  }

  Device device(int number) const {
    Device device;
    device.id = DeviceId("nDevice" + std::to_string(number));
    device.number = (std::int64_t{1} << 52) + number;
    device.tailnet = world_->tailnet().tailnet.id;
    device.user = UserId("uOwner");
    device.auth_key = CredentialId("kKey");
    device.machine_key = "mkey:" + std::to_string(number);
    device.node_key = "nodekey:" + std::to_string(number);
    device.name = "web-" + std::to_string(number);
    device.hostname = "Web";
    device.ipv4 = "100.64.0." + std::to_string(number);
    device.ipv6 = "fd7a::" + std::to_string(number);
    device.created = world_->now;
    device.key_expires = world_->now + days{180};
    return device;
  }

  template <class Fn>
  auto write(Fn fn) {
    using R = std::invoke_result_t<Fn&, DeviceStore&>;
    return *world_->db().write_now([&](core::Tx& tx) -> Result<R> { return fn(tx.devices()); });
  }
  Written insert(const Device& device) {
    return write([&](DeviceStore& devices) {
      return devices.insert(device, {}, change_of(device, ChangeKind::device_joined, world_->now));
    });
  }
  Written update(const Device& device) {
    return write([&](DeviceStore& devices) {
      return devices.update(device, {}, change_of(device, ChangeKind::device_updated, world_->now));
    });
  }
  std::optional<Device> find(const Device& device) { return world_->device(device.id); }

  std::unique_ptr<World> world_;
};

bool same(const Device& a, const Device& b) {
  const auto members = [](const Device& d) {
    return std::tie(d.id, d.number, d.tailnet, d.user, d.auth_key, d.machine_key, d.node_key,
                    d.tailnet_lock_key, d.name, d.hostname, d.name_is_chosen, d.ipv4, d.ipv6, d.tags,
                    d.ephemeral, d.authorized, d.key_expires, d.key_expiry_disabled, d.expiry_announced,
                    d.advertised_routes, d.enabled_routes, d.created, d.last_seen, d.connected_to, d.report);
  };
  return members(a) == members(b);
}

TEST_P(DeviceStoreTest, EveryMemberComesBackAsItWas) {
  auto made = device(1);
  made.tailnet_lock_key = "nlpub:1";
  made.name_is_chosen = made.ephemeral = made.authorized = made.key_expiry_disabled = made.expiry_announced =
      true;
  made.tags = {"tag:a", "tag:b"};
  made.user = UserId();
  made.advertised_routes = {"10.0.0.0/8"};
  made.enabled_routes = {"0.0.0.0/0", "::/0"};
  made.last_seen = world_->now;
  made.connected_to = "replica";
  made.report = {"discokey:1", {"192.0.2.1:1"}, R"({"OS":"linux"})", 900, 130};
  ASSERT_EQ(insert(made), Written::done);
  EXPECT_TRUE(same(*find(made), made));

  auto changed = made;
  changed.user = UserId("uOther");
  changed.auth_key = CredentialId();
  changed.node_key = "nodekey:9";
  changed.name = "front";
  changed.ipv4 = "100.64.9.9";
  changed.ipv6 = "fd7a::9";
  changed.tags.clear();
  changed.ephemeral = changed.authorized = changed.name_is_chosen = false;
  changed.key_expiry_disabled = changed.expiry_announced = false;
  changed.key_expires.reset();
  ASSERT_EQ(update(changed), Written::done);
  EXPECT_TRUE(same(*find(made), changed));

  changed.report = {"discokey:2", {}, "{}", 0, 131};
  write([&](DeviceStore& devices) {
    devices.report(made.tailnet, made.id, changed.report, change_of(made, ChangeKind::device_reported, {}));
    return true;
  });
  EXPECT_TRUE(same(*find(made), changed));
}

TEST_P(DeviceStoreTest, FindsByEveryKeyAndOnlyInItsTailnet) {
  const auto one = device(1);
  const auto two = device(2);
  insert(two);
  insert(one);
  write([&](DeviceStore& devices) {
    const TailnetId other("Tother");
    EXPECT_EQ(devices.find_by_number(one.tailnet, one.number)->id, one.id);
    EXPECT_FALSE(devices.find_by_number(other, one.number));
    EXPECT_FALSE(devices.find(other, one.id));
    EXPECT_TRUE(devices.list(other).empty());
    EXPECT_EQ(devices.find_by_node_key(two.node_key)->id, two.id);
    EXPECT_EQ(devices.list_of_machine(one.machine_key).size(), 1U);
    EXPECT_EQ(devices.list(one.tailnet).at(0).id, one.id);
    EXPECT_EQ(devices.list(one.tailnet).at(1).id, two.id);
    EXPECT_TRUE(devices.is_address_taken(one.tailnet, one.ipv4));
    EXPECT_FALSE(devices.is_address_taken(other, one.ipv4));
    EXPECT_EQ(devices.names_like(one.tailnet, "web").size(), 2U);
    EXPECT_EQ(devices.names_like(one.tailnet, "web-2").size(), 1U);
    EXPECT_TRUE(devices.names_like(one.tailnet, "eb").empty());
    return true;
  });
}

TEST_P(DeviceStoreTest, TellsWhatAnotherDeviceHasAndWritesNothing) {
  const auto one = device(1);
  ASSERT_EQ(insert(one), Written::done);
  const std::pair<void (*)(Device&, const Device&), Written> cases[] = {
      {[](Device& d, const Device& o) { d.name = o.name; }, Written::name_taken},
      {[](Device& d, const Device& o) { d.ipv4 = o.ipv4; }, Written::address_taken},
      {[](Device& d, const Device& o) { d.node_key = o.node_key; }, Written::node_key_taken},
      {[](Device& d, const Device& o) { d.machine_key = o.machine_key; }, Written::machine_taken},
  };
  int number = 2;
  for (const auto& [take, expected] : cases) {
    auto other = device(number++);
    take(other, one);
    EXPECT_EQ(insert(other), expected);
    EXPECT_FALSE(find(other));
  }
  auto same_number = device(8);
  same_number.number = one.number;
  EXPECT_EQ(insert(same_number), Written::number_taken);

  auto two = device(9);
  ASSERT_EQ(insert(two), Written::done);
  two.name = one.name;
  EXPECT_EQ(update(two), Written::name_taken);
  two.name = "web-9";
  two.node_key = one.node_key;
  EXPECT_EQ(update(two), Written::node_key_taken);
  EXPECT_EQ(find(two)->node_key, "nodekey:9");
}

TEST_P(DeviceStoreTest, UpdateDoesNotUndoWhatHappenedSinceTheDeviceWasRead) {
  const auto one = device(1);
  insert(one);
  auto approved = *find(one);
  auto renamed = approved;
  approved.authorized = true;
  renamed.name = "front";
  ASSERT_EQ(update(approved), Written::done);
  EXPECT_THROW(update(renamed), TransactionConflict);
  EXPECT_TRUE(find(one)->authorized);
  EXPECT_EQ(find(one)->name, one.name);
}

TEST_P(DeviceStoreTest, RemovingAndConnectingTellWhetherTheyDidAnything) {
  const auto one = device(1);
  insert(one);
  const auto change = change_of(one, ChangeKind::device_connected, world_->now);
  write([&](DeviceStore& devices) {
    EXPECT_FALSE(devices.set_connected(one.tailnet, one.id, {}, "east", world_->now, change));
    EXPECT_TRUE(devices.set_connected(one.tailnet, one.id, "east", {}, world_->now, change));
    EXPECT_EQ(devices.left_connected(world_->now, 10).size(), 1U);
    EXPECT_FALSE(devices.remove(TailnetId("Tother"), one.id, {}, change));
    EXPECT_TRUE(devices.remove(one.tailnet, one.id, {}, change));
    EXPECT_FALSE(devices.remove(one.tailnet, one.id, {}, change));
    return true;
  });
}

TEST_P(DeviceStoreTest, EphemeralDevicesAreGoneOnlyWhileNotConnected) {
  auto gone = device(1);
  gone.ephemeral = true;
  auto here = device(2);
  here.ephemeral = true;
  here.connected_to = "east";
  const auto lasting = device(3);
  insert(gone);
  insert(here);
  insert(lasting);
  write([&](DeviceStore& devices) {
    EXPECT_TRUE(devices.ephemeral_gone_since(world_->now - seconds{1}, 10).empty());
    const auto found = devices.ephemeral_gone_since(world_->now, 10);
    EXPECT_EQ(found.size(), 1U);
    EXPECT_EQ(found.at(0).id, gone.id);
    const auto change = change_of(gone, ChangeKind::device_removed, world_->now);
    EXPECT_FALSE(devices.remove_if_gone(here, world_->now, {}, change));
    EXPECT_FALSE(devices.remove_if_gone(gone, world_->now - seconds{1}, {}, change));
    EXPECT_TRUE(devices.remove_if_gone(gone, world_->now, {}, change));
    return true;
  });
}

TEST_P(DeviceStoreTest, ExpiryIsAnnouncedOnce) {
  const auto one = device(1);
  auto disabled = device(2);
  disabled.key_expiry_disabled = true;
  insert(one);
  insert(disabled);
  const auto change = change_of(one, ChangeKind::device_updated, world_->now);
  write([&](DeviceStore& devices) {
    EXPECT_TRUE(devices.expired_unannounced(*one.key_expires - seconds{1}, 10).empty());
    EXPECT_EQ(devices.expired_unannounced(*one.key_expires, 10).size(), 1U);
    EXPECT_TRUE(devices.announce_expiry(one, {}, change));
    EXPECT_FALSE(devices.announce_expiry(one, {}, change));
    EXPECT_FALSE(devices.announce_expiry(disabled, {}, change));
    EXPECT_TRUE(devices.expired_unannounced(*one.key_expires, 10).empty());
    return true;
  });
}

TEST_P(DeviceStoreTest, FeedEntriesNeedNoRecord) {
  const auto one = device(1);
  const auto before = world_->log().size();
  insert(one);
  EXPECT_EQ(world_->log().size(), before);
  const auto kinds = *world_->db().read_now([&](core::Tx& tx) -> Result<std::int64_t> {
    return testing::number(
        testing::connection_of(tx),
        "SELECT COUNT(*) FROM changes WHERE kind = 'device.joined' AND subject = 'nDevice1'");
  });
  EXPECT_EQ(kinds, 1);
}

// Threads that act at once; `act` is given the number of the thread.
template <class Act>
void at_once(int threads, Act act) {
  std::barrier<> start(threads);
  std::vector<std::jthread> crowd;
  for (int i = 1; i <= threads; ++i) {
    crowd.emplace_back([&, i] {
      start.arrive_and_wait();
      act(i);
    });
  }
}

TEST_P(DeviceStoreTest, R18_OfTenParallelJoinsWithAOneOffKeyExactlyOneSucceeds) {
  const auto key = world_->issue_auth_key(Role::owner);
  // On PostgreSQL every other machine comes to another replica.
  std::unique_ptr<SqlDatabase> replica = on_postgres() ? open() : nullptr;
  std::atomic<int> joined = 0;
  at_once(10, [&](int machine) {
    auto& db = replica && machine % 2 == 0 ? *replica : world_->db();
    const auto request = world_->join_request(machine, machine, &*key);
    const auto result = db.write_now([&](core::Tx& tx) {
      return join::register_device(tx, request, world_->join_context(), world_->now);
    });
    if (result.ok()) ++joined;
  });
  EXPECT_EQ(joined, 1);
  EXPECT_EQ(write([&](DeviceStore& devices) { return devices.list(world_->tailnet().tailnet.id).size(); }),
            1U);
}

TEST_P(DeviceStoreTest, RegistrationsOfOneMachineAtOnceMakeOneDevice) {
  credentials::NewAuthKey want;
  want.grant.reusable = true;
  const auto key = world_->issue_auth_key(Role::owner, want);
  std::unique_ptr<SqlDatabase> replica = on_postgres() ? open() : nullptr;
  at_once(8, [&](int node) {
    auto& db = replica && node % 2 == 0 ? *replica : world_->db();
    const auto request = world_->join_request(1, node, &*key);
    const auto result = db.write_now([&](core::Tx& tx) {
      return join::register_device(tx, request, world_->join_context(), world_->now);
    });
    if (!result.ok()) EXPECT_EQ(result.error().code, ErrorCode::unavailable);
  });
  EXPECT_EQ(write([&](DeviceStore& devices) { return devices.list(world_->tailnet().tailnet.id).size(); }),
            1U);
}

INSTANTIATE_TEST_SUITE_P(Engines, DeviceStoreTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::storage
