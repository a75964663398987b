// A person of a tailnet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "core/identity/role.h"

namespace latchkey::identity {

// Stored by name; "idle" of the API is derived from last use, never stored.
enum class UserStatus { active, needs_approval, suspended };

std::string_view to_string(UserStatus status);
std::optional<UserStatus> user_status_from(std::string_view text);

// 1 to 254 printable characters without spaces; usually an e-mail address.
Result<void> check_login_name(std::string_view login_name);
// At most 254 bytes without control characters; may be empty.
Result<void> check_display_name(std::string_view display_name);

struct User {
  UserId id;
  TailnetId tailnet;
  std::string login_name;  // unique in the tailnet, compared without case
  std::string display_name;
  Role role = Role::member;
  UserStatus status = UserStatus::active;
  TimePoint created{};

  // Of the row as it was read, so that an update never undoes another's.
  std::int64_t revision = 0;
};

}  // namespace latchkey::identity
