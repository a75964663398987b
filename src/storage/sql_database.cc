#include "storage/sql_database.h"

#include <utility>

#include "crypto/random.h"
#include "storage/driver/postgres.h"
#include "storage/driver/sqlite.h"
#include "storage/migrations.h"

namespace latchkey::storage {
namespace {

std::unique_ptr<Driver> migrated(std::unique_ptr<Driver> driver, const Log& log) {
  int count = migrate(*driver->connect_migrator(), driver->dialect());
  if (count > 0) log.info("database schema brought up to date", {{"migrations", count}});
  return driver;
}

}  // namespace

SqlDatabase::SqlDatabase(std::unique_ptr<Driver> driver, DatabaseOptions options)
    : driver_(migrated(std::move(driver), options.log)),
      keys_(std::move(options.keys)),
      feed_(*driver_, options.log),
      writes_(*driver_, keys_, options.log),
      reads_(*driver_, keys_, options.log, options.readers) {
  set_commit_hook(nullptr);
}

SqlDatabase::~SqlDatabase() {
  stop();
}

void SqlDatabase::submit_write(std::unique_ptr<io::TxJob> job) {
  writes_.submit(std::move(job));
}

void SqlDatabase::submit_read(std::unique_ptr<io::TxJob> job) {
  reads_.submit(std::move(job));
}

void SqlDatabase::set_commit_hook(WriteQueue::CommitHook hook) {
  writes_.set_commit_hook([this, hook = std::move(hook)](std::span<const audit::Change> changes) {
    if (hook) hook(changes);
    feed_.wake();
  });
}

void SqlDatabase::stop() {
  feed_.stop();
  reads_.stop();
  // Last, so that SQLite's write-ahead log can be emptied into the file.
  writes_.stop();
}

Result<void> SqlDatabase::health() const {
  if (!writes_.connected()) return unavailable("The database cannot be reached.");
  return {};
}

DatabaseStatistics SqlDatabase::statistics() const {
  return {.writes = writes_.writes(),
          .groups = writes_.groups(),
          .run_alone = writes_.run_alone(),
          .reads = reads_.reads(),
          .rejected = writes_.rejected() + reads_.rejected(),
          .reconnects = writes_.reconnects() + reads_.reconnects(),
          .queued_writes = writes_.queued(),
          .queued_reads = reads_.queued()};
}

std::unique_ptr<SqlDatabase> open_sqlite(const std::filesystem::path& path, DatabaseOptions options) {
  return std::make_unique<SqlDatabase>(std::make_unique<SqliteDriver>(path), std::move(options));
}

std::unique_ptr<SqlDatabase> open_sqlite_in_memory() {
  return open_sqlite_in_memory({.keys = {crypto::HmacKey(crypto::random_array<32>())}});
}

std::unique_ptr<SqlDatabase> open_sqlite_in_memory(DatabaseOptions options) {
  return std::make_unique<SqlDatabase>(SqliteDriver::in_memory(), std::move(options));
}

std::unique_ptr<SqlDatabase> open_postgres(SecretString url, DatabaseOptions options) {
  return std::make_unique<SqlDatabase>(std::make_unique<PostgresDriver>(std::move(url)), std::move(options));
}

}  // namespace latchkey::storage
