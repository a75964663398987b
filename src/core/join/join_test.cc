#include "core/join/join.h"

#include <gtest/gtest.h>

#include "core/tailnet/device_audit.h"
#include "core/tailnet/device_store.h"
#include "testing/world.h"

namespace latchkey::join {
namespace {

using credentials::NewAuthKey;
using identity::Role;
using testing::public_key;
using testing::World;

NewAuthKey tagged(std::vector<std::string> tags) {
  NewAuthKey want;
  want.grant.tags = std::move(tags);
  return want;
}

NewAuthKey reusable() {
  NewAuthKey want;
  want.grant.reusable = true;
  return want;
}

std::string refusal(World& world, const RegisterRequest& request) {
  const auto joined = world.join(request);
  return joined ? "" : joined.error().message;
}

std::vector<std::string> events(World& world, std::vector<std::string> wanted = {}) {
  std::vector<std::string> names;
  for (const auto& record : world.log({.events = std::move(wanted)})) {
    if (record.target.type == audit::TargetType::node) names.push_back(event_name(record));
  }
  return names;
}

TEST(Join, R16_TaggedKeyGivesADeviceWithTheTagsAndNoUserAndNoLogin) {
  World world;
  const auto key = world.issue_auth_key(Role::owner, tagged({"tag:web", "tag:ci"}));
  const auto joined = world.join(world.join_request(1, 1, &*key));
  ASSERT_TRUE(joined.ok());
  EXPECT_EQ(joined->pending_login, "");
  EXPECT_FALSE(joined->owner);
  const auto& device = *joined->device;
  EXPECT_EQ(device.tags, (std::vector<std::string>{"tag:ci", "tag:web"}));
  EXPECT_TRUE(device.user.empty());
  EXPECT_TRUE(device.authorized);
  EXPECT_TRUE(device.key_expiry_disabled);
  EXPECT_EQ(device.key_expires, world.now + days{180});
  EXPECT_EQ(device.auth_key, key->credential.id);
  EXPECT_EQ(device.name, "build-1");
  EXPECT_GT(device.number, 0);
  EXPECT_LE(device.number, tailnet::kMaxDeviceNumber);
  EXPECT_EQ(world.device(device.id)->node_key, device.node_key);
}

TEST(Join, R16_UntaggedKeyGivesADeviceOfItsOwner) {
  World world;
  const auto key = world.issue_auth_key(Role::it_admin);
  const auto joined = world.join(world.join_request(1, 1, &*key));
  ASSERT_TRUE(joined.ok());
  EXPECT_EQ(joined->owner->id, world.user(Role::it_admin).id);
  EXPECT_EQ(joined->device->user, world.user(Role::it_admin).id);
  EXPECT_FALSE(joined->device->key_expiry_disabled);
  EXPECT_EQ(joined->device->key_expires, world.now + days{180});
}

TEST(Join, R17_RevokedKeyIsRefusedForNewJoinsAndJoinedDevicesStay) {
  World world;
  const auto key = world.issue_auth_key(Role::owner, reusable());
  const auto device = world.join(1, 1, *key);
  ASSERT_TRUE(world.revoke(Role::owner, key->credential.id).ok());
  EXPECT_EQ(refusal(world, world.join_request(2, 2, &*key)),
            "invalid key: API key does not exist: it was revoked on 2026-01-05T09:00:00Z");
  EXPECT_TRUE(world.device(device.id));
  // Restarted with the key in its start-up script, and without.
  for (const auto* again : {&*key, static_cast<const credentials::IssuedKey*>(nullptr)}) {
    const auto back = world.join(world.join_request(1, 1, again));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->device->id, device.id);
    EXPECT_EQ(back->owner->id, device.user);
  }
}

TEST(Join, R18_OneOffKeyLetsOneMachineIn) {
  World world;
  const auto key = world.issue_auth_key(Role::owner);
  world.join(1, 1, *key);
  EXPECT_NE(refusal(world, world.join_request(2, 2, &*key)).find("it has been used up"), std::string::npos);
}

TEST(Join, SpentKeyOfTheSameMachineWithTheSameNodeKeyIsAccepted) {
  World world;
  const auto key = world.issue_auth_key(Role::owner);
  const auto device = world.join(1, 1, *key);
  world.now += days{100};
  const auto again = world.join(world.join_request(1, 1, &*key));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->device->id, device.id);
  EXPECT_EQ(again->device->key_expires, device.key_expires);
  EXPECT_EQ(world.stored(key->credential.id).usage.uses, 1);
  EXPECT_EQ(events(world, {"NODE.LOGIN"}).size(), 1U);
}

