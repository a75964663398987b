#include "app/commands/serve.h"

#include <sys/resource.h>
#include <unistd.h>

#include "app/commands/service_manager.h"
#include "app/commands/stop_signals.h"
#include "app/server.h"

namespace latchkey::app::commands {
namespace {

// A connection is a file: the limit that a shell sets is for a person.
void raise_open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Result<SettingTexts> texts_of(const ServeFlags& flags) {
  SettingTexts texts;
  for (const auto& pair : flags.set) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) return malformed("--set takes key=value");
    texts[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  const auto put = [&texts](const char* key, const std::string& text) {
    if (!text.empty()) texts[key] = text;
  };
  put("data_dir", flags.place.data_dir);
  put("listen", flags.listen);
  put("database", flags.database);
  put("public_url", flags.public_url);
  put("log.format", flags.log_format);
  put("log.level", flags.log_level);
  return texts;
}

Result<Settings> settings_for(const ServeFlags& flags) {
  TRY(const auto texts, texts_of(flags));
  TRY(auto settings, gather_settings(with_environment(flags.place).config, texts));
  if (settings.data_dir.empty()) return malformed(complaint_about(LocalPlace{}));
  return settings;
}

void warn_about_surroundings(const ServeFlags& flags, const Log& log) {
  for (const auto& name : unknown_variables(environ)) {
    log.warn("unknown environment variable: is it misspelt?", {{"name", name}});
  }
  bool shown = holds_password(flags.database);
  for (const auto& pair : flags.set) {
    shown = shown || (pair.starts_with("database=") && holds_password(pair.substr(pair.find('=') + 1)));
    shown = shown || pair.starts_with("root_key=");
  }
  if (shown) {
    log.warn(
        "a secret on the command line is visible in the process list: use the environment, such as "
        "LATCHKEY_DATABASE");
  }
}

}  // namespace

bool holds_password(const std::string& database) {
  if (database.find("password=") != std::string::npos) return true;
  const auto scheme = database.find("://");
  if (scheme == std::string::npos) return false;
  const std::string authority =
      database.substr(scheme + 3, database.find_first_of("/?", scheme + 3) - scheme - 3);
  const auto at = authority.rfind('@');
  return at != std::string::npos && authority.substr(0, at).find(':') != std::string::npos;
}

Result<Exit> serve(Screen& screen, const ServeFlags& flags) {
  const auto settings = settings_for(flags);
  if (!settings) {
    screen.complain(settings.error().message);
    return Exit::wrong_usage;
  }
  const StopSignals signals;
  const Log log(settings->log_level, settings->log_format);
  warn_about_surroundings(flags, log);
  raise_open_file_limit();

  TRY(const auto server, Server::open(*settings, log, Doors::all));
  server->start();
  log.info("listening", {{"url", server->url()}, {"version", LATCHKEY_VERSION}});
  tell_service_manager("READY=1");

  const int signal = signals.wait();
  signals.let_through();
  log.info("stopping", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
  tell_service_manager("STOPPING=1");
  server->stop();
  log.info("stopped");
  return Exit::done;
}

}  // namespace latchkey::app::commands
