#include "core/tailnet/manage_devices.h"

#include <gtest/gtest.h>

#include "testing/world.h"

namespace latchkey::tailnet {
namespace {

using identity::Operation;
using identity::Role;
using testing::World;

class ManageDevices : public ::testing::Test {
 protected:
  ManageDevices() {
    key_ = *world_.issue_auth_key(Role::owner, reusable());
    device_ = world_.join(1, 1, key_);
  }

  static credentials::NewAuthKey reusable() {
    credentials::NewAuthKey want;
    want.grant.reusable = true;
    return want;
  }
  // Calls a use case of this file as that role, on the device unless told otherwise.
  template <class UseCase, class... Wish>
  auto manage(UseCase use_case, Role role, const Wish&... wish) {
    return act<Operation::manage_device>(use_case, role, id_.empty() ? device_.id.str() : id_, wish...);
  }
  template <Operation operation, class UseCase, class... Wish>
  auto act(UseCase use_case, Role role, const std::string& id, const Wish&... wish) {
    using R = std::invoke_result_t<UseCase, core::Tx&, const identity::Permit<operation>&, std::string_view,
                                   const Wish&..., TimePoint>;
    const auto may = identity::authorize<operation>(world_.caller(role));
    if (!may) return R(may.error());
    return world_.db().write_now([&](core::Tx& tx) { return use_case(tx, *may, id, wish..., world_.now); });
  }
  auto set_routes(Role role, std::vector<std::string> routes) {
    return act<Operation::set_device_routes>(set_enabled_routes, role, device_.id.str(), routes);
  }
  Device stored() { return *world_.device(device_.id); }
  std::vector<std::string> new_events(std::size_t since) {
    std::vector<std::string> names;
    const auto records = world_.log();
    for (auto at = since; at < records.size(); ++at) {
      if (records[at].target.type == audit::TargetType::node) names.push_back(event_name(records[at]));
    }
    return names;
  }

