// latchkey serve: runs the server until it is told to stop.
#pragma once

#include <string>
#include <vector>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

struct ServeFlags {
  LocalPlace place;
  std::string listen;
  std::string database;
  std::string public_url;
  std::string log_format;
  std::string log_level;
  std::vector<std::string> set;  // key=value
};

// Blocks SIGTERM and SIGINT for the calling thread and those it starts, and waits for one of them: the server
// then stops gracefully, and a second signal ends the process at once. Call it before any other thread
// exists.
Result<Exit> serve(Screen& screen, const ServeFlags& flags);

// Whether a PostgreSQL URL or keyword string carries a password.
bool holds_password(const std::string& database);

}  // namespace latchkey::app::commands
