// latchkey docs: writes, or compares, the pages that are printed from tables in this program.
#pragma once

#include <string>

#include "app/commands/command_page.h"
#include "app/output.h"
#include "base/result.h"

namespace latchkey::app::commands {

struct DocsFlags {
  std::string directory;
  bool check = false;  // compare instead of writing
};

// Exit::failed, naming the pages, when --check finds one that differs.
Result<Exit> docs(Screen& screen, const DocsFlags& flags, const CommandPage& root);

}  // namespace latchkey::app::commands
