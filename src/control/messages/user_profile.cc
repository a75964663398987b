#include "control/messages/user_profile.h"

#include "crypto/digest.h"

namespace latchkey::control {
namespace {

std::int64_t number_from(std::string_view text) {
  const auto digest = crypto::sha256(text);
  std::int64_t number = 0;
  for (std::size_t i = 0; i < 6; ++i) number = number << 8 | digest[i];
  return number + 1;
}

}  // namespace

std::int64_t user_number(const UserId& id) {
  return number_from("user " + id.str());
}

UserProfile profile_of(const identity::User& user) {
  return {user_number(user.id), user.login_name,
          user.display_name.empty() ? user.login_name : user.display_name};
}

UserProfile tagged_devices_profile() {
  static const auto number = number_from("tagged devices");
  return {number, "tagged-devices", "Tagged Devices"};
}

boost::json::object json_of(const UserProfile& profile) {
  boost::json::object json;
  json["ID"] = profile.number;
  json["LoginName"] = profile.login_name;
  json["DisplayName"] = profile.display_name;
  return json;
}

}  // namespace latchkey::control
