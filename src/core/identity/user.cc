#include "core/identity/user.h"

#include <algorithm>

#include "base/text.h"

namespace latchkey::identity {

std::string_view to_string(UserStatus status) {
  switch (status) {
    case UserStatus::active:
      return "active";
    case UserStatus::needs_approval:
      return "needs-approval";
    case UserStatus::suspended:
      return "suspended";
  }
  return "";
}

std::optional<UserStatus> user_status_from(std::string_view text) {
  for (const auto status : {UserStatus::active, UserStatus::needs_approval, UserStatus::suspended}) {
    if (to_string(status) == text) return status;
  }
  return std::nullopt;
}

Result<void> check_login_name(std::string_view login_name) {
  const bool printable = std::ranges::none_of(
      login_name, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; });
  if (login_name.empty() || login_name.size() > 254 || !printable || !utf8_length(login_name) ||
      holds_key(login_name)) {
    return malformed(
        "a login name is 1 to 254 printable characters without spaces, such as alice@example.com", "login");
  }
  return {};
}

Result<void> check_display_name(std::string_view display_name) {
  const bool printable = std::ranges::none_of(
      display_name, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; });
  if (display_name.size() > 254 || !printable || !utf8_length(display_name) || holds_key(display_name)) {
    return malformed("a display name is at most 254 bytes of text in one line", "displayName");
  }
  return {};
}

}  // namespace latchkey::identity
