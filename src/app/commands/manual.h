// The manual, printed from the table of commands: latchkey(1) as troff, and docs/cli.md.
#pragma once

#include <string>

#include "app/commands/command_page.h"

namespace latchkey::app::commands {

std::string manual_troff(const CommandPage& root);
std::string manual_markdown(const CommandPage& root);

}  // namespace latchkey::app::commands
