// What the policy file says about a device that joins: its tags and its routes.
#include <gtest/gtest.h>

#include "core/join/join.h"
#include "core/tailnet/policy_node.h"
#include "testing/world.h"

namespace latchkey::join {
namespace {

using credentials::NewAuthKey;
using identity::Role;
using testing::World;

constexpr const char* kPolicy = R"({
  "tagOwners": {"tag:ci": ["autogroup:it-admin"]},
  "autoApprovers": {"routes": {"10.0.0.0/8": ["tag:ci"]}, "exitNode": ["autogroup:owner"]},
  "acls": [{"action": "accept", "src": ["autogroup:owner"], "dst": ["tag:ci:22"]}],
})";

NewAuthKey tagged(std::vector<std::string> tags) {
  NewAuthKey want;
  want.grant.reusable = true;
  want.grant.tags = std::move(tags);
  return want;
}

TEST(JoinUnderPolicy, TagsWhoseOwnerNoLongerOwnsThemAreRefused) {
  World world;
  world.store_policy(kPolicy);
  const auto key = world.issue_auth_key(Role::it_admin, tagged({"tag:ci"}));
  ASSERT_TRUE(key.ok()) << key.error().message;
  EXPECT_TRUE(world.join(world.join_request(1, 1, &*key)).ok());
  world.store_policy(R"({"tagOwners":{"tag:ci":[]}})");
  EXPECT_EQ(
      world.join(world.join_request(2, 2, &*key)).error().message,
      "requested tags [tag:ci] are invalid or not permitted: the owner of the auth key may not use them");
}

TEST(JoinUnderPolicy, ATagThatIsNoLongerDefinedIsRefusedToEverybody) {
  World world;
  const auto key = world.issue_auth_key(Role::owner, tagged({"tag:gone"}));
  world.store_policy(kPolicy);
  EXPECT_NE(world.join(world.join_request(1, 1, &*key)).error().message.find("requested tags [tag:gone]"),
            std::string::npos);
  world.store_policy("");
  EXPECT_TRUE(world.join(world.join_request(1, 1, &*key)).ok());
}

TEST(JoinUnderPolicy, AutoApproversEnableRoutes) {
  World world;
  world.auto_approved = tailnet::auto_approved_routes;
  world.store_policy(kPolicy);
  const auto key = world.issue_auth_key(Role::owner, tagged({"tag:ci"}));
  auto request = world.join_request(1, 1, &*key);
  request.routable_ips = {"10.1.0.0/16", "192.168.0.0/24", "0.0.0.0/0", "::/0"};
  EXPECT_EQ(world.join(request)->device->enabled_routes, std::vector<std::string>{"10.1.0.0/16"});
  const auto own = world.issue_auth_key(Role::owner);
  auto exit = world.join_request(2, 2, &*own);
  exit.routable_ips = {"10.1.0.0/16", "0.0.0.0/0", "::/0"};
  EXPECT_EQ(world.join(exit)->device->enabled_routes, (std::vector<std::string>{"0.0.0.0/0", "::/0"}));
}

TEST(PolicyNodes, AreTheDevicesWithTheirOwnersTagsAndRoutes) {
  World world;
  world.store_policy(kPolicy);
  const auto ci = world.join(1, 1, *world.issue_auth_key(Role::owner, tagged({"tag:ci"})));
  const auto own = world.join(2, 2, *world.issue_auth_key(Role::owner));
  const auto nodes = *world.db().read_now([&](core::Tx& tx) -> Result<std::vector<policy::PolicyNode>> {
    return tailnet::policy_nodes(tx, world.tailnet().tailnet.id);
  });
  ASSERT_EQ(nodes.size(), 2U);
  const std::size_t first = nodes[0].number == ci.number ? 0 : 1;
  const auto& tagged_node = nodes[first];
  const auto& owned = nodes[1 - first];
  EXPECT_EQ(tagged_node.identity.tags, std::vector<std::string>{"tag:ci"});
  EXPECT_TRUE(tagged_node.identity.login.empty());
  EXPECT_EQ(owned.identity.login, "olive@otter-reef.example");
  EXPECT_EQ(owned.identity.role, Role::owner);
  EXPECT_EQ(owned.addresses, (std::vector<std::string>{own.ipv4, own.ipv6}));
  const auto policy = policy::compile(*policy::Policy::parse(kPolicy), nodes);
  EXPECT_TRUE(policy.reaches(1 - first, first));
  EXPECT_EQ(policy.filter(first).at(0).at("DstPorts").at(0).at("IP").as_string(), ci.ipv4);
}

}  // namespace
}  // namespace latchkey::join
