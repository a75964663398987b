// latchkey offboard: shows what rests on a person, asks, and lets him go, as one act with a report.
#pragma once

#include <string>
#include <vector>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

struct OffboardFlags {
  ServerChoice server;
  std::string login;  // or the id
  bool dry_run = false;
  bool remove = false;  // instead of suspending
  std::string hand_over_to;
  std::vector<std::string> tags;
  std::vector<std::string> revoke;
  std::vector<std::string> rotate;
  std::string new_owner;
  std::string reason;
  std::string report;  // a file; JSON when it ends in .json, otherwise Markdown
  bool yes = false;
  OutputForm output = OutputForm::table;
};

// Why such flags make no sense; empty when they do.
std::string complaint_about(const OffboardFlags& flags);

Result<Exit> offboard(Screen& screen, const OffboardFlags& flags);

}  // namespace latchkey::app::commands
