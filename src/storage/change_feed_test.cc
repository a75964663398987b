#include "storage/change_feed.h"

#include <gtest/gtest.h>

#include "testing/engines.h"

namespace latchkey::storage {
namespace {

using testing::connection_of;
using testing::eventually;

class Collector {
 public:
  void operator()(std::span<const audit::Change> changes) {
    std::lock_guard lock(mutex_);
    for (const auto& change : changes) seen_.push_back(change);
  }
  std::vector<audit::Change> seen() const {
    std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<audit::Change> seen_;
};

class ChangeFeedTest : public testing::EngineTest {
 protected:
  static void announce(SqlDatabase& db, const std::string& subject) {
    auto work = [&](core::Tx& tx) -> Result<void> {
      audit::Act act;
      act.change.kind = audit::ChangeKind::credential_revoked;
      act.change.tailnet = act.record.tailnet = TailnetId("TtestCNTRL");
      act.change.subject = subject;
      act.change.at = act.record.at = from_micros(5);
      static_cast<UnitOfWork&>(tx).record(act);
      return {};
    };
    ASSERT_TRUE(db.write_now(work).ok());
  }
};

TEST_P(ChangeFeedTest, DeliversWhatHappensAfterStartAndNothingBefore) {
  auto db = open();
  announce(*db, "before");
  Collector collector;
  db->feed().subscribe(std::ref(collector));
  db->feed().start();
  announce(*db, "after");
  ASSERT_TRUE(eventually([&] { return !collector.seen().empty(); }));
  auto seen = collector.seen();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].subject, "after");
  EXPECT_EQ(seen[0].kind, audit::ChangeKind::credential_revoked);
  EXPECT_EQ(seen[0].tailnet.str(), "TtestCNTRL");
  EXPECT_EQ(to_micros(seen[0].at), 5);
  EXPECT_EQ(seen[0].sequence, 2);
  EXPECT_TRUE(eventually([&] { return db->feed().fresh_within(std::chrono::seconds(1)); }));
}

TEST_P(ChangeFeedTest, TwoReplicasWritingAtOnceAreSeenByBothInOneOrderWithoutGaps) {
  if (!on_postgres()) GTEST_SKIP() << "SQLite has one replica";
  constexpr int kThreads = 4, kEach = 100;
  std::unique_ptr<SqlDatabase> replicas[] = {open(), open()};
  Collector collectors[2];
  for (int i = 0; i < 2; ++i) {
    replicas[i]->feed().subscribe(std::ref(collectors[i]));
    replicas[i]->feed().start();
  }
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) announce(*replicas[t % 2], std::to_string(t) + "/" + std::to_string(i));
    });
  }
  for (auto& writer : writers) writer.join();
  for (const auto& collector : collectors) {
    ASSERT_TRUE(eventually([&] { return collector.seen().size() >= kThreads * kEach; }))
        << collector.seen().size();
    auto seen = collector.seen();
    ASSERT_EQ(seen.size(), static_cast<std::size_t>(kThreads * kEach));
    for (std::size_t i = 0; i < seen.size(); ++i)
      EXPECT_EQ(seen[i].sequence, static_cast<std::int64_t>(i) + 1);
  }
}

TEST_P(ChangeFeedTest, MoreThanABatchAtOnceIsDeliveredWhole) {
  auto db = open();
  Collector collector;
  db->feed().subscribe(std::ref(collector));
  db->feed().start();
  constexpr std::size_t kMany = 3 * kFeedBatch + 1;
  auto work = [](core::Tx& tx) -> Result<void> {
    for (std::size_t i = 0; i < kMany; ++i) {
      audit::Act act;
      act.change = {audit::ChangeKind::user_created, TailnetId("TtestCNTRL"), std::to_string(i)};
      act.record.tailnet = act.change.tailnet;
      static_cast<UnitOfWork&>(tx).record(act);
    }
    return {};
  };
  ASSERT_TRUE(db->write_now(work).ok());
  ASSERT_TRUE(eventually([&] { return collector.seen().size() >= kMany; }));
  auto seen = collector.seen();
  for (std::size_t i = 0; i < kMany; ++i) ASSERT_EQ(seen[i].subject, std::to_string(i));
}

TEST_P(ChangeFeedTest, KindOfANewerReplicaIsSteppedOver) {
  auto db = open();
  Collector collector;
  db->feed().subscribe(std::ref(collector));
  db->feed().start();
  auto strange = [](core::Tx& tx) -> Result<void> {
    connection_of(tx).execute(
        "UPDATE feed_head SET sequence = 1; INSERT INTO changes (sequence, tailnet_id, at, kind, subject) "
        "VALUES (1, 'T', 1, 'from.the.future', 's')");
    return {};
  };
  ASSERT_TRUE(db->write_now(strange).ok());
  announce(*db, "known");
  ASSERT_TRUE(eventually([&] { return !collector.seen().empty(); }));
  EXPECT_EQ(collector.seen().front().subject, "known");
  EXPECT_EQ(db->feed().position(), 2);
}

TEST_P(ChangeFeedTest, BatchThatASubscriberCouldNotTakeComesAgain) {
  auto db = open();
  Collector collector;
  std::atomic<int> attempts = 0;
  db->feed().subscribe([&](std::span<const audit::Change> changes) {
    if (++attempts < 3) throw std::runtime_error("not now");
    collector(changes);
  });
  db->feed().start();
  announce(*db, "one");
  ASSERT_TRUE(eventually([&] { return !collector.seen().empty(); }));
  EXPECT_EQ(attempts, 3);
}

TEST_P(ChangeFeedTest, LostConnectionMissesNothing) {
  if (!on_postgres()) GTEST_SKIP() << "SQLite has none to lose";
  auto db = open();
  Collector collector;
  db->feed().subscribe(std::ref(collector));
  db->feed().start();
  auto cut = driver()->connect_migrator();
  for (int i = 0; i < 20; ++i) {
    if (i % 5 == 2) {
      cut->execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
          " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query NOT LIKE 'COMMIT%'");
    }
    announce(*db, std::to_string(i));
  }
  ASSERT_TRUE(eventually([&] { return collector.seen().size() >= 20; }));
  auto seen = collector.seen();
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(seen[i].subject, std::to_string(i));
}

INSTANTIATE_TEST_SUITE_P(Engines, ChangeFeedTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::storage
