#include "core/scim/filter_lexer.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/text.h"
#include "core/scim/filter.h"
#include "core/scim/refusal.h"

namespace latchkey::scim {
namespace {

using Kind = FilterToken::Kind;

constexpr std::string_view kBlank = " \t\r\n";
constexpr std::string_view kEndsWord = " \t\r\n()[]\"";

Kind bracket(char c) {
  switch (c) {
    case '(':
      return Kind::open;
    case ')':
      return Kind::close;
    case '[':
      return Kind::from;
    case ']':
      return Kind::to;
    default:
      return Kind::word;
  }
}

// Behind the closing quote of the text that begins at `begin`; npos when there is none.
std::size_t end_of_text(std::string_view filter, std::size_t begin) {
  for (std::size_t at = begin + 1; at < filter.size(); ++at) {
    if (filter[at] == '\\') {
      ++at;
    } else if (filter[at] == '"') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

// No document has one, and no database takes one as a parameter.
bool has_zero(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}
Error zero_refused() {
  return refuse(ScimType::invalid_filter, "The filter has a byte of zero.");
}

Result<FilterToken> read_text(std::string_view filter, std::size_t begin) {
  const auto end = end_of_text(filter, begin);
  if (end == std::string_view::npos) {
    return refuse(ScimType::invalid_filter, "The filter has a text without a closing quote.");
  }
  boost::json::error_code failed;
  const auto value = boost::json::parse(filter.substr(begin, end - begin), failed);
  if (failed || !value.is_string()) {
    return refuse(ScimType::invalid_filter, "A text in the filter is not written as in JSON.");
  }
  if (has_zero(value.get_string())) return zero_refused();
  return FilterToken{Kind::text, std::string(value.get_string()), begin, end};
}

}  // namespace

Result<std::vector<FilterToken>> read_filter_tokens(std::string_view filter) {
  if (filter.size() > kMaxFilterBytes) {
    return refuse(ScimType::invalid_filter,
                  "The filter is longer than " + std::to_string(kMaxFilterBytes) + " bytes.");
  }
  if (!utf8_length(filter)) return refuse(ScimType::invalid_filter, "The filter is not valid UTF-8.");
  if (has_zero(filter)) return zero_refused();
  std::vector<FilterToken> tokens;
  std::size_t at = 0;
  while ((at = filter.find_first_not_of(kBlank, at)) != std::string_view::npos) {
    if (filter[at] == '"') {
      TRY(auto text, read_text(filter, at));
      at = text.end;
      tokens.push_back(std::move(text));
      continue;
    }
    const Kind kind = bracket(filter[at]);
    const auto end =
        kind == Kind::word ? std::min(filter.find_first_of(kEndsWord, at), filter.size()) : at + 1;
    tokens.push_back({kind, std::string(filter.substr(at, end - at)), at, end});
    at = end;
  }
  tokens.push_back({Kind::end, {}, filter.size(), filter.size()});
  return tokens;
}

}  // namespace latchkey::scim
