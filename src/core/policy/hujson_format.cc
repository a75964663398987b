#include "core/policy/hujson_format.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "core/policy/hujson_extra.h"

namespace latchkey::policy {
namespace {

using Kind = HujsonValue::Kind;

// Longer lines are spread over several.
constexpr std::size_t kLineWidth = 80;

using Spread = std::unordered_set<const HujsonValue*>;

bool is_strict(const HujsonValue& value) {
  const auto strict = [](const HujsonValue& each) { return is_strict(each); };
  return !has_comment(value.before) && !has_comment(value.after) && !has_comment(value.closing) &&
         !value.trailing_comma && std::ranges::all_of(value.names, strict) &&
         std::ranges::all_of(value.values, strict);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '\b':
        out += "\\b";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '"':
        out += "\\\"";
        break;
      default:
        if (static_cast<unsigned char>(c) < ' ') {
          const std::array<std::uint8_t, 1> byte{static_cast<std::uint8_t>(c)};
          out += "\\u00" + to_hex(byte);
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

// Texts in their shortest spelling, no white space where none is needed.
void normalise(HujsonValue& value) {
  if (value.kind == Kind::text && value.literal.find('\\') != std::string::npos) {
    value.literal = quoted(value.text);
  }
  if (!value.is_composite()) return;
  if (value.values.empty()) {
    if (!has_comment(value.closing)) value.closing.clear();
    return;
  }
  for (auto& name : value.names) {
    if (!has_comment(name.after)) name.after.clear();
    normalise(name);
  }
  for (auto& each : value.values) {
    if (!has_comment(each.after)) each.after.clear();
    normalise(each);
  }
  if (value.values.back().after.empty()) value.trailing_comma = false;
}

// The lengths of lines while a value is laid out in one.
class LineLengths {
 public:
  void add(std::size_t length) { current_ += length; }
  void add(const LineStats& stats) {
    current_ += stats.first_length;
    if (!stats.multiline) return;
    longest_ = std::max(longest_, current_);
    if (!broken_) first_ = current_;
    broken_ = true;
    current_ = stats.last_length;
  }
  LineStats stats() const { return {broken_ ? first_ : current_, current_, broken_}; }
  std::size_t longest() const { return std::max(longest_, current_); }

 private:
  std::size_t current_ = 0, longest_ = 0, first_ = 0;
  bool broken_ = false;
};

// Finds the objects and arrays to be spread over lines: each is wholly in one line or wholly spread.
LineStats choose_spread(const HujsonValue& value, Spread& spread) {
  if (!value.is_composite()) return {value.literal.size(), value.literal.size(), false};
  const bool object = value.kind == Kind::object;
  bool wide = false;
  LineLengths lines;
  lines.add(1);
  for (std::size_t i = 0; i < value.values.size(); ++i) {
    const auto& each = value.values[i];
    const auto& first = object ? value.names[i] : each;
    wide = wide || has_line_break(first.before);
    if (object) {
      lines.add(line_stats(first.before));
      lines.add(choose_spread(first, spread));
      lines.add(line_stats(first.after));
      lines.add(2);
    }
    lines.add(line_stats(each.before));
    lines.add(choose_spread(each, spread));
    lines.add(line_stats(each.after));
    lines.add(2);
  }
  lines.add(1);
  if (!value.values.empty()) wide = wide || has_line_break(value.values.back().after);
  wide = wide || has_line_break(value.closing) || lines.longest() > kLineWidth;
  if (!wide) return lines.stats();
  spread.insert(&value);
  const std::string& lead = value.values.empty() ? value.closing
                            : object             ? value.names.front().before
                                                 : value.values.front().before;
  return {1 + line_stats(lead).first_length, 1, true};
}

void lay_out(HujsonValue& value, int depth, const Spread& spread, bool strict) {
  if (!value.is_composite()) return;
  const bool object = value.kind == Kind::object;
  const bool wide = spread.contains(&value);
  const ExtraLayout around{.no_empty_lines_first = true, .no_empty_lines_last = true};
  for (std::size_t i = 0; i < value.values.size(); ++i) {
    auto& each = value.values[i];
    auto& first = object ? value.names[i] : each;
    lay_out_extra(first.before, depth + 1,
                  {.line_break_first = wide, .no_empty_lines_first = i == 0, .space_when_empty = i != 0});
    int deeper = wide ? 1 : 0;
    if (object) {
      lay_out_extra(first.after, depth + 2, around);
      auto before_value = around;
      before_value.space_when_empty = true;
      lay_out_extra(each.before, depth + 2, before_value);
      if (has_line_break(first.after) || has_line_break(each.before)) ++deeper;
    }
    lay_out(each, depth + deeper, spread, strict);
    lay_out_extra(each.after, depth + 2, around);
  }
  lay_out_extra(value.closing, depth + 1,
                {.line_break_last = wide,
                 .no_empty_lines_first = value.values.empty(),
                 .no_empty_lines_last = true,
                 .last_line_less_deep = true});
  if (value.values.empty()) return;
  auto& last = value.values.back();
  const bool surrounded = !last.after.empty() && !value.closing.empty();
  if (!wide && !surrounded && value.trailing_comma) {
    value.trailing_comma = false;
    value.closing = std::exchange(last.after, {}) + value.closing;
  } else if (wide && !strict) {
    value.trailing_comma = true;
  }
}

bool holds_line_break(const HujsonValue& value) {
  const auto holds = [](const HujsonValue& each) {
    return has_line_break(each.before) || has_line_break(each.after) || holds_line_break(each);
  };
  return std::ranges::any_of(value.names, holds) || std::ranges::any_of(value.values, holds);
}

// Members on lines of their own that follow each other get their values in one column.
void align(HujsonValue& object) {
  std::vector<std::pair<std::string*, std::size_t>> rows;
  const auto flush = [&rows] {
    std::size_t widest = 0;
    for (const auto& row : rows) widest = std::max(widest, row.second);
    for (const auto& row : rows) row.first->append(widest - row.second, ' ');
    rows.clear();
  };
  for (std::size_t i = 0; i < object.names.size(); ++i) {
    const auto& name = object.names[i];
    auto& value = object.values[i];
    if (!has_line_break(name.before) || has_line_break(name.after) || has_line_break(value.before) ||
        holds_line_break(value) || has_line_break(value.after)) {
      flush();
      continue;
    }
    if (std::ranges::count(name.before, '\n') > 1) flush();
    rows.emplace_back(&value.before, name.literal.size() + name.after.size() + 1 + value.before.size());
  }
  flush();
}

void align_all(HujsonValue& value) {
  if (value.kind == Kind::object) align(value);
  for (auto& each : value.values) align_all(each);
}

void write(const HujsonValue& value, bool with_extra, std::string& out) {
  if (with_extra) out += value.before;
  if (value.is_composite()) {
    const bool object = value.kind == Kind::object;
    out += object ? '{' : '[';
    for (std::size_t i = 0; i < value.values.size(); ++i) {
      if (i > 0) out += ',';
      if (object) {
        write(value.names[i], with_extra, out);
        out += ':';
      }
      write(value.values[i], with_extra, out);
    }
    if (with_extra && value.trailing_comma) out += ',';
    if (with_extra) out += value.closing;
    out += object ? '}' : ']';
  } else {
    out += value.literal;
  }
  if (with_extra) out += value.after;
}

}  // namespace

std::string format_hujson(HujsonValue value) {
  lay_out_extra(value.before, 0, {});
  value.before.erase(0, white_space_length(value.before));
  const bool strict = is_strict(value);
  normalise(value);
  Spread spread;
  choose_spread(value, spread);
  lay_out(value, 0, spread, strict);
  align_all(value);
  lay_out_extra(value.after, 0, {});
  value.after = std::string(trim_end(value.after)) + '\n';
  std::string out;
  write(value, true, out);
  return out;
}

std::string to_strict_json(const HujsonValue& value) {
  std::string out;
  write(value, false, out);
  return out;
}

}  // namespace latchkey::policy
