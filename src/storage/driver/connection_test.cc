#include <gtest/gtest.h>

#include <limits>

#include "storage/driver/connection.h"
#include "testing/engines.h"

namespace latchkey::storage {
namespace {

using testing::number;

const Statement kInsert{
    "INSERT INTO things (id, n, b, t, x) VALUES ($1, $2, $3, $4, $5) RETURNING n, b, t, x"};
const Statement kAdd{"INSERT INTO things (id, n) VALUES ($1, $2)"};
const Statement kById{"SELECT n, b, t, x FROM things WHERE id = $1"};

class ConnectionTest : public testing::EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    if (IsSkipped()) return;
    driver_ = driver();
    connection_ = driver_->connect_writer();
    connection_->execute(
        "CREATE TABLE things (id BIGINT PRIMARY KEY, n BIGINT, b BOOLEAN, t TEXT UNIQUE, x BYTEA)");
  }
  void TearDown() override {
    connection_.reset();
    driver_.reset();
    EngineTest::TearDown();
  }

  std::unique_ptr<Driver> driver_;
  std::unique_ptr<Connection> connection_;
};

TEST_P(ConnectionTest, ValuesComeBackAsTheyWereStored) {
  Blob every_byte;
  for (int i = 0; i < 256; ++i) every_byte.push_back(static_cast<std::uint8_t>(i));
  const std::int64_t numbers[] = {0, -1, 42, std::numeric_limits<std::int64_t>::min(),
                                  std::numeric_limits<std::int64_t>::max()};
  const std::string texts[] = {"", "plain", "Zürich \xF0\x9F\x94\x91",
                               "back\\slash 'quote' \"double\" \\x41 $1", std::string(100'000, 'a')};
  const Blob blobs[] = {{}, {0}, {0, 0, 0}, every_byte, Blob(100'000, 0xff)};
  for (int i = 0; i < 5; ++i) {
    SCOPED_TRACE(i);
    Rows answered = connection_->run(kInsert, {i, numbers[i], i % 2 == 0, texts[i], blobs[i]});
    EXPECT_EQ(connection_->changed(), 1);
    Rows stored = connection_->run(kById, {i});
    EXPECT_EQ(connection_->changed(), 0);
    for (const Rows* rows : {&answered, &stored}) {
      ASSERT_EQ(rows->size(), 1u);
      const Row& row = rows->front();
      EXPECT_EQ(row[0].number(), numbers[i]);
      EXPECT_EQ(row[1].flag(), i % 2 == 0);
      EXPECT_EQ(row[2].text(), texts[i]);
      EXPECT_EQ(row[3].bytes(), blobs[i]);
    }
  }
}

TEST_P(ConnectionTest, NullIsNeitherEmptyNorZero) {
  connection_->run(kInsert, {1, {}, std::nullopt, std::optional<std::string>(), {}});
  connection_->run(kInsert, {2, 0, false, "", Blob{}});
  const Row nulls = connection_->run(kById, {1}).at(0);
  const Row values = connection_->run(kById, {2}).at(0);
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(nulls[i].is_null()) << i;
    EXPECT_FALSE(values[i].is_null()) << i;
  }
  EXPECT_EQ(nulls[0].maybe_number(), std::nullopt);
  EXPECT_EQ(values[2].maybe_text(), "");
  EXPECT_THROW((void)nulls[2].text(), DatabaseError);
  EXPECT_THROW((void)values[2].number(), DatabaseError);
}

TEST_P(ConnectionTest, TextWithNulByteIsRefusedNotCut) {
  EXPECT_THROW(connection_->run(kInsert, {1, 0, true, std::string("a\0b", 3), Blob{}}), DatabaseError);
  EXPECT_EQ(number(*connection_, "SELECT COUNT(*) FROM things"), 0);
}

TEST_P(ConnectionTest, ParametersAreFoundByNumberNotByPlace) {
  const Statement statement{"SELECT CAST($2 AS TEXT), CAST($1 AS TEXT), CAST($2 AS TEXT)"};
  const Row row = connection_->run(statement, {"one", "two"}).at(0);
  EXPECT_EQ(row[0].text(), "two");
  EXPECT_EQ(row[1].text(), "one");
  EXPECT_EQ(row[2].text(), "two");
  EXPECT_THROW(connection_->run(statement, {"one"}), DatabaseError);
  EXPECT_THROW(connection_->run(statement, {"one", "two", "three"}), DatabaseError);
}

TEST_P(ConnectionTest, StatementAtAReusedAddressRunsItsOwnText) {
  std::optional<Statement> statement;
  for (int i = 0; i < 3; ++i) {
    statement.emplace("SELECT CAST(" + std::to_string(i) + " AS BIGINT)");
    EXPECT_EQ(connection_->run(*statement).at(0)[0].number(), i);
    EXPECT_EQ(connection_->run(*statement).at(0)[0].number(), i);
  }
}

TEST_P(ConnectionTest, UniqueViolationIsToldApartFromOtherErrors) {
  connection_->run(kInsert, {1, 1, true, "same", Blob{}});
  EXPECT_THROW(connection_->run(kInsert, {1, 1, true, "other", Blob{}}), UniqueViolation);
  EXPECT_THROW(connection_->run(kInsert, {2, 1, true, "same", Blob{}}), UniqueViolation);
  try {
    connection_->execute("SELECT nonsense FROM nowhere");
    FAIL();
  } catch (const UniqueViolation&) {
    FAIL();
  } catch (const DatabaseError& error) {
    EXPECT_FALSE(error.connection_lost());
  }
}

TEST_P(ConnectionTest, ErrorTextsDoNotQuoteStoredValues) {
  connection_->run(kInsert, {1, 1, true, "sensitive-value", Blob{}});
  try {
    connection_->run(kInsert, {2, 1, true, "sensitive-value", Blob{}});
    FAIL();
  } catch (const UniqueViolation& error) {
    EXPECT_EQ(std::string(error.what()).find("sensitive-value"), std::string::npos) << error.what();
  }
}

TEST_P(ConnectionTest, FailureBehindASavepointLeavesTheRest) {
  connection_->execute(driver_->dialect().begin_write);
  connection_->run(kInsert, {1, 1, true, "a", Blob{}});
  connection_->execute("SAVEPOINT member");
  EXPECT_THROW(connection_->run(kInsert, {1, 1, true, "b", Blob{}}), UniqueViolation);
  connection_->execute("ROLLBACK TO SAVEPOINT member");
  connection_->run(kInsert, {2, 1, true, "c", Blob{}});
  connection_->commit();
  EXPECT_EQ(number(*connection_, "SELECT COUNT(*) FROM things"), 2);
}

TEST_P(ConnectionTest, WhatWasSentIsThereForTheNextStatement) {
  connection_->execute("BEGIN");
  for (int i = 0; i < 500; ++i) connection_->send(kAdd, {i, i * 2});
  EXPECT_EQ(connection_->run(kById, {499}).at(0)[0].number(), 998);
  connection_->send(kAdd, {500, 0});
  connection_->commit();
  EXPECT_EQ(connection_->run(kById, {500}).size(), 1u);
}

// Sent or answered for at once, as the engine does: never later than by the next call, and never as a
// success.
TEST_P(ConnectionTest, FailureOfWhatWasSentIsToldByTheNextCallAndUndoesWhatFollowed) {
  connection_->run(kAdd, {1, 1});
  for (const bool by_settling : {true, false}) {
    connection_->execute("BEGIN; SAVEPOINT member");
    const auto fail = [&] {
      connection_->send(kAdd, {2, 2});
      connection_->send(kAdd, {1, 1});
      connection_->send(kAdd, {3, 3});
      if (by_settling) {
        connection_->settle();
      } else {
        connection_->run(kById, {2});
      }
    };
    EXPECT_THROW(fail(), UniqueViolation);
    connection_->execute("ROLLBACK TO SAVEPOINT member");
    connection_->send(kAdd, {by_settling ? 4 : 5, 4});
    connection_->commit();
  }
  for (const int id : {1, 4, 5}) EXPECT_EQ(connection_->run(kById, {id}).size(), 1u) << id;
  for (const int id : {2, 3}) EXPECT_TRUE(connection_->run(kById, {id}).empty()) << id;
}

TEST_P(ConnectionTest, RollbackForgetsWhatWasSentAndHowItFailed) {
  connection_->run(kAdd, {1, 1});
  connection_->execute("BEGIN");
  try {
    connection_->send(kAdd, {2, 2});
    connection_->send(kAdd, {1, 1});
  } catch (const UniqueViolation&) {
  }
  connection_->rollback();
  EXPECT_TRUE(connection_->run(kById, {2}).empty());
}

TEST_P(ConnectionTest, RollbackWithoutTransactionIsHarmless) {
  connection_->rollback();
  connection_->execute(driver_->dialect().begin_write);
  connection_->rollback();
  connection_->rollback();
}

TEST_P(ConnectionTest, CommitOfAFailedTransactionThrowsWhereTheEngineUndoesIt) {
  if (!on_postgres()) GTEST_SKIP() << "SQLite undoes the statement alone";
  connection_->execute(driver_->dialect().begin_write);
  EXPECT_THROW(connection_->execute("SELECT nonsense"), DatabaseError);
  EXPECT_THROW(connection_->commit(), DatabaseError);
  connection_->run(kInsert, {1, 1, true, "a", Blob{}});
}

TEST_P(ConnectionTest, ReaderRefusesEveryChange) {
  auto reader = driver_->connect_reader();
  EXPECT_THROW(reader->run(kInsert, {1, 1, true, "a", Blob{}}), DatabaseError);
  EXPECT_THROW(reader->execute("DROP TABLE things"), DatabaseError);
  EXPECT_EQ(number(*reader, "SELECT COUNT(*) FROM things"), 0);
}

TEST_P(ConnectionTest, LostConnectionSaysSo) {
  if (!on_postgres()) GTEST_SKIP() << "SQLite has none to lose";
  auto other = driver_->connect_migrator();
  other->execute("SELECT pg_terminate_backend(" +
                 std::to_string(number(*connection_, "SELECT pg_backend_pid()")) + ")");
  try {
    connection_->when_idle();
    FAIL();
  } catch (const DatabaseError& error) {
    EXPECT_TRUE(error.connection_lost());
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, ConnectionTest, testing::both_engines(), testing::engine_name);

TEST(PostgresUrl, PasswordIsInNoErrorText) {
  const char* urls[] = {
      "postgresql://latchkey:hunter2@127.0.0.1:1/none", "postgresql://latchkey:hunter2@[bad",
      "host=127.0.0.1 port=1 password=hunter2 nonsense", "host=hunter2 port=1 password=hunter2"};
  for (const char* url : urls) {
    try {
      PostgresDriver(SecretString(url)).connect_writer();
      FAIL() << url;
    } catch (const DatabaseError& error) {
      EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace latchkey::storage
