// Between columns and the product's types: times, lists and words.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "crypto/digest.h"
#include "storage/driver/connection.h"

namespace latchkey::storage {

inline Value time_value(TimePoint time) {
  return Value(to_micros(time));
}
inline Value time_value(std::optional<TimePoint> time) {
  return time ? Value(to_micros(*time)) : Value();
}
inline TimePoint time_of(const Value& value) {
  return from_micros(value.number());
}
inline std::optional<TimePoint> maybe_time_of(const Value& value) {
  if (value.is_null()) return std::nullopt;
  return time_of(value);
}

// Empty text is NULL: "no owner" and the like.
inline Value text_or_null(const std::string& text) {
  return text.empty() ? Value() : Value(text);
}

// Of 32 bytes. Reading others throws DatabaseError.
crypto::Digest digest_of(const Value& value);
Blob blob_of(const crypto::Digest& digest);

// Lists of texts as JSON. Reading what is no such list throws DatabaseError.
std::string list_text(const std::vector<std::string>& list);
std::vector<std::string> list_of(const std::string& text);

}  // namespace latchkey::storage
