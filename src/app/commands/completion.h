// latchkey completion: scripts that complete commands, flags and their fixed values in a shell.
#pragma once

#include <string>

#include "app/commands/command_page.h"

namespace latchkey::app::commands {

std::string bash_completion(const CommandPage& root);
std::string zsh_completion(const CommandPage& root);
std::string fish_completion(const CommandPage& root);

}  // namespace latchkey::app::commands
