// Between Value and libpq's parameters and results. Pure; errors throw DatabaseError.
#pragma once

#include <libpq-fe.h>

#include <span>
#include <string>
#include <vector>

#include "storage/driver/connection.h"

namespace latchkey::storage {

// The arrays that libpq wants. Points into the values it was made from.
class PostgresParameters {
 public:
  explicit PostgresParameters(std::span<const Value> values);

  int count() const noexcept { return static_cast<int>(texts_.size()); }
  const char* const* texts() const noexcept { return texts_.data(); }
  const int* lengths() const noexcept { return lengths_.data(); }
  const int* formats() const noexcept { return formats_.data(); }

 private:
  std::vector<std::string> numbers_;
  std::vector<const char*> texts_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

// One field of a result in binary format.
Value postgres_value(const PGresult* result, int row, int column);

}  // namespace latchkey::storage
