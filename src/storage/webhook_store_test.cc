#include "storage/webhook_store.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "core/audit/feed_reader_store.h"
#include "core/maintenance_store.h"
#include "core/webhooks/webhook_store.h"
#include "testing/engines.h"
#include "testing/webhook_world.h"

namespace latchkey::storage {
namespace {

using identity::Role;
using testing::types_of;
using testing::WebhookWorld;

class WebhookStoreTest : public testing::EngineTest {};

TEST_P(WebhookStoreTest, EveryMemberOfAnEndpointComesBack) {
  WebhookWorld world(open());
  const auto made =
      world.add_endpoint({"nodeCreated", "categoryKeyActivity"}, "https://ops.example/x", "discord");
  const auto rotated = world.rotate(made.endpoint.id, hours{2});
  const auto stored = world.endpoint(made.endpoint.id);
  EXPECT_EQ(stored.tailnet, world.tailnet().tailnet.id);
  EXPECT_EQ(stored.url, "https://ops.example/x");
  EXPECT_EQ(stored.provider, webhooks::Provider::discord);
  EXPECT_EQ(stored.creator, world.tailnet().owner.id);
  EXPECT_EQ(stored.creator_login, "olive@otter-reef.example");
  EXPECT_EQ(stored.subscriptions, made.endpoint.subscriptions);
  EXPECT_EQ(stored.created, world.now);
  EXPECT_EQ(stored.secrets.id, made.endpoint.secrets.id);
  EXPECT_EQ(stored.secrets.present, rotated.endpoint.secrets.present);
  ASSERT_TRUE(stored.secrets.old);
  EXPECT_EQ(stored.secrets.old->text, made.endpoint.secrets.present);
  EXPECT_EQ(stored.secrets.old->until, world.now + hours{2});
  const auto found = world.db().read_now([&](core::Tx& tx) -> Result<void> {
    EXPECT_EQ(tx.webhooks().find_by_secret(stored.secrets.id)->id, stored.id);
    EXPECT_FALSE(tx.webhooks().find_by_secret(CredentialId("kOtherCNTRL")));
    EXPECT_FALSE(tx.webhooks().find(TailnetId("TOtherCNTRL"), stored.id));
    EXPECT_TRUE(tx.webhooks().list(TailnetId("TOtherCNTRL")).empty());
    EXPECT_EQ(tx.webhooks().list(stored.tailnet).size(), 1U);
    return {};
  });
  EXPECT_TRUE(found.ok());
}

TEST_P(WebhookStoreTest, AnEventGoesItsWholeWay) {
  WebhookWorld world(open());
  const auto id = world.add_endpoint({"categoryTailnetManagement"}).endpoint.id;
  const auto key = world.issue_auth_key(Role::owner);
  const auto device = world.join(1, 1, *key);
  world.store_policy("{\"acls\": []} // " + std::string(20'000, 'x') + "\n");
  EXPECT_EQ(types_of(world.told(id)),
            (std::vector<std::string>{"credentialCreated", "credentialUsedUp", "credentialFirstUsed",
                                      "nodeCreated", "policyUpdate"}));
  const auto log = world.deliveries(id, webhooks::DeliveryState::delivered);
  ASSERT_EQ(log.size(), 5U);
  for (const auto& delivery : log) {
    EXPECT_EQ(delivery.attempts, 1);
    EXPECT_TRUE(delivery.ended);
    EXPECT_FALSE(delivery.next_attempt);
  }
  world.remove(id);
  EXPECT_TRUE(world.take_up(id)->is_farewell);
  EXPECT_FALSE(world.take_up(id));
}

TEST_P(WebhookStoreTest, FailuresPausesAndGivingUpAreKept) {
  WebhookWorld world(open());
  const auto id = world.add_endpoint({"policyUpdate"}).endpoint.id;
  world.test(id);
  world.test(id);
  world.read_feed();
  const auto settled = world.settle(*world.take_up(id), 503, 0.5);
  auto health = world.endpoint(id).health;
  EXPECT_EQ(health.failures, 1);
  EXPECT_EQ(health.failing_since, world.now);
  EXPECT_EQ(health.paused_until, settled.next_attempt);
  EXPECT_EQ(health.last_attempt, world.now);
  EXPECT_EQ(health.last_status, 503);
  const auto next = world.db().read_now(
      [&](core::Tx& tx) -> Result<std::optional<TimePoint>> { return webhooks::next_due(tx, world.now); });
  EXPECT_EQ(*next, settled.next_attempt);
  world.now += hours{24};
  EXPECT_EQ(world.settle(*world.take_up(id), std::nullopt).given_up, 2);
  EXPECT_EQ(world.deliveries(id, webhooks::DeliveryState::given_up).size(), 2U);
  health = world.endpoint(id).health;
  EXPECT_TRUE(health.warned);
  EXPECT_FALSE(health.last_status);
  EXPECT_EQ(health.last_error, "connection refused");
}

TEST_P(WebhookStoreTest, OfManyWhoWantToSendExactlyOneDoes) {
  WebhookWorld world(open());
  const auto id = world.add_endpoint({"policyUpdate"}).endpoint.id;
  world.test(id);
  world.read_feed();
  std::vector<std::unique_ptr<SqlDatabase>> replicas;
  if (on_postgres()) {
    for (int i = 0; i < 3; ++i) replicas.push_back(open());
  }
  std::atomic<int> taken = 0;
  std::vector<std::thread> senders;
  for (int i = 0; i < 12; ++i) {
    auto& db = replicas.empty() ? world.db() : *replicas.at(static_cast<std::size_t>(i % 3));
    senders.emplace_back([&, i] {
      const auto dispatch = db.write_now([&](core::Tx& tx) -> Result<std::optional<webhooks::Dispatch>> {
        return webhooks::take_up(tx, world.vault(), world.ref(id), std::to_string(i), world.now);
      });
      if (dispatch && *dispatch) ++taken;
    });
  }
  for (auto& sender : senders) sender.join();
  EXPECT_EQ(taken, 1);
}

TEST_P(WebhookStoreTest, ReplicasThatReadTheFeedAtOnceQueueEachEventOnce) {
  WebhookWorld world(open());
  const auto id = world.add_endpoint({"credentialCreated"}).endpoint.id;
  world.read_feed();
  world.now += seconds{1};
  std::vector<std::unique_ptr<SqlDatabase>> replicas;
  if (on_postgres()) {
    for (int i = 0; i < 2; ++i) replicas.push_back(open());
  }
  constexpr int kKeys = 60;
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    auto& db = replicas.empty() ? world.db() : *replicas.at(static_cast<std::size_t>(i % 2));
    readers.emplace_back([&] {
      for (;;) {
        const bool last = done;
        const auto read = db.write_now([&](core::Tx& tx) -> Result<webhooks::QueuedNews> {
          return webhooks::queue_news(tx, {testing::kConsole}, world.now);
        });
        if (last && read && read->entries == 0) return;
      }
    });
  }
  for (int i = 0; i < kKeys; ++i) ASSERT_TRUE(world.issue_auth_key(Role::owner).ok());
  done = true;
  for (auto& reader : readers) reader.join();
  const auto deliveries = world.deliveries(id);
  EXPECT_EQ(deliveries.size(), static_cast<std::size_t>(kKeys));
  std::set<std::int64_t> events;
  for (const auto& delivery : deliveries) events.insert(delivery.event);
  EXPECT_EQ(events.size(), deliveries.size());
}

TEST_P(WebhookStoreTest, ADatabaseThatIsOpenedAgainGoesOnWhereItWas) {
  EndpointId id;
  {
    WebhookWorld world(open());
    id = world.add_endpoint({"policyUpdate"}).endpoint.id;
    world.test(id);
    world.read_feed();
    world.test(id);  // in the feed, and not yet read
    ASSERT_TRUE(world.take_up(id));
  }
  const auto db = open();
  const auto now = testing::at("2026-01-05T10:00:00Z");
  const auto read = db->write_now([&](core::Tx& tx) -> Result<std::int64_t> {
    const auto queued = webhooks::queue_news(tx, {testing::kConsole}, now).deliveries;
    const auto due = webhooks::due_endpoints(tx, now, 10);
    EXPECT_EQ(due.size(), 1U) << "the claim of the one that is gone has lapsed";
    EXPECT_EQ(tx.webhooks().waiting(due.at(0), now, 10).size(), 2U);
    return queued;
  });
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, 1);
}

TEST_P(WebhookStoreTest, NoSecretIsInTheDatabaseFiles) {
  if (on_postgres()) GTEST_SKIP() << "the files of SQLite are looked at";
  SecretString secret;
  SecretString second;
  {
    WebhookWorld world(open());
    auto made = world.add_endpoint({"policyUpdate"});
    secret = made.secret;
    second = world.rotate(made.endpoint.id, hours{1}).secret;
    world.test(made.endpoint.id);
    world.told(made.endpoint.id);
  }
  for (const auto& entry : std::filesystem::directory_iterator(file().parent_path())) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    for (const auto* text : {&secret, &second}) {
      const auto random = text->expose().substr(text->expose().rfind('-') + 1);
      EXPECT_EQ(bytes.str().find(random), std::string::npos) << entry.path();
    }
  }
}

TEST_P(WebhookStoreTest, TheLogForgetsBeyondItsLimits) {
  WebhookWorld world(open());
  const auto id = world.add_endpoint({"policyUpdate"}).endpoint.id;
  for (int i = 0; i < 5; ++i) {
    world.test(id);
    world.told(id);
  }
  const auto forget = [&](TimePoint before, std::int64_t most) {
    return *world.db().write_now(
        [&](core::Tx& tx) -> Result<std::int64_t> { return tx.webhooks().forget(before, most, 100); });
  };
  EXPECT_EQ(forget(world.now - days{1}, 100), 0);
  EXPECT_EQ(forget(world.now - days{1}, 2), 3);
  const auto left = world.deliveries(id);
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0].number, 4);
  EXPECT_EQ(forget(world.now + days{1}, 100), 2);
  EXPECT_EQ(forget(world.now + days{1}, 100), 0);
}

