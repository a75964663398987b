#include "app/commands/server_choice.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <istream>

#include "base/text.h"

namespace latchkey::app::commands {
namespace {

constexpr std::size_t kLongestSecretFile = 4096;

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool is_header_text(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return true;
}

// Shows on a terminal what is being waited for.
class WatchedApi final : public Api {
 public:
  WatchedApi(std::unique_ptr<Api> inner, Screen& screen)
      : Api(inner->tailnet()), inner_(std::move(inner)), screen_(screen) {}

  Result<boost::json::value> send(const ApiRequest& request) override {
    const Progress progress(screen_, "waiting for the server");
    return inner_->send(request);
  }

 private:
  std::unique_ptr<Api> inner_;
  Screen& screen_;
};

// One line without white space around it: what a file or a variable holds beside the secret is an accident.
Result<SecretString> only_line(const SecretString& whole, std::string_view what) {
  const auto kept = trim(whole.expose());
  if (kept.empty()) return malformed(fmt::format("no {} was given", what));
  SecretString line{std::string(kept)};
  if (!is_header_text(line.expose())) return malformed(fmt::format("the {} must be one line", what));
  return line;
}

Result<SecretString> token_of(const ServerChoice& choice, Screen& screen) {
  if (!choice.token_file.empty()) return read_secret(choice.token_file, screen.in(), "API token");
  return only_line(SecretString(from_environment("LATCHKEY_TOKEN")), "API token");
}

Result<std::unique_ptr<Api>> connect_to_network(const ServerChoice& choice, Screen& screen) {
  TRY(auto token, token_of(choice, screen));
  TRY(auto client, ApiClient::over_network({choice.url, std::move(token), choice.tailnet, choice.ca_file}));
  return std::unique_ptr<Api>(std::make_unique<WatchedApi>(std::move(client), screen));
}

}  // namespace

LocalPlace with_environment(LocalPlace place) {
  if (place.data_dir.empty()) place.data_dir = from_environment("LATCHKEY_DATA_DIR");
  if (place.config.empty()) place.config = from_environment("LATCHKEY_CONFIG");
  return place;
}

ServerChoice with_environment(ServerChoice choice) {
  if (choice.url.empty() && choice.place.data_dir.empty()) choice.url = from_environment("LATCHKEY_URL");
  if (choice.url.empty()) choice.place = with_environment(std::move(choice.place));
  if (choice.tailnet.empty()) choice.tailnet = from_environment("LATCHKEY_TAILNET");
  return choice;
}

std::string complaint_about(const LocalPlace& place) {
  if (place.data_dir.empty())
    return "name the server's data directory with --data-dir DIR or LATCHKEY_DATA_DIR";
  return {};
}

std::string complaint_about(const ServerChoice& choice) {
  const bool local = !choice.place.data_dir.empty();
  if (!choice.url.empty() && local)
    return "--url and --data-dir exclude each other: they name two ways to a server";
  if (choice.url.empty() && !local) {
    return "name the server with --url URL or LATCHKEY_URL, or on its machine with --data-dir DIR";
  }
  if (!is_header_text(choice.tailnet) || !is_header_text(choice.user)) {
    return "--tailnet and --user must not hold control characters";
  }
  if (local) {
    return choice.token_file.empty() ? "" : "--token-file goes with --url: --data-dir needs no token";
  }
  if (!choice.user.empty()) return "--user goes with --data-dir: over the network the token decides who acts";
  if (auto wrong = complaint_about_url(choice.url); !wrong.empty()) return wrong;
  if (choice.token_file.empty() && from_environment("LATCHKEY_TOKEN").empty()) {
    return "no API token: set LATCHKEY_TOKEN, or name a file with --token-file ('-' is standard input)";
  }
  return {};
}

Result<Settings> gather_settings(const std::string& config, const SettingTexts& flags) {
  std::vector<SettingTexts> sources;
  if (!config.empty()) {
    TRY(auto file, read_settings_file(config));
    sources.push_back(std::move(file));
  }
  TRY(auto environment, settings_from_environment(environ));
  sources.push_back(std::move(environment));
  sources.push_back(flags);
  return make_settings(sources);
}

Result<Settings> settings_of(const LocalPlace& place) {
  return gather_settings(place.config, {{"data_dir", place.data_dir}});
}

Result<SecretString> read_secret(const std::string& file, std::istream& in, std::string_view what) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened)
      return malformed(fmt::format("cannot read the {} from {}: {}", what, file, std::strerror(errno)));
  }
  std::istream& source = file == "-" ? in : opened;
  std::string text(kLongestSecretFile + 1, '\0');
  source.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(source.gcount()));
  const SecretString whole(std::move(text));
  if (whole.expose().size() > kLongestSecretFile) return malformed(fmt::format("the {} is too long", what));
  return only_line(whole, what);
}

Result<std::unique_ptr<Api>> open_watched(LocalDoorOptions options, Screen& screen) {
  const Progress progress(screen, "opening " + options.settings.data_dir.string());
  TRY(auto door, LocalDoor::open(std::move(options)));
  return std::unique_ptr<Api>(std::make_unique<WatchedApi>(std::move(door), screen));
}

Result<std::unique_ptr<Api>> connect(const ServerChoice& choice, Screen& screen, bool may_start) {
  if (!choice.url.empty()) return connect_to_network(choice, screen);
  LocalDoorOptions options;
  TRY(options.settings, settings_of(choice.place));
  options.tailnet = choice.tailnet;
  options.user = choice.user;
  options.may_start = may_start;
  return open_watched(std::move(options), screen);
}

}  // namespace latchkey::app::commands
