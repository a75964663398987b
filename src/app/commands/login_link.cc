#include "app/commands/login_link.h"

#include <fmt/format.h>

#include "app/commands/json_fields.h"

namespace latchkey::app::commands {

std::string address_of(const Settings& settings) {
  if (!settings.public_url.empty()) {
    return settings.public_url.substr(0, settings.public_url.find_last_not_of('/') + 1);
  }
  return (settings.tls_certificate.empty() ? "http://" : "https://") + settings.listen;
}

Result<NewLoginLink> make_login_link(Api& api, const Settings& settings) {
  auto request = request_for("POST", "/api/console/login-links");
  request.body = boost::json::object();
  TRY(const auto answer, api.send(request));
  TRY(const auto* made, object_of(answer));
  auto url = text_of(*made, "url");
  auto path = text_of(*made, "path");
  if (url.empty()) url = address_of(settings) + path;
  return NewLoginLink{SecretString(std::move(url)), SecretString(std::move(path)),
                      text_of(*made, "loginName"), text_of(*made, "expires")};
}

Result<Exit> login_link(Screen& screen, const LoginLinkFlags& flags) {
  const auto place = with_environment(flags.place);
  TRY(const auto settings, settings_of(place));
  LocalDoorOptions options;
  options.settings = settings;
  options.tailnet = flags.tailnet;
  options.user = flags.user;
  TRY(const auto api, open_watched(std::move(options), screen));
  TRY(const auto made, make_login_link(*api, settings));
  if (flags.output == OutputForm::json) {
    screen.print_json(boost::json::object{{"url", made.url.expose()},
                                          {"path", made.path.expose()},
                                          {"loginName", made.login_name},
                                          {"expires", made.expires}});
    return Exit::done;
  }
  screen.note(fmt::format("Good once, for ten minutes, as {}. Whoever opens it is signed in as that person:",
                          printable(made.login_name)));
  screen.print_secret("", made.url);
  return Exit::done;
}

}  // namespace latchkey::app::commands
