#include "app/commands/init.h"

#include <fmt/format.h>

#include "app/commands/json_fields.h"
#include "app/commands/login_link.h"
#include "app/commands/when.h"

namespace latchkey::app::commands {
namespace {

void welcome(Screen& screen, const Settings& settings, const boost::json::object& made,
             const SecretString& token, const Result<NewLoginLink>& link) {
  const std::string dir = settings.data_dir.string();
  screen.print(fmt::format("Tailnet {} is ready. Its owner is {}.\n", printable(text_of(made, "tailnet")),
                           printable(text_of(made, "owner"))));
  const auto expires = from_rfc3339(text_of(made, "expires"));
  screen.print(fmt::format("The owner's first API access token, shown this once{}:\n",
                           expires ? "; it expires on " + date_of(*expires) : ""));
  screen.print_secret("  ", token);
  screen.print(fmt::format("\nNext:\n\n  latchkey serve --data-dir {}", dir));
  screen.print(
      fmt::format("  export LATCHKEY_URL={} LATCHKEY_TOKEN=...   # the token above", address_of(settings)));
  screen.print("  latchkey keys create --description 'first key'\n");
  if (link) {
    screen.print("The owner signs in with a browser, once and within ten minutes, at:\n");
    screen.print_secret("  ", link->url);
  } else {
    screen.note("No link for a browser was made: " + link.error().message);
  }
  screen.print(fmt::format("\nLater: latchkey login-link --data-dir {}\n", dir));
  if (settings.root_key_file.empty() && settings.root_key.expose().empty()) {
    screen.print(
        fmt::format("Keep a copy of {}/root.key apart from backups of the database: without it they are "
                    "useless.",
                    dir));
  }
}

// On another connection: the tailnet is new, and there may be others.
Result<NewLoginLink> first_link(Screen& screen, const Settings& settings, const boost::json::object& made) {
  LocalDoorOptions options;
  options.settings = settings;
  options.tailnet = text_of(made, "tailnet");
  TRY(const auto api, open_watched(std::move(options), screen));
  return make_login_link(*api, settings);
}

}  // namespace

Result<Exit> init(Screen& screen, const InitFlags& flags) {
  const auto place = with_environment(flags.place);
  TRY(auto settings, settings_of(place));
  LocalDoorOptions options;
  options.settings = settings;
  options.may_create = true;
  TRY(const auto api, open_watched(std::move(options), screen));

  auto request = request_for("POST", "/api/local/tailnets");
  request.body = boost::json::object{{"tailnet", flags.tailnet}, {"owner", flags.owner}};
  TRY(const auto answer, api->send(request));
  TRY(const auto made, object_of(answer));
  const SecretString token(text_of(*made, "apiToken"));
  if (flags.output == OutputForm::table) {
    // The token is shown this once, whatever becomes of the link.
    welcome(screen, settings, *made, token, first_link(screen, settings, *made));
    return Exit::done;
  }
  boost::json::object shown(made->storage());
  shown["tailnet"] = text_of(*made, "tailnet");
  shown["owner"] = text_of(*made, "owner");
  shown["apiToken"] = token.expose();
  shown["url"] = address_of(settings);
  screen.print_json(shown);
  return Exit::done;
}

}  // namespace latchkey::app::commands
