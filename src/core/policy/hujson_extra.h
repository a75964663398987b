// What stands between the values of HuJSON: measuring and laying out white space and comments. A part of
// hujson_format.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace latchkey::policy {

struct LineStats {
  std::size_t first_length = 0;
  std::size_t last_length = 0;
  bool multiline = false;  // otherwise both lengths are those of the one line
};

bool has_comment(std::string_view extra);
bool has_line_break(std::string_view extra);
LineStats line_stats(std::string_view extra);

struct ExtraLayout {
  bool line_break_first = false;
  bool line_break_last = false;
  bool no_empty_lines_first = false;
  bool no_empty_lines_last = false;
  bool last_line_less_deep = false;
  bool space_when_empty = false;
};
void lay_out_extra(std::string& extra, int depth, const ExtraLayout& layout);

// Without the white space at its end, all of Unicode's.
std::string_view trim_end(std::string_view text);

}  // namespace latchkey::policy
