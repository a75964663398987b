#include "storage/sql_database.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "testing/engines.h"

namespace latchkey::storage {
namespace {

using testing::connection_of;
using testing::number;

class SqlDatabaseTest : public testing::EngineTest {};

TEST_P(SqlDatabaseTest, WhatWasWrittenIsThereAfterReopening) {
  auto make = [](core::Tx& tx) -> Result<void> {
    connection_of(tx).execute("CREATE TABLE things (id BIGINT); INSERT INTO things VALUES (1)");
    return {};
  };
  auto count = [](core::Tx& tx) -> Result<std::int64_t> {
    return number(connection_of(tx), "SELECT COUNT(*) FROM things");
  };
  ASSERT_TRUE(open()->write_now(make).ok());
  EXPECT_EQ(*open()->read_now(count), 1);
}

io::awaitable<void> write_and_read(io::Database& db, std::int64_t& seen) {
  auto write = [](core::Tx& tx) -> Result<void> {
    connection_of(tx).execute("CREATE TABLE things (id BIGINT); INSERT INTO things VALUES (1)");
    return {};
  };
  auto written = co_await db.write(std::move(write));
  EXPECT_TRUE(written.ok());
  auto read = [](core::Tx& tx) -> Result<std::int64_t> {
    return number(connection_of(tx), "SELECT COUNT(*) FROM things");
  };
  auto count = co_await db.read(std::move(read));
  seen = *count;
  auto fail = [](core::Tx& tx) -> Result<void> {
    connection_of(tx).execute("nonsense");
    return {};
  };
  bool thrown = false;
  try {
    auto ignored = co_await db.write(std::move(fail));
    EXPECT_FALSE(ignored.ok());
  } catch (const DatabaseError&) {
    thrown = true;
  }
  EXPECT_TRUE(thrown);
}

TEST_P(SqlDatabaseTest, CoroutinesAwaitTransactions) {
  boost::asio::io_context context;  // outlives the database whose threads post to it
  auto db = open();
  std::int64_t seen = 0;
  boost::asio::co_spawn(context, write_and_read(*db, seen), boost::asio::detached);
  context.run();
  EXPECT_EQ(seen, 1);
}

TEST_P(SqlDatabaseTest, ErrorOfTheFunctionIsHandedOnAndItsWorkUndone) {
  auto db = open();
  auto work = [](core::Tx& tx) -> Result<void> {
    connection_of(tx).execute("CREATE TABLE half (id BIGINT)");
    return conflict("no");
  };
  EXPECT_EQ(db->write_now(work).error().code, ErrorCode::conflict);
  auto read = [](core::Tx& tx) -> Result<void> {
    connection_of(tx).execute("SELECT * FROM half");
    return {};
  };
  EXPECT_THROW((void)db->read_now(read), DatabaseError);
}

TEST_P(SqlDatabaseTest, StopIsIdempotentAndRejectsAfterwards) {
  auto db = open();
  db->feed().start();
  db->stop();
  db->stop();
  auto nothing = [](core::Tx&) -> Result<void> { return {}; };
  EXPECT_EQ(db->write_now(nothing).error().code, ErrorCode::unavailable);
  EXPECT_EQ(db->read_now(nothing).error().code, ErrorCode::unavailable);
}

TEST_P(SqlDatabaseTest, BackupWhileWritingOpensAsADatabaseOfItsOwn) {
  auto db = open();
  auto copy = std::filesystem::temp_directory_path() / ("latchkey-backup-" + crypto::random_hex(8));
  if (on_postgres()) {
    EXPECT_THROW(db->backup_to(copy / "latchkey.db"), std::logic_error);
    return;
  }
  std::filesystem::create_directory(copy);
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; !done; ++i) {
      auto work = [&](core::Tx& tx) -> Result<void> {
        connection_of(tx).run(Statement("INSERT INTO installation VALUES ($1, '')"), {std::to_string(i)});
        return {};
      };
      EXPECT_TRUE(db->write_now(work).ok());
    }
  });
  db->backup_to(copy / "latchkey.db");
  done = true;
  writer.join();
  auto opened = open_sqlite(copy / "latchkey.db", options());
  auto check = [](core::Tx& tx) -> Result<std::string> {
    return connection_of(tx).run(Statement("PRAGMA integrity_check")).at(0)[0].text();
  };
  EXPECT_EQ(*opened->read_now(check), "ok");
  opened.reset();
  std::filesystem::remove_all(copy);
}

TEST_P(SqlDatabaseTest, SecondServerOnTheSameFileIsRefused) {
  auto db = open();
  if (on_postgres()) {
    EXPECT_NO_THROW(open()) << "replicas share";
  } else {
    EXPECT_THROW(open(), DatabaseError);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, SqlDatabaseTest, testing::both_engines(), testing::engine_name);

TEST(SqlDatabase, InMemoryDatabasesAreSeparate) {
  auto one = open_sqlite_in_memory(), two = open_sqlite_in_memory();
  auto make = [](core::Tx& tx) -> Result<void> {
    connection_of(tx).execute("CREATE TABLE things (id BIGINT)");
    return {};
  };
  EXPECT_TRUE(one->write_now(make).ok());
  EXPECT_TRUE(two->write_now(make).ok());
}

}  // namespace
}  // namespace latchkey::storage
