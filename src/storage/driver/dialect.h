// The few places where SQLite and PostgreSQL need different words. Everything else is one SQL text.
#pragma once

#include <string_view>

namespace latchkey::storage {

enum class Engine { sqlite, postgres };

struct Dialect {
  Engine engine;
  // Starts a writing transaction. SQLite: takes the write lock at once, so that no later statement can fail
  // on it.
  std::string_view begin_write;
  // Starts a reading transaction with one snapshot for all its statements.
  std::string_view begin_read;
  // Tells listeners of other replicas that the feed has grown; part of the transaction, sent once a group.
  std::string_view notify_feed;
  // Lets one replica at a time change the schema, until COMMIT; empty where nobody else can be there.
  std::string_view migration_lock;
  // Behind a SELECT: until COMMIT nobody removes the rows; empty where there is one writer.
  std::string_view hold_row;
};

inline constexpr Dialect kSqliteDialect{Engine::sqlite, "BEGIN IMMEDIATE", "BEGIN", "", "", ""};
inline constexpr Dialect kPostgresDialect{Engine::postgres,
                                          "BEGIN ISOLATION LEVEL READ COMMITTED",
                                          "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                                          "NOTIFY latchkey_changes",
                                          "SELECT pg_advisory_xact_lock(7811887422)",
                                          " FOR KEY SHARE"};

}  // namespace latchkey::storage