TEST(Join, SpentKeyDoesNotRenewAnExpiredOrRotatedNodeKey) {
  World world;
  const auto key = world.issue_auth_key(Role::owner);
  world.join(1, 1, *key);
  world.now += days{180};
  EXPECT_TRUE(world.join(world.join_request(1, 1, &*key))->node_key_expired);
  EXPECT_NE(refusal(world, world.join_request(1, 2, &*key)), "");
}

TEST(Join, LostAnswerIsRetriedWithAnotherNodeKeyUntilTheDeviceWasConnected) {
  World world;
  const auto key = world.issue_auth_key(Role::owner);
  const auto device = world.join(1, 1, *key);
  const auto retried = world.join(1, 2, *key);
  EXPECT_EQ(retried.id, device.id);
  EXPECT_EQ(retried.node_key, public_key("nodekey:", 2));
  EXPECT_EQ(world.stored(key->credential.id).usage.uses, 1);
  ASSERT_TRUE(world.db()
                  .write_now([&](core::Tx& tx) -> Result<void> {
                    connect(tx, retried, "replica", world.now);
                    return {};
                  })
                  .ok());
  EXPECT_NE(refusal(world, world.join_request(1, 3, &*key)), "");
}

TEST(Join, SpentKeyDoesNotBringARemovedDeviceBack) {
  World world;
  const auto key = world.issue_auth_key(Role::owner);
  const auto device = world.join(1, 1, *key);
  ASSERT_TRUE(world.db()
                  .write_now([&](core::Tx& tx) -> Result<void> {
                    tx.devices().remove(device.tailnet, device.id, {},
                                        change_of(device, audit::ChangeKind::device_removed, world.now));
                    return {};
                  })
                  .ok());
  EXPECT_NE(refusal(world, world.join_request(1, 1, &*key)), "");
  EXPECT_NE(world.join(world.join_request(1, 1))->pending_login, "");
}

TEST(Join, SameMachineAndOwnerKeepTheDevice) {
  World world;
  world.change_settings({.devices_key_duration_days = 30});
  const auto key = world.issue_auth_key(Role::owner, reusable());
  const auto device = world.join(1, 1, *key);
  world.now += days{40};
  const auto renewed = world.join(1, 2, *key);
  EXPECT_EQ(renewed.id, device.id);
  EXPECT_EQ(renewed.number, device.number);
  EXPECT_EQ(renewed.name, device.name);
  EXPECT_EQ(renewed.ipv4, device.ipv4);
  EXPECT_EQ(renewed.key_expires, world.now + days{30});
  EXPECT_EQ(events(world, {"NODE.CREATE", "NODE.LOGIN"}),
            (std::vector<std::string>{"NODE.CREATE", "NODE.LOGIN", "NODE.LOGIN"}));
}

TEST(Join, OtherOwnersKeyMakesAnotherDeviceAfterAFreshNodeKey) {
  World world;
  const auto mine = world.issue_auth_key(Role::owner, reusable());
  const auto yours = world.issue_auth_key(Role::admin, reusable());
  const auto device = world.join(1, 1, *mine);
  EXPECT_TRUE(world.join(world.join_request(1, 1, &*yours))->node_key_expired);
  const auto other = world.join(1, 2, *yours);
  EXPECT_NE(other.id, device.id);
  EXPECT_EQ(other.name, "build-1-1");
  EXPECT_NE(other.ipv4, device.ipv4);
  EXPECT_EQ(world.device(device.id)->user, device.user);
}

