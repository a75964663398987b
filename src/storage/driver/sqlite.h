// SQLite through its C API, and the rules under which it does not lose data.
//
// Debian's SQLite 3.40 has a bug that can corrupt the file when two connections write or checkpoint at the
// same moment (sqlite.org/wal.html#walresetbug). Hence: an exclusive lock file keeps other processes out, one
// connection writes and does every checkpoint itself, all others are opened read-only.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/driver/driver.h"
#include "storage/driver/lock_file.h"

namespace latchkey::storage {

enum class SqliteUse { write, read };
// `lost_on_crash` is for databases in memory.
enum class SqliteDurability { full, lost_on_crash };

class SqliteConnection final : public Connection {
 public:
  // For SqliteUse::write a missing file is made, with mode 0600.
  SqliteConnection(const std::filesystem::path& path, SqliteUse use,
                   SqliteDurability durability = SqliteDurability::full);
  ~SqliteConnection() override;

  using Connection::run;
  Rows run(const Statement& statement, std::span<const Value> parameters) override;
  std::int64_t changed() const override { return changed_; }
  using Connection::execute;
  void execute(const std::string& sql) override;
  void commit() override;
  void rollback() override;
  // Checkpoints when the write-ahead log has grown enough.
  void after_commit() override;
  // Checkpoints whatever there is.
  void when_idle() override;

  sqlite3* handle() noexcept { return database_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  struct Prepared {
    std::string sql;
    std::unique_ptr<sqlite3_stmt, Finalize> statement;
    std::vector<int> positions;  // of $1, $2 ... : SQLite numbers parameters by first appearance
  };

  const Prepared& prepared(const Statement& statement);
  void checkpoint(int mode);
  [[noreturn]] void fail(int code, const char* doing);

  SqliteUse use_;
  // Declared before the statements, which must be gone before it closes.
  std::unique_ptr<sqlite3, Close> database_;
  std::unordered_map<const Statement*, Prepared> statements_;
  std::int64_t changed_ = 0;
  int log_pages_ = 0;
  int pages_at_checkpoint_ = 0;
};

class SqliteDriver final : public Driver {
 public:
  // Takes the lock file beside the database; throws DatabaseError when another process has it.
  explicit SqliteDriver(const std::filesystem::path& path);
  // A database in memory, removed by the destructor.
  static std::unique_ptr<SqliteDriver> in_memory();
  ~SqliteDriver() override;

  const Dialect& dialect() const override { return kSqliteDialect; }
  std::unique_ptr<Connection> connect_migrator() override { return connect_writer(); }
  std::unique_ptr<Connection> connect_writer() override;
  std::unique_ptr<Connection> connect_reader() override;
  std::unique_ptr<Connection> connect_listener() override { return connect_reader(); }
  void backup_to(const std::filesystem::path& path) override;

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  SqliteDriver(const std::filesystem::path& path, SqliteDurability durability);

  std::filesystem::path path_;
  SqliteDurability durability_;
  LockFile lock_;
};

}  // namespace latchkey::storage