  World world_;
  credentials::IssuedKey key_;
  Device device_;
  std::string id_;
};

using Events = std::vector<std::string>;

TEST_F(ManageDevices, IsForTheRolesOfTheMatrix) {
  for (const Role role : identity::kRoles) {
    const bool machines = role == Role::owner || role == Role::admin || role == Role::it_admin;
    EXPECT_EQ(manage(expire_key, role, seconds{0}).ok(), machines) << to_string(role);
    EXPECT_EQ(set_routes(role, {}).ok(), machines || role == Role::network_admin) << to_string(role);
    EXPECT_EQ(identity::authorize<Operation::read_device>(world_.caller(role)).ok(), role != Role::member);
    EXPECT_EQ(identity::authorize<Operation::list_devices>(world_.caller(role)).ok(), role != Role::member);
  }
}

TEST_F(ManageDevices, BothIdsWorkAndForeignOnesAreAnsweredLikeNone) {
  id_ = std::to_string(device_.number);
  EXPECT_TRUE(manage(set_authorized, Role::owner, true).ok());
  for (const char* id : {"", "nUnknown", "1", "-1", "99999999999999999999"}) {
    const auto missing = act<Operation::manage_device>(expire_key, Role::owner, id, seconds{0});
    EXPECT_EQ(missing.error().code, ErrorCode::not_found) << id;
  }
  auto stranger = world_.caller(Role::owner);
  stranger.tailnet = TailnetId("Tother");
  const auto may = *identity::authorize<Operation::read_device>(stranger);
  const auto hidden =
      world_.db().read_now([&](core::Tx& tx) { return read_device(tx, may, device_.id.str()); });
  EXPECT_EQ(hidden.error().message, "device not found");
}

TEST_F(ManageDevices, ApprovalIsGivenAndTakenBack) {
  const auto before = world_.log().size();
  EXPECT_FALSE(manage(set_authorized, Role::owner, false)->authorized);
  EXPECT_TRUE(manage(set_authorized, Role::it_admin, true)->authorized);
  EXPECT_TRUE(manage(set_authorized, Role::it_admin, true)->authorized);
  EXPECT_EQ(new_events(before), (Events{"NODE.REVOKE", "NODE.APPROVE"}));
}

TEST_F(ManageDevices, TagsTakeTheUserAwayAndLeaveTheExpiryAlone) {
  const auto before = world_.log().size();
  const Events tags{"tag:web", "tag:ci", "tag:web"};
  const auto tagged = manage(set_tags, Role::owner, tags);
  EXPECT_EQ(tagged->tags, (Events{"tag:ci", "tag:web"}));
  EXPECT_TRUE(tagged->user.empty());
  EXPECT_FALSE(tagged->key_expiry_disabled);
  EXPECT_EQ(new_events(before), Events{"NODE.UPDATE.ACL_TAGS"});
  EXPECT_FALSE(manage(set_tags, Role::owner, Events{}).ok());
  EXPECT_EQ(manage(set_tags, Role::it_admin, Events{"tag:db"}).error().message,
            "requested tags [tag:db] are invalid or not permitted");
  EXPECT_EQ(stored().tags, (Events{"tag:ci", "tag:web"}));
}

TEST_F(ManageDevices, IsHandedOverToSomebodyActiveAndStaysConnected) {
  const auto heir = world_.user(Role::auditor);
  world_.set_status(Role::auditor, identity::UserStatus::suspended);
  EXPECT_EQ(manage(hand_over, Role::admin, heir.id).error().code, ErrorCode::conflict);
  EXPECT_EQ(manage(hand_over, Role::admin, UserId("uNobodyCNTRL")).error().code, ErrorCode::conflict);
  world_.set_status(Role::auditor, identity::UserStatus::active);
  EXPECT_EQ(manage(hand_over, Role::network_admin, heir.id).error().code, ErrorCode::forbidden);
  EXPECT_EQ(stored().user, device_.user);

  const auto before = world_.log().size();
  ASSERT_TRUE(manage(hand_over, Role::admin, heir.id).ok());
  EXPECT_EQ(stored().user, heir.id);
  EXPECT_EQ(stored().node_key, device_.node_key);
  ASSERT_TRUE(manage(hand_over, Role::admin, heir.id).ok()) << "his already: nothing happens";
  EXPECT_EQ(new_events(before), Events{"NODE.UPDATE.USER"});

  // The machine logs in again for the one before: each has it once, so it cannot be handed over too.
  id_ = world_.join(1, 2, key_).id.str();
  ASSERT_NE(id_, device_.id.str());
  EXPECT_EQ(manage(hand_over, Role::admin, heir.id).error().code, ErrorCode::conflict);
  world_.store_policy(R"({"tagOwners": {"tag:ci": []}})");
  ASSERT_TRUE(manage(set_tags, Role::admin, std::vector<std::string>{"tag:ci"}).ok());
  EXPECT_EQ(manage(hand_over, Role::admin, world_.user(Role::member).id).error().code, ErrorCode::conflict)
      << "the tailnet's";
}

TEST_F(ManageDevices, TagsAreThoseOfThePolicyFileOnceThereIsOne) {
  world_.store_policy(R"({"tagOwners": {"tag:web": ["autogroup:it-admin"]}})");
  EXPECT_EQ(manage(set_tags, Role::owner, Events{"tag:other"}).error().message,
            "requested tags [tag:other] are invalid or not permitted");
  EXPECT_EQ(manage(set_tags, Role::it_admin, Events{"tag:web"})->tags, Events{"tag:web"});
}

TEST_F(ManageDevices, ChosenNameIsALabelOfItsOwnAndCanBeGivenBack) {
  world_.join(2, 2, key_);
  EXPECT_EQ(manage(set_name, Role::owner, std::string("front"))->name, "front");
  EXPECT_TRUE(stored().name_is_chosen);
  EXPECT_EQ(manage(set_name, Role::owner, std::string("build-2")).error().code, ErrorCode::conflict);
  EXPECT_EQ(manage(set_name, Role::owner, std::string("a.b")).error().code, ErrorCode::malformed_input);
  EXPECT_EQ(manage(set_name, Role::owner, std::string())->name, "build-1");
  EXPECT_FALSE(stored().name_is_chosen);
  EXPECT_EQ(world_.log({.events = {"NODE.UPDATE.MACHINE_NAME"}}).size(), 2U);
}

TEST_F(ManageDevices, AddressIsADeviceAddressThatNobodyHas) {
  const auto other = world_.join(2, 2, key_);
  const auto moved = manage(set_ipv4, Role::owner, std::string("100.64.9.9"));
  EXPECT_EQ(moved->ipv4, "100.64.9.9");
  EXPECT_EQ(moved->ipv6, "fd7a:115c:a1e0:ab12:4843:cd96:6240:909");
  EXPECT_EQ(manage(set_ipv4, Role::owner, other.ipv4).error().code, ErrorCode::conflict);
  for (const char* address : {"10.0.0.1", "100.100.100.100", "fd7a::1", ""}) {
    EXPECT_EQ(manage(set_ipv4, Role::owner, std::string(address)).error().code, ErrorCode::malformed_input);
  }
}

TEST_F(ManageDevices, RoutesAreSortedAndExitRoutesGoTogether) {
  const auto before = world_.log().size();
  const Events sorted{"0.0.0.0/0", "2.0.0.0/24", "10.0.1.0/24", "::/0"};
  EXPECT_EQ(set_routes(Role::network_admin, {"10.0.1.0/24", "::/0", "2.0.0.0/24"})->enabled_routes, sorted);
  EXPECT_EQ(set_routes(Role::network_admin, sorted)->enabled_routes, sorted);
  EXPECT_EQ(new_events(before), Events{"NODE.UPDATE.ALLOWED_IPS"});
  EXPECT_FALSE(set_routes(Role::owner, {"10.0.0.1/8"}).ok());
  EXPECT_TRUE(set_routes(Role::owner, {})->enabled_routes.empty());
}

TEST_F(ManageDevices, RemovedDeviceIsGoneAndItsReusableKeyWorks) {
  ASSERT_TRUE(manage(remove_device, Role::owner).ok());
  EXPECT_FALSE(world_.device(device_.id));
  EXPECT_EQ(manage(remove_device, Role::owner).error().code, ErrorCode::not_found);
  const auto records = world_.log({.events = {"NODE.DELETE"}});
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].actor.id, world_.tailnet().owner.id.str());
  EXPECT_NE(world_.join(1, 2, key_).id, device_.id);
}

