// Tags: "tag:" and a name, such as tag:ci.
#pragma once

#include <string_view>

namespace latchkey::policy {

inline constexpr std::size_t kMaxTagLength = 64;

// "tag:" then a letter, then letters, digits and hyphens.
bool is_tag(std::string_view text);

}  // namespace latchkey::policy
