#include "app/commands/sso.h"

#include <fmt/format.h>

#include "app/commands/act_on_each.h"
#include "app/commands/json_fields.h"
#include "app/commands/listing.h"
#include "app/commands/secret_prompt.h"
#include "app/commands/user_lookup.h"
#include "base/text.h"

namespace latchkey::app::commands {
namespace {

constexpr const char* kProviders = "/api/console/sso/providers";

std::string path_of(const std::string& id) {
  return std::string(kProviders) + "/" + percent_encode(id);
}

Table::Cell state(const boost::json::object& provider) {
  return flag_of(provider, "enabled") ? Table::Cell("on", Style::good) : Table::Cell("off", Style::faint);
}

std::vector<Table::Cell> provider_row(const boost::json::object& provider, TimePoint) {
  return {text_of(provider, "id"), text_of(provider, "name"), text_of(provider, "issuer"),
          texts_of(provider, "domains"), state(provider)};
}

Table details(const boost::json::object& provider) {
  Table table({});
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty()) table.add({name, std::move(value)});
  };
  add("id", text_of(provider, "id"));
  add("name", text_of(provider, "name"));
  add("issuer", text_of(provider, "issuer"));
  add("client id", text_of(provider, "clientId"));
  add("login names",
      text_of(provider, "loginClaim") + (flag_of(provider, "loginIsVerified") ? " (trusted as it is)" : ""));
  add("domains", texts_of(provider, "domains"));
  add("further scopes", texts_of(provider, "scopes"));
  add("allowed groups", texts_of(provider, "allowedGroups"));
  table.add({"state", state(provider)});
  add("redirect URI", text_of(provider, "redirectUri"));
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
  if (!list.empty()) body[name] = list_json(list);
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
  TRY(const auto user, user_with_login(api, login_name));
  if (!user) return not_found("the tailnet has no user with this login name");
  return text_of(user->get_object(), "id");
}

}  // namespace

Result<Exit> list_providers(Screen& screen, const ListProvidersFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto answer, api->send(request_for("GET", kProviders)));
  return show_list(screen, answer, "providers", flags.output,
                   {{"ID", "NAME", "ISSUER", "DOMAINS", "STATE"},
                    provider_row,
                    "There are no identity providers: people sign in with latchkey login-link alone."});
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
  const bool good = flag_of(*report, "good");
  if (flags.output == OutputForm::json) {
    screen.print_json(*report);
    return good ? Exit::done : Exit::failed;
  }
  TRY(const auto* checks, list_of(answer, "checks"));
  Table table({});
  for (const auto& each : *checks) {
    if (!each.is_object()) continue;
    const auto& line = each.get_object();
    table.add({flag_of(line, "good") ? Table::Cell("good", Style::good) : Table::Cell("wrong", Style::bad),
               text_of(line, "name"), text_of(line, "says")});
  }
  table.print(screen);
  return good ? Exit::done : Exit::failed;
}

Result<Exit> remove_providers(Screen& screen, const RemoveProvidersFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  const bool ask = !flags.yes && screen.may_ask();
  const auto act = [&](const std::string& id) -> Result<std::optional<Done>> {
    if (ask && !screen.confirm("Remove " + printable(id) + "? Sessions that it began end.")) {
      return std::optional<Done>{};
    }
    TRY(api->send(request_for("DELETE", path_of(id))));
    return std::optional(Done{printable(id), boost::json::string(id)});
  };
  return act_on_each(screen, flags.ids, flags.output, {"removed", "removed", act});
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
