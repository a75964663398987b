#include "core/tailnet/change_attributes.h"

#include <gtest/gtest.h>

#include "core/tailnet/manage_devices.h"
#include "testing/world.h"

namespace latchkey::tailnet {
namespace {

using identity::Operation;
using identity::Role;
using testing::World;

class ChangeAttributes : public ::testing::Test {
 protected:
  Device join(int machine) { return world.join(machine, machine, *world.issue_auth_key(Role::owner)); }

  Result<void> change(std::vector<AttributeChange> changes, Role by = Role::owner,
                      WhenAbsent when_absent = WhenAbsent::nothing, std::string comment = {}) {
    TRY(const auto may, identity::authorize<Operation::write_device_attributes>(world.caller(by)));
    return world.db().write_now(
        [&](core::Tx& tx) { return change_attributes(tx, may, changes, comment, when_absent, world.now); });
  }
  Result<void> set(const std::string& to, std::string key, AttributeValue value,
                   std::optional<TimePoint> expires = {}) {
    return change({{to, std::move(key), std::move(value), expires}});
  }
  Result<void> remove(const std::string& from, std::string key, WhenAbsent when_absent) {
    return change({{from, std::move(key), std::nullopt, std::nullopt}}, Role::owner, when_absent);
  }
  std::vector<Attribute> custom(const std::string& of) {
    auto all = *world.db().read_now([&](core::Tx& tx) -> Result<std::vector<Attribute>> {
      TRY(const auto may,
          identity::authorize<Operation::read_device_attributes>(world.caller(Role::auditor)));
      return read_attributes(tx, may, of, world.now);
    });
    std::erase_if(all, [](const Attribute& one) { return !one.key.starts_with(kCustomPrefix); });
    return all;
  }

  World world;
  Device device = join(1);
  std::string id = device.id.str();
};

TEST_F(ChangeAttributes, SetReplaceAndRemoveAreRecorded) {
  ASSERT_TRUE(set(id, "custom:team", std::string("ops")).ok());
  ASSERT_TRUE(set(std::to_string(device.number), "custom:team", std::string("dev")).ok());
  EXPECT_EQ(custom(id), (std::vector<Attribute>{{"custom:team", std::string("dev"), {}}}));
  ASSERT_TRUE(remove(id, "custom:team", WhenAbsent::not_found).ok());
  EXPECT_TRUE(custom(id).empty());
  for (const char* event : {"NODE.CREATE.ATTRIBUTES", "NODE.UPDATE.ATTRIBUTES", "NODE.DELETE.ATTRIBUTES"}) {
    const auto records = world.log({.events = {event}});
    ASSERT_EQ(records.size(), 1U) << event;
    EXPECT_EQ(records[0].target.id, id);
  }
  const auto updated = world.log({.events = {"NODE.UPDATE.ATTRIBUTES"}})[0];
  EXPECT_EQ(updated.old_value->at("value"), "ops");
  EXPECT_EQ(updated.new_value->at("value"), "dev");
}

TEST_F(ChangeAttributes, ToWhatIsAlreadySoIsNoEvent) {
  ASSERT_TRUE(set(id, "custom:x", std::int64_t{5}).ok());
  const auto before = world.log().size();
  EXPECT_TRUE(set(id, "custom:x", std::int64_t{5}).ok());
  EXPECT_TRUE(remove(id, "custom:absent", WhenAbsent::nothing).ok());
  EXPECT_EQ(remove(id, "custom:absent", WhenAbsent::not_found).error().code, ErrorCode::not_found);
  EXPECT_EQ(world.log().size(), before);
}

TEST_F(ChangeAttributes, KeysDifferByMoreThanLetterCase) {
  ASSERT_TRUE(set(id, "custom:Team", std::string("a")).ok());
  ASSERT_TRUE(set(id, "custom:team", std::string("b")).ok());
  EXPECT_EQ(custom(id), (std::vector<Attribute>{{"custom:team", std::string("b"), {}}}));
}

TEST_F(ChangeAttributes, TypeOfAValueIsFixedInTheTailnet) {
  const auto other = join(2).id.str();
  ASSERT_TRUE(set(id, "custom:score", std::int64_t{80}).ok());
  const auto refused = set(other, "custom:SCORE", std::string("high"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().fields, std::vector<std::string>{"value"});
  EXPECT_TRUE(set(other, "custom:score", std::int64_t{-1}).ok());
}

TEST_F(ChangeAttributes, ExpiredOnesAreGone) {
  EXPECT_FALSE(set(id, "custom:x", true, world.now).ok());
  ASSERT_TRUE(set(id, "custom:x", true, world.now + hours{1}).ok());
  EXPECT_EQ(custom(id).size(), 1U);
  world.now += hours{1};
  EXPECT_TRUE(custom(id).empty());
  // Nor do they fix a type any more.
  EXPECT_TRUE(set(id, "custom:x", std::string("text")).ok());
}

TEST_F(ChangeAttributes, ABatchIsAllOrNothingAndOneAct) {
  const auto other = join(2).id.str();
  EXPECT_FALSE(change({{id, "custom:a", true, {}}, {other, "custom:a", std::string("no flag"), {}}}).ok());
  EXPECT_TRUE(custom(id).empty());
  ASSERT_TRUE(change({{id, "custom:a", true, {}}, {other, "custom:a", false, {}}}, Role::it_admin,
                     WhenAbsent::nothing, "why")
                  .ok());
  const auto records = world.log({.events = {"NODE.CREATE.ATTRIBUTES"}});
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].group_id, records[1].group_id);
  EXPECT_EQ(records[0].details, "why");
}

TEST_F(ChangeAttributes, NumberOnADeviceAndLengthOfACommentAreBounded) {
  std::vector<AttributeChange> changes;
  for (std::size_t i = 0; i < kMaxAttributes; ++i)
    changes.push_back({id, "custom:n" + std::to_string(i), true, {}});
  ASSERT_TRUE(change(changes).ok());
  EXPECT_FALSE(set(id, "custom:more", true).ok());
  EXPECT_TRUE(set(id, "custom:n1", false).ok());
  EXPECT_FALSE(
      change({{id, "custom:n1", true, {}}}, Role::owner, WhenAbsent::nothing, std::string(201, 'a')).ok());
}

TEST_F(ChangeAttributes, GoWithTheirDevice) {
  ASSERT_TRUE(set(id, "custom:x", std::int64_t{1}).ok());
  const auto may = identity::authorize<Operation::manage_device>(world.caller(Role::owner));
  ASSERT_TRUE(
      world.db().write_now([&](core::Tx& tx) { return remove_device(tx, *may, id, world.now); }).ok());
  EXPECT_EQ(set(id, "custom:x", std::int64_t{1}).error().code, ErrorCode::not_found);
  const auto next = join(3).id.str();
  EXPECT_TRUE(set(next, "custom:x", std::string("text")).ok());
}

TEST_F(ChangeAttributes, R40_AreForWhoManagesMachines) {
  for (const auto role : identity::kRoles) {
    const bool allowed = identity::may(role, identity::Right::manage_machines);
    EXPECT_EQ(change({{id, "custom:r", static_cast<std::int64_t>(role), {}}}, role).ok(), allowed)
        << to_string(role);
  }
}

}  // namespace
}  // namespace latchkey::tailnet
