#include "storage/write_queue.h"

#include <gtest/gtest.h>

#include "testing/engines.h"

namespace latchkey::storage {
namespace {

using testing::connection_of;
using testing::Ending;
using testing::eventually;
using testing::HeldWriter;
using testing::number;
using testing::submit_write;

const Statement kInsert{"INSERT INTO things (id) VALUES ($1)"};

audit::Act act_of(const std::string& subject) {
  audit::Act act;
  act.change.kind = audit::ChangeKind::credential_created;
  act.change.tailnet = act.record.tailnet = TailnetId("TtestCNTRL");
  act.change.subject = subject;
  act.change.at = act.record.at = from_micros(1);
  return act;
}

class WriteQueueTest : public testing::EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    if (IsSkipped()) return;
    db_ = open();
    change("CREATE TABLE things (id BIGINT PRIMARY KEY)");
  }
  void TearDown() override {
    db_.reset();
    EngineTest::TearDown();
  }

  void change(const std::string& sql) {
    auto work = [&](core::Tx& tx) -> Result<void> {
      connection_of(tx).execute(sql);
      return {};
    };
    ASSERT_TRUE(db_->write_now(work).ok());
  }
  std::int64_t count(const std::string& table = "things") {
    auto work = [&](core::Tx& tx) -> Result<std::int64_t> {
      return number(connection_of(tx), "SELECT COUNT(*) FROM " + table);
    };
    return *db_->read_now(work);
  }
  std::future<Ending> insert(std::int64_t id, bool keep = true) {
    return submit_write(*db_, [id, keep](core::Tx& tx) {
      connection_of(tx).run(kInsert, {id});
      static_cast<UnitOfWork&>(tx).record(act_of(std::to_string(id)));
      return keep;
    });
  }
  // Ends the writer's session from outside, as an operator or a crash would.
  void cut_writer() {
    auto pid_of = [](core::Tx& tx) -> Result<std::int64_t> {
      return number(connection_of(tx), "SELECT pg_backend_pid()");
    };
    std::int64_t pid = *db_->write_now(pid_of);
    driver()->connect_migrator()->execute("SELECT pg_terminate_backend(" + std::to_string(pid) + ")");
  }

  std::unique_ptr<SqlDatabase> db_;
};

TEST_P(WriteQueueTest, WaitingWritesShareOneCommit) {
  auto before = db_->statistics();
  HeldWriter held(*db_);
  std::vector<std::future<Ending>> endings;
  for (int i = 0; i < 100; ++i) endings.push_back(insert(i));
  held.release();
  for (auto& ending : endings) EXPECT_TRUE(ending.get().kept);
  EXPECT_EQ(count(), 100);
  auto after = db_->statistics();
  EXPECT_EQ(after.writes - before.writes, 101u);
  EXPECT_EQ(after.groups - before.groups, 2u);
  EXPECT_EQ(after.run_alone, 0u);
}

TEST_P(WriteQueueTest, OneThatFailsByUniqueLeavesTheOthersOfItsGroup) {
  change("INSERT INTO things (id) VALUES (7)");
  HeldWriter held(*db_);
  std::vector<std::future<Ending>> endings;
  for (int i = 0; i < 64; ++i) endings.push_back(insert(i));
  held.release();
  for (int i = 0; i < 64; ++i) {
    Ending ending = endings[static_cast<std::size_t>(i)].get();
    EXPECT_EQ(ending.failure != nullptr, i == 7) << i;
    EXPECT_EQ(ending.runs, i == 7 ? 2 : 1) << i;
  }
  EXPECT_EQ(count(), 64);
  EXPECT_EQ(count("changes"), 63);
  EXPECT_EQ(count("audit_records"), 63);
  EXPECT_EQ(db_->statistics().run_alone, 1u);
}

