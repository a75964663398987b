#include "core/join/pending_login.h"

#include <gtest/gtest.h>

#include "testing/world.h"

namespace latchkey::join {
namespace {

using identity::Role;
using testing::World;

class PendingLogins : public ::testing::Test {
 protected:
  // The id of the login that a device without a key is given.
  std::string wait(const RegisterRequest& request) {
    const auto registered = world.join(request);
    EXPECT_TRUE(registered.ok()) << registered.error().message;
    return registered ? registered->pending_login : "";
  }
  Result<tailnet::Device> complete(Role by, const std::string& id, const std::string& login_name = "") {
    TRY(const auto may, identity::authorize<identity::Operation::complete_device_login>(world.caller(by)));
    return world.db().write_now([&](core::Tx& tx) {
      return complete_login(tx, may, id, login_name, world.join_context(), world.now);
    });
  }
  std::optional<PendingLogin> find(const std::string& id) {
    return *world.db().read_now(
        [&](core::Tx& tx) -> Result<std::optional<PendingLogin>> { return find_login(tx, id, world.now); });
  }

  World world;
};

TEST_F(PendingLogins, ADeviceWithoutAKeyWaitsAndWhoCompletesTheLoginOwnsIt) {
  const auto id = wait(world.join_request(1, 1));
  ASSERT_TRUE(is_login_id(id));
  EXPECT_EQ(find(id)->request.hostname, "build-1");
  const auto device = complete(Role::it_admin, id);
  ASSERT_TRUE(device.ok()) << device.error().message;
  EXPECT_EQ(device->user, world.user(Role::it_admin).id);
  EXPECT_TRUE(device->auth_key.empty());
  EXPECT_TRUE(device->authorized);
  EXPECT_EQ(device->key_expires, world.now + days{180});
  // The device asks again, and is in.
  const auto registered = world.join(world.join_request(1, 1));
  EXPECT_EQ(registered->pending_login, "");
  EXPECT_EQ(registered->device->id, device->id);
  EXPECT_EQ(registered->owner->id, device->user);
}

TEST_F(PendingLogins, TheRecordNamesTheDeviceAndWhoLetItIn) {
  const auto device = complete(Role::admin, wait(world.join_request(1, 1)));
  const auto records = world.log({.events = {"NODE.CREATE"}});
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].target.id, device->id.str());
  EXPECT_EQ(records[0].actor.id, world.user(Role::admin).id.str());
}

TEST_F(PendingLogins, ItIsCompletedForAnotherPersonOfTheTailnetOnly) {
  const auto id = wait(world.join_request(1, 1));
  EXPECT_EQ(complete(Role::owner, id, "nobody@elsewhere.example").error().code, ErrorCode::malformed_input);
  const auto member = world.user(Role::member);
  EXPECT_EQ(complete(Role::owner, id, member.login_name)->user, member.id);
}

TEST_F(PendingLogins, NobodyOwnsADeviceWhoIsSuspended) {
  const auto id = wait(world.join_request(1, 1));
  const auto member = world.user(Role::member);
  world.set_status(Role::member, identity::UserStatus::suspended);
  EXPECT_EQ(complete(Role::owner, id, member.login_name).error().code, ErrorCode::conflict);
  EXPECT_TRUE(find(id));
}

TEST_F(PendingLogins, MembersLetNobodyIn) {
  const auto id = wait(world.join_request(1, 1));
  for (const auto role : {Role::member, Role::auditor, Role::billing_admin}) {
    EXPECT_EQ(complete(role, id).error().code, ErrorCode::forbidden);
  }
  EXPECT_TRUE(find(id));
}

TEST_F(PendingLogins, ItIsCompletedOnce) {
  const auto id = wait(world.join_request(1, 1));
  ASSERT_TRUE(complete(Role::owner, id).ok());
  EXPECT_FALSE(find(id));
  EXPECT_EQ(complete(Role::owner, id).error().code, ErrorCode::not_found);
}

TEST_F(PendingLogins, ItExpires) {
  const auto id = wait(world.join_request(1, 1));
  world.now += kLoginWaits - seconds(1);
  EXPECT_TRUE(find(id));
  world.now += seconds(1);
  EXPECT_FALSE(find(id));
  EXPECT_EQ(complete(Role::owner, id).error().code, ErrorCode::not_found);
  const auto again = wait(world.join_request(1, 1));
  EXPECT_NE(again, id);
  EXPECT_TRUE(find(again));
}

