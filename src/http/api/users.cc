// GET /tailnet/{tailnet}/users, /users/{userId}; POST /users/{userId}/approve, .../suspend, .../restore,
// .../delete, .../role; POST /api/console/users, /api/console/users/{userId}/ownership.
#include <boost/json/array.hpp>

#include "core/credentials/user_view.h"
#include "core/people/admit.h"
#include "core/people/standing.h"
#include "http/handlers.h"
#include "http/json_body.h"
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

UserId user_of(const Call& call) {
  return UserId(call.path_element("userId"));
}

// approve, suspend and restore take nothing but the person, and say nothing but that it is so.
template <Operation operation>
Answer change_standing(Context& context, Call& call,
                       Result<identity::User> (*step)(core::Tx&, const identity::Permit<operation>&,
                                                      const UserId&, TimePoint)) {
  CO_TRY(auto may, identity::authorize<operation>(call.caller));
  auto work = [may, step, id = user_of(call), now = context.clock.now()](core::Tx& tx) {
    return step(tx, may, id, now);
  };
  CO_TRY(co_await context.db.write(std::move(work)));
  co_return empty_response();
}

template <class Id>
boost::json::array ids_json(const std::vector<Id>& ids) {
  boost::json::array list;
  for (const auto& id : ids) list.emplace_back(id.str());
  return list;
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
  auto work = [may, id = user_of(call), now](core::Tx& tx) {
    return credentials::view_user(tx, may, id, now);
  };
  CO_TRY(const auto view, co_await context.db.read(std::move(work)));
  co_return json_response(user_json(view, now));
}

Answer add_user(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::create_user>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  people::NewPerson person;
  CO_TRY(const auto login_name, body.text("loginName"));
  if (!login_name) co_return malformed("loginName is required", "loginName");
  person.login_name = *login_name;
  CO_TRY(const auto display_name, body.text("displayName"));
  person.display_name = display_name.value_or("");
  CO_TRY(const auto wanted, body.text("role"));
  const auto role = identity::role_from(wanted.value_or("member"));
  if (!role) co_return malformed("role must be the name of a role, such as it-admin", "role");
  person.role = *role;
  // Whoever may approve has done so by this; unless he says otherwise.
  CO_TRY(const auto approved, body.flag("approved"));
  person.approved = approved.value_or(true);
  const auto now = context.clock.now();
  auto work = [may, person, now](core::Tx& tx) { return people::admit(tx, may, person, now); };
  CO_TRY(const auto user, co_await context.db.write(std::move(work)));
  const UserView fresh{user, 0, false, std::nullopt};
  co_return json_response(user_json(fresh, now));
}

Answer approve_user(Context& context, Call& call) {
  return change_standing<Operation::approve_user>(context, call, people::approve);
}

Answer suspend_user(Context& context, Call& call) {
  return change_standing<Operation::suspend_user>(context, call, people::suspend);
}

Answer restore_user(Context& context, Call& call) {
  return change_standing<Operation::restore_user>(context, call, people::restore);
}

Answer transfer_ownership(Context& context, Call& call) {
  return change_standing<Operation::transfer_ownership>(context, call, people::transfer_ownership);
}

Answer set_user_role(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::change_user_role>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(const auto wanted, body.text("role"));
  const auto role = identity::role_from(wanted.value_or(""));
  if (!role) co_return malformed("role must be the name of a role, such as it-admin", "role");
  auto work = [may, id = user_of(call), role = *role, now = context.clock.now()](core::Tx& tx) {
    return people::change_role(tx, may, id, role, now);
  };
  CO_TRY(co_await context.db.write(std::move(work)));
  co_return empty_response();
}

Answer delete_user(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::delete_user>(call.caller));
  auto work = [may, id = user_of(call), now = context.clock.now()](core::Tx& tx) {
    return people::remove(tx, may, id, now);
  };
  CO_TRY(const auto removed, co_await context.db.write(std::move(work)));
  boost::json::object body;
  body["devices"] = ids_json(removed.devices);
  body["keys"] = ids_json(removed.keys);
  body["policyMentions"] = boost::json::array(removed.mentions.begin(), removed.mentions.end());
  co_return json_response(body);
}

}  // namespace latchkey::http
