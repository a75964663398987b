#include "app/commands/groups.h"

#include "app/commands/json_fields.h"
#include "app/commands/listing.h"
#include "app/commands/when.h"
#include "base/text.h"

namespace latchkey::app::commands {
namespace {

Result<boost::json::value> find(Api& api, const std::string& group) {
  return api.send(request_for("GET", "/api/console/groups/" + percent_encode(group)));
}

std::vector<Table::Cell> group_row(const boost::json::object& group, TimePoint now) {
  const auto changed = time_of(group, "modified");
  return {text_of(group, "id"), text_of(group, "name"), std::to_string(number_of(group, "memberCount")),
          text_of(group, "role"), changed ? relative_time(*changed, now) : ""};
}

}  // namespace

Result<Exit> list_groups(Screen& screen, const ListGroupsFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto answer, api->send(request_for("GET", "/api/console/groups")));
  return show_list(screen, answer, "groups", flags.output,
                   {{"ID", "NAME", "MEMBERS", "ROLE", "CHANGED"},
                    group_row,
                    "There are no groups: an identity provider brings them (latchkey scim enable)."});
}

Result<Exit> show_group(Screen& screen, const ShowGroupFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto answer, find(*api, flags.group));
  TRY(const auto* group, object_of(answer));
  if (flags.output == OutputForm::json) {
    screen.print_json(*group);
    return Exit::done;
  }
  Table details({});
  details.add({"Group", text_of(*group, "name")});
  details.add({"ID", text_of(*group, "id")});
  if (const auto id = text_of(*group, "externalId"); !id.empty()) details.add({"Provider's ID", id});
  if (const auto role = text_of(*group, "role"); !role.empty()) details.add({"Makes members", role});
  details.print(screen);
  TRY(const auto* members, list_of(answer, "members"));
  Table table({"MEMBER", "LOGIN", "STATUS"});
  for (const auto& each : *members) {
    if (!each.is_object()) continue;
    const auto& member = each.get_object();
    const bool inner = text_of(member, "type") == "group";
    table.add({text_of(member, "id"), inner ? "(a group)" : text_of(member, "loginName"),
               text_of(member, "status")});
  }
  if (!table.empty()) table.print(screen);
  return Exit::done;
}

Result<Exit> set_group_role(Screen& screen, const GroupRoleFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto found, find(*api, flags.group));
  TRY(const auto* group, object_of(found));
  auto request =
      request_for("PUT", "/api/console/provisioning/role-mappings/" + percent_encode(text_of(*group, "id")));
  request.body = boost::json::object{
      {"role", flags.role == "none" ? boost::json::value() : boost::json::value(flags.role)}};
  TRY(const auto answer, api->send(request));
  if (flags.output == OutputForm::json) {
    screen.print_json(answer);
  } else if (flags.role == "none") {
    screen.print(printable(text_of(*group, "name")) + " gives no role now.");
  } else {
    screen.print(printable(text_of(*group, "name")) + " makes its members " + flags.role + ".");
  }
  return Exit::done;
}

}  // namespace latchkey::app::commands
