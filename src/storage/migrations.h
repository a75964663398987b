// The numbered SQL files of migrations/, in order. A released file is never edited; the database records
// which have run.
#pragma once

#include <span>
#include <string_view>

#include "storage/driver/connection.h"
#include "storage/driver/dialect.h"

namespace latchkey::storage {

struct Migration {
  int number;
  std::string_view name;
  std::string_view sql;
};

std::span<const Migration> migrations();

// Brings the schema up to date, each file in a transaction of its own, safely when several replicas start at
// once. Throws DatabaseError when the database is newer than this program, or has another history than
// `known` tells. Returns how many files it ran.
int migrate(Connection& connection, const Dialect& dialect, std::span<const Migration> known);
inline int migrate(Connection& connection, const Dialect& dialect) {
  return migrate(connection, dialect, migrations());
}

}  // namespace latchkey::storage
