// latchkey logs and latchkey audit verify: what was done, by whom, and whether the record of it is whole.
#pragma once

#include <string>
#include <vector>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

struct LogsFlags {
  ServerChoice server;
  std::string since = "24h";
  std::string until;  // empty: now
  std::vector<std::string> actors;
  std::vector<std::string> targets;
  std::vector<std::string> events;
  bool follow = false;
  OutputForm output = OutputForm::table;
};

struct VerifyFlags {
  ServerChoice server;
  OutputForm output = OutputForm::table;
};

// With --follow it ends by a signal, or when the server cannot be asked any more.
Result<Exit> logs(Screen& screen, const LogsFlags& flags);

// Exit::failed when the chain of records is not whole.
Result<Exit> verify_audit(Screen& screen, const VerifyFlags& flags);

}  // namespace latchkey::app::commands
