#include "storage/read_pool.h"

#include <gtest/gtest.h>

#include "testing/engines.h"

namespace latchkey::storage {
namespace {

using testing::connection_of;
using testing::number;

class ReadPoolTest : public testing::EngineTest {
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
  std::int64_t count() {
    auto work = [](core::Tx& tx) -> Result<std::int64_t> {
      return number(connection_of(tx), "SELECT COUNT(*) FROM things");
    };
    return *db_->read_now(work);
  }

  std::unique_ptr<SqlDatabase> db_;
};

TEST_P(ReadPoolTest, ReadSeesWhatWasWrittenBefore) {
  for (int i = 0; i < 50; ++i) {
    change("INSERT INTO things VALUES (" + std::to_string(i) + ")");
    ASSERT_EQ(count(), i + 1);
  }
}

TEST_P(ReadPoolTest, ReadSeesOneSnapshotWhileOthersWrite) {
  auto work = [&](core::Tx& tx) -> Result<bool> {
    auto before = number(connection_of(tx), "SELECT COUNT(*) FROM things");
    std::thread([&] { change("INSERT INTO things VALUES (1)"); }).join();
    return before == number(connection_of(tx), "SELECT COUNT(*) FROM things");
  };
  EXPECT_TRUE(*db_->read_now(work));
  EXPECT_EQ(count(), 1);
}

TEST_P(ReadPoolTest, WriteThroughAReaderThrowsAndTheReaderStaysUsable) {
  auto insert = [](core::Tx& tx) -> Result<void> {
    connection_of(tx).execute("INSERT INTO things VALUES (1)");
    return {};
  };
  // A record needs no statement while the function runs, so the engine alone would not see it.
  auto record = [](core::Tx& tx) -> Result<void> {
    static_cast<UnitOfWork&>(tx).record({});
    return {};
  };
  for (int i = 0; i < 4; ++i) {
    EXPECT_THROW((void)db_->read_now(insert), DatabaseError);
    EXPECT_THROW((void)db_->read_now(record), DatabaseError);
    EXPECT_EQ(count(), 0);
  }
}

TEST_P(ReadPoolTest, FullQueueRejectsAtOnce) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future();
  auto submit = [&](testing::WatchedJob::Work work) {
    auto job = std::make_unique<testing::WatchedJob>(std::move(work));
    auto ending = job->ending();
    db_->submit_read(std::move(job));
    return ending;
  };
  auto hold = [released](core::Tx&) {
    released.wait();
    return true;
  };
  std::vector<std::future<testing::Ending>> endings;
  for (int i = 0; i < 2; ++i) endings.push_back(submit(hold));
  ASSERT_TRUE(testing::eventually([&] { return db_->statistics().queued_reads == 0; }));
  for (std::size_t i = 0; i < kReadQueueLimit; ++i) endings.push_back(submit(hold));
  EXPECT_TRUE(submit(hold).get().rejected);
  release.set_value();
  for (auto& ending : endings) EXPECT_TRUE(ending.get().kept);
}

TEST_P(ReadPoolTest, LostConnectionIsReplacedWithoutTheReaderNoticing) {
  if (!on_postgres()) GTEST_SKIP() << "SQLite has none to lose";
  change("INSERT INTO things VALUES (1)");
  driver()->connect_migrator()->execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
      " WHERE datname = current_database() AND pid <> pg_backend_pid()");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(count(), 1);
  EXPECT_GE(db_->statistics().reconnects, 1u);
}

INSTANTIATE_TEST_SUITE_P(Engines, ReadPoolTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::storage
