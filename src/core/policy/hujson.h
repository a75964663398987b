// HuJSON: JSON with comments and trailing commas, as the policy file is written.
//
// Parsing keeps everything that stands between the values, so that the text can be laid out anew
// (hujson_format.h) and every value knows where it stands, for errors that name line and column.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latchkey::policy {

inline constexpr int kMaxHujsonDepth = 32;
inline constexpr int kMaxHujsonValues = 100'000;  // names of members count too

struct HujsonValue {
  enum class Kind { null, boolean, number, text, object, array };

  Kind kind = Kind::null;
  std::size_t offset = 0;  // of its first byte
  std::string before;      // white space and comments in front of it and behind it
  std::string after;
  std::string literal;  // as written; empty for objects and arrays
  std::string text;     // of a text: decoded

  std::vector<HujsonValue> names;  // of an object: as many as values
  std::vector<HujsonValue> values;
  std::string closing;          // white space and comments before the closing bracket
  bool trailing_comma = false;  // without one, `after` of the last value is empty

  bool is_composite() const { return kind == Kind::object || kind == Kind::array; }
};

// One value with nothing but white space and comments around it. Refuses invalid UTF-8, bytes of zero and
// deep nesting; the message begins "line N, column M: ".
Result<HujsonValue> parse_hujson(std::string_view text);

// "line N, column M": counted from 1, columns in bytes.
std::string position_text(std::string_view text, std::size_t offset);

// The bytes of white space at the beginning; and of the comment there: 0 when there is none, npos when it
// does not end.
std::size_t white_space_length(std::string_view text);
std::size_t comment_length(std::string_view text);

}  // namespace latchkey::policy