TEST_P(WebhookStoreTest, AChangeNamesItsRecordsAndANewReaderBeginsWithTheNewest) {
  WebhookWorld world(open());
  const auto key = world.issue_auth_key(Role::owner);
  world.join(1, 1, *key);
  const auto checked = world.db().write_now([&](core::Tx& tx) -> Result<void> {
    const auto news = tx.feed().after(0, 1000);
    std::int64_t records = 0;
    for (const auto& entry : news.entries) {
      for (const auto& record : entry.records) {
        ++records;
        const bool is_own = record.target.id == entry.change.subject;
        EXPECT_TRUE(is_own) << audit::event_name(record) << " beside " << entry.change.subject;
      }
    }
    EXPECT_EQ(news.read, static_cast<std::int64_t>(news.entries.size()));
    EXPECT_EQ(news.position, news.entries.back().change.sequence);
    EXPECT_EQ(tx.feed().after(news.position, 10).read, 0);
    EXPECT_GT(records, 3);
    EXPECT_EQ(tx.feed().hold("another"), news.position);
    tx.feed().move("another", 1);
    EXPECT_EQ(tx.feed().hold("another"), 1);
    return {};
  });
  EXPECT_TRUE(checked.ok());
  EXPECT_EQ(static_cast<std::size_t>(1), world.log({.events = {"NODE.CREATE"}}).size());
}

INSTANTIATE_TEST_SUITE_P(Engines, WebhookStoreTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::storage
