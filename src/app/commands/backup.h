// latchkey backup and latchkey restore: a SQLite database into one file, and back into an empty data
// directory. The root key is never part of it.
#pragma once

#include <string>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

struct BackupFlags {
  LocalPlace place;
  std::string out;
};

struct RestoreFlags {
  LocalPlace place;
  std::string from;
};

// Through the running server, or without one. Refuses a file that exists.
Result<Exit> backup(Screen& screen, const BackupFlags& flags);

// Refuses a directory that has a database or a running server. What does not open with the directory's root
// key is taken out again.
Result<Exit> restore(Screen& screen, const RestoreFlags& flags);

}  // namespace latchkey::app::commands
