// Splits a filter into words, texts and brackets. Used by the parser of filters alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latchkey::scim {

struct FilterToken {
  // `open`, `close`: parentheses; `from`, `to`: square brackets; `end` follows the last.
  enum class Kind { word, text, open, close, from, to, end };

  Kind kind = Kind::end;
  std::string text;       // of a word: as written; of a text: without quotes and escapes
  std::size_t begin = 0;  // the bytes it takes in the filter
  std::size_t end = 0;
};

// 400 invalidFilter for a filter that is too long, that is not UTF-8 or that has a text without an end.
Result<std::vector<FilterToken>> read_filter_tokens(std::string_view filter);

}  // namespace latchkey::scim
