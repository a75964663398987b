#include "core/webhooks/derive_events.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "core/credentials/access_token.h"
#include "core/credentials/sweep.h"
#include "core/credentials/trust_credential.h"
#include "core/credentials/watch.h"
#include "core/identity/user_store.h"
#include "core/people/admit.h"
#include "core/people/standing.h"
#include "core/policy/manage.h"
#include "core/provisioning/provisioning_store.h"
#include "core/tailnet/device_store.h"
#include "core/tailnet/device_sweep.h"
#include "core/tailnet/manage_devices.h"
#include "core/tailnet/settings_act.h"
#include "testing/webhook_world.h"

namespace latchkey::webhooks {
namespace {

using identity::Operation;
using identity::Role;
using testing::data_in;
using testing::types_of;
using testing::WebhookWorld;
using Types = std::vector<std::string>;
using Events = std::vector<boost::json::object>;

constexpr const char* kOwner = "olive@otter-reef.example";

class DeriveEvents : public ::testing::Test {
 protected:
  DeriveEvents() {
    world_.caller(Role::it_admin);
    world_.now += seconds{1};
    endpoint_ =
        world_.add_endpoint({"categoryTailnetManagement", "categoryDeviceMisconfigurations"}).endpoint.id;
    world_.now += seconds{1};
  }
  Events told() {
    const auto events = world_.told(endpoint_);
    for (const auto& event : events) {
      EXPECT_EQ(boost::json::serialize(event).find("tskey-"), std::string::npos) << "R36: no secret";
    }
    return events;
  }
  void forget_told() { told(); }
  template <class Work>
  void write(Work work) {
    const auto done = world_.db().write_now([&](core::Tx& tx) -> Result<void> {
      work(tx);
      return {};
    });
    ASSERT_TRUE(done.ok());
  }
  template <Operation operation>
  auto may(Role role = Role::owner) {
    return *identity::authorize<operation>(world_.caller(role));
  }
  std::string text(const boost::json::object& event, std::string_view name) {
    return std::string(std::string_view(event.at(name).as_string()));
  }
  // As a feature to come writes it.
  void user_act(audit::Action action, std::string property, std::optional<boost::json::value> was = {},
                std::optional<boost::json::value> is = {}) {
    const auto user = world_.user(Role::it_admin);
    write([&](core::Tx& tx) {
      audit::Act act;
      act.record = identity::record_by(world_.caller(Role::owner), action,
                                       {user.id.str(), user.login_name, audit::TargetType::user, property},
                                       world_.now);
      act.record.old_value = std::move(was);
      act.record.new_value = std::move(is);
      act.change = {audit::ChangeKind::user_updated, user.tailnet, user.id.str(), 0, world_.now};
      tx.users().update(user, act);
    });
  }

