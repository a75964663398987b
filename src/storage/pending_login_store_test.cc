#include "storage/pending_login_store.h"

#include <gtest/gtest.h>

#include "core/join/pending_login.h"
#include "testing/engines.h"
#include "testing/world.h"

namespace latchkey::storage {
namespace {

using join::PendingLogin;
using testing::World;

class PendingLoginStoreTest : public testing::EngineTest {};

TEST_P(PendingLoginStoreTest, KeepsWhatADeviceSaidUntilItIsCompletedOrExpires) {
  World world(open());
  PendingLogin login;
  login.id = std::string(32, 'a');
  login.request.machine_key = "mkey:1";
  login.request.node_key = "nodekey:1";
  login.request.old_node_key = "nodekey:0";
  login.request.tailnet_lock_key = "nlpub:1";
  login.request.expiry = world.now + days{3};
  login.request.host_info = R"({"OS":"linux"})";
  login.request.hostname = "Web";
  login.request.requested_tags = {"tag:a", "tag:b"};
  login.request.routable_ips = {"10.0.0.0/8"};
  login.request.ephemeral = true;
  login.request.capability_version = 140;
  login.request.source.address = "203.0.113.9";
  login.created = world.now;
  login.expires = world.now + minutes{15};
  PendingLogin other = login;
  other.id = std::string(32, 'b');
  other.request.node_key = "nodekey:2";
  other.expires = world.now + minutes{16};

  const auto in_one = [&](core::Tx& tx) -> Result<void> {
    auto& waiting = tx.pending_logins();
    waiting.put(login);
    waiting.put(other);
    EXPECT_EQ(waiting.count(), 2);
    EXPECT_EQ(waiting.count_of_address("203.0.113.9"), 2);
    EXPECT_EQ(waiting.count_of_address("203.0.113.8"), 0);
    const auto found = waiting.find(login.id);
    EXPECT_TRUE(found);
    if (!found) return {};
    const auto& kept = found->request;
    EXPECT_EQ(kept.machine_key, "mkey:1");
    EXPECT_EQ(kept.old_node_key, "nodekey:0");
    EXPECT_EQ(kept.tailnet_lock_key, "nlpub:1");
    EXPECT_EQ(kept.expiry, login.request.expiry);
    EXPECT_EQ(kept.host_info, login.request.host_info);
    EXPECT_EQ(kept.hostname, "Web");
    EXPECT_EQ(kept.requested_tags, login.request.requested_tags);
    EXPECT_EQ(kept.routable_ips, login.request.routable_ips);
    EXPECT_TRUE(kept.ephemeral);
    EXPECT_EQ(kept.capability_version, 140);
    EXPECT_EQ(kept.source.address, "203.0.113.9");
    EXPECT_EQ(found->created, login.created);
    EXPECT_EQ(found->expires, login.expires);

    waiting.remove_expired(login.expires);
    EXPECT_FALSE(waiting.find(login.id));
    EXPECT_TRUE(waiting.find(other.id));
    waiting.remove(other.id,
                   {audit::ChangeKind::login_completed, world.tailnet().tailnet.id, other.id, 0, world.now});
    EXPECT_EQ(waiting.count(), 0);
    return {};
  };
  ASSERT_TRUE(world.db().write_now(in_one).ok());
}

TEST_P(PendingLoginStoreTest, ANodeKeyWaitsOnce) {
  World world(open());
  const auto in_one = [&](core::Tx& tx) -> Result<void> {
    for (const char id : {'a', 'b'}) {
      PendingLogin login;
      login.id = std::string(32, id);
      login.request.machine_key = "mkey:1";
      login.request.node_key = "nodekey:1";
      login.created = world.now;
      login.expires = world.now + minutes{15};
      tx.pending_logins().put(login);
    }
    EXPECT_EQ(tx.pending_logins().count(), 1);
    EXPECT_TRUE(tx.pending_logins().find(std::string(32, 'b')));
    return {};
  };
  ASSERT_TRUE(world.db().write_now(in_one).ok());
}

INSTANTIATE_TEST_SUITE_P(Engines, PendingLoginStoreTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::storage