TEST(Join, LoggingInWithATagKeepsTheAddress) {
  World world;
  const auto plain = world.issue_auth_key(Role::owner, reusable());
  const auto ci = world.issue_auth_key(Role::owner, tagged({"tag:ci"}));
  const auto device = world.join(1, 1, *plain);
  auto request = world.join_request(1, 2, &*ci);
  request.old_node_key = device.node_key;
  const auto joined = world.join(request);
  ASSERT_TRUE(joined.ok());
  EXPECT_EQ(joined->device->id, device.id);
  EXPECT_EQ(joined->device->ipv4, device.ipv4);
  EXPECT_TRUE(joined->device->user.empty());
  EXPECT_TRUE(joined->device->key_expiry_disabled);
  EXPECT_EQ(events(world, {"NODE.UPDATE.ACL_TAGS", "NODE.DISABLE.KEY_EXPIRY"}).size(), 2U);
}

TEST(Join, NodeKeyOfAnotherMachineIsRefusedWhateverElseIsThere) {
  World world;
  const auto key = world.issue_auth_key(Role::owner, reusable());
  world.join(1, 1, *key);
  EXPECT_EQ(refusal(world, world.join_request(2, 1)), "this node key belongs to another machine");
  EXPECT_EQ(refusal(world, world.join_request(2, 1, &*key)), "this node key belongs to another machine");
  auto logout = world.join_request(2, 1);
  logout.expiry = world.now - days{1};
  EXPECT_EQ(refusal(world, logout), "this node key belongs to another machine");
}

TEST(Join, WithoutAKeyAPersonMustDecide) {
  World world;
  EXPECT_NE(world.join(world.join_request(1, 1))->pending_login, "");
}

TEST(Join, RestartChangesNothing) {
  World world;
  const auto key = world.issue_auth_key(Role::owner);
  const auto device = world.join(1, 1, *key);
  const auto before = world.log().size();
  world.now += days{1};
  const auto back = world.join(world.join_request(1, 1));
  EXPECT_EQ(back->device->key_expires, device.key_expires);
  EXPECT_EQ(world.log().size(), before);
}

TEST(Join, DeviceMayShortenItsExpiryButNotExtendIt) {
  World world;
  const auto key = world.issue_auth_key(Role::owner);
  auto request = world.join_request(1, 1, &*key);
  request.expiry = world.now + days{10};
  EXPECT_EQ(world.join(request)->device->key_expires, world.now + days{10});
  auto restart = world.join_request(1, 1);
  restart.expiry = world.now + days{11};
  EXPECT_EQ(refusal(world, restart), "a device cannot extend its own node key; log in again");
  restart.expiry = world.now + days{5};
  EXPECT_EQ(world.join(restart)->device->key_expires, world.now + days{5});
}

TEST(Join, LogoutExpiresNowAlthoughItCarriesAKeyAndIsIdempotent) {
  World world;
  const auto key = world.issue_auth_key(Role::owner, reusable());
  const auto device = world.join(1, 1, *key);
  auto logout = world.join_request(1, 1, &*key);
  logout.expiry = from_micros(123'000'000);
  EXPECT_TRUE(world.join(logout)->node_key_expired);
  EXPECT_TRUE(world.join(logout)->node_key_expired);
  EXPECT_EQ(world.device(device.id)->key_expires, world.now);
  const auto records = world.log({.events = {"NODE.LOGOUT", "NODE.UPDATE.KEY_EXPIRY_TIME"}});
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].group_id, records[1].group_id);
  EXPECT_EQ(world.join(1, 2, *key).id, device.id);
}

TEST(Join, EphemeralDeviceIsGoneAtLogout) {
  World world;
  auto want = reusable();
  want.grant.ephemeral = true;
  const auto key = world.issue_auth_key(Role::owner, want);
  const auto device = world.join(1, 1, *key);
  EXPECT_TRUE(device.ephemeral);
  auto logout = world.join_request(1, 1);
  logout.expiry = from_micros(1);
  EXPECT_TRUE(world.join(logout)->node_key_expired);
  EXPECT_FALSE(world.device(device.id));
  EXPECT_EQ(events(world, {"NODE.LOGOUT", "NODE.DELETE"}).size(), 2U);
}

