#include "core/webhooks/queue_news.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <stdexcept>

#include "core/audit/feed_reader_store.h"
#include "core/maintenance_store.h"
#include "core/webhooks/webhook_store.h"
#include "testing/webhook_world.h"

namespace latchkey::webhooks {
namespace {

using identity::Role;
using testing::WebhookWorld;

class QueueNews : public ::testing::Test {
 protected:
  bool has_news() {
    return *world_.db().read_now([&](core::Tx& tx) -> Result<bool> { return webhooks::has_news(tx); });
  }
  std::int64_t trim(TimePoint before) {
    return *world_.db().write_now(
        [&](core::Tx& tx) -> Result<std::int64_t> { return tx.maintenance().trim_feed(before, 1000); });
  }
  WebhookWorld world_;
};

TEST_F(QueueNews, EachChangeIsQueuedOnceForEachEndpointThatWantsIt) {
  const auto one = world_.add_endpoint({"credentialCreated"}).endpoint.id;
  const auto two = world_.add_endpoint({"categoryKeyActivity"}).endpoint.id;
  const auto none = world_.add_endpoint({"policyUpdate"}).endpoint.id;
  world_.now += seconds{1};
  ASSERT_TRUE(world_.issue_auth_key(Role::owner).ok());
  ASSERT_TRUE(world_.issue_auth_key(Role::owner).ok());
  world_.read_feed();
  EXPECT_EQ(world_.read_feed(), 0);
  const auto keys = [&](const EndpointId& id) {
    std::int64_t count = 0;
    for (const auto& delivery : world_.deliveries(id)) {
      if (delivery.message.starts_with("Auth key")) ++count;
    }
    return count;
  };
  EXPECT_EQ(keys(one), 2);
  EXPECT_EQ(keys(two), 2);
  EXPECT_EQ(keys(none), 0);
}

// What a crash leaves behind is a transaction that did not commit.
TEST_F(QueueNews, ACrashBeforeTheCommitNeitherLosesNorRepeatsAnEvent) {
  const auto id = world_.add_endpoint({"credentialCreated"}).endpoint.id;
  world_.read_feed();
  world_.now += seconds{1};
  ASSERT_TRUE(world_.issue_auth_key(Role::owner).ok());
  const auto crash = [&](auto after) {
    const auto work = [&](core::Tx& tx) -> Result<void> {
      after(tx);
      throw std::runtime_error("the power went");
    };
    EXPECT_THROW(static_cast<void>(world_.db().write_now(work)), std::runtime_error);
  };
  crash([&](core::Tx& tx) { EXPECT_EQ(queue_news(tx, {testing::kConsole}, world_.now).deliveries, 1); });
  EXPECT_TRUE(world_.deliveries(id).empty()) << "not queued";
  EXPECT_TRUE(has_news()) << "and not passed over";
  EXPECT_EQ(world_.read_feed(), 1);
  crash([&](core::Tx& tx) { EXPECT_EQ(queue_news(tx, {testing::kConsole}, world_.now).entries, 0); });
  EXPECT_EQ(world_.deliveries(id).size(), 1U);
}

TEST_F(QueueNews, NothingIsWrittenWhileThereIsNoNews) {
  world_.read_feed();
  EXPECT_FALSE(has_news());
  ASSERT_TRUE(world_.issue_auth_key(Role::owner).ok());
  EXPECT_TRUE(has_news());
  EXPECT_EQ(world_.read_feed(), 0) << "nobody to tell";
  EXPECT_FALSE(has_news());
}

TEST_F(QueueNews, MoreThanABatchIsReadInOrder) {
  const auto id = world_.add_endpoint({"policyUpdate"}).endpoint.id;
  for (std::int64_t i = 0; i < kNewsBatch + 10; ++i) world_.test(id);
  world_.read_feed();
  const auto deliveries = world_.deliveries(id);
  ASSERT_EQ(deliveries.size(), static_cast<std::size_t>(kNewsBatch + 10));
  for (std::size_t i = 1; i < deliveries.size(); ++i) {
    EXPECT_LT(deliveries[i - 1].event, deliveries[i].event);
    EXPECT_EQ(deliveries[i].number, static_cast<std::int64_t>(i) + 1);
  }
}

TEST_F(QueueNews, WhatIsNotYetReadIsNotTrimmedHoweverOld) {
  const auto id = world_.add_endpoint({"policyUpdate"}).endpoint.id;
  world_.read_feed();
  std::string large = "{\"acls\": [], // ";
  while (large.size() < 20'000) large += "long ";
  large += "\n}";
  world_.store_policy(large);
  world_.now += days{30};
  trim(world_.now);
  EXPECT_TRUE(has_news());
  EXPECT_EQ(world_.read_feed(), 1);
  const auto sent = *world_.take_up(id);
  EXPECT_NE(sent.body.find(R"(long \n})"), std::string::npos) << "with the texts kept for it";
  EXPECT_GT(trim(world_.now), 0);
  EXPECT_EQ(trim(world_.now), 0);
}

TEST_F(QueueNews, AFullQueueDropsItsOldestAndSaysSo) {
  const auto id = world_.add_endpoint({"policyUpdate"}).endpoint.id;
  world_.test(id);
  world_.read_feed();
  const auto event = world_.deliveries(id).at(0).event;
  const auto filled = world_.db().write_now([&](core::Tx& tx) -> Result<void> {
    for (std::int64_t i = 0; i < kMaxQueued + 4; ++i)
      tx.webhooks().enqueue(world_.ref(id), event, 0, world_.now);
    return {};
  });
  ASSERT_TRUE(filled.ok());
  const auto dropped = world_.deliveries(id, DeliveryState::dropped);
  ASSERT_EQ(dropped.size(), 5U);
  EXPECT_EQ(dropped.front().number, 1);
  EXPECT_TRUE(dropped.front().ended);
  EXPECT_EQ(world_.take_up(id)->deliveries.front(), 6);
}

TEST_F(QueueNews, AnEventIsKeptOnceForAllWhoAreTold) {
  const auto one = world_.add_endpoint({"credentialCreated"}).endpoint.id;
  const auto two = world_.add_endpoint({"credentialCreated"}).endpoint.id;
  world_.read_feed();
  world_.now += seconds{1};
  ASSERT_TRUE(world_.issue_auth_key(Role::owner).ok());
  EXPECT_EQ(world_.read_feed(), 2);
  EXPECT_EQ(world_.deliveries(one).back().event, world_.deliveries(two).back().event);
  EXPECT_EQ(world_.take_up(one)->body.substr(0, 20), world_.take_up(two)->body.substr(0, 20));
}

}  // namespace
}  // namespace latchkey::webhooks
