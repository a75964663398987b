#include "core/credentials/hostname_pattern.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace latchkey::credentials {

bool is_hostname_pattern(std::string_view pattern) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '*';
  };
  return !pattern.empty() && pattern.size() <= kMaxHostnamePattern && std::ranges::all_of(pattern, allowed) &&
         !holds_key(pattern);
}

bool hostname_matches(std::string_view pattern, std::string_view hostname) {
  const std::string want = to_lower(pattern);
  const std::string have = to_lower(hostname);
  // Greedy matching with one point to go back to: linear in the product of the lengths at worst.
  std::size_t w = 0;
  std::size_t h = 0;
  std::size_t star = std::string::npos;
  std::size_t resume = 0;
  while (h < have.size()) {
    if (w < want.size() && want[w] == '*') {
      star = w++;
      resume = h;
    } else if (w < want.size() && want[w] == have[h]) {
      ++w;
      ++h;
    } else if (star != std::string::npos) {
      w = star + 1;
      h = ++resume;
    } else {
      return false;
    }
  }
  while (w < want.size() && want[w] == '*') ++w;
  return w == want.size();
}

}  // namespace latchkey::credentials
