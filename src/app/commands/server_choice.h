// Which server a command talks to, and how: by --url and a token, or by --data-dir on the server's machine.
// The environment fills in what no flag says.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/api_client.h"
#include "app/local_door.h"
#include "app/output.h"
#include "app/settings.h"

namespace latchkey::app::commands {

// A data directory and where its settings come from.
struct LocalPlace {
  std::string data_dir;
  std::string config;
};

struct ServerChoice {
  std::string url;
  std::string token_file;  // "-" is standard input
  std::string ca_file;
  std::string tailnet;
  std::string user;  // with a data directory
  LocalPlace place;
};

// Fills a place from LATCHKEY_DATA_DIR and LATCHKEY_CONFIG.
LocalPlace with_environment(LocalPlace place);
// Fills a choice from LATCHKEY_URL, LATCHKEY_TAILNET and the place's variables; a flag for one way in
// switches the other way's variables off, and LATCHKEY_URL goes before LATCHKEY_DATA_DIR.
ServerChoice with_environment(ServerChoice choice);

// Why such a choice, filled from the environment, cannot be followed; empty when it can.
std::string complaint_about(const ServerChoice& choice);
std::string complaint_about(const LocalPlace& place);

// Defaults, then the file, the environment and these flags.
Result<Settings> gather_settings(const std::string& config, const SettingTexts& flags);
Result<Settings> settings_of(const LocalPlace& place);

// A file, or standard input for "-". Nothing but the text without white space around it.
Result<SecretString> read_secret(const std::string& file, std::istream& in, std::string_view what);

// LocalDoor::open(), with progress shown for it and for every request that goes through it.
Result<std::unique_ptr<Api>> open_watched(LocalDoorOptions options, Screen& screen);

// The server of a choice that complaint_about() accepts. While it is waited for, the screen says so.
// may_start: whether a server may be started in this process when none runs on the data directory.
Result<std::unique_ptr<Api>> connect(const ServerChoice& choice, Screen& screen, bool may_start = true);

}  // namespace latchkey::app::commands
