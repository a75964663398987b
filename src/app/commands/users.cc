#include "app/commands/users.h"

#include <fmt/format.h>

#include "app/commands/json_fields.h"
#include "app/commands/user_table.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/text.h"

namespace latchkey::app::commands {
namespace {

ApiRequest request_for(const char* method, std::string path) {
  ApiRequest request;
  request.method = method;
  request.path = std::move(path);
  return request;
}

ApiRequest step_request(const std::string& id, std::string_view step) {
  return request_for("POST", "/api/v2/users/" + percent_encode(id) + "/" + std::string(step));
}

Error about(const std::string& person, Error error) {
  error.message = printable(person) + ": " + error.message;
  return error;
}

Result<boost::json::value> read_user(Api& api, const std::string& wanted) {
  if (is_id_text('u', wanted)) {
    TRY(auto answer, api.send(request_for("GET", "/api/v2/users/" + percent_encode(wanted))));
    TRY(object_of(answer));
    return answer;
  }
  TRY(const auto answer, api.send(request_for("GET", api.tailnet_path("/users"))));
  TRY(const auto* users, list_of(answer, "users"));
  for (const auto& user : *users) {
    if (user.is_object() && equals_ignore_case(text_of(user.get_object(), "loginName"), wanted)) return user;
  }
  return not_found("nobody has this login name or id");
}

struct Deed {
  const char* step;      // the last element of the path
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

// The person as he is afterwards, or as he was when he is gone; nothing when the answer was no.
Result<std::optional<boost::json::value>> act_on(Screen& screen, Api& api, const std::string& wanted,
                                                 const Deed& deed, bool ask) {
  TRY(auto user, read_user(api, wanted));
  const auto id = text_of(user.get_object(), "id");
  if (ask) {
    user_details(user.get_object(), SystemClock{}.now()).print_beside(screen);
    if (!screen.confirm(deed.question)) return std::optional<boost::json::value>{};
  }
  TRY(const auto answer, api.send(step_request(id, deed.step)));
  if (std::string_view(deed.step) == "delete") {
    TRY(const auto* gone, object_of(answer));
    tell_what_went(screen, *gone);
    return std::optional(std::move(user));
  }
  TRY(auto changed, read_user(api, id));
  return std::optional(std::move(changed));
}

Result<Exit> act_on_each(Screen& screen, const UsersFlags& flags, const Deed& deed) {
  TRY(const auto api, connect(flags.server, screen));
  const bool ask = *deed.question != '\0' && !flags.yes && screen.may_ask();
  boost::json::array changed;
  bool all_done = true;
  for (const auto& wanted : flags.people) {
    auto user = act_on(screen, *api, wanted, deed, ask);
    if (!user) screen.complain(about(wanted, user.error()).message);
    all_done = all_done && user && *user;
    if (!user || !*user) continue;
    if (flags.output == OutputForm::table) {
      screen.print(std::string(deed.done) + " " + user_name((*user)->get_object()));
    } else {
      changed.push_back(*std::move(*user));
    }
  }
  if (flags.output == OutputForm::json) {
    screen.print_json(boost::json::object{{"users", std::move(changed)}});
  }
  return all_done ? Exit::done : Exit::failed;
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
  Table table(user_headings());
  for (const auto& user : *users) {
    if (!user.is_object()) continue;
    const auto& object = user.get_object();
    if (!flags.status.empty() && text_of(object, "status") != flags.status) continue;
    table.add(user_row(object, SystemClock{}.now()));
    shown.push_back(user);
  }
  if (flags.output == OutputForm::json) {
    screen.print_json(boost::json::object{{"users", std::move(shown)}});
  } else if (table.empty()) {
    screen.note("There is nobody like that.");
  } else {
    table.print(screen);
  }
  return Exit::done;
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
  return act_on_each(screen, flags, {"approve", "approved", ""});
}

Result<Exit> suspend_users(Screen& screen, const UsersFlags& flags) {
  return act_on_each(
      screen, flags,
      {"suspend", "suspended", "Suspend this person? Tokens, auth keys and devices stop until restored."});
}

Result<Exit> restore_users(Screen& screen, const UsersFlags& flags) {
  return act_on_each(screen, flags, {"restore", "restored", ""});
}

Result<Exit> delete_users(Screen& screen, const UsersFlags& flags) {
  return act_on_each(
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
