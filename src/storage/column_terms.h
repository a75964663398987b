// SCIM column terms as conditions of a statement: values are bound, what is printed comes from tables here.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/scim/filter_columns.h"
#include "storage/driver/connection.h"

namespace latchkey::storage {

struct ColumnSql {
  scim::Column column;
  const char* expression;
  // For what is looked for in another table: the condition up to the value, its sign included, and after it.
  const char* after = nullptr;
};

// Whole conditions, for what is a flag.
struct FlagSql {
  const char* when_true;
  const char* when_false;
};

// " AND a = $3 AND ..."; appends the values to `parameters`, of which there are some already.
std::string conditions(std::span<const scim::ColumnTerm> terms, std::span<const ColumnSql> columns,
                       FlagSql active, std::vector<Value>& parameters);

}  // namespace latchkey::storage
