#include "storage/driver/sqlite.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "testing/engines.h"

namespace latchkey::storage {
namespace {

using testing::number;

class SqliteTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "latchkey-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::filesystem::path file() const { return directory_ / "latchkey.db"; }
  static int mode(const std::filesystem::path& path) {
    struct stat status{};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777;
  }

  std::filesystem::path directory_;
};

TEST_F(SqliteTest, SecondInstanceIsRefusedAndToldWhoHoldsTheDatabase) {
  auto first = std::make_unique<SqliteDriver>(file());
  try {
    SqliteDriver second(file());
    FAIL();
  } catch (const DatabaseError& error) {
    EXPECT_NE(std::string(error.what()).find("process " + std::to_string(getpid())), std::string::npos)
        << error.what();
  }
  first.reset();
  SqliteDriver third(file());
}

TEST_F(SqliteTest, LockEndsWithTheProcessThatHeldIt) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  pid_t child = fork();
  if (child == 0) {
    LockFile lock(directory_ / "latchkey.lock");
    (void)!write(ready[1], "x", 1);
    pause();
    _exit(0);
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_THROW(LockFile(directory_ / "latchkey.lock"), DatabaseError);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  LockFile again(directory_ / "latchkey.lock");
  close(ready[0]);
  close(ready[1]);
}

TEST_F(SqliteTest, FilesArePrivateWhateverTheUmaskAndBefore) {
  mode_t before = umask(0);
  {
    std::ofstream(file()).flush();
  }
  SqliteDriver driver(file());
  auto writer = driver.connect_writer();
  writer->execute("CREATE TABLE t (n BIGINT)");
  umask(before);
  for (const char* suffix : {"", "-wal", "-shm"}) EXPECT_EQ(mode(file().string() + suffix), 0600) << suffix;
  EXPECT_EQ(mode(directory_ / "latchkey.lock"), 0600);
}

TEST_F(SqliteTest, DeletedTextIsNotLeftInTheFile) {
  const std::string marker = "MARKER-THAT-MUST-GO-AWAY";
  SqliteDriver driver(file());
  auto writer = driver.connect_writer();
  writer->execute("CREATE TABLE t (x TEXT)");
  writer->execute("INSERT INTO t VALUES ('" + marker + "')");
  writer->execute("DELETE FROM t");
  writer.reset();  // empties the log into the file
  EXPECT_FALSE(std::filesystem::exists(file().string() + "-wal"));
  std::ifstream stream(file(), std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  EXPECT_FALSE(bytes.empty());
  EXPECT_EQ(bytes.find(marker), std::string::npos);
}

TEST_F(SqliteTest, LogStaysBoundedWhileReadersComeAndGo) {
  SqliteDriver driver(file());
  SqliteConnection writer(file(), SqliteUse::write, SqliteDurability::lost_on_crash);
  auto reader = driver.connect_reader();
  writer.execute("CREATE TABLE t (n BIGINT, x BYTEA)");
  const Statement insert{"INSERT INTO t VALUES ($1, $2)"};
  const Blob page(4000, 1);
  std::uintmax_t largest = 0;
  for (int i = 0; i < 300; ++i) {
    writer.execute("BEGIN IMMEDIATE");
    for (int j = 0; j < 100; ++j) writer.run(insert, {j, page});
    writer.commit();
    writer.after_commit();
    EXPECT_EQ(number(*reader, "SELECT COUNT(*) FROM (SELECT n FROM t LIMIT 1)"), 1);
    largest = std::max(largest, std::filesystem::file_size(file().string() + "-wal"));
  }
  // 120 MB were written.
  EXPECT_LT(largest, std::uintmax_t{40} << 20);
}

TEST_F(SqliteTest, BackupIsOneCompleteCheckedPrivateFile) {
  SqliteDriver driver(file());
  auto writer = driver.connect_writer();
  writer->execute("CREATE TABLE t (n BIGINT)");
  const Statement insert{"INSERT INTO t VALUES ($1)"};
  for (int i = 0; i < 1000; ++i) writer->run(insert, {i});
  writer->execute("BEGIN IMMEDIATE");
  writer->run(insert, {-1});  // not committed: not in the copy
  std::filesystem::create_directory(directory_ / "copies");
  std::filesystem::path copy = directory_ / "copies" / "backup.db";
  driver.backup_to(copy);
  writer->commit();

  EXPECT_EQ(mode(copy), 0600);
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory_ / "copies"))
    ++files;
  EXPECT_EQ(files, 1);
  SqliteConnection opened(copy, SqliteUse::read);
  EXPECT_EQ(number(opened, "SELECT COUNT(*) FROM t"), 1000);
  EXPECT_EQ(opened.run(Statement("PRAGMA integrity_check")).at(0)[0].text(), "ok");
  EXPECT_THROW(driver.backup_to(copy), DatabaseError) << "an older backup is not overwritten";
  EXPECT_THROW(driver.backup_to(directory_ / "missing" / "backup.db"), DatabaseError);
}

TEST_F(SqliteTest, DamagedDatabaseGivesNoBackup) {
  {
    SqliteDriver driver(file());
    auto writer = driver.connect_writer();
    writer->execute("CREATE TABLE t (n BIGINT, x TEXT)");
    writer->execute("CREATE INDEX i ON t (x)");
    writer->execute("INSERT INTO t VALUES (1, 'text in two places')");
  }
  {
    std::fstream stream(file(), std::ios::binary | std::ios::in | std::ios::out);
    std::string bytes((std::istreambuf_iterator<char>(stream)), {});
    stream.seekp(static_cast<std::streamoff>(bytes.find("text in two places")));
    stream << 'X';
  }
  SqliteDriver driver(file());
  EXPECT_THROW(driver.backup_to(directory_ / "backup.db"), DatabaseError);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "backup.db"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "backup.db.partial"));
}

TEST_F(SqliteTest, DatabaseInMemoryGoesAwayWithItsDriver) {
  auto driver = SqliteDriver::in_memory();
  std::filesystem::path path = driver->path();
  driver->connect_writer()->execute("CREATE TABLE t (n BIGINT)");
  EXPECT_TRUE(std::filesystem::exists(path));
  driver.reset();
  EXPECT_FALSE(std::filesystem::exists(path.parent_path()));
}

}  // namespace
}  // namespace latchkey::storage
