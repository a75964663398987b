#include "core/policy/tag.h"

#include <algorithm>

#include "base/text.h"

namespace latchkey::policy {
namespace {

constexpr std::string_view kPrefix = "tag:";

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_tag_character(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

}  // namespace

bool is_tag(std::string_view text) {
  if (!text.starts_with(kPrefix) || text.size() > kMaxTagLength) return false;
  const auto name = text.substr(kPrefix.size());
  return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, is_tag_character) &&
         !holds_key(name);
}

}  // namespace latchkey::policy
