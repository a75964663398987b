// /api/console/groups: the groups that an identity provider keeps in step, and what they make their members.
#include "core/provisioning/groups.h"

#include <boost/json/array.hpp>

#include "core/identity/user_store.h"
#include "core/provisioning/role_mapping.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;

boost::json::object group_json(const identity::Group& group) {
  boost::json::object json;
  json["id"] = group.id.str();
  json["name"] = group.name;
  if (!group.external_id.empty()) json["externalId"] = group.external_id;
  json["memberCount"] = group.members;
  if (group.role) json["role"] = to_string(*group.role);
  json["created"] = to_rfc3339(whole_second(group.created));
  json["modified"] = to_rfc3339(whole_second(group.modified));
  return json;
}

}  // namespace

Answer list_groups(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::list_users>(call.caller));
  auto work = [may](core::Tx& tx) { return provisioning::list_groups(tx, may); };
  CO_TRY(const auto groups, co_await context.db.read(std::move(work)));
  boost::json::array list;
  for (const auto& group : groups) list.push_back(group_json(group));
  boost::json::object body;
  body["groups"] = std::move(list);
  co_return json_response(body);
}

Answer get_group(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_user>(call.caller));
  auto work = [may, reference = call.path_element("groupId")](core::Tx& tx) -> Result<boost::json::object> {
    TRY(const auto found, provisioning::find_group(tx, may, reference));
    auto json = group_json(found.group);
    boost::json::array members;
    for (const auto& member : found.members) {
      boost::json::object shown{{"id", member.id}, {"type", member.is_group ? "group" : "user"}};
      if (!member.is_group) {
        if (const auto user = tx.users().find(may.tailnet(), UserId(member.id))) {
          shown["loginName"] = user->login_name;
          shown["status"] = to_string(user->status);
        }
      }
      members.push_back(std::move(shown));
    }
    json["members"] = std::move(members);
    return json;
  };
  CO_TRY(const auto json, co_await context.db.read(std::move(work)));
  co_return json_response(json);
}

Answer set_group_role(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::manage_provisioning>(call.caller));
  CO_TRY(auto may_change_roles, identity::authorize<Operation::change_user_role>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(const auto text, body.text("role"));
  if (!body.has("role")) co_return malformed("role is required: null for none", "role");
  std::optional<identity::Role> role;
  if (text) {
    role = identity::role_from(*text);
    if (!role) co_return malformed("role must be null or the name of a role, such as it-admin", "role");
  }
  auto work = [may, may_change_roles, id = GroupId(call.path_element("groupId")), role,
               now = context.clock.now()](core::Tx& tx) {
    return provisioning::map_role(tx, may, may_change_roles, id, role, now);
  };
  CO_TRY(const auto group, co_await context.db.write(std::move(work)));
  co_return json_response(group_json(group));
}

}  // namespace latchkey::http
