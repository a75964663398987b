// latchkey sessions: who is signed in, and ending that.
#pragma once

#include <string>
#include <vector>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

struct ListSessionsFlags {
  ServerChoice server;
  std::string of;  // a login name; empty: all that you may see
  OutputForm output = OutputForm::table;
};

struct EndSessionsFlags {
  ServerChoice server;
  std::vector<std::string> ids;
  std::string all_of;  // a login name, instead of ids
  OutputForm output = OutputForm::table;
};

Result<Exit> list_sessions(Screen& screen, const ListSessionsFlags& flags);
// Why that cannot be done; empty when it can.
std::string complaint_about(const EndSessionsFlags& flags);
Result<Exit> end_sessions(Screen& screen, const EndSessionsFlags& flags);

}  // namespace latchkey::app::commands
