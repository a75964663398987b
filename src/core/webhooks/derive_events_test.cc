#include "core/webhooks/derive_events.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "core/credentials/sweep.h"
#include "core/people/admit.h"
#include "core/people/standing.h"
#include "core/policy/manage.h"
#include "core/provisioning/provisioning_store.h"
#include "core/tailnet/device_store.h"
#include "core/tailnet/device_sweep.h"
#include "core/tailnet/manage_devices.h"
#include "core/tailnet/settings_act.h"
#include "testing/told_events.h"

namespace latchkey::webhooks {
namespace {

using identity::Operation;
using identity::Role;
using testing::data_in;
using testing::types_of;
using Types = std::vector<std::string>;

constexpr const char* kOwner = "olive@otter-reef.example";

class DeriveEvents : public testing::ToldEvents {};

TEST_F(DeriveEvents, ADeviceThatJoinsAndGoes) {
  const auto key = world_.issue_auth_key(Role::owner);
  forget_told();
  const auto device = world_.join(1, 1, *key);
  auto events = told();
  ASSERT_EQ(types_of(events), (Types{"credentialUsedUp", "credentialFirstUsed", "nodeCreated"}));
  const auto& created = events[2];
  const std::string name = device.name + ".otter-reef-example.latchkey.internal";
  EXPECT_EQ(text(created, "message"), "Node " + name + " created");
  EXPECT_EQ(text(created, "tailnet"), "otter-reef.example");
  EXPECT_EQ(created.at("version").as_int64(), 1);
  EXPECT_EQ(text(created, "timestamp"), to_rfc3339(world_.now));
  EXPECT_EQ(data_in(created, "nodeID"), device.id.str());
  EXPECT_EQ(data_in(created, "deviceName"), name);
  EXPECT_EQ(data_in(created, "managedBy"), kOwner);
  EXPECT_EQ(data_in(created, "actor"), kOwner);
  EXPECT_EQ(data_in(created, "url"), testing::kConsole + ("/machines/" + device.ipv4));
  EXPECT_EQ(data_in(events[0], "deviceName"), name) << "of credentialUsedUp";

  world_.now += minutes{1};
  const auto remove = may<Operation::manage_device>(Role::it_admin);
  ASSERT_TRUE(world_.db()
                  .write_now([&](core::Tx& tx) {
                    return tailnet::remove_device(tx, remove, device.id.str(), world_.now);
                  })
                  .ok());
  events = told();
  ASSERT_EQ(types_of(events), Types{"nodeDeleted"});
  EXPECT_EQ(data_in(events[0], "deviceName"), name) << "although it is gone";
  EXPECT_EQ(data_in(events[0], "managedBy"), kOwner);
  EXPECT_EQ(data_in(events[0], "actor"), "it-admin@otter-reef.example");
  EXPECT_EQ(data_in(events[0], "url"), testing::kConsole + ("/machines/" + device.ipv4));
}

TEST_F(DeriveEvents, ApprovalIsToldOfDevicesThatWaitedForIt) {
  world_.change_settings({.devices_approval = true});
  const auto key = world_.issue_auth_key(Role::owner);
  forget_told();
  const auto waiting = world_.join(1, 1, *key);
  auto types = types_of(told());
  EXPECT_EQ(Types(types.end() - 2, types.end()), (Types{"nodeCreated", "nodeNeedsApproval"}));
  const auto allowed = may<Operation::manage_device>();
  const auto approve = [&](bool yes) {
    return world_.db().write_now([&](core::Tx& tx) {
      return tailnet::set_authorized(tx, allowed, waiting.id.str(), yes, world_.now);
    });
  };
  ASSERT_TRUE(approve(true).ok());
  EXPECT_EQ(types_of(told()), Types{"nodeApproved"});
  ASSERT_TRUE(approve(false).ok());
  EXPECT_EQ(types_of(told()), Types{"nodeNeedsApproval"});

  credentials::NewAuthKey want;
  want.grant.preauthorized = true;
  const auto pre_approving = world_.issue_auth_key(Role::owner, want);
  forget_told();
  world_.join(2, 2, *pre_approving);
  types = types_of(told());
  EXPECT_EQ(types.back(), "nodeCreated") << "no nodeApproved for one that came in approved";
}

TEST_F(DeriveEvents, DeprecatedNamesAreSentToWhoeverChoseThem) {
  const auto old = world_.add_endpoint({"nodeNeedsAuthorization", "nodeAuthorized"}).endpoint.id;
  world_.change_settings({.devices_approval = true});
  const auto device = world_.join(1, 1, *world_.issue_auth_key(Role::owner));
  const auto allowed = may<Operation::manage_device>();
  ASSERT_TRUE(world_.db()
                  .write_now([&](core::Tx& tx) {
                    return tailnet::set_authorized(tx, allowed, device.id.str(), true, world_.now);
                  })
                  .ok());
  EXPECT_EQ(types_of(world_.told(old)), (Types{"nodeNeedsAuthorization", "nodeAuthorized"}));
}

TEST_F(DeriveEvents, R36_NodeKeysWarnAWeekAndADayBeforeAndTellWhenTheyExpired) {
  const auto device = world_.join(1, 1, *world_.issue_auth_key(Role::owner));
  const auto expires = *device.key_expires;
  forget_told();
  const auto sweep = [&] {
    for (int twice = 0; twice < 2; ++twice) {
      write([&](core::Tx& tx) {
        tailnet::warn_of_expiring_node_keys(tx, world_.now);
        tailnet::announce_expired_node_keys(tx, world_.now);
        credentials::warn_of_expiring(tx, world_.now);
      });
    }
    return told();
  };
  world_.now = expires - days{7} - seconds{1};
  EXPECT_TRUE(sweep().empty());
  world_.now = expires - days{7};
  auto events = sweep();
  ASSERT_EQ(types_of(events), Types{"nodeKeyExpiringInOneWeek"});
  EXPECT_EQ(data_in(events[0], "expiration"), to_rfc3339(expires));
  world_.now = expires - days{1};
  events = sweep();
  ASSERT_EQ(types_of(events), Types{"nodeKeyExpiringInOneDay"});
  EXPECT_EQ(data_in(events[0], "actor"), "expiring-node-key-marker");
  EXPECT_TRUE(text(events[0], "message").ends_with("key expiring in less than one day"));
  world_.now = expires;
  events = sweep();
  ASSERT_EQ(types_of(events), Types{"nodeKeyExpired"});
  EXPECT_TRUE(text(events[0], "message").ends_with("key recently expired"));
  EXPECT_EQ(data_in(events[0], "expiration"), to_rfc3339(expires));
  world_.now += days{1};
  EXPECT_TRUE(sweep().empty());
}

TEST_F(DeriveEvents, ANewDateIsANewWarningAndOfTwoAtOnceTheShorterIsTold) {
  const auto device = world_.join(1, 1, *world_.issue_auth_key(Role::owner));
  forget_told();
  const auto allowed = may<Operation::manage_device>();
  const auto expire_in = [&](seconds after) {
    ASSERT_TRUE(world_.db()
                    .write_now([&](core::Tx& tx) {
                      return tailnet::expire_key(tx, allowed, device.id.str(), after, world_.now);
                    })
                    .ok());
    write([&](core::Tx& tx) { tailnet::warn_of_expiring_node_keys(tx, world_.now); });
  };
  expire_in(days{5});
  EXPECT_EQ(types_of(told()), Types{"nodeKeyExpiringInOneWeek"});
  expire_in(hours{2});
  EXPECT_EQ(types_of(told()), Types{"nodeKeyExpiringInOneDay"});
}

TEST_F(DeriveEvents, KeysThatLiveADayInThisTailnetAreNotWarnedOfEveryDay) {
  world_.change_settings({.devices_key_duration_days = 1});
  world_.join(1, 1, *world_.issue_auth_key(Role::owner));
  forget_told();
  write([&](core::Tx& tx) { tailnet::warn_of_expiring_node_keys(tx, world_.now); });
  EXPECT_TRUE(told().empty());
}

TEST_F(DeriveEvents, ARouterThatDoesNotForwardIsToldOnce) {
  const auto key = *world_.issue_auth_key(Role::owner);
  auto request = world_.join_request(1, 1, &key);
  request.routable_ips = {"10.0.0.0/8", "0.0.0.0/0", "::/0"};
  auto device = *world_.join(request)->device;
  forget_told();
  const auto report = [&](bool off) {
    join::StatusReport status;
    status.forwarding_off = off;
    const auto done = world_.db().write_now([&](core::Tx& tx) {
      return join::report(tx, *tx.devices().find(device.tailnet, device.id), status, world_.join_context(),
                          {}, world_.now);
    });
    ASSERT_TRUE(done.ok());
  };
  report(false);
  EXPECT_TRUE(told().empty());
  report(true);
  report(true);
  const auto events = told();
  ASSERT_EQ(types_of(events), (Types{"subnetIPForwardingNotEnabled", "exitNodeIPForwardingNotEnabled"}));
  EXPECT_EQ(data_in(events[0], "nodeID"), device.id.str());
  report(false);
  report(true);
  EXPECT_EQ(told().size(), 2U) << "again, after it was right for a while";
}

TEST_F(DeriveEvents, ThePolicyFileIsToldWithBothWholeTexts) {
  forget_told();
  world_.store_policy(R"({"acls": []})");
  std::string large = "{\"acls\": [], // ";
  while (large.size() < 3 * policy::kMaxAuditedText) large += "long ";
  large += "\n}";
  auto events = told();
  ASSERT_EQ(types_of(events), Types{"policyUpdate"});
  EXPECT_EQ(text(events[0], "message"), "Tailnet policy file updated");
  EXPECT_EQ(data_in(events[0], "newPolicy"), R"({"acls": []})");
  EXPECT_EQ(data_in(events[0], "oldPolicy"), policy::Policy::standard().text());
  EXPECT_EQ(data_in(events[0], "actor"), kOwner);
  EXPECT_EQ(data_in(events[0], "url"), testing::kConsole + std::string("/acls"));
  world_.store_policy(large);
  world_.store_policy("");
  events = told();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(data_in(events[0], "newPolicy"), large) << "the log keeps its beginning only";
  EXPECT_EQ(data_in(events[1], "oldPolicy"), large);
}

TEST_F(DeriveEvents, PeopleComeChangeAndGo) {
  forget_told();
  world_.user(Role::auditor);
  auto events = told();
  ASSERT_EQ(types_of(events), Types{"userCreated"});
  EXPECT_EQ(data_in(events[0], "user"), "auditor@otter-reef.example");
  EXPECT_EQ(data_in(events[0], "url"),
            testing::kConsole + std::string("/users?q=auditor%40otter-reef.example"));
  world_.change_settings({.users_approval = true});
  const auto admitting = may<Operation::create_user>();
  const auto approving = may<Operation::approve_user>();
  const auto suspending = may<Operation::suspend_user>();
  const auto restoring = may<Operation::restore_user>();
  const auto promoting = may<Operation::change_user_role>();
  const auto renaming = may<Operation::update_user>();
  const auto deleting = may<Operation::delete_user>();
  forget_told();
  write([&](core::Tx& tx) {
    const auto bob = people::admit(tx, admitting, {"bob@otter-reef.example", ""}, world_.now)->id;
    EXPECT_TRUE(people::approve(tx, approving, bob, world_.now).ok());
    EXPECT_TRUE(people::suspend(tx, suspending, bob, world_.now).ok());
    EXPECT_TRUE(people::suspend(tx, suspending, bob, world_.now).ok()) << "again, and nothing is told";
    EXPECT_TRUE(people::restore(tx, restoring, bob, world_.now).ok());
    EXPECT_TRUE(people::change_role(tx, promoting, bob, Role::it_admin, world_.now).ok());
    EXPECT_TRUE(people::rename(tx, renaming, bob, {"bob@otter-reef.example", "Bob"}, world_.now).ok())
        << "nothing is told";
    EXPECT_TRUE(people::remove(tx, deleting, bob, world_.now).ok());
  });
  events = told();
  ASSERT_EQ(types_of(events), (Types{"userCreated", "userNeedsApproval", "userApproved", "userSuspended",
                                     "userRestored", "userRoleUpdated", "userDeleted"}));
  EXPECT_EQ(text(events[1], "message"), "User bob@otter-reef.example needs approval");
  EXPECT_EQ(text(events[3], "message"), "User bob@otter-reef.example suspended");
  EXPECT_EQ(text(events[5], "message"), "User bob@otter-reef.example role changed");
  const auto& data = events[5].at("data").as_object();
  EXPECT_EQ(boost::json::serialize(data.at("oldRoles")), R"(["Member"])");
  EXPECT_EQ(boost::json::serialize(data.at("newRoles")), R"(["IT admin"])");
  EXPECT_EQ(data_in(events[6], "user"), "bob@otter-reef.example") << "although he is gone";
}

TEST_F(DeriveEvents, WithAPersonGoWhatWasHis) {
  credentials::NewAuthKey reusable;
  reusable.grant.reusable = true;
  world_.join(1, 1, *world_.issue_auth_key(Role::it_admin, reusable));
  const auto deleting = may<Operation::delete_user>();
  const auto it = world_.user(Role::it_admin).id;
  forget_told();
  write([&](core::Tx& tx) { EXPECT_TRUE(people::remove(tx, deleting, it, world_.now).ok()); });
  const auto events = told();
  ASSERT_EQ(types_of(events), (Types{"userDeleted", "credentialRevoked", "nodeDeleted"}));
  EXPECT_EQ(data_in(events[0], "user"), "it-admin@otter-reef.example");
  EXPECT_EQ(data_in(events[1], "reason"), "userDeleted");
  EXPECT_EQ(data_in(events[2], "managedBy"), "it-admin@otter-reef.example") << "although he is gone";
}

TEST_F(DeriveEvents, ASyncThatIsHeldIsToldOnceAndItsReleaseIsNot) {
  forget_told();
  const auto changed = [&](const char* was, const char* is) {
    write([&](core::Tx& tx) {
      tailnet::SettingsAct act(tx, world_.caller(Role::owner), audit::ChangeKind::provisioning_updated,
                               world_.now);
      act.updated("SCIM_REMOVALS", boost::json::string(was), boost::json::string(is));
      tx.provisioning().save(world_.tailnet().tailnet.id, {}, act.records(), act.change());
    });
  };
  changed("watching", "holding");
  changed("holding", "released");
  const auto events = told();
  ASSERT_EQ(types_of(events), Types{"provisioningHeld"});
  EXPECT_NE(text(events[0], "message").find("is held"), std::string::npos);
}

TEST_F(DeriveEvents, ATestGoesToItsEndpointAlone) {
  const auto other = world_.add_endpoint({"categoryTailnetManagement"}).endpoint.id;
  world_.told(other);
  forget_told();
  world_.test(endpoint_);
  const auto events = told();
  ASSERT_EQ(types_of(events), Types{"test"});
  EXPECT_EQ(text(events[0], "message"), "This is a test event");
  EXPECT_TRUE(events[0].at("data").is_null());
  EXPECT_TRUE(world_.told(other).empty());
}

}  // namespace
}  // namespace latchkey::webhooks
