#include "app/commands/keys.h"

#include <fmt/format.h>

#include "app/commands/act_on_each.h"
#include "app/commands/incident.h"
#include "app/commands/json_fields.h"
#include "app/commands/key_table.h"
#include "app/commands/listing.h"
#include "app/commands/when.h"
#include "base/clock.h"
#include "base/text.h"
#include "core/credentials/key_text.h"

namespace latchkey::app::commands {
namespace {

constexpr const char* kAccessTokens = "/api/console/access-tokens";

ApiRequest request_for_key(const char* method, const Api& api, const std::string& id) {
  return request_for(method, api.tailnet_path("/keys/" + percent_encode(id)));
}

ApiRequest new_key_request(const Api& api, const CreateKeyFlags& flags) {
  boost::json::object body;
  body["description"] = flags.description;
  if (!flags.expires.empty()) body["expirySeconds"] = parse_duration(flags.expires).value().count();
  if (flags.type == "api") {
    ApiRequest request = request_for("POST", kAccessTokens);
    request.body = std::move(body);
    return request;
  }
  boost::json::object create;
  create["reusable"] = flags.reusable;
  create["ephemeral"] = flags.ephemeral;
  create["preauthorized"] = flags.preauthorized;
  create["tags"] = list_json(flags.tags);
  body["keyType"] = flags.type;
  body["capabilities"] = {{"devices", {{"create", std::move(create)}}}};
  if (flags.max_uses) body["maxUses"] = *flags.max_uses;
  if (!flags.allow_hostnames.empty()) {
    body["allowedHostnames"] = list_json(flags.allow_hostnames);
  }
  ApiRequest request = request_for("POST", api.tailnet_path("/keys"));
  request.body = std::move(body);
  return request;
}

// How people call the owner: by the login name when it is the caller.
std::string owner_name(Api& api, const boost::json::object& key) {
  const auto me = api.send(request_for("GET", "/api/v2/whoami"));
  if (!me || !me->is_object()) return {};
  const auto& caller = me->get_object();
  return text_of(caller, "userId") == text_of(key, "userId") ? text_of(caller, "loginName") : std::string();
}

Result<boost::json::value> read_key(Api& api, const std::string& id) {
  ApiRequest request = request_for_key("GET", api, id);
  request.query.emplace_back("fields", "all");
  TRY(auto answer, api.send(request));
  TRY(object_of(answer));
  return answer;
}

// What would go is shown before anybody says yes.
Result<bool> is_wanted(Screen& screen, Api& api, const std::string& id) {
  TRY(const auto key, read_key(api, id));
  const auto& object = key.get_object();
  key_details(object, owner_name(api, object), SystemClock{}.now()).print_beside(screen);
  return screen.confirm("Revoke it? Whatever uses it is refused from then on.");
}

Result<std::optional<Done>> revoke_key(Screen& screen, Api& api, const std::string& id, bool ask) {
  if (ask) {
    TRY(const bool wanted, is_wanted(screen, api, id));
    if (!wanted) return std::optional<Done>{};
  }
  TRY(api.send(request_for_key("DELETE", api, id)));
  return std::optional(Done{printable(id), boost::json::string(id)});
}

}  // namespace

std::string complaint_about(const CreateKeyFlags& flags) {
  if (auto wrong = complaint_about(flags.server); !wrong.empty()) return wrong;
  if (flags.type != "api") return {};
  if (flags.server.place.data_dir.empty()) {
    return "API access tokens are made on the server's machine alone: run this there with --data-dir DIR";
  }
  const bool for_devices = flags.reusable || flags.ephemeral || flags.preauthorized || !flags.tags.empty() ||
                           flags.max_uses || !flags.allow_hostnames.empty();
  return for_devices ? "an API access token takes --description and --expires only" : "";
}

std::string complaint_about(const RevokeKeysFlags& flags) {
  if (auto wrong = complaint_about(flags.server); !wrong.empty()) return wrong;
  if (flags.ids.empty() == flags.matching.empty()) return "name keys by their ids, or give --matching QUERY";
  if (flags.matching.empty() && (flags.dry_run || !flags.reason.empty())) {
    return "--dry-run and --reason go with --matching";
  }
  return {};
}

Result<Exit> create_key(Screen& screen, const CreateKeyFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto answer, api->send(new_key_request(*api, flags)));
  TRY(const auto* key, object_of(answer));
  if (flags.output == OutputForm::json) {
    screen.print_json(*key);
    return Exit::done;
  }
  // The secret alone goes to standard output, so that a pipe into a store gets nothing else.
  const TimePoint now = SystemClock{}.now();
  const auto expires = time_of(*key, "expires");
  screen.note(fmt::format("Made {}{}.", key_name(*key),
                          expires ? ", which expires " + relative_time(*expires, now) : std::string()));
  screen.note("Keep it now: it is shown this once.");
  screen.print_secret("", SecretString(text_of(*key, "key")));
  return Exit::done;
}

Result<Exit> list_keys(Screen& screen, const ListKeysFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  ApiRequest request = request_for("GET", api->tailnet_path("/keys"));
  request.query.emplace_back("fields", "all");
  if (flags.all) request.query.emplace_back("all", "true");
  if (!flags.matching.empty()) request.query.emplace_back("matching", flags.matching);
  TRY(const auto answer, api->send(request));
  return show_list(
      screen, answer, "keys", flags.output,
      {key_headings(), key_row,
       flags.all ? "There are no such keys." : "You have no such keys; --all lists everybody's."});
}

Result<Exit> show_key(Screen& screen, const ShowKeyFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  const auto key = read_key(*api, flags.id);
  if (!key) return about(flags.id, key.error());
  if (flags.output == OutputForm::json) {
    screen.print_json(*key);
    return Exit::done;
  }
  const auto& object = key->get_object();
  key_details(object, owner_name(*api, object), SystemClock{}.now()).print(screen);
  return Exit::done;
}

Result<Exit> revoke_keys(Screen& screen, const RevokeKeysFlags& flags) {
  if (!flags.matching.empty()) return revoke_matching_keys(screen, flags);
  TRY(const auto api, connect(flags.server, screen));
  const bool ask = !flags.yes && screen.may_ask();
  return act_on_each(screen, flags.ids, flags.output, {"revoked", "revoked", [&](const std::string& id) {
                                                         return revoke_key(screen, *api, id, ask);
                                                       }});
}

Result<Exit> check_key(Screen& screen, const CheckKeyFlags& flags) {
  SecretString text(flags.text);
  if (flags.text == "-") {
    TRY(text, read_secret("-", screen.in(), "key"));
  }
  const auto parsed = credentials::parse_key_text(text.expose());
  if (flags.output == OutputForm::json) {
    boost::json::object shown;
    shown["valid"] = parsed.ok();
    if (parsed) {
      shown["type"] = credentials::to_string(parsed->type);
      shown["id"] = parsed->id.str();
    } else {
      shown["reason"] = parsed.error().message;
    }
    screen.print_json(shown);
    return parsed ? Exit::done : Exit::failed;
  }
  if (!parsed) return parsed.error();
  Table table({});
  table.add({"type", std::string(credentials::name_of(parsed->type))});
  table.add({"id", parsed->id.str()});
  table.add({"checksum", {"right", Style::good}});
  table.print(screen);
  screen.note("Whether it is still valid only its server can tell: latchkey keys show " + parsed->id.str());
  return Exit::done;
}

}  // namespace latchkey::app::commands
