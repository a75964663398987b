#include "app/commands/sso.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "app/commands/json_fields.h"
#include "app/commands/secret_prompt.h"
#include "base/text.h"

namespace latchkey::app::commands {
namespace {

constexpr const char* kProviders = "/api/console/sso/providers";
// An administrator waits for the provider to be asked.
constexpr seconds kPatience{60};

ApiRequest request_for(std::string method, std::string path) {
  ApiRequest request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.patience = kPatience;
  return request;
}

std::string path_of(const std::string& id) {
  return std::string(kProviders) + "/" + percent_encode(id);
}

std::string joined(const boost::json::object& object, std::string_view member) {
  std::string text;
  const auto* value = object.if_contains(member);
  if (value == nullptr || !value->is_array()) return text;
  for (const auto& each : value->get_array()) {
    if (!each.is_string()) continue;
    text += (text.empty() ? "" : ", ") + printable(std::string_view(each.get_string()));
  }
  return text;
}

bool is_on(const boost::json::object& object, std::string_view member) {
  const auto* value = object.if_contains(member);
  return value != nullptr && value->is_bool() && value->get_bool();
}

Table details(const boost::json::object& provider) {
  Table table({});
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty()) table.add({name, std::move(value)});
  };
  add("id", printable(text_of(provider, "id")));
  add("name", printable(text_of(provider, "name")));
  add("issuer", printable(text_of(provider, "issuer")));
  add("client id", printable(text_of(provider, "clientId")));
  add("login names",
      text_of(provider, "loginClaim") + (is_on(provider, "loginIsVerified") ? " (trusted as it is)" : ""));
  add("domains", joined(provider, "domains"));
  add("further scopes", joined(provider, "scopes"));
  add("allowed groups", joined(provider, "allowedGroups"));
  table.add({"state",
             is_on(provider, "enabled") ? Table::Cell("on", Style::good) : Table::Cell("off", Style::faint)});
  add("redirect URI", printable(text_of(provider, "redirectUri")));
  return table;
}

Result<Exit> show(Screen& screen, const boost::json::value& answer, OutputForm output) {
  TRY(const auto* provider, object_of(answer));
  if (output == OutputForm::json) {
    screen.print_json(*provider);
  } else {
    details(*provider).print(screen);
  }
  return Exit::done;
}

void put_list(boost::json::object& body, const char* name, const std::vector<std::string>& list) {
  if (!list.empty()) body[name] = boost::json::array(list.begin(), list.end());
}

void put_members(boost::json::object& body, const ProviderMembers& members) {
  const auto put = [&](const char* name, const std::string& text) {
    if (!text.empty()) body[name] = text;
  };
  put("name", members.name);
  put("clientId", members.client_id);
  put("loginClaim", members.login_claim);
  put("groupsClaim", members.groups_claim);
  if (!members.login_is_verified.empty()) body["loginIsVerified"] = members.login_is_verified == "true";
  put_list(body, "domains", members.domains);
  put_list(body, "scopes", members.scopes);
  put_list(body, "allowedGroups", members.allowed_groups);
}

Result<SecretString> secret_of(Screen& screen, const std::string& file) {
  if (!file.empty()) return read_secret(file, screen.in(), "client secret");
  if (!screen.may_ask()) return read_secret("-", screen.in(), "client secret");
  return ask_for_secret(screen, "Client secret: ");
}

Result<std::string> user_id_of(Api& api, const std::string& login_name) {
  TRY(const auto answer, api.send(request_for("GET", api.tailnet_path("/users"))));
  TRY(const auto* users, list_of(answer, "users"));
  for (const auto& user : *users) {
    if (user.is_object() && equals_ignore_case(text_of(user.get_object(), "loginName"), login_name)) {
      return text_of(user.get_object(), "id");
    }
  }
  return not_found("the tailnet has no user with this login name");
}

}  // namespace

