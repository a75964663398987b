// Patterns for host names: letters, digits, '-' and '.', with '*' for any run of characters. Compared without
// case, as host names are.
#pragma once

#include <string_view>

namespace latchkey::credentials {

inline constexpr std::size_t kMaxHostnamePattern = 253;

bool is_hostname_pattern(std::string_view pattern);
bool hostname_matches(std::string_view pattern, std::string_view hostname);

}  // namespace latchkey::credentials
