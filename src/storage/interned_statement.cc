#include "storage/interned_statement.h"

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <mutex>

namespace latchkey::storage {

const Statement& interned(const std::string& sql) {
  static std::mutex lock;
  static std::map<std::string, std::unique_ptr<const Statement>> statements;
  const std::lock_guard guard(lock);
  auto& known = statements[sql];
  if (!known) known = std::make_unique<const Statement>(sql);
  return *known;
}

std::string parameter_list(std::size_t first, std::size_t count) {
  std::string list;
  const auto length = std::bit_ceil(count);
  for (std::size_t i = 0; i < length; ++i) {
    if (i > 0) list += ", ";
    list += "$" + std::to_string(first + i);
  }
  return list;
}

void append_padded(std::vector<Value>& parameters, std::span<const std::string> values) {
  if (values.empty() || values.size() > kMostListed)
    throw DatabaseError("a list of values is empty or too long");
  const auto length = std::bit_ceil(values.size());
  for (std::size_t i = 0; i < length; ++i) {
    parameters.emplace_back(values[std::min(i, values.size() - 1)]);
  }
}

}  // namespace latchkey::storage
