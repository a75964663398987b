// One connection to a SQL engine, as little of it as the stores need. Two implementations: sqlite.cc over the
// sqlite3 C API, postgres.cc over libpq. Statements are written once for both: $1..$n parameters, BYTEA,
// BIGINT, BOOLEAN and TEXT columns, RETURNING, ON CONFLICT; what differs sits in dialect.h. Text with a NUL
// byte is refused by both (PostgreSQL cannot store it). Columns computed by PostgreSQL must have one of the
// four types too: sum(x) over BIGINT is NUMERIC there, so write CAST(sum(x) AS BIGINT).
//
// A connection belongs to one thread at a time. Failures throw DatabaseError; a violated UNIQUE constraint
// throws UniqueViolation (stores avoid even that with ON CONFLICT DO NOTHING RETURNING). After an exception
// the transaction, or the savepoint around the statement, must be rolled back: PostgreSQL refuses everything
// else.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace latchkey::storage {

class DatabaseError : public std::runtime_error {
 public:
  // `connection_lost`: nothing more can be done on this connection; when thrown by COMMIT the outcome is
  // unknown.
  explicit DatabaseError(const std::string& what, bool connection_lost = false)
      : std::runtime_error(what), connection_lost_(connection_lost) {}
  bool connection_lost() const noexcept { return connection_lost_; }

 private:
  bool connection_lost_;
};

class UniqueViolation : public DatabaseError {
 public:
  using DatabaseError::DatabaseError;
};

// Two transactions stood in each other's way (deadlock, lock wait over its limit) and this one was chosen to
// fail. The same transaction may succeed when it is run again.
class TransactionConflict : public DatabaseError {
 public:
  using DatabaseError::DatabaseError;
};

using Blob = std::vector<std::uint8_t>;

// A SQL value. Times are BIGINT microseconds, ids TEXT, digests BYTEA.
class Value {
 public:
  Value() = default;
  Value(std::nullopt_t) {}
  Value(std::int64_t number) : held_(number) {}
  Value(int number) : held_(std::int64_t{number}) {}
  Value(bool flag) : held_(flag) {}
  Value(std::string text) : held_(std::move(text)) {}
  Value(const char* text) : held_(std::string(text)) {}
  Value(Blob bytes) : held_(std::move(bytes)) {}
  template <class T>
  Value(std::optional<T> maybe) {
    if (maybe) *this = Value(*std::move(maybe));
  }

  using Held = std::variant<std::monostate, std::int64_t, bool, std::string, Blob>;
  const Held& held() const noexcept { return held_; }
  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(held_); }

  // Reading the wrong type throws DatabaseError: the schema and the store disagree. SQLite has no boolean
  // type, so flag() takes the numbers 0 and 1 too.
  std::int64_t number() const;
  bool flag() const;
  const std::string& text() const;
  const Blob& bytes() const;
  std::optional<std::int64_t> maybe_number() const;
  std::optional<std::string> maybe_text() const;

 private:
  Held held_;
};

using Row = std::vector<Value>;
using Rows = std::vector<Row>;

// SQL text with a life-long address: connections keep one prepared statement for each Statement object, for
// ever. Define them as `static const Statement kInsert{"..."};` at namespace scope.
class Statement {
 public:
  explicit Statement(std::string_view sql) : sql_(sql) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  const std::string& sql() const noexcept { return sql_; }

 private:
  std::string sql_;
};

class Connection {
 public:
  virtual ~Connection() = default;

  // Runs a prepared statement to its end and returns all its rows (empty for a statement that returns none).
  virtual Rows run(const Statement& statement, std::span<const Value> parameters) = 0;
  Rows run(const Statement& statement, std::initializer_list<Value> parameters = {}) {
    return run(statement, std::span<const Value>(parameters.begin(), parameters.size()));
  }
  // Runs a statement of which only the success counts, and need not wait for it: on PostgreSQL many of them
  // share a round trip. What went wrong is thrown here, or by the next call of another function, which waits
  // for all that was sent. settle() does nothing else.
  virtual void send(const Statement& statement, std::span<const Value> parameters) {
    run(statement, parameters);
  }
  void send(const Statement& statement, std::initializer_list<Value> parameters = {}) {
    send(statement, std::span<const Value>(parameters.begin(), parameters.size()));
  }
  virtual void settle() {}

  // How many rows the last run() inserted, changed or deleted.
  virtual std::int64_t changed() const = 0;

  // Runs one or more statements without parameters or rows: BEGIN, SAVEPOINT, migrations.
  virtual void execute(const std::string& sql) = 0;
  void execute(std::string_view sql) { execute(std::string(sql)); }
  void execute(const char* sql) { execute(std::string(sql)); }

  // Ends the transaction durably. Throws when the engine undid it instead.
  virtual void commit() = 0;
  // Undoes the transaction, if one is open.
  virtual void rollback() = 0;

  // Housekeeping of the one writer between transactions, after a commit and about once a second when idle.
  virtual void after_commit() {}
  virtual void when_idle() {}

  // For a listener: a descriptor that becomes readable when the engine announces something, or -1.
  virtual int socket() const { return -1; }
  // Empties what made socket() readable. What was announced does not matter, only that something was.
  virtual void discard_notifications() {}
};

}  // namespace latchkey::storage
