// GET /tailnet/{tailnet}/users, /users/{userId}.
#include <boost/json/array.hpp>

#include "core/credentials/user_view.h"
#include "http/handlers.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using credentials::UserView;
using identity::Operation;

boost::json::object user_json(const UserView& view, TimePoint now) {
  const auto& user = view.user;
  boost::json::object json;
  json["id"] = user.id.str();
  json["displayName"] = user.display_name;
  json["loginName"] = user.login_name;
  json["profilePicUrl"] = "";
  json["tailnetId"] = user.tailnet.str();
  json["created"] = to_rfc3339(whole_second(user.created));
  json["type"] = "member";
  json["role"] = to_string(user.role);
  json["status"] = credentials::status_of(view, now);
  json["deviceCount"] = view.devices;
  if (view.last_seen) json["lastSeen"] = to_rfc3339(whole_second(*view.last_seen));
  json["currentlyConnected"] = view.connected;
  return json;
}

// Nobody is here from another tailnet.
Result<bool> wants_members(const Call& call) {
  const auto type = call.query_value("type").value_or("member");
  if (type == "member" || type == "all" || type.empty()) return true;
  if (type == "shared") return false;
  return malformed("type must be member, shared or all", "type");
}

Result<std::optional<identity::Role>> wanted_role(const Call& call) {
  const auto text = call.query_value("role").value_or("all");
  if (text == "all" || text.empty()) return std::optional<identity::Role>();
  const auto role = identity::role_from(text);
  if (!role) return malformed("role must be all or the name of a role, such as it-admin", "role");
  return role;
}

}  // namespace

Answer list_users(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::list_users>(call.caller));
  CO_TRY(const bool members, wants_members(call));
  CO_TRY(const auto role, wanted_role(call));
  const auto now = context.clock.now();
  auto work = [may, now](core::Tx& tx) -> Result<std::vector<UserView>> {
    return credentials::view_users(tx, may, now);
  };
  CO_TRY(const auto views, co_await context.db.read(std::move(work)));
  boost::json::array list;
  for (const auto& view : views) {
    if (members && (!role || view.user.role == *role)) list.push_back(user_json(view, now));
  }
  boost::json::object body;
  body["users"] = std::move(list);
  co_return json_response(body);
}

Answer get_user(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_user>(call.caller));
  const auto now = context.clock.now();
  auto work = [may, id = UserId(call.path_element("userId")), now](core::Tx& tx) {
    return credentials::view_user(tx, may, id, now);
  };
  CO_TRY(const auto view, co_await context.db.read(std::move(work)));
  co_return json_response(user_json(view, now));
}

}  // namespace latchkey::http
