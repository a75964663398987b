#include "core/policy/hujson_extra.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "core/policy/hujson.h"

namespace latchkey::policy {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// The length that the comments of one line will have.
std::size_t comments_length(std::string_view line) {
  std::size_t length = 0;
  for (;;) {
    line.remove_prefix(white_space_length(line));
    const std::size_t comment = comment_length(line);
    if (line.starts_with("//") || comment == std::string_view::npos) return length + 1 + line.size();
    if (comment == 0) return length > 0 ? length + 1 : 0;
    length += 1 + comment;
    line.remove_prefix(comment);
  }
}

// Lines after the first move by as much as they have in common; a column of stars stays one.
std::string lay_out_block_comment(std::string_view comment, int depth) {
  std::vector<std::string> lines;
  for (const auto line : split(comment, '\n')) lines.emplace_back(trim_end(line));
  const auto first =
      std::find_if(lines.begin() + 1, lines.end(), [](const auto& line) { return !line.empty(); });
  std::string common = first == lines.end() ? std::string() : *first;
  const bool has_empty = std::ranges::any_of(lines, &std::string::empty);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    auto& line = lines[i];
    if (line.empty()) continue;
    // A last line of nothing but the end of the comment has no say.
    if (line.ends_with("*/") && white_space_length(line) + 2 == line.size()) {
      line = common.substr(0, white_space_length(common)) + "*/";
      break;
    }
    const auto differ = std::ranges::mismatch(line, common);
    if (differ.in1 != line.end()) common.erase(differ.in2, common.end());
  }
  const std::size_t moved = white_space_length(common);
  const bool stars = !has_empty && common.size() > moved && common[moved] == '*';
  std::string out = lines.front();
  for (std::size_t i = 1; i < lines.size(); ++i) {
    out += '\n';
    if (lines[i].empty()) continue;
    out.append(static_cast<std::size_t>(depth), '\t');
    if (stars) out += ' ';
    out += lines[i].substr(std::min(moved, lines[i].size()));
  }
  return out;
}

std::string lay_out_parts(std::string_view in, int depth, bool line_break_first) {
  std::string out;
  if (line_break_first && !has_line_break(in)) out += '\n';
  while (!in.empty()) {
    if (const std::size_t space = white_space_length(in); space > 0) {
      const auto breaks = std::ranges::count(in.substr(0, space), '\n');
      out.append(static_cast<std::size_t>(std::min<std::ptrdiff_t>(breaks, 2)), '\n');
      in.remove_prefix(space);
      continue;
    }
    if (out.ends_with('\n')) {
      out.append(static_cast<std::size_t>(depth), '\t');
    } else {
      out += ' ';
    }
    const auto comment = in.substr(0, comment_length(in));
    if (comment.starts_with("//")) {
      out += trim_end(comment);
      in.remove_prefix(comment.size() - 1);  // its line break is white space again
      continue;
    }
    out += has_line_break(comment) ? lay_out_block_comment(comment, depth) : std::string(trim_end(comment));
    in.remove_prefix(comment.size());
  }
  return out;
}

}  // namespace

bool has_comment(std::string_view extra) {
  return white_space_length(extra) < extra.size();
}

bool has_line_break(std::string_view extra) {
  return extra.find('\n') != std::string_view::npos;
}

LineStats line_stats(std::string_view extra) {
  if (!has_line_break(extra)) {
    const auto length = comments_length(extra);
    return {length, length, false};
  }
  return {comments_length(extra.substr(0, extra.find('\n'))),
          comments_length(extra.substr(extra.rfind('\n') + 1)), true};
}

void lay_out_extra(std::string& extra, int depth, const ExtraLayout& layout) {
  replace_all(extra, "\r\n", "\n");
  replace_all(extra, "\n\r", "\n");
  replace_all(extra, "\r", " ");
  std::string out = lay_out_parts(extra, depth, layout.line_break_first);
  if (layout.line_break_last && !out.ends_with('\n')) out += '\n';
  while (layout.no_empty_lines_first && out.starts_with("\n\n")) out.erase(0, 1);
  while (layout.no_empty_lines_last && out.ends_with("\n\n")) out.pop_back();
  if (out.ends_with('\n')) {
    out.append(static_cast<std::size_t>(depth - (layout.last_line_less_deep ? 1 : 0)), '\t');
  } else if (!out.empty()) {
    out += ' ';
  }
  if (layout.space_when_empty && out.empty()) out += ' ';
  extra = std::move(out);
}

std::string_view trim_end(std::string_view text) {
  static constexpr std::array<std::string_view, 25> kSpaces{" ",
                                                            "\t",
                                                            "\n",
                                                            "\v",
                                                            "\f",
                                                            "\r",
                                                            "\xC2\x85",
                                                            "\xC2\xA0",
                                                            "\xE1\x9A\x80",
                                                            "\xE2\x80\x80",
                                                            "\xE2\x80\x81",
                                                            "\xE2\x80\x82",
                                                            "\xE2\x80\x83",
                                                            "\xE2\x80\x84",
                                                            "\xE2\x80\x85",
                                                            "\xE2\x80\x86",
                                                            "\xE2\x80\x87",
                                                            "\xE2\x80\x88",
                                                            "\xE2\x80\x89",
                                                            "\xE2\x80\x8A",
                                                            "\xE2\x80\xA8",
                                                            "\xE2\x80\xA9",
                                                            "\xE2\x80\xAF",
                                                            "\xE2\x81\x9F",
                                                            "\xE3\x80\x80"};
  for (;;) {
    const auto* space = std::ranges::find_if(kSpaces, [&](auto each) { return text.ends_with(each); });
    if (space == kSpaces.end()) return text;
    text.remove_suffix(space->size());
  }
}

}  // namespace latchkey::policy
