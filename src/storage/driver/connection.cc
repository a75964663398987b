#include "storage/driver/connection.h"

namespace latchkey::storage {
namespace {

constexpr const char* kTypeNames[] = {"NULL", "a number", "a flag", "text", "bytes"};

template <class T>
const T& held_as(const Value::Held& held, const char* wanted) {
  if (const T* value = std::get_if<T>(&held)) return *value;
  throw DatabaseError(std::string("a column holds ") + kTypeNames[held.index()] +
                      " where the program reads " + wanted);
}

}  // namespace

std::int64_t Value::number() const {
  return held_as<std::int64_t>(held_, "a number");
}

bool Value::flag() const {
  if (const auto* number = std::get_if<std::int64_t>(&held_); number && (*number == 0 || *number == 1)) {
    return *number == 1;
  }
  return held_as<bool>(held_, "a flag");
}

const std::string& Value::text() const {
  return held_as<std::string>(held_, "text");
}

const Blob& Value::bytes() const {
  return held_as<Blob>(held_, "bytes");
}

std::optional<std::int64_t> Value::maybe_number() const {
  if (is_null()) return std::nullopt;
  return number();
}

std::optional<std::string> Value::maybe_text() const {
  if (is_null()) return std::nullopt;
  return text();
}

}  // namespace latchkey::storage
