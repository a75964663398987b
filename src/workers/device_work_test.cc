#include "workers/device_work.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "core/maintenance_store.h"
#include "core/tailnet/device_store.h"
#include "testing/manual_clock.h"
#include "testing/world.h"

namespace latchkey::workers {
namespace {

using identity::Role;
using testing::World;

io::awaitable<void> take_turn(Turn turn, WorkContext& context, std::int64_t& done) {
  const auto result = co_await turn(context);
  if (result) done = *result;
}

class DeviceWork : public ::testing::Test {
 protected:
  std::int64_t run(const Turn& turn) {
    const testing::ManualClock clock(world_.now);
    WorkContext context{world_.db(), clock, quiet_log(), metrics_, "east"};
    std::int64_t done = -1;
    boost::asio::co_spawn(loop_, take_turn(turn, context, done), boost::asio::detached);
    loop_.restart();
    loop_.run();
    return done;
  }

  boost::asio::io_context loop_;  // outlives the database whose threads post to it
  World world_;
  Metrics metrics_;
};

TEST_F(DeviceWork, AnnouncesExpiredNodeKeysOnce) {
  const auto key = world_.issue_auth_key(Role::owner);
  world_.join(1, 1, *key);
  EXPECT_EQ(run(announce_expired_node_keys), 0);
  world_.now += days{180};
  EXPECT_EQ(run(announce_expired_node_keys), 1);
  EXPECT_EQ(run(announce_expired_node_keys), 0);
}

TEST_F(DeviceWork, RemovesEphemeralDevicesThatAreGone) {
  credentials::NewAuthKey want;
  want.grant.ephemeral = true;
  const auto key = world_.issue_auth_key(Role::owner, want);
  const auto device = world_.join(1, 1, *key);
  const auto remove = [](WorkContext& context) { return remove_gone_devices(context, minutes{5}); };
  EXPECT_EQ(run(remove), 0);
  world_.now += minutes{5};
  EXPECT_EQ(run(remove), 1);
  EXPECT_FALSE(world_.device(device.id));
}

TEST_F(DeviceWork, IsDoneByTheReplicaThatHoldsTheLease) {
  const auto key = world_.issue_auth_key(Role::owner);
  world_.join(1, 1, *key);
  world_.now += days{180};
  ASSERT_TRUE(*world_.db().write_now([&](core::Tx& tx) -> Result<bool> {
    return tx.maintenance().hold_lease("announce expired node keys", "west", world_.now,
                                       world_.now + minutes{1});
  }));
  EXPECT_EQ(run(announce_expired_node_keys), 0);
  world_.now += minutes{1};
  EXPECT_EQ(run(announce_expired_node_keys), 1);
}

}  // namespace
}  // namespace latchkey::workers
