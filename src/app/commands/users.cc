#include "app/commands/users.h"

#include <fmt/format.h>

#include "app/commands/act_on_each.h"
#include "app/commands/json_fields.h"
#include "app/commands/listing.h"
#include "app/commands/user_lookup.h"
#include "app/commands/user_table.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/text.h"

namespace latchkey::app::commands {
namespace {

ApiRequest step_request(const std::string& id, std::string_view step) {
  return request_for("POST", "/api/v2/users/" + percent_encode(id) + "/" + std::string(step));
}

Result<boost::json::value> read_user(Api& api, const std::string& wanted) {
  if (is_id_text('u', wanted)) {
    TRY(auto answer, api.send(request_for("GET", "/api/v2/users/" + percent_encode(wanted))));
    TRY(object_of(answer));
    return answer;
  }
  TRY(auto user, user_with_login(api, wanted));
  if (!user) return not_found("nobody has this login name or id");
  return *std::move(user);
}

struct Step {
  const char* name;      // the last element of the path
  const char* done;      // "suspended"
  const char* question;  // empty: nothing to ask
};

void tell_what_went(Screen& screen, const boost::json::object& answer) {
  const auto count = [&](std::string_view name) { return list_of_texts(answer, name).size(); };
  screen.note(
      fmt::format("{} devices deleted, {} tokens and auth keys revoked.", count("devices"), count("keys")));
  const auto mentions = texts_of(answer, "policyMentions");
  if (!mentions.empty()) screen.note("The policy file goes on naming this person: " + mentions + ".");
}

// With the person as he is afterwards, or as he was when he is gone.
Result<std::optional<Done>> take_step(Screen& screen, Api& api, const std::string& wanted, const Step& step,
                                      bool ask) {
  TRY(auto user, read_user(api, wanted));
  const auto id = text_of(user.get_object(), "id");
  if (ask) {
    user_details(user.get_object(), SystemClock{}.now()).print_beside(screen);
    if (!screen.confirm(step.question)) return std::optional<Done>{};
  }
  TRY(const auto answer, api.send(step_request(id, step.name)));
  if (std::string_view(step.name) == "delete") {
    TRY(const auto* gone, object_of(answer));
    tell_what_went(screen, *gone);
  } else {
    TRY(user, read_user(api, id));
  }
  const auto name = user_name(user.get_object());
  return std::optional(Done{name, std::move(user)});
}

Result<Exit> take_steps(Screen& screen, const UsersFlags& flags, const Step& step) {
  TRY(const auto api, connect(flags.server, screen));
  const bool ask = *step.question != '\0' && !flags.yes && screen.may_ask();
  return act_on_each(screen, flags.people, flags.output, {step.done, "users", [&](const std::string& wanted) {
                                                            return take_step(screen, *api, wanted, step, ask);
                                                          }});
}

Result<Exit> show(Screen& screen, const boost::json::value& user, OutputForm output) {
  if (output == OutputForm::json) {
    screen.print_json(user);
  } else {
    user_details(user.get_object(), SystemClock{}.now()).print(screen);
  }
  return Exit::done;
}

}  // namespace

Result<Exit> list_users(Screen& screen, const ListUsersFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("GET", api->tailnet_path("/users"));
  if (!flags.role.empty()) request.query.emplace_back("role", flags.role);
  TRY(const auto answer, api->send(request));
  TRY(const auto* users, list_of(answer, "users"));
  boost::json::array shown;
  for (const auto& user : *users) {
    if (!user.is_object()) continue;
    if (!flags.status.empty() && text_of(user.get_object(), "status") != flags.status) continue;
    shown.push_back(user);
  }
  return show_list(screen, boost::json::object{{"users", std::move(shown)}}, "users", flags.output,
                   {user_headings(), user_row, "There is nobody like that."});
}

Result<Exit> show_user(Screen& screen, const UserFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  const auto user = read_user(*api, flags.person);
  if (!user) return about(flags.person, user.error());
  return show(screen, *user, flags.output);
}

Result<Exit> add_user(Screen& screen, const AddUserFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("POST", "/api/console/users");
  request.body = boost::json::object{{"loginName", flags.login}};
  if (!flags.name.empty()) (*request.body)["displayName"] = flags.name;
  if (!flags.role.empty()) (*request.body)["role"] = flags.role;
  TRY(const auto user, api->send(request));
  TRY(object_of(user));
  return show(screen, user, flags.output);
}

Result<Exit> approve_users(Screen& screen, const UsersFlags& flags) {
  return take_steps(screen, flags, {"approve", "approved", ""});
}

Result<Exit> suspend_users(Screen& screen, const UsersFlags& flags) {
  return take_steps(
      screen, flags,
      {"suspend", "suspended", "Suspend this person? Tokens, auth keys and devices stop until restored."});
}

Result<Exit> restore_users(Screen& screen, const UsersFlags& flags) {
  return take_steps(screen, flags, {"restore", "restored", ""});
}

Result<Exit> delete_users(Screen& screen, const UsersFlags& flags) {
  return take_steps(
      screen, flags,
      {"delete", "deleted", "Delete this person? Devices, tokens and auth keys go too, for good."});
}

Result<Exit> set_user_role(Screen& screen, const UserRoleFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  const auto user = read_user(*api, flags.person);
  if (!user) return about(flags.person, user.error());
  const auto id = text_of(user->get_object(), "id");
  auto request = step_request(id, "role");
  request.body = boost::json::object{{"role", flags.role}};
  if (const auto done = api->send(request); !done) return about(flags.person, done.error());
  TRY(const auto changed, read_user(*api, id));
  return show(screen, changed, flags.output);
}

Result<Exit> transfer_ownership(Screen& screen, const TransferFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  const auto user = read_user(*api, flags.person);
  if (!user) return about(flags.person, user.error());
  const auto id = text_of(user->get_object(), "id");
  if (!flags.yes && screen.may_ask()) {
    user_details(user->get_object(), SystemClock{}.now()).print_beside(screen);
    if (!screen.confirm("Make this person the owner? Only he can give it back.")) return Exit::failed;
  }
  const auto done = api->send(request_for("POST", "/api/console/users/" + percent_encode(id) + "/ownership"));
  if (!done) return about(flags.person, done.error());
  TRY(const auto changed, read_user(*api, id));
  return show(screen, changed, flags.output);
}

}  // namespace latchkey::app::commands