Result<Exit> list_providers(Screen& screen, const ListProvidersFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto answer, api->send(request_for("GET", kProviders)));
  TRY(const auto* providers, list_of(answer, "providers"));
  if (flags.output == OutputForm::json) {
    screen.print_json(answer);
    return Exit::done;
  }
  Table table({"ID", "NAME", "ISSUER", "DOMAINS", "STATE"});
  for (const auto& each : *providers) {
    if (!each.is_object()) continue;
    const auto& provider = each.get_object();
    table.add(
        {printable(text_of(provider, "id")), printable(text_of(provider, "name")),
         printable(text_of(provider, "issuer")), joined(provider, "domains"),
         is_on(provider, "enabled") ? Table::Cell("on", Style::good) : Table::Cell("off", Style::faint)});
  }
  if (table.empty()) {
    screen.note("There are no identity providers: people sign in with latchkey login-link alone.");
    return Exit::done;
  }
  table.print(screen);
  return Exit::done;
}

Result<Exit> add_provider(Screen& screen, const AddProviderFlags& flags) {
  TRY(const auto secret, secret_of(screen, flags.members.secret_file));
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("POST", kProviders);
  request.body = boost::json::object{{"id", flags.id}, {"issuer", flags.issuer}};
  put_members(*request.body, flags.members);
  (*request.body)["clientSecret"] = secret.expose();
  TRY(const auto answer, api->send(request));
  return show(screen, answer, flags.output);
}

Result<Exit> show_provider(Screen& screen, const ProviderFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto answer, api->send(request_for("GET", path_of(flags.id))));
  return show(screen, answer, flags.output);
}

Result<Exit> update_provider(Screen& screen, const UpdateProviderFlags& flags) {
  boost::json::object body;
  put_members(body, flags.members);
  if (!flags.enabled.empty()) body["enabled"] = flags.enabled == "true";
  if (!flags.members.secret_file.empty()) {
    TRY(const auto secret, secret_of(screen, flags.members.secret_file));
    body["clientSecret"] = secret.expose();
  }
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("PATCH", path_of(flags.id));
  request.body = std::move(body);
  TRY(const auto answer, api->send(request));
  return show(screen, answer, flags.output);
}

Result<Exit> check_provider(Screen& screen, const ProviderFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto answer, api->send(request_for("POST", path_of(flags.id) + "/check")));
  TRY(const auto* report, object_of(answer));
  const bool good = is_on(*report, "good");
  if (flags.output == OutputForm::json) {
    screen.print_json(*report);
    return good ? Exit::done : Exit::failed;
  }
  TRY(const auto* checks, list_of(answer, "checks"));
  Table table({});
  for (const auto& each : *checks) {
    if (!each.is_object()) continue;
    const auto& line = each.get_object();
    table.add({is_on(line, "good") ? Table::Cell("good", Style::good) : Table::Cell("wrong", Style::bad),
               printable(text_of(line, "name")), printable(text_of(line, "says"))});
  }
  table.print(screen);
  return good ? Exit::done : Exit::failed;
}

Result<Exit> remove_providers(Screen& screen, const RemoveProvidersFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  const bool ask = !flags.yes && screen.may_ask();
  boost::json::array removed;
  bool all_done = true;
  for (const auto& id : flags.ids) {
    if (ask && !screen.confirm("Remove " + printable(id) + "? Sessions that it began end.")) {
      all_done = false;
      continue;
    }
    const auto done = api->send(request_for("DELETE", path_of(id)));
    if (!done) {
      screen.complain(printable(id) + ": " + done.error().message);
      all_done = false;
      continue;
    }
    removed.emplace_back(id);
    if (flags.output == OutputForm::table) screen.print("removed " + printable(id));
  }
  if (flags.output == OutputForm::json) {
    screen.print_json(boost::json::object{{"removed", std::move(removed)}});
  }
  return all_done ? Exit::done : Exit::failed;
}

Result<Exit> unlink_person(Screen& screen, const UnlinkFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto id, user_id_of(*api, flags.login_name));
  TRY(const auto answer,
      api->send(request_for("DELETE", "/api/console/users/" + percent_encode(id) + "/identities")));
  TRY(const auto* done, object_of(answer));
  if (flags.output == OutputForm::json) {
    screen.print_json(*done);
    return Exit::done;
  }
  const auto count = number_of(*done, "unlinked");
  screen.print(count == 0 ? "nothing was linked" : fmt::format("unlinked {}", printable(flags.login_name)));
  return Exit::done;
}

}  // namespace latchkey::app::commands
