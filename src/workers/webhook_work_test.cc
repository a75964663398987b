#include "workers/webhook_work.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "testing/manual_clock.h"
#include "testing/webhook_world.h"

namespace latchkey::workers {
namespace {

using identity::Role;
using testing::WebhookWorld;

io::awaitable<void> take_turn(Turn turn, WorkContext& context, std::int64_t& done) {
  const auto result = co_await turn(context);
  if (result) done = *result;
}

class WebhookWork : public ::testing::Test {
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
  static io::awaitable<Result<std::int64_t>> queue(WorkContext& context) {
    return queue_webhook_news(context, {testing::kConsole});
  }

  boost::asio::io_context loop_;  // outlives the database whose threads post to it
  WebhookWorld world_;
  Metrics metrics_;
};

TEST_F(WebhookWork, QueuesWhatHappenedOnceAndWritesNothingOtherwise) {
  const auto id = world_.add_endpoint({"credentialCreated"}).endpoint.id;
  EXPECT_EQ(run(queue), 0);
  world_.now += seconds{1};
  ASSERT_TRUE(world_.issue_auth_key(Role::owner).ok());
  EXPECT_EQ(run(queue), 1);
  const auto writes = world_.db().statistics().writes;
  EXPECT_EQ(run(queue), 0);
  EXPECT_EQ(world_.db().statistics().writes, writes);
  EXPECT_EQ(world_.deliveries(id).size(), 1U);
}

TEST_F(WebhookWork, WarnsOfKeysAndDevicesOnce) {
  credentials::NewAuthKey want;
  want.grant.reusable = true;
  const auto key = world_.issue_auth_key(Role::owner, want);
  const auto device = world_.join(1, 1, *key);
  EXPECT_EQ(run(warn_of_expiry), 0);
  world_.now = *key->credential.expires - days{3};
  EXPECT_EQ(run(warn_of_expiry), 1);
  world_.now = *device.key_expires - days{3};
  EXPECT_EQ(run(warn_of_expiry), 1);
  EXPECT_EQ(run(warn_of_expiry), 0);
}

TEST_F(WebhookWork, ForgetsOldDeliveries) {
  const auto id = world_.add_endpoint({"policyUpdate"}).endpoint.id;
  world_.test(id);
  world_.told(id);
  EXPECT_EQ(run(forget_webhook_deliveries), 0);
  world_.now += days{31};
  EXPECT_EQ(run(forget_webhook_deliveries), 1);
  EXPECT_TRUE(world_.deliveries(id).empty());
}

}  // namespace
}  // namespace latchkey::workers