  WebhookWorld world_;
  EndpointId endpoint_;
};

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
  user_act(audit::Action::suspend, "");
  user_act(audit::Action::restore, "");
  user_act(audit::Action::approve, "");
  user_act(audit::Action::delete_, "");
  user_act(audit::Action::create, "", {}, boost::json::object{{"status", "needs-approval"}});
  user_act(audit::Action::update, "USER_ROLE", boost::json::string("member"),
           boost::json::string("it-admin"));
  user_act(audit::Action::update, "SOMETHING_ELSE");
  events = told();
  EXPECT_EQ(types_of(events), (Types{"userSuspended", "userRestored", "userApproved", "userDeleted",
                                     "userCreated", "userNeedsApproval", "userRoleUpdated"}));
  EXPECT_EQ(text(events[0], "message"), "User it-admin@otter-reef.example suspended");
  EXPECT_EQ(text(events[5], "message"), "User it-admin@otter-reef.example needs approval");
  EXPECT_EQ(text(events[6], "message"), "User it-admin@otter-reef.example role changed");
  const auto& data = events[6].at("data").as_object();
  EXPECT_EQ(boost::json::serialize(data.at("oldRoles")), R"(["Member"])");
  EXPECT_EQ(boost::json::serialize(data.at("newRoles")), R"(["IT admin"])");
}

TEST_F(DeriveEvents, TheLifeOfAPersonIsToldAsItHappens) {
  world_.change_settings({.users_approval = true});
  credentials::NewAuthKey reusable;
  reusable.grant.reusable = true;
  world_.join(1, 1, *world_.issue_auth_key(Role::it_admin, reusable));
  const auto admitting = may<Operation::create_user>();
  const auto approving = may<Operation::approve_user>();
  const auto suspending = may<Operation::suspend_user>();
  const auto restoring = may<Operation::restore_user>();
  const auto promoting = may<Operation::change_user_role>();
  const auto deleting = may<Operation::delete_user>();
  forget_told();
  UserId bob;
  write([&](core::Tx& tx) {
    bob = people::admit(tx, admitting, {"bob@otter-reef.example", ""}, world_.now)->id;
  });
  EXPECT_EQ(types_of(told()), (Types{"userCreated", "userNeedsApproval"}));
  write([&](core::Tx& tx) {
    EXPECT_TRUE(people::approve(tx, approving, bob, world_.now).ok());
    EXPECT_TRUE(people::suspend(tx, suspending, bob, world_.now).ok());
  });
  write([&](core::Tx& tx) { EXPECT_TRUE(people::suspend(tx, suspending, bob, world_.now).ok()); });
  write([&](core::Tx& tx) {
    EXPECT_TRUE(people::restore(tx, restoring, bob, world_.now).ok());
    EXPECT_TRUE(people::change_role(tx, promoting, bob, Role::auditor, world_.now).ok());
  });
  EXPECT_EQ(types_of(told()), (Types{"userApproved", "userSuspended", "userRestored", "userRoleUpdated"}));
  const auto it = world_.user(Role::it_admin).id;
  write([&](core::Tx& tx) { EXPECT_TRUE(people::remove(tx, deleting, it, world_.now).ok()); });
  const auto events = told();
  EXPECT_EQ(types_of(events), (Types{"userDeleted", "credentialRevoked", "nodeDeleted"}));
  EXPECT_EQ(data_in(events[0], "user"), "it-admin@otter-reef.example");
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

TEST_F(DeriveEvents, R36_TheLifeOfAnAuthKeyIsToldOnceEach) {
  credentials::NewAuthKey want;
  want.description = "ci runner 14";
  want.grant.reusable = true;
  want.expiry_seconds = seconds{days{30}}.count();
  const auto key = *world_.issue_auth_key(Role::owner, want);
  const auto id = key.credential.id.str();
  auto events = told();
  ASSERT_EQ(types_of(events), Types{"credentialCreated"});
  EXPECT_EQ(text(events[0], "message"), "Auth key " + id + " (ci runner 14) created");
  EXPECT_EQ(data_in(events[0], "credentialType"), "authKey");
  EXPECT_EQ(data_in(events[0], "credentialID"), id);
  EXPECT_EQ(data_in(events[0], "description"), "ci runner 14");
  EXPECT_EQ(data_in(events[0], "owner"), kOwner);
  EXPECT_EQ(data_in(events[0], "actor"), kOwner);
  EXPECT_EQ(data_in(events[0], "expiration"), to_rfc3339(*key.credential.expires));
  EXPECT_EQ(data_in(events[0], "url"), testing::kConsole + std::string("/settings/keys"));

  const auto sweep = [&] {
    for (int twice = 0; twice < 2; ++twice) {
      write([&](core::Tx& tx) {
        credentials::warn_of_expiring(tx, world_.now);
        credentials::announce_expired(tx, world_.now);
      });
    }
    return told();
  };
  EXPECT_TRUE(sweep().empty());
  world_.now = *key.credential.expires - days{7};
  events = sweep();
  ASSERT_EQ(types_of(events), Types{"credentialExpiringInOneWeek"});
  EXPECT_EQ(text(events[0], "message"), "Auth key " + id + " (ci runner 14) expiring in less than one week");
  EXPECT_EQ(data_in(events[0], "actor"), "expiring-credential-marker");
  world_.now = *key.credential.expires - days{1};
  EXPECT_EQ(types_of(sweep()), Types{"credentialExpiringInOneDay"});
  world_.now = *key.credential.expires;
  EXPECT_EQ(types_of(sweep()), Types{"credentialExpired"});
  world_.now += days{2};
  EXPECT_TRUE(sweep().empty());
}

TEST_F(DeriveEvents, KeysOfAShortLifeAreNotWarnedOf) {
  const auto issue = [&](days life) {
    credentials::NewAuthKey want;
    want.expiry_seconds = seconds{life}.count();
    return *world_.issue_auth_key(Role::owner, want);
  };
  issue(days{1});
  issue(days{7});
  forget_told();
  write([&](core::Tx& tx) { EXPECT_EQ(credentials::warn_of_expiring(tx, world_.now), 0); });
  world_.now += days{6};
  write([&](core::Tx& tx) { EXPECT_EQ(credentials::warn_of_expiring(tx, world_.now), 1); });
  EXPECT_EQ(types_of(told()), Types{"credentialExpiringInOneDay"}) << "of the one that lives a week";
}

TEST_F(DeriveEvents, RevocationIsToldWithItsReason) {
  const auto key = *world_.issue_auth_key(Role::it_admin);
  const auto token = *world_.issue_api_token(Role::it_admin);
  forget_told();
  ASSERT_TRUE(world_.revoke(Role::owner, key.credential.id).ok());
  auto events = told();
  ASSERT_EQ(types_of(events), Types{"credentialRevoked"});
  EXPECT_EQ(data_in(events[0], "reason"), "revoked");
  EXPECT_EQ(data_in(events[0], "owner"), "it-admin@otter-reef.example");
  EXPECT_EQ(data_in(events[0], "actor"), kOwner);
  // As another use case says it.
  write([&](core::Tx& tx) {
    audit::Act act;
    act.record = identity::record_by(
        world_.caller(Role::owner), audit::Action::revoke,
        {token.credential.id.str(), "Control API key", audit::TargetType::api_key, {}}, world_.now);
    act.record.new_value = boost::json::object{{"reason", "userDeleted"}};
    act.change = {audit::ChangeKind::credential_revoked, token.credential.tailnet, token.credential.id.str(),
                  0, world_.now};
    EXPECT_TRUE(tx.credentials().revoke(token.credential.tailnet, token.credential.id, world_.now, act));
  });
  events = told();
  ASSERT_EQ(types_of(events), Types{"credentialRevoked"});
  EXPECT_EQ(data_in(events[0], "reason"), "userDeleted");
  EXPECT_EQ(data_in(events[0], "credentialType"), "apiAccessToken");
}

TEST_F(DeriveEvents, AnOAuthClientIsToldAndItsTokensOfAnHourAreNot) {
  const auto create = may<Operation::create_trust_credential>();
  const auto update = may<Operation::update_trust_credential>();
  const credentials::Issuer issuer{world_.mint(), {}};
  credentials::NewClient want;
  want.terms.description = "terraform";
  want.terms.scopes = {"dns"};
  const auto client = *world_.db().write_now(
      [&](core::Tx& tx) { return credentials::create_client(tx, create, want, issuer, world_.now); });
  auto terms = want.terms;
  terms.scopes = {"dns:read"};
  terms.description = "plan only";
  write([&](core::Tx& tx) {
    ASSERT_TRUE(credentials::replace_terms(tx, update, client.credential.id, credentials::KeyType::client,
                                           terms, issuer, world_.now)
                    .ok());
  });
  write([&](core::Tx& tx) {
    ASSERT_TRUE(
        credentials::rotate_secret(tx, update, client.credential.id, seconds{0}, issuer, world_.now).ok());
  });
  auto events = told();
  ASSERT_EQ(types_of(events), (Types{"credentialCreated", "credentialUpdated", "credentialUpdated"}));
  EXPECT_EQ(data_in(events[0], "credentialType"), "oauthClient");
  EXPECT_EQ(data_in(events[0], "owner"), "") << "the tailnet's";
  EXPECT_EQ(data_in(events[0], "expiration"), "(none)");
  EXPECT_EQ(data_in(events[1], "change"), "scopes, description");
  EXPECT_EQ(data_in(events[1], "description"), "plan only");
  EXPECT_EQ(data_in(events[2], "change"), "secret");

  const auto current = world_.stored(client.credential.id);
  const auto mint = [&] {
    write([&](core::Tx& tx) {
      ASSERT_TRUE(
          credentials::mint_for_client(tx, current.id, current.digest, {}, world_.mint(), world_.now).ok());
    });
  };
  mint();
  mint();
  EXPECT_EQ(types_of(told()), Types{"credentialFirstUsed"});
  world_.now += days{30};
  mint();
  EXPECT_EQ(types_of(told()), Types{"credentialUsedAfterSilence"});
}

TEST_F(DeriveEvents, UseIsToldWhenItIsTheFirstOrComesAfterALongSilence) {
  const auto token = world_.issue_api_token(Role::owner, {"deploys", seconds{days{90}}.count()})->credential;
  forget_told();
  const auto use = [&] {
    write([&](core::Tx& tx) {
      credentials::UseTally tally{token.tailnet, token.id, {}};
      tally.added.uses = 3;
      tally.added.last_used = world_.now;
      tally.added.last_address = "192.0.2.77";
      credentials::write_usage(tx, {&tally, 1});
    });
  };
  use();
  use();
  auto events = told();
  ASSERT_EQ(types_of(events), Types{"credentialFirstUsed"});
  EXPECT_EQ(data_in(events[0], "lastUsedFrom"), "192.0.2.77");
  world_.now += days{30} - seconds{1};
  use();
  EXPECT_TRUE(told().empty());
  world_.now += days{30};
  use();
  use();
  EXPECT_EQ(types_of(told()), Types{"credentialUsedAfterSilence"});
}

TEST_F(DeriveEvents, RepeatedRefusalIsToldOnceADay) {
  const auto token = world_.issue_api_token(Role::owner)->credential;
  forget_told();
  const auto refuse = [&](std::int64_t times) {
    write([&](core::Tx& tx) {
      credentials::UseTally tally{token.tailnet, token.id, {}};
      tally.added.refused = times;
      tally.added.last_refused = world_.now;
      credentials::write_usage(tx, {&tally, 1});
    });
  };
  refuse(9);
  EXPECT_TRUE(told().empty());
  refuse(1);
  refuse(50);
  auto events = told();
  ASSERT_EQ(types_of(events), Types{"credentialRefusedRepeatedly"});
  EXPECT_EQ(data_in(events[0], "refusedUses"), "60");
  world_.now += hours{2};
  refuse(20);
  EXPECT_TRUE(told().empty());
  world_.now += hours{23};
  refuse(9);
  EXPECT_TRUE(told().empty());
  refuse(1);
  EXPECT_EQ(types_of(told()), Types{"credentialRefusedRepeatedly"});
}

TEST_F(DeriveEvents, AKeyThatHasEndedAndIsJoinedWithAgainAndAgainIsTold) {
  const auto key = *world_.issue_auth_key(Role::owner);
  ASSERT_TRUE(world_.revoke(Role::owner, key.credential.id).ok());
  forget_told();
  for (int attempt = 0; attempt < 10; ++attempt) {
    const auto request = world_.join_request(attempt + 1, attempt + 1, &key);
    const auto refused = world_.join(request);
    ASSERT_FALSE(refused.ok());
    write([&](core::Tx& tx) {
      const auto record =
          join::record_of_refusal(tx, request, world_.join_context(), refused.error(), world_.now);
      ASSERT_TRUE(record);
      join::record_refused_join(tx, *record);
    });
  }
  EXPECT_EQ(types_of(told()), Types{"credentialRefusedRepeatedly"});
}

TEST_F(DeriveEvents, WhatHappensToASecretOfAnEndpointIsToldToTheOthersAndTheRestToItself) {
  forget_told();
  const auto other =
      world_.add_endpoint({"policyUpdate"}, "https://hooks.slack.com/services/T0/B0/hush").endpoint;
  auto events = told();
  ASSERT_EQ(types_of(events), Types{"credentialCreated"});
  EXPECT_EQ(data_in(events[0], "credentialType"), "webhookSecret");
  EXPECT_EQ(data_in(events[0], "credentialID"), other.secrets.id.str());
  EXPECT_EQ(data_in(events[0], "description"), "https://hooks.slack.com/***");
  world_.rotate(other.id);
  events = told();
  ASSERT_EQ(types_of(events), Types{"credentialUpdated"});
  EXPECT_EQ(data_in(events[0], "credentialID"), other.secrets.id.str());
  world_.rotate(endpoint_);
  events = told();
  ASSERT_EQ(types_of(events), Types{"webhookUpdated"});
  EXPECT_EQ(data_in(events[0], "change"), "secret");
  world_.remove(other.id);
  events = told();
  ASSERT_EQ(types_of(events), Types{"credentialRevoked"});
  EXPECT_EQ(data_in(events[0], "reason"), "endpointDeleted");
}

TEST_F(DeriveEvents, ALeakIsToldOfKeysAndOfSecretsOfEndpoints) {
  const auto key = *world_.issue_auth_key(Role::owner);
  forget_told();
  const auto secret = world_.endpoint(endpoint_).secrets.id;
  for (const auto& id : {key.credential.id, secret}) {
    write([&](core::Tx& tx) {
      tx.credentials().announce(
          {audit::ChangeKind::credential_leaked, world_.tailnet().tailnet.id, id.str(), 0, world_.now});
    });
  }
  const auto events = told();
  ASSERT_EQ(types_of(events), (Types{"credentialLeaked", "credentialLeaked"}));
  EXPECT_EQ(data_in(events[0], "credentialType"), "authKey");
  EXPECT_EQ(data_in(events[1], "credentialType"), "webhookSecret");
  EXPECT_EQ(data_in(events[1], "credentialID"), secret.str());
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
