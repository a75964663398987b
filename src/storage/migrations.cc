#include "storage/migrations.h"

#include <chrono>
#include <string>

#include "base/time.h"

namespace latchkey::storage {
namespace {

constexpr const char* kCreateTable =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    " number BIGINT PRIMARY KEY,"
    " name TEXT NOT NULL,"
    " applied_at BIGINT NOT NULL)";
const Statement kApplied{"SELECT number, name FROM schema_migrations ORDER BY number"};
const Statement kRecord{"INSERT INTO schema_migrations (number, name, applied_at) VALUES ($1, $2, $3)"};

std::int64_t now_micros() {
  return to_micros(std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()));
}

// Throws unless the database's history is a beginning of ours. Returns its length.
std::size_t check_history(const Rows& applied, std::span<const Migration> known) {
  for (std::size_t i = 0; i < applied.size(); ++i) {
    std::int64_t number = applied[i][0].number();
    const std::string& name = applied[i][1].text();
    if (i >= known.size()) {
      throw DatabaseError("the database was written by a newer release: it has migration " + name +
                          ", this program ends at " +
                          (known.empty() ? std::string("none") : std::string(known.back().name)) +
                          ". Start that release, or restore a backup made by this one.");
    }
    if (number != known[i].number || name != known[i].name) {
      throw DatabaseError("the database has migration " + name + " where this program has " +
                          std::string(known[i].name) + ": it belongs to another program");
    }
  }
  return applied.size();
}

// One turn: everything from looking to recording happens in one transaction under the lock, so that of
// several replicas each file is run by one. False when nothing is left to do.
bool run_next(Connection& connection, const Dialect& dialect, std::span<const Migration> known) {
  connection.execute(dialect.begin_write);
  try {
    if (!dialect.migration_lock.empty()) connection.execute(dialect.migration_lock);
    connection.execute(kCreateTable);
    std::size_t done = check_history(connection.run(kApplied), known);
    if (done < known.size()) {
      const Migration& next = known[done];
      connection.execute(next.sql);
      connection.run(kRecord, {next.number, std::string(next.name), now_micros()});
    }
    connection.commit();
    return done < known.size();
  } catch (...) {
    connection.rollback();
    throw;
  }
}

}  // namespace

int migrate(Connection& connection, const Dialect& dialect, std::span<const Migration> known) {
  int count = 0;
  while (run_next(connection, dialect, known)) ++count;
  return count;
}

}  // namespace latchkey::storage
