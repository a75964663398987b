#include "core/signon/next_path.h"

#include <algorithm>

#include "base/text.h"

namespace latchkey::signon {
namespace {

bool is_path(std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F && c != '\\'; });
  return plain && text.starts_with('/') && !text.starts_with("//");
}

}  // namespace

std::string safe_next(std::string_view wanted) {
  const auto decoded = percent_decode(wanted);
  // Decoded too, since something on the way may do so.
  if (wanted.size() > kMaxNext || !is_path(wanted) || !decoded || !is_path(*decoded)) return "/";
  return std::string(wanted);
}

}  // namespace latchkey::signon
