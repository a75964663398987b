#include "storage/migrations.h"

#include <gtest/gtest.h>

#include <atomic>

#include "testing/engines.h"

namespace latchkey::storage {
namespace {

using testing::number;

constexpr Migration kThree[] = {
    {1, "0001_first", "CREATE TABLE first (n BIGINT); INSERT INTO first VALUES (1);"},
    {2, "0002_second", "CREATE TABLE second (n BIGINT)"},
    {3, "0003_third", "INSERT INTO first SELECT n + 1 FROM first"}};
constexpr std::span<const Migration> kAll(kThree);

class MigrationsTest : public testing::EngineTest {};

TEST_P(MigrationsTest, EachRunsOnceAndInOrder) {
  auto driver = this->driver();
  auto connection = driver->connect_migrator();
  EXPECT_EQ(migrate(*connection, driver->dialect(), kAll.first(2)), 2);
  EXPECT_EQ(migrate(*connection, driver->dialect(), kAll), 1);
  EXPECT_EQ(migrate(*connection, driver->dialect(), kAll), 0);
  EXPECT_EQ(number(*connection, "SELECT COUNT(*) FROM first"), 2);
  EXPECT_EQ(number(*connection, "SELECT COUNT(*) FROM schema_migrations WHERE applied_at > 0"), 3);
}

TEST_P(MigrationsTest, NewerDatabaseIsRefusedWithTheReason) {
  auto driver = this->driver();
  auto connection = driver->connect_migrator();
  migrate(*connection, driver->dialect(), kAll);
  try {
    migrate(*connection, driver->dialect(), kAll.first(2));
    FAIL();
  } catch (const DatabaseError& error) {
    EXPECT_NE(std::string(error.what()).find("newer release"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("0003_third"), std::string::npos);
  }
}

TEST_P(MigrationsTest, DatabaseWithAnotherHistoryIsRefused) {
  auto driver = this->driver();
  auto connection = driver->connect_migrator();
  migrate(*connection, driver->dialect(), kAll);
  constexpr Migration kOther[] = {{1, "0001_other", ""}, kThree[1], kThree[2]};
  EXPECT_THROW(migrate(*connection, driver->dialect(), kOther), DatabaseError);
}

TEST_P(MigrationsTest, FailedFileLeavesNothingOfItselfAndAllBeforeIt) {
  auto driver = this->driver();
  auto connection = driver->connect_migrator();
  constexpr Migration kBad[] = {
      kThree[0], {2, "0002_bad", "CREATE TABLE half (n BIGINT); INSERT INTO nowhere VALUES (1)"}};
  EXPECT_THROW(migrate(*connection, driver->dialect(), kBad), DatabaseError);
  EXPECT_EQ(number(*connection, "SELECT COUNT(*) FROM schema_migrations"), 1);
  EXPECT_THROW(connection->execute("SELECT * FROM half"), DatabaseError);
  EXPECT_EQ(migrate(*connection, driver->dialect(), kAll), 2);
}

TEST_P(MigrationsTest, ReplicasThatStartAtOnceRunEachFileOnce) {
  if (!on_postgres()) GTEST_SKIP() << "the lock file admits one process";
  std::atomic<int> ran = 0;
  std::vector<std::thread> replicas;
  for (int i = 0; i < 6; ++i) {
    replicas.emplace_back([&] {
      auto driver = this->driver();
      ran += migrate(*driver->connect_migrator(), driver->dialect(), kAll);
    });
  }
  for (auto& replica : replicas) replica.join();
  EXPECT_EQ(ran, 3);
  EXPECT_EQ(number(*driver()->connect_migrator(), "SELECT COUNT(*) FROM first"), 2);
}

TEST_P(MigrationsTest, ReleasedFilesRunOnAnEmptyDatabase) {
  auto driver = this->driver();
  auto connection = driver->connect_migrator();
  EXPECT_EQ(migrate(*connection, driver->dialect()), static_cast<int>(migrations().size()));
  for (std::size_t i = 0; i < migrations().size(); ++i) {
    EXPECT_EQ(migrations()[i].number, static_cast<int>(i) + 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, MigrationsTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::storage
