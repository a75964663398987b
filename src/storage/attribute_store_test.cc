#include "storage/attribute_store.h"

#include <gtest/gtest.h>

#include "core/tailnet/change_attributes.h"
#include "core/tailnet/device_store.h"
#include "core/tailnet/manage_devices.h"
#include "testing/engines.h"
#include "testing/world.h"

namespace latchkey::storage {
namespace {

using identity::Operation;
using identity::Role;
using tailnet::Attribute;
using testing::World;

class AttributeStoreTest : public testing::EngineTest {
 protected:
  static Result<void> change(World& world, const std::vector<tailnet::AttributeChange>& changes) {
    TRY(const auto may, identity::authorize<Operation::write_device_attributes>(world.caller(Role::owner)));
    return world.db().write_now([&](core::Tx& tx) {
      return tailnet::change_attributes(tx, may, changes, {}, tailnet::WhenAbsent::nothing, world.now);
    });
  }
  template <class Read>
  static auto read(World& world, Read look) {
    return *world.db().read_now([&](core::Tx& tx) -> Result<decltype(look(tx))> { return look(tx); });
  }
};

TEST_P(AttributeStoreTest, EveryKindOfValueComesBackSortedByKey) {
  World world(open());
  const auto device = world.join(1, 1, *world.issue_auth_key(Role::owner));
  const auto id = device.id.str();
  ASSERT_TRUE(change(world, {{id, "custom:c", std::string(), {}},
                             {id, "custom:B", tailnet::kMaxAttributeNumber, world.now + hours{1}},
                             {id, "custom:a", true, {}}})
                  .ok());
  const auto stored = [&](const TailnetId& tailnet, TimePoint now) {
    return read(world, [&](core::Tx& tx) { return tx.attributes().list(tailnet, device.id, now); });
  };
  const std::vector<Attribute> expected{{"custom:a", true, {}},
                                        {"custom:B", tailnet::kMaxAttributeNumber, world.now + hours{1}},
                                        {"custom:c", std::string(), {}}};
  EXPECT_EQ(stored(device.tailnet, world.now), expected);
  EXPECT_EQ(stored(device.tailnet, world.now + hours{1}).size(), 2U);
  EXPECT_TRUE(stored(TailnetId("T11111111111CNTRL"), world.now).empty());
  const auto type_of = [&](const TailnetId& tailnet) {
    return read(world, [&](core::Tx& tx) { return tx.attributes().type_of(tailnet, "CUSTOM:b"); });
  };
  EXPECT_EQ(type_of(device.tailnet), "number");
  EXPECT_EQ(type_of(TailnetId("T11111111111CNTRL")), std::nullopt);
}

TEST_P(AttributeStoreTest, RemovedDevicesTakeTheirAttributesAlong) {
  World world(open());
  const auto device = world.join(1, 1, *world.issue_auth_key(Role::owner));
  ASSERT_TRUE(change(world, {{device.id.str(), "custom:a", true, {}}}).ok());
  const auto may = identity::authorize<Operation::manage_device>(world.caller(Role::owner));
  ASSERT_TRUE(world.db()
                  .write_now([&](core::Tx& tx) {
                    return tailnet::remove_device(tx, *may, device.id.str(), world.now);
                  })
                  .ok());
  EXPECT_EQ(read(world,
                 [](core::Tx& tx) {
                   return testing::number(testing::connection_of(tx),
                                          "SELECT COUNT(*) FROM device_attributes");
                 }),
            0);
}

TEST_P(AttributeStoreTest, DevicesAreCountedByTheKeyThatLetThemIn) {
  World world(open());
  credentials::NewAuthKey want;
  want.grant.reusable = true;
  const auto key = world.issue_auth_key(Role::owner, want);
  const auto count = [&](const CredentialId& id) {
    return read(world,
                [&](core::Tx& tx) { return tx.devices().count_of_auth_key(world.tailnet().tailnet.id, id); });
  };
  EXPECT_EQ(count(key->credential.id), 0);
  for (int machine = 1; machine <= 3; ++machine) world.join(machine, machine, *key);
  EXPECT_EQ(count(key->credential.id), 3);
  EXPECT_EQ(count(CredentialId("k11111111111CNTRL")), 0);
}

INSTANTIATE_TEST_SUITE_P(Engines, AttributeStoreTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::storage
