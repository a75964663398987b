#include "storage/driver/sqlite.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace latchkey::storage {
namespace {

constexpr int kWriterCacheKib = 64 * 1024;
constexpr int kReaderCacheKib = 32 * 1024;
// No second writer exists: the wait is for readers, when a checkpoint must start the log anew.
constexpr int kBusyTimeoutMs = 250;
// 16 MB of log between checkpoints; each costs a few milliseconds of the writer's time.
constexpr int kCheckpointPages = 4000;
// Readers that never pause keep a passive checkpoint from reusing the log. From here on the writer waits for
// them.
constexpr int kLogPagesLimit = 16 * kCheckpointPages;
constexpr std::int64_t kLogFileLimitBytes = std::int64_t{64} << 20;

struct ResetAtEnd {
  sqlite3_stmt* statement;
  // At once: a statement left active holds its snapshot and blocks checkpoints.
  ~ResetAtEnd() {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
  }
};

int bind(sqlite3_stmt* statement, int position, const Value& value) {
  struct Binder {
    sqlite3_stmt* statement;
    int position;
    int operator()(std::monostate) const { return sqlite3_bind_null(statement, position); }
    int operator()(std::int64_t number) const { return sqlite3_bind_int64(statement, position, number); }
    int operator()(bool flag) const { return sqlite3_bind_int(statement, position, flag ? 1 : 0); }
    int operator()(const std::string& text) const {
      if (text.find('\0') != std::string::npos) throw DatabaseError("text with a NUL byte cannot be stored");
      return sqlite3_bind_text64(statement, position, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    int operator()(const Blob& bytes) const {
      // data() of an empty vector may be null, which would bind NULL.
      if (bytes.empty()) return sqlite3_bind_zeroblob(statement, position, 0);
      return sqlite3_bind_blob64(statement, position, bytes.data(), bytes.size(), SQLITE_STATIC);
    }
  };
  return std::visit(Binder{statement, position}, value.held());
}

Value column(sqlite3_stmt* statement, int index) {
  switch (sqlite3_column_type(statement, index)) {
    case SQLITE_INTEGER:
      return Value(static_cast<std::int64_t>(sqlite3_column_int64(statement, index)));
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, index));
      return Value(std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, index))));
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, index));
      return Value(Blob(bytes, bytes + sqlite3_column_bytes(statement, index)));
    }
    case SQLITE_NULL:
      return Value();
    default:
      throw DatabaseError("a column holds a floating point number");
  }
}

[[noreturn]] void fail_with_errno(const std::string& doing) {
  throw DatabaseError(doing + ": " + std::generic_category().message(errno));
}

// Only the server's own user may read the database, whatever the umask. SQLite gives its log the same mode.
void make_private(const std::filesystem::path& path) {
  int made = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made >= 0) {
    close(made);
  } else if (errno != EEXIST) {
    fail_with_errno("cannot create " + path.string());
  }
  // By path: opening and closing the file here would drop the locks that SQLite holds on it in this process.
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::string name = path.string() + suffix;
    struct stat status{};
    if (stat(name.c_str(), &status) != 0 || (status.st_mode & 0177) == 0) continue;
    if (chmod(name.c_str(), 0600) != 0) fail_with_errno("cannot make " + name + " private");
  }
}

std::filesystem::path make_memory_directory() {
  std::error_code ignored;
  std::filesystem::path root = std::filesystem::is_directory("/dev/shm", ignored)
                                   ? "/dev/shm"
                                   : std::filesystem::temp_directory_path();
  std::string name = (root / "latchkey-XXXXXX").string();
  if (!mkdtemp(name.data())) fail_with_errno("cannot create a directory in " + root.string());
  return name;
}

}  // namespace

SqliteConnection::SqliteConnection(const std::filesystem::path& path, SqliteUse use,
                                   SqliteDurability durability)
    : use_(use) {
  bool writes = use == SqliteUse::write;
  if (writes) make_private(path);
  // Absolute: Debian's build reads a name that starts with "file:" as a URI.
  std::string name = std::filesystem::absolute(path).string();
  int flags = (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX |
              SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  sqlite3* database = nullptr;
  int code = sqlite3_open_v2(name.c_str(), &database, flags, nullptr);
  database_.reset(database);
  if (code != SQLITE_OK) fail(code, "open the database");

  sqlite3_busy_timeout(database, kBusyTimeoutMs);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, writes ? 0 : 1, nullptr);
  execute("PRAGMA temp_store = MEMORY");
  execute("PRAGMA cell_size_check = ON");
  if (!writes) {
    execute("PRAGMA cache_size = -" + std::to_string(kReaderCacheKib));
    execute("PRAGMA query_only = ON");
    return;
  }
  execute("PRAGMA cache_size = -" + std::to_string(kWriterCacheKib));
  if (run(Statement("PRAGMA journal_mode = WAL")).at(0).at(0).text() != "wal") {
    throw DatabaseError("the file system of " + name + " does not support a write-ahead log");
  }
  statements_.clear();
  execute(durability == SqliteDurability::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF");
  execute("PRAGMA secure_delete = ON");
  execute("PRAGMA journal_size_limit = " + std::to_string(kLogFileLimitBytes));
  execute("PRAGMA wal_autocheckpoint = 0");
  auto remember_pages = [](void* self, sqlite3*, const char*, int pages) {
    static_cast<SqliteConnection*>(self)->log_pages_ = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(database, remember_pages, this);
}

SqliteConnection::~SqliteConnection() {
  statements_.clear();
  if (use_ == SqliteUse::write && sqlite3_get_autocommit(database_.get())) {
    // Nothing is lost when it fails: the log is read at the next start.
    sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  }
}

Rows SqliteConnection::run(const Statement& statement, std::span<const Value> parameters) {
  const Prepared& use = prepared(statement);
  if (parameters.size() != use.positions.size()) {
    throw DatabaseError("wrong number of parameters for: " + statement.sql());
  }
  sqlite3_stmt* raw = use.statement.get();
  ResetAtEnd reset{raw};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (int code = bind(raw, use.positions[i], parameters[i]); code != SQLITE_OK)
      fail(code, "bind a parameter");
  }
  Rows rows;
  int columns = sqlite3_column_count(raw);
  int code = 0;
  while ((code = sqlite3_step(raw)) == SQLITE_ROW) {
    Row& row = rows.emplace_back();
    row.reserve(static_cast<std::size_t>(columns));
    for (int i = 0; i < columns; ++i) row.push_back(column(raw, i));
  }
  if (code != SQLITE_DONE) fail(code, "run a statement");
  // sqlite3_changes keeps the count of the last statement that changed something.
  changed_ = sqlite3_stmt_readonly(raw) ? 0 : sqlite3_changes64(database_.get());
  return rows;
}

void SqliteConnection::execute(const std::string& sql) {
  if (int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr); code != SQLITE_OK) {
    fail(code, "execute");
  }
}

