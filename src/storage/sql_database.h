// The database of a running server: one writer, some readers and the change feed over one SQL engine.
//
//   auto db = open_sqlite("/var/lib/latchkey/latchkey.db", {.keys = std::move(keys), .log = log});
//   db->set_commit_hook([&cache](std::span<const audit::Change> changes) { cache.drop(changes); });
//   db->feed().subscribe(...);
//   db->feed().start();
//   ...
//   db->stop();
//
// Opening brings the schema up to date and throws DatabaseError when that or connecting fails, when the
// database is newer than this program, or when another process holds the SQLite file. Later losses of the
// connection are mended in the background; meanwhile jobs wait for at most kConnectionWaitLimit and are then
// rejected with ErrorCode::unavailable.
//
// All functions may be called from any thread. The object must outlive every coroutine that awaits a job of
// it: stop() answers all of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include "base/log.h"
#include "base/result.h"
#include "base/secret.h"
#include "core/audit/change.h"
#include "io/database.h"
#include "storage/change_feed.h"
#include "storage/driver/driver.h"
#include "storage/read_pool.h"
#include "storage/unit_of_work.h"
#include "storage/write_queue.h"

namespace latchkey::storage {

struct DatabaseOptions {
  StorageKeys keys;
  std::size_t readers = 2;
  Log log = quiet_log();
};

struct DatabaseStatistics {
  std::uint64_t writes = 0;       // write jobs whose changes are durable
  std::uint64_t groups = 0;       // commits that carried them
  std::uint64_t run_alone = 0;    // write jobs that were run a second time, alone
  std::uint64_t reads = 0;        // read jobs run
  std::uint64_t rejected = 0;     // jobs answered with unavailable
  std::uint64_t reconnects = 0;   // connections replaced after a loss
  std::size_t queued_writes = 0;  // waiting now
  std::size_t queued_reads = 0;   // waiting now
};

class SqlDatabase final : public io::Database {
 public:
  // Migrates, connects and starts the threads.
  SqlDatabase(std::unique_ptr<Driver> driver, DatabaseOptions options);
  ~SqlDatabase() override;

  void submit_write(std::unique_ptr<io::TxJob> job) override;
  void submit_read(std::unique_ptr<io::TxJob> job) override;

  // Called on the writer thread after each commit that changed something and before any of its writers hears
  // back, so that what they revoked is refused from then on. Must be quick. An exception from it ends the
  // process: a cache that missed a revocation would go on accepting it.
  void set_commit_hook(WriteQueue::CommitHook hook);

  // What happened on every replica. Not started by opening.
  ChangeFeed& feed() noexcept { return feed_; }

  // Rejects new jobs, finishes those queued, closes the connections. Idempotent; the destructor calls it.
  void stop();

  // For readiness: never blocks. Tells whether the writer has a connection, or noticed within the last second
  // or two that it lost it.
  Result<void> health() const;
  DatabaseStatistics statistics() const;
  Engine engine() const { return driver_->dialect().engine; }

  // See Driver::backup_to.
  void backup_to(const std::filesystem::path& path) { driver_->backup_to(path); }

 private:
  std::unique_ptr<Driver> driver_;
  StorageKeys keys_;
  ChangeFeed feed_;
  WriteQueue writes_;
  ReadPool reads_;
};

// Takes <directory>/latchkey.lock for as long as the object lives; the error names the process that has it.
std::unique_ptr<SqlDatabase> open_sqlite(const std::filesystem::path& path, DatabaseOptions options);

// For tests: the same engine on files in memory that go away with the object. Nothing survives a crash.
std::unique_ptr<SqlDatabase> open_sqlite_in_memory();
std::unique_ptr<SqlDatabase> open_sqlite_in_memory(DatabaseOptions options);

// A connection URI (postgresql://...) or a keyword string. It stays secret: no error text repeats it.
std::unique_ptr<SqlDatabase> open_postgres(SecretString url, DatabaseOptions options);

}  // namespace latchkey::storage