TEST(Join, ApprovalIsNeededUnlessTheKeyIsPreApproved) {
  World world;
  world.change_settings({.devices_approval = true});
  EXPECT_FALSE(world.join(1, 1, *world.issue_auth_key(Role::owner)).authorized);
  EXPECT_TRUE(events(world, {"NODE.APPROVE"}).empty());
  auto want = reusable();
  want.grant.preauthorized = true;
  const auto key = world.issue_auth_key(Role::owner, want);
  EXPECT_TRUE(world.join(2, 2, *key).authorized);
  EXPECT_EQ(events(world, {"NODE.APPROVE"}).size(), 1U);
  // Logging in again approves nothing.
  EXPECT_FALSE(world.join(1, 3, *key).authorized);
}

TEST(Join, RequestedTagsMustBeTheKeysOrItsOwners) {
  World world;
  const auto ci = world.issue_auth_key(Role::owner, tagged({"tag:ci", "tag:web"}));
  auto request = world.join_request(1, 1, &*ci);
  request.requested_tags = {"tag:db"};
  EXPECT_EQ(refusal(world, request),
            "requested tags [tag:db] are invalid or not permitted: the auth key does not have them");
  request.requested_tags = {"tag:web"};
  EXPECT_EQ(world.join(request)->device->tags, (std::vector<std::string>{"tag:ci", "tag:web"}));

  const auto owners = world.issue_auth_key(Role::owner);
  auto asks = world.join_request(2, 2, &*owners);
  asks.requested_tags = {"tag:web"};
  EXPECT_EQ(world.join(asks)->device->tags, std::vector<std::string>{"tag:web"});
  const auto plain = world.issue_auth_key(Role::it_admin);
  auto refused = world.join_request(3, 3, &*plain);
  refused.requested_tags = {"tag:web"};
  EXPECT_NE(refusal(world, refused).find("requested tags [tag:web] are invalid or not permitted"),
            std::string::npos);
  EXPECT_EQ(world.stored(plain->credential.id).usage.uses, 0);
}

TEST(Join, TagsThatTheOwnerMayNoLongerUseAreRefused) {
  World world;
  const auto key = world.issue_auth_key(Role::network_admin, tagged({"tag:ci"}));
  world.set_role(Role::network_admin, Role::it_admin);
  EXPECT_EQ(
      refusal(world, world.join_request(1, 1, &*key)),
      "requested tags [tag:ci] are invalid or not permitted: the owner of the auth key may not use them");
}

TEST(Join, RefusalsNameTheReason) {
  World world;
  auto brief = reusable();
  brief.expiry_seconds = 60;
  const auto expired = world.issue_auth_key(Role::owner, brief);
  const auto dormant = world.issue_auth_key(Role::it_admin);
  auto picky = reusable();
  picky.grant.allowed_hostnames = {"web-*"};
  const auto hosts = world.issue_auth_key(Role::owner, picky);
  const auto token = world.issue_api_token(Role::owner);
  world.set_status(Role::it_admin, identity::UserStatus::suspended);
  world.now += minutes{2};
  const std::pair<const credentials::IssuedKey*, const char*> cases[] = {
      {&*expired, "it expired on"},
      {&*dormant, "its owner is suspended"},
      {&*hosts, "it does not allow this host name"},
      {&*token, "cannot be used for node auth"},
  };
  for (const auto& [key, reason] : cases) {
    const auto message = refusal(world, world.join_request(1, 1, key));
    EXPECT_TRUE(message.starts_with("invalid key: API key")) << message;
    EXPECT_NE(message.find(reason), std::string::npos) << message;
  }
  auto noise = world.join_request(1, 1);
  noise.auth_key = SecretString(std::string("nonsense"));
  EXPECT_EQ(refusal(world, noise), "invalid key: invalid API token");
}

TEST(Join, SpaceAroundAKeyIsCutOff) {
  World world;
  const auto key = world.issue_auth_key(Role::owner);
  auto request = world.join_request(1, 1);
  request.auth_key = SecretString(" " + key->text.expose() + "\n");
  EXPECT_TRUE(world.join(request).ok());
}

