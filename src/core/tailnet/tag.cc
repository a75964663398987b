#include "core/tailnet/tag.h"

#include <algorithm>

#include "base/text.h"

namespace latchkey::tailnet {
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

Result<void> check_tags(const std::vector<std::string>& tags, identity::Role role) {
  if (tags.size() > kMaxTags) {
    return malformed("at most " + std::to_string(kMaxTags) + " tags are allowed", "tags");
  }
  const bool any_tag = identity::may(role, identity::Right::use_any_tag);
  std::string refused;
  for (const auto& tag : tags) {
    if (any_tag && is_tag(tag)) continue;
    if (!refused.empty()) refused += ' ';
    // A tag longer than any valid one would only fill the answer.
    refused += clip(tag, kMaxTagLength);
  }
  if (refused.empty()) return {};
  Error error = malformed("requested tags [" + refused + "] are invalid or not permitted", "tags");
  error.refusal = true;
  return error;
}

}  // namespace latchkey::tailnet