TEST_F(PendingLogins, ANewRequestOfADeviceTakesThePlaceOfItsOldOne) {
  const auto first = wait(world.join_request(1, 1));
  const auto second = wait(world.join_request(1, 1));
  EXPECT_NE(first, second);
  EXPECT_FALSE(find(first));
  EXPECT_TRUE(find(second));
}

TEST_F(PendingLogins, WhoLogsInAgainKeepsTheNameAndTheAddress) {
  const auto before = *complete(Role::owner, wait(world.join_request(1, 1)));
  world.now += days{181};
  EXPECT_TRUE(world.join(world.join_request(1, 1))->node_key_expired);
  auto request = world.join_request(1, 2);
  request.old_node_key = before.node_key;
  const auto after = complete(Role::owner, wait(request));
  ASSERT_TRUE(after.ok()) << after.error().message;
  EXPECT_EQ(after->id, before.id);
  EXPECT_EQ(after->name, before.name);
  EXPECT_EQ(after->ipv4, before.ipv4);
  EXPECT_EQ(after->key_expires, world.now + days{180});
}

TEST_F(PendingLogins, AnotherPersonsLoginMakesAnotherDevice) {
  const auto mine = *complete(Role::owner, wait(world.join_request(1, 1)));
  const auto yours = complete(Role::admin, wait(world.join_request(1, 2)));
  ASSERT_TRUE(yours.ok()) << yours.error().message;
  EXPECT_NE(yours->id, mine.id);
  EXPECT_NE(yours->ipv4, mine.ipv4);
}

TEST_F(PendingLogins, TagsAreGivenByWhoOwnsThem) {
  world.store_policy(R"({"tagOwners": {"tag:web": ["autogroup:it-admin"]}})");
  auto request = world.join_request(1, 1);
  request.requested_tags = {"tag:web"};
  const auto id = wait(request);
  EXPECT_FALSE(complete(Role::network_admin, id).ok());
  const auto device = complete(Role::it_admin, id);
  ASSERT_TRUE(device.ok()) << device.error().message;
  EXPECT_EQ(device->tags, std::vector<std::string>{"tag:web"});
  EXPECT_TRUE(device->user.empty());
  EXPECT_TRUE(device->key_expiry_disabled);
}

TEST_F(PendingLogins, WhatADeviceSaysIsCheckedWhenItSaysIt) {
  auto request = world.join_request(1, 1);
  request.requested_tags = {"web"};
  EXPECT_EQ(world.join(request).error().code, ErrorCode::malformed_input);
  request = world.join_request(1, 1);
  request.routable_ips = {"10.0.0.0/99"};
  EXPECT_EQ(world.join(request).error().code, ErrorCode::malformed_input);
}

TEST_F(PendingLogins, AStrangerCannotFillTheServer) {
  for (int i = 0; i < kMostPendingLoginsOfAddress; ++i) {
    auto request = world.join_request(i, i);
    request.source.address = "203.0.113.9";
    ASSERT_NE(wait(request), "");
  }
  auto request = world.join_request(9999, 9999);
  request.source.address = "203.0.113.9";
  EXPECT_EQ(world.join(request).error().code, ErrorCode::rate_limited);
  request.source.address = "203.0.113.10";
  EXPECT_NE(wait(request), "");
  // They leave by themselves.
  world.now += kLoginWaits;
  request.source.address = "203.0.113.9";
  EXPECT_NE(wait(request), "");
}

TEST_F(PendingLogins, AKeyUsedMeanwhileWins) {
  const auto id = wait(world.join_request(1, 1));
  const auto key = world.issue_auth_key(Role::admin);
  world.join(1, 1, *key);
  EXPECT_EQ(complete(Role::owner, id).error().code, ErrorCode::conflict);
}

TEST_F(PendingLogins, IdsAre32HexadecimalDigits) {
  EXPECT_TRUE(is_login_id(std::string(32, 'a')));
  EXPECT_FALSE(is_login_id(std::string(31, 'a')));
  EXPECT_FALSE(is_login_id(std::string(32, 'A')));
  EXPECT_FALSE(is_login_id(std::string(32, '/')));
  EXPECT_FALSE(is_login_id(""));
}

}  // namespace
}  // namespace latchkey::join
