#include "app/commands/user_lookup.h"

#include "app/commands/json_fields.h"
#include "base/text.h"

namespace latchkey::app::commands {

Result<std::optional<boost::json::value>> user_with_login(Api& api, const std::string& login) {
  TRY(const auto answer, api.send(request_for("GET", api.tailnet_path("/users"))));
  TRY(const auto* users, list_of(answer, "users"));
  for (const auto& user : *users) {
    if (user.is_object() && equals_ignore_case(text_of(user.get_object(), "loginName"), login)) {
      return std::optional(user);
    }
  }
  return std::optional<boost::json::value>{};
}

}  // namespace latchkey::app::commands