// The node key's row of the table of lifetimes: each act at a moment, and whether the key is expired after
// it.
TEST_F(ManageDevices, R38_NodeKeyExpiryUnderEveryAct) {
  const TimePoint joined = world_.now;
  const auto nothing = [] {};
  const auto disable = [&] { ASSERT_TRUE(manage(set_key_expiry_disabled, Role::owner, true).ok()); };
  const auto enable = [&] { ASSERT_TRUE(manage(set_key_expiry_disabled, Role::owner, false).ok()); };
  const auto expire = [&] { ASSERT_TRUE(manage(expire_key, Role::owner, seconds{0}).ok()); };
  const auto extend = [&] { ASSERT_TRUE(manage(extend_key, Role::owner).ok()); };
  const auto not_extend = [&] {
    EXPECT_EQ(manage(extend_key, Role::owner).error().code, ErrorCode::conflict);
  };
  struct Step {
    seconds since_join;
    std::function<void()> act;
    bool expired;
    const char* event;
  };
  const Step steps[] = {
      {days{0}, nothing, false, ""},
      {days{1}, not_extend, false, ""},
      {days{180} - seconds{1}, nothing, false, ""},
      {days{180}, nothing, true, ""},
      {days{180}, disable, false, "NODE.DISABLE.KEY_EXPIRY"},
      {days{300}, disable, false, ""},
      {days{300}, enable, true, "NODE.ENABLE.KEY_EXPIRY"},  // the original date counts again
      {days{300}, extend, false, "NODE.UPDATE.KEY_EXPIRY_TIME"},
      {days{300} + minutes{30} - seconds{1}, nothing, false, ""},
      {days{300} + minutes{30}, nothing, true, ""},
      {days{300} + minutes{31}, extend, false, "NODE.UPDATE.KEY_EXPIRY_TIME"},
      {days{300} + minutes{32}, expire, true, "NODE.UPDATE.KEY_EXPIRY_TIME"},
      {days{300} + minutes{33}, expire, true, ""},
  };
  for (const auto& step : steps) {
    world_.now = joined + step.since_join;
    const auto before = world_.log().size();
    step.act();
    EXPECT_EQ(is_key_expired(stored(), world_.now), step.expired) << step.since_join.count();
    EXPECT_EQ(new_events(before), *step.event != 0 ? Events{step.event} : Events{})
        << step.since_join.count();
  }
}

TEST_F(ManageDevices, ExpiringAKeyThatNeverExpiresEndsThat) {
  ASSERT_TRUE(manage(set_key_expiry_disabled, Role::owner, true).ok());
  const auto before = world_.log().size();
  EXPECT_TRUE(is_key_expired(*manage(expire_key, Role::owner, seconds{0}), world_.now));
  EXPECT_EQ(new_events(before), (Events{"NODE.ENABLE.KEY_EXPIRY", "NODE.UPDATE.KEY_EXPIRY_TIME"}));
}

TEST_F(ManageDevices, AKeyExpiresSoonerThanItWouldAndNeverLater) {
  const auto soon = manage(expire_key, Role::owner, minutes{5});
  ASSERT_TRUE(soon.ok());
  EXPECT_EQ(soon->key_expires, world_.now + minutes{5});
  EXPECT_FALSE(is_key_expired(*soon, world_.now));
  EXPECT_EQ(manage(expire_key, Role::owner, minutes{6}).error().code, ErrorCode::conflict);
  EXPECT_EQ(manage(expire_key, Role::owner, seconds{-1}).error().code, ErrorCode::malformed_input);
  EXPECT_EQ(manage(expire_key, Role::owner, days{181}).error().code, ErrorCode::malformed_input);
  world_.now += minutes{5};
  EXPECT_TRUE(is_key_expired(*world_.device(device_.id), world_.now));
  // What has expired stays so.
  EXPECT_EQ(manage(expire_key, Role::owner, minutes{6})->key_expires, world_.now);
}

TEST_F(ManageDevices, SuspendedUsersDevicesAreBlockedAndTaggedOnesAreNot) {
  const auto owner = world_.user(Role::owner);
  EXPECT_FALSE(is_blocked(device_, owner));
  auto suspended = owner;
  suspended.status = identity::UserStatus::suspended;
  EXPECT_TRUE(is_blocked(device_, suspended));
  EXPECT_TRUE(is_blocked(device_, std::nullopt));
  auto tagged = device_;
  tagged.user = UserId();
  tagged.tags = {"tag:ci"};
  EXPECT_FALSE(is_blocked(tagged, std::nullopt));
}

}  // namespace
}  // namespace latchkey::tailnet