void SqliteConnection::commit() {
  execute("COMMIT");
}

void SqliteConnection::rollback() {
  // Some errors (a full disk) end the transaction by themselves.
  if (!sqlite3_get_autocommit(database_.get())) execute("ROLLBACK");
}

void SqliteConnection::after_commit() {
  if (log_pages_ < pages_at_checkpoint_) pages_at_checkpoint_ = 0;  // the log was started anew
  if (log_pages_ - pages_at_checkpoint_ < kCheckpointPages) return;
  checkpoint(log_pages_ < kLogPagesLimit ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART);
}

void SqliteConnection::when_idle() {
  if (log_pages_ != pages_at_checkpoint_) checkpoint(SQLITE_CHECKPOINT_PASSIVE);
}

void SqliteConnection::checkpoint(int mode) {
  int pages = log_pages_;
  int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, mode, nullptr, nullptr);
  // Busy: a reader is in the way, and the next turn gets further.
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) fail(code, "checkpoint");
  pages_at_checkpoint_ = pages;
}

const SqliteConnection::Prepared& SqliteConnection::prepared(const Statement& statement) {
  auto found = statements_.find(&statement);
  // The text is compared because a Statement that did not live for ever may have left its address to another.
  if (found != statements_.end() && found->second.sql == statement.sql()) return found->second;

  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  int code = sqlite3_prepare_v3(database_.get(), statement.sql().c_str(),
                                static_cast<int>(statement.sql().size()) + 1, SQLITE_PREPARE_PERSISTENT, &raw,
                                &rest);
  Prepared fresh{statement.sql(), std::unique_ptr<sqlite3_stmt, Finalize>(raw), {}};
  if (code != SQLITE_OK) fail(code, "prepare a statement");
  if (!raw || *rest != '\0') throw DatabaseError("not exactly one statement: " + statement.sql());
  for (int i = 1; i <= sqlite3_bind_parameter_count(raw); ++i) {
    int position = sqlite3_bind_parameter_index(raw, ("$" + std::to_string(i)).c_str());
    if (position == 0) throw DatabaseError("parameters are not $1 to $n in: " + statement.sql());
    fresh.positions.push_back(position);
  }
  return statements_.insert_or_assign(&statement, std::move(fresh)).first->second;
}

void SqliteConnection::fail(int code, const char* doing) {
  std::string what = std::string("SQLite cannot ") + doing + ": " +
                     (database_ ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(code)) + " (" +
                     std::to_string(code) + ")";
  if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
      code == SQLITE_CONSTRAINT_ROWID) {
    throw UniqueViolation(what);
  }
  int kind = code & 0xff;
  if (kind == SQLITE_BUSY) throw TransactionConflict(what);
  // After a failed write or fsync nobody knows what the file holds; a new connection reads it afresh.
  bool lost = kind == SQLITE_IOERR || kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB ||
              kind == SQLITE_CANTOPEN || code == SQLITE_READONLY_DBMOVED;
  throw DatabaseError(what, lost);
}

SqliteDriver::SqliteDriver(const std::filesystem::path& path) : SqliteDriver(path, SqliteDurability::full) {}

SqliteDriver::SqliteDriver(const std::filesystem::path& path, SqliteDurability durability)
    : path_(std::filesystem::absolute(path)),
      durability_(durability),
      lock_(path_.parent_path() / "latchkey.lock") {}

std::unique_ptr<SqliteDriver> SqliteDriver::in_memory() {
  std::filesystem::path directory = make_memory_directory();
  return std::unique_ptr<SqliteDriver>(
      new SqliteDriver(directory / "latchkey.db", SqliteDurability::lost_on_crash));
}

SqliteDriver::~SqliteDriver() {
  if (durability_ == SqliteDurability::lost_on_crash) {
    std::error_code ignored;
    std::filesystem::remove_all(path_.parent_path(), ignored);
  }
}

std::unique_ptr<Connection> SqliteDriver::connect_writer() {
  return std::make_unique<SqliteConnection>(path_, SqliteUse::write, durability_);
}

std::unique_ptr<Connection> SqliteDriver::connect_reader() {
  return std::make_unique<SqliteConnection>(path_, SqliteUse::read);
}

}  // namespace latchkey::storage