TEST_P(WriteQueueTest, OneThatReturnsAnErrorLeavesNothingAndTheOthersAll) {
  HeldWriter held(*db_);
  std::vector<std::future<Ending>> endings;
  for (int i = 0; i < 64; ++i) endings.push_back(insert(i, i % 4 != 0));
  held.release();
  for (auto& ending : endings) {
    Ending end = ending.get();
    EXPECT_EQ(end.failure, nullptr);
    EXPECT_EQ(end.runs, 1);
  }
  EXPECT_EQ(count(), 48);
  EXPECT_EQ(count("changes"), 48);
  EXPECT_EQ(count("audit_records"), 48);
}

TEST_P(WriteQueueTest, ManyThreadsGetExactCountsFromFewerCommits) {
  auto before = db_->statistics();
  std::vector<std::thread> threads;
  std::atomic<int> kept = 0, refused = 0, failed = 0;
  for (int t = 0; t < 64; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 8; ++i) {
        // Every eighth collides with its neighbour's; every other eighth returns an error.
        std::int64_t id = i == 0 ? t / 2 : 1000 + t * 8 + i;
        bool refuse = i == 1;
        auto work = [&](core::Tx& tx) -> Result<void> {
          connection_of(tx).run(kInsert, {id});
          if (refuse) return conflict("refused");
          return {};
        };
        try {
          (db_->write_now(work).ok() ? kept : refused)++;
        } catch (const UniqueViolation&) {
          ++failed;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 32);
  EXPECT_EQ(refused, 64);
  EXPECT_EQ(kept, 64 * 8 - 32 - 64);
  EXPECT_EQ(count(), kept);
  auto after = db_->statistics();
  EXPECT_EQ(after.writes - before.writes, static_cast<std::uint64_t>(kept));
  EXPECT_LT(after.groups - before.groups, after.writes - before.writes);
}

TEST_P(WriteQueueTest, ChangeWhoseRecordCannotBeWrittenIsNotMade) {
  change("ALTER TABLE changes RENAME TO hidden");
  HeldWriter held(*db_);
  std::vector<std::future<Ending>> endings;
  for (int i = 0; i < 20; ++i) endings.push_back(insert(i));
  held.release();
  for (auto& ending : endings) EXPECT_NE(ending.get().failure, nullptr);
  EXPECT_EQ(count(), 0);
  EXPECT_EQ(count("audit_records"), 0);
}

TEST_P(WriteQueueTest, CommitHookRunsBeforeAnyWriterHearsBack) {
  std::atomic<std::size_t> told = 0;
  std::atomic<bool> in_order = true;
  db_->set_commit_hook([&](std::span<const audit::Change> changes) {
    for (const auto& change : changes)
      in_order = in_order && change.sequence == static_cast<std::int64_t>(++told);
  });
  HeldWriter held(*db_);
  std::vector<std::future<Ending>> endings;
  for (int i = 0; i < 10; ++i) endings.push_back(insert(i));
  held.release();
  endings.front().wait();
  EXPECT_EQ(told, 10u);
  EXPECT_TRUE(in_order);
  EXPECT_EQ(insert(0).get().runs, 1);
  EXPECT_EQ(told, 10u) << "an undone change is not told";
}

TEST_P(WriteQueueTest, FullQueueRejectsAtOnceAndKeepsWhatItHas) {
  HeldWriter held(*db_);
  std::vector<std::future<Ending>> endings;
  for (std::size_t i = 0; i < kWriteQueueLimit; ++i) endings.push_back(insert(static_cast<std::int64_t>(i)));
  EXPECT_EQ(db_->statistics().queued_writes, kWriteQueueLimit);
  EXPECT_TRUE(insert(-1).get().rejected);
  held.release();
  for (auto& ending : endings) EXPECT_TRUE(ending.get().kept);
  EXPECT_EQ(count(), static_cast<std::int64_t>(kWriteQueueLimit));
}

TEST_P(WriteQueueTest, StopFinishesWhatIsQueuedAndRejectsWhatComesLater) {
  HeldWriter held(*db_);
  std::vector<std::future<Ending>> endings;
  for (int i = 0; i < 300; ++i) endings.push_back(insert(i));
  std::thread stopper([&] { db_->stop(); });
  held.release();
  stopper.join();
  for (auto& ending : endings) EXPECT_TRUE(ending.get().kept);
  EXPECT_TRUE(insert(-1).get().rejected);
  EXPECT_FALSE(db_->health().ok());
}

TEST_P(WriteQueueTest, LostConnectionIsReplacedAndTheWriteStillHappensOnce) {
  if (!on_postgres()) GTEST_SKIP() << "SQLite has none to lose";
  cut_writer();
  Ending ending = insert(1).get();
  EXPECT_TRUE(ending.kept);
  EXPECT_EQ(ending.failure, nullptr);
  EXPECT_EQ(count(), 1);
  EXPECT_EQ(db_->statistics().reconnects, 1u);
}

TEST_P(WriteQueueTest, IdleWriterNoticesTheLossByItself) {
  if (!on_postgres()) GTEST_SKIP() << "SQLite has none to lose";
  cut_writer();
  EXPECT_TRUE(eventually([&] { return db_->statistics().reconnects == 1; }));
  EXPECT_TRUE(eventually([&] { return db_->health().ok(); }));
}

TEST_P(WriteQueueTest, JobThatEndsItsConnectionEachTimeIsNotRunForEver) {
  if (!on_postgres()) GTEST_SKIP() << "SQLite has none to lose";
  auto suicidal = [](core::Tx& tx) {
    connection_of(tx).execute("SELECT pg_terminate_backend(pg_backend_pid())");
    return true;
  };
  HeldWriter held(*db_);
  auto bad = submit_write(*db_, suicidal);
  auto good = insert(1);
  held.release();
  EXPECT_NE(bad.get().failure, nullptr);
  EXPECT_TRUE(good.get().kept);
  EXPECT_EQ(count(), 1);
}

TEST_P(WriteQueueTest, LossDuringCommitIsToldAsUnknownAndNotRunAgain) {
  if (!on_postgres()) GTEST_SKIP() << "SQLite has none to lose";
  change(
      "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS"
      " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
      "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED"
      " FOR EACH ROW WHEN (NEW.id = 13) EXECUTE FUNCTION die()");
  HeldWriter held(*db_);
  std::vector<std::future<Ending>> endings;
  for (int i = 10; i < 15; ++i) endings.push_back(insert(i));
  auto refused = insert(100, false);
  held.release();
  for (auto& ending : endings) {
    Ending end = ending.get();
    EXPECT_EQ(end.runs, 1);
    ASSERT_NE(end.failure, nullptr);
    EXPECT_THROW(std::rethrow_exception(end.failure), OutcomeUnknown);
  }
  EXPECT_EQ(refused.get().failure, nullptr) << "what was undone before is certain";
  EXPECT_TRUE(insert(1).get().kept);
}

INSTANTIATE_TEST_SUITE_P(Engines, WriteQueueTest, testing::both_engines(), testing::engine_name);

TEST(WriteQueue, JobsWaitForAnAbsentServerOnlySoLong) {
  if (auto usable = testing::PostgresServer::available(); !usable.ok())
    GTEST_SKIP() << usable.error().message;
  auto server = std::make_unique<testing::PostgresServer>(testing::PostgresServer::Durability::full);
  auto db = open_postgres(server->new_database(),
                          {.keys = {crypto::HmacKey(std::array<std::uint8_t, 32>{1})}, .readers = 1});
  EXPECT_TRUE(db->health().ok());
  auto nothing = [](core::Tx&) { return true; };

  server->restart();
  Ending ending = submit_write(*db, nothing).get();
  EXPECT_TRUE(ending.kept) << "a restart is waited for";

  server.reset();
  auto begin = std::chrono::steady_clock::now();
  auto read = [](core::Tx& tx) -> Result<std::int64_t> { return number(connection_of(tx), "SELECT 1"); };
  EXPECT_TRUE(submit_write(*db, nothing).get().rejected);
  EXPECT_EQ(db->read_now(read).error().code, ErrorCode::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3 * kConnectionWaitLimit);
  EXPECT_EQ(db->health().error().code, ErrorCode::unavailable);
  db->stop();
}

}  // namespace
}  // namespace latchkey::storage
