// People as devices see them.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

#include "core/identity/user.h"

namespace latchkey::control {

struct UserProfile {
  std::int64_t number = 0;  // UserID: 1 to 2^53-1
  std::string login_name;
  std::string display_name;

  bool operator==(const UserProfile&) const = default;
};

// The number is made from the user's id, always the same; it is stored nowhere.
std::int64_t user_number(const UserId& id);
UserProfile profile_of(const identity::User& user);
// All tagged devices belong to this pseudo user.
UserProfile tagged_devices_profile();

boost::json::object json_of(const UserProfile& profile);

}  // namespace latchkey::control
