// Where connections come from: one engine, one database. Two implementations, SqliteDriver and
// PostgresDriver.
//
// Safe from any thread. A driver outlives its connections. Every connect function throws DatabaseError.
#pragma once

#include <filesystem>
#include <memory>

#include "storage/driver/connection.h"
#include "storage/driver/dialect.h"

namespace latchkey::storage {

class Driver {
 public:
  virtual ~Driver() = default;

  virtual const Dialect& dialect() const = 0;
  // For the schema, before anything else is open. No statement on it is cut short.
  virtual std::unique_ptr<Connection> connect_migrator() = 0;
  // SQLite: never two at once, nor beside a migrator (sqlite.h says why).
  virtual std::unique_ptr<Connection> connect_writer() = 0;
  // Refuses every change.
  virtual std::unique_ptr<Connection> connect_reader() = 0;
  // A reader that is told when another process has added to the change feed, where the engine can tell.
  virtual std::unique_ptr<Connection> connect_listener() = 0;

  // Writes a complete and checked copy of the database as it is now to one new file with mode 0600, while
  // writes go on. Blocks for as long as the copy takes. Throws DatabaseError; std::logic_error for an engine
  // that has backup tools of its own.
  virtual void backup_to(const std::filesystem::path& path) = 0;
};

}  // namespace latchkey::storage
