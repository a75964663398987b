#include "core/tailnet/tailnet.h"

#include <algorithm>

#include "base/text.h"

namespace latchkey::tailnet {

bool is_meant_by(const Tailnet& tailnet, std::string_view text) {
  return text == "-" || text == tailnet.id.str() || equals_ignore_case(text, tailnet.name);
}

Result<void> check_name(std::string_view name) {
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '@';
  });
  if (name.empty() || name.size() > 253 || !plain || name == "-" || holds_key(name)) {
    return malformed("a tailnet name is 1 to 253 letters, digits, '.', '-', '_' or '@', such as example.com",
                     "name");
  }
  return {};
}

}  // namespace latchkey::tailnet