TEST(Join, MalformedKeysAndHostsAreRefused) {
  World world;
  const auto key = world.issue_auth_key(Role::owner);
  auto request = world.join_request(1, 1, &*key);
  request.node_key = "nodekey:" + std::string(64, '0');
  EXPECT_EQ(refusal(world, request), "the node key is malformed");
  request = world.join_request(1, 1, &*key);
  request.host_info = "[]";
  EXPECT_NE(refusal(world, request), "");
  request = world.join_request(1, 1, &*key);
  request.routable_ips = {"10.0.0.1/8"};
  EXPECT_NE(refusal(world, request), "");
  EXPECT_EQ(world.stored(key->credential.id).usage.uses, 0);
}

TEST(Join, IsOneGroupInTheLogAndNamesTheKey) {
  World world;
  const auto key = world.issue_auth_key(Role::owner);
  const auto device = world.join(1, 1, *key);
  const auto records = world.log({.events = {"NODE.CREATE", "NODE.LOGIN", "API_KEY.REVOKE"}});
  ASSERT_EQ(records.size(), 3U);
  for (const auto& record : records) {
    EXPECT_EQ(record.group_id, records[0].group_id);
    EXPECT_EQ(record.source.credential, key->credential.id);
    if (record.target.type != audit::TargetType::node) {
      EXPECT_EQ(record.details, "used by node " + device.id.str());
      continue;
    }
    EXPECT_EQ(record.target.id, device.id.str());
    EXPECT_EQ(record.target.name, device.name);
    EXPECT_EQ(record.actor.id, world.tailnet().owner.id.str());
    EXPECT_EQ(record.new_value->at("authKey"), key->credential.id.str().c_str());
  }
  const auto tagged_key = world.issue_auth_key(Role::owner, tagged({"tag:ci"}));
  const auto server = world.join(2, 2, *tagged_key);
  EXPECT_EQ(world.log({.events = {"NODE.LOGIN"}}).back().actor.id, server.id.str());
  EXPECT_EQ(world.log({.events = {"NODE.LOGIN"}}).back().actor.type, audit::ActorType::node);
}

TEST(Join, RefusalOfATrueSecretIsRecordedInItsTailnetAndNoiseIsNot) {
  World world;
  const auto key = world.issue_auth_key(Role::owner);
  world.join(1, 1, *key);
  const auto record_for = [&](const RegisterRequest& request) {
    const auto refused = world.join(request);
    return *world.db().read_now([&](core::Tx& tx) -> Result<std::optional<audit::Record>> {
      return record_of_refusal(tx, request, world.join_context(), refused.error(), world.now);
    });
  };
  const auto record = record_for(world.join_request(2, 2, &*key));
  ASSERT_TRUE(record);
  EXPECT_EQ(event_name(*record), "FAILED_REQUEST.UPDATE");
  EXPECT_EQ(record->tailnet, world.tailnet().tailnet.id);
  EXPECT_EQ(record->target.id, key->credential.id.str());
  EXPECT_NE(record->error.find("it has been used up"), std::string::npos);
  auto noise = world.join_request(2, 2);
  noise.auth_key = SecretString(std::string("nonsense"));
  EXPECT_FALSE(record_for(noise));
}

TEST(Join, RoutesAreEnabledOnlyByWhoMayApproveThem) {
  World world;
  world.auto_approved = [](core::Tx&, const tailnet::Device&) {
    return std::vector<std::string>{"10.0.0.0/16", "10.9.0.0/16"};
  };
  const auto key = world.issue_auth_key(Role::owner);
  auto request = world.join_request(1, 1, &*key);
  request.routable_ips = {"10.1.0.0/16", "10.0.0.0/16"};
  const auto device = *world.join(request)->device;
  EXPECT_EQ(device.advertised_routes, (std::vector<std::string>{"10.0.0.0/16", "10.1.0.0/16"}));
  EXPECT_EQ(device.enabled_routes, std::vector<std::string>{"10.0.0.0/16"});
}

}  // namespace
}  // namespace latchkey::join
