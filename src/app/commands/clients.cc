#include "app/commands/clients.h"

#include <fmt/format.h>

#include <cstdlib>

#include "app/commands/json_fields.h"
#include "app/commands/key_table.h"
#include "app/commands/listing.h"
#include "app/commands/when.h"
#include "base/clock.h"
#include "base/text.h"

namespace latchkey::app::commands {
namespace {

std::string client_path(const Api& api, const std::string& id) {
  return api.tailnet_path("/keys/" + percent_encode(id));
}

boost::json::object terms_json(const ClientTermsFlags& terms) {
  boost::json::object body;
  body["keyType"] = "client";
  body["description"] = terms.description;
  body["scopes"] = list_json(terms.scopes);
  body["tags"] = list_json(terms.tags);
  body["deviceTagsOnly"] = terms.device_tags_only;
  return body;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

// The secret alone goes to standard output, so that a pipe into a store gets nothing else.
Result<Exit> show_secret(Screen& screen, const boost::json::value& answer, const std::string& said,
                         OutputForm output) {
  TRY(const auto* client, object_of(answer));
  if (output == OutputForm::json) {
    screen.print_json(*client);
    return Exit::done;
  }
  screen.note(fmt::format("{} {}.", said, key_name(*client)));
  const auto until = time_of(*client, "oldSecretUntil");
  if (until) {
    screen.note("The secret before it counts until " + relative_time(*until, SystemClock{}.now()) + ".");
  }
  screen.note("Keep it now: it is shown this once.");
  screen.print_secret("", SecretString(text_of(*client, "key")));
  return Exit::done;
}

boost::json::object identity_json(const IdentityFlags& flags) {
  auto body = terms_json(flags.terms);
  body["keyType"] = "federated";
  body["issuer"] = flags.issuer;
  body["subject"] = flags.subject;
  body["audience"] = flags.audience;
  boost::json::object rules;
  for (const auto& claim : flags.claims) {
    const auto equals = claim.find('=');
    rules[claim.substr(0, equals)] = claim.substr(equals + 1);
  }
  body["customClaimRules"] = std::move(rules);
  return body;
}

Result<Exit> show_identity(Screen& screen, Api& api, const ApiRequest& request, OutputForm output) {
  TRY(const auto answer, api.send(request));
  TRY(const auto* identity, object_of(answer));
  if (output == OutputForm::json) {
    screen.print_json(*identity);
  } else {
    key_details(*identity, {}, SystemClock{}.now()).print(screen);
  }
  return Exit::done;
}

Result<Exit> list_type(Screen& screen, const ListClientsFlags& flags, std::string_view type,
                       Listing listing) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("GET", api->tailnet_path("/keys"));
  request.query.emplace_back("all", "true");
  request.query.emplace_back("fields", "all");
  TRY(const auto answer, api->send(request));
  TRY(const auto* keys, list_of(answer, "keys"));
  boost::json::array chosen;
  for (const auto& key : *keys) {
    if (key.is_object() && text_of(key.get_object(), "keyType") == type) chosen.push_back(key);
  }
  return show_list(screen, boost::json::object{{"keys", std::move(chosen)}}, "keys", flags.output,
                   std::move(listing));
}

}  // namespace

Result<Exit> create_client(Screen& screen, const CreateClientFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("POST", api->tailnet_path("/keys"));
  request.body = terms_json(flags.terms);
  if (!flags.expires.empty()) {
    (*request.body)["expirySeconds"] = parse_duration(flags.expires).value().count();
  }
  TRY(const auto answer, api->send(request));
  return show_secret(screen, answer, "Made", flags.output);
}

Result<Exit> update_client(Screen& screen, const UpdateClientFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto read = request_for("GET", client_path(*api, flags.id));
  read.query.emplace_back("fields", "all");
  TRY(const auto present, api->send(read));
  TRY(const auto* was, object_of(present));
  if (text_of(*was, "keyType") != "client") return malformed(flags.id + " is no OAuth client");

  ClientTermsFlags terms;
  terms.description = flags.description.value_or(text_of(*was, "description"));
  terms.scopes = flags.scopes.empty() ? list_of_texts(*was, "scopes") : flags.scopes;
  terms.tags = flags.tags.empty() && !flags.no_tags ? list_of_texts(*was, "tags") : flags.tags;
  terms.device_tags_only = flags.device_tags_only.value_or(flag_of(*was, "deviceTagsOnly"));
  auto write = request_for("PUT", client_path(*api, flags.id));
  write.query.emplace_back("fields", "all");
  write.body = terms_json(terms);
  TRY(const auto answer, api->send(write));
  TRY(const auto* client, object_of(answer));
  if (flags.output == OutputForm::json) {
    screen.print_json(*client);
  } else {
    key_details(*client, {}, SystemClock{}.now()).print(screen);
  }
  return Exit::done;
}

Result<Exit> rotate_client(Screen& screen, const RotateClientFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("POST", client_path(*api, flags.id) + "/rotate");
  request.body = boost::json::object();
  if (!flags.overlap.empty()) {
    (*request.body)["overlapSeconds"] = parse_duration(flags.overlap).value().count();
  }
  TRY(const auto answer, api->send(request));
  return show_secret(screen, answer, "Made a new secret for", flags.output);
}

Result<Exit> list_clients(Screen& screen, const ListClientsFlags& flags) {
  return list_type(screen, flags, "client", {client_headings(), client_row, "There are no OAuth clients."});
}

std::string complaint_about(const IdentityFlags& flags) {
  if (auto wrong = complaint_about(flags.server); !wrong.empty()) return wrong;
  for (const auto& claim : flags.claims) {
    if (claim.find('=') == std::string::npos || claim.starts_with("=")) {
      return "--claim takes NAME=PATTERN, such as repository_owner=example";
    }
  }
  return {};
}

Result<Exit> create_identity(Screen& screen, const IdentityFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("POST", api->tailnet_path("/keys"));
  request.body = identity_json(flags);
  return show_identity(screen, *api, request, flags.output);
}

Result<Exit> replace_identity(Screen& screen, const IdentityFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("PUT", client_path(*api, flags.id));
  request.body = identity_json(flags);
  return show_identity(screen, *api, request, flags.output);
}

Result<Exit> list_identities(Screen& screen, const ListClientsFlags& flags) {
  return list_type(screen, flags, "federated",
                   {identity_headings(), identity_row, "There are no federated identities."});
}

std::string complaint_about(TokenFlags& flags) {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (flags.url.empty()) flags.url = variable("LATCHKEY_URL");
  if (flags.url.empty()) return "name the server with --url URL or LATCHKEY_URL";
  if (auto wrong = complaint_about_url(flags.url); !wrong.empty()) return wrong;
  if (flags.secret_file.empty() && variable("LATCHKEY_CLIENT_SECRET").empty()) {
    return "no client secret: set LATCHKEY_CLIENT_SECRET, or name a file with --secret-file ('-' is standard "
           "input)";
  }
  return {};
}

Result<Exit> mint_token(Screen& screen, const TokenFlags& flags) {
  SecretString secret;
  if (flags.secret_file.empty()) {
    secret = SecretString(std::getenv("LATCHKEY_CLIENT_SECRET"));
  } else {
    TRY(secret, read_secret(flags.secret_file, screen.in(), "client secret"));
  }
  TRY(const auto api, ApiClient::over_network({flags.url, {}, {}, flags.ca_file}));
  auto request = request_for("POST", "/api/v2/oauth/token");
  request.form.emplace_back("grant_type", "client_credentials");
  request.form.emplace_back("client_secret", std::string(secret.expose()));
  if (!flags.scopes.empty()) request.form.emplace_back("scope", joined(flags.scopes));
  if (!flags.tags.empty()) request.form.emplace_back("tags", joined(flags.tags));
  TRY(const auto answer, api->send(request));
  TRY(const auto* token, object_of(answer));
  if (flags.output == OutputForm::json) {
    screen.print_json(*token);
    return Exit::done;
  }
  screen.note(fmt::format("An access token for {} seconds, with the scopes {}.",
                          number_of(*token, "expires_in"), printable(text_of(*token, "scope"))));
  screen.print_secret("", SecretString(text_of(*token, "access_token")));
  return Exit::done;
}

}  // namespace latchkey::app::commands
