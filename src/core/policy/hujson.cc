#include "core/policy/hujson.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/text.h"

namespace latchkey::policy {
namespace {

using Kind = HujsonValue::Kind;

bool is_literal_character(char c) {
  return c == '-' || c == '+' || c == '.' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9');
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<HujsonValue> whole() {
    TRY(HujsonValue value, next(0));
    if (at_ < text_.size()) return unexpected("after the end of the value");
    return value;
  }

 private:
  Error refused(std::size_t offset, std::string_view what) const {
    return malformed(position_text(text_, offset) + ": " + std::string(what));
  }

  Error unexpected(std::string_view where) const {
    if (at_ >= text_.size()) return refused(at_, "unexpected end of the text " + std::string(where));
    // Whole characters only, so that the message is valid UTF-8.
    std::size_t end = at_ + 1;
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
    const std::string shown = static_cast<unsigned char>(text_[at_]) < ' '
                                  ? std::string("control character")
                                  : "'" + std::string(text_.substr(at_, end - at_)) + "'";
    return refused(at_, "unexpected " + shown + " " + std::string(where));
  }

  bool is_at(char c) const { return at_ < text_.size() && text_[at_] == c; }

  Result<std::string> extra() {
    const std::size_t begin = at_;
    for (;;) {
      at_ += white_space_length(text_.substr(at_));
      const std::size_t length = comment_length(text_.substr(at_));
      if (length == 0) return std::string(text_.substr(begin, at_ - begin));
      if (length == std::string_view::npos) return refused(at_, "a comment without an end");
      at_ += length;
    }
  }

  Result<HujsonValue> next(int depth) {
    TRY(std::string before, extra());
    return continued(std::move(before), depth);
  }

  // The value that follows `before`, and what follows it.
  Result<HujsonValue> continued(std::string before, int depth) {
    if (depth > kMaxHujsonDepth) return refused(at_, "nested too deeply");
    if (++values_ > kMaxHujsonValues) return refused(at_, "too many values");
    const std::size_t offset = at_;
    auto value = is_at('{') || is_at('[') ? composite(depth) : literal();
    if (!value.ok()) return value;
    value->offset = offset;
    value->before = std::move(before);
    TRY(value->after, extra());
    return value;
  }

  Result<HujsonValue> composite(int depth) {
    HujsonValue made;
    made.kind = is_at('{') ? Kind::object : Kind::array;
    const bool object = made.kind == Kind::object;
    const char close = object ? '}' : ']';
    ++at_;
    for (;;) {
      TRY(std::string before, extra());
      if (is_at(close)) {
        made.trailing_comma = !made.values.empty();
        made.closing = std::move(before);
        ++at_;
        return made;
      }
      if (object) {
        if (!is_at('"')) return unexpected("where the name of a member is expected");
        TRY(HujsonValue name, continued(std::move(before), depth + 1));
        if (!is_at(':')) return unexpected("after the name of a member, where ':' is expected");
        ++at_;
        made.names.push_back(std::move(name));
        TRY(HujsonValue value, next(depth + 1));
        made.values.push_back(std::move(value));
      } else {
        TRY(HujsonValue value, continued(std::move(before), depth + 1));
        made.values.push_back(std::move(value));
      }
      if (is_at(close)) {
        made.closing = std::exchange(made.values.back().after, {});
        ++at_;
        return made;
      }
      if (!is_at(',')) {
        return unexpected(object ? "after a member, where ',' or '}' is expected"
                                 : "after an element, where ',' or ']' is expected");
      }
      ++at_;
    }
  }

  Result<HujsonValue> literal() {
    const std::size_t begin = at_;
    if (is_at('"')) {
      for (++at_; !is_at('"'); ++at_) {
        if (is_at('\\')) ++at_;
        if (at_ >= text_.size()) return refused(begin, "a text without an end");
      }
      ++at_;
    } else {
      while (at_ < text_.size() && is_literal_character(text_[at_])) ++at_;
      if (at_ == begin) return unexpected("where a value is expected");
    }
    HujsonValue made;
    made.literal = text_.substr(begin, at_ - begin);
    boost::json::error_code failed;
    const auto value = boost::json::parse(made.literal, failed);
    if (failed) return refused(begin, "not a JSON value: " + std::string(clip(made.literal, 40)));
    if (value.is_string()) {
      made.kind = Kind::text;
      made.text = value.get_string();
    } else {
      made.kind = value.is_null() ? Kind::null : value.is_bool() ? Kind::boolean : Kind::number;
    }
    return made;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int values_ = 0;
};

}  // namespace

std::string position_text(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::ranges::count(before, '\n');
  const auto line_break = before.rfind('\n');
  const std::size_t line_begin = line_break == std::string_view::npos ? 0 : line_break + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(1 + before.size() - line_begin);
}

std::size_t white_space_length(std::string_view text) {
  return std::min(text.find_first_not_of(" \t\r\n"), text.size());
}

std::size_t comment_length(std::string_view text) {
  const bool line = text.starts_with("//");
  if (!line && !text.starts_with("/*")) return 0;
  const auto end = text.find(line ? "\n" : "*/", 2);
  if (end == std::string_view::npos) return end;
  return end + (line ? 1 : 2);
}

Result<HujsonValue> parse_hujson(std::string_view text) {
  if (!utf8_length(text)) return malformed("line 1, column 1: the text is not valid UTF-8");
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return malformed(position_text(text, nul) + ": the text has a byte of zero");
  }
  return Parser(text).whole();
}

}  // namespace latchkey::policy
