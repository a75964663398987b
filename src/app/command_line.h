// The one table of commands: their flags, sentences and what they call. Help, completion scripts, the manual
// page and docs/cli.md are made from it.
#pragma once

#include "app/commands/command_page.h"
#include "app/output.h"

namespace latchkey::app {

// Parses, runs the command and says on the screen why it failed; the exit code of the process.
int run_command_line(int count, const char* const* words, Screen& screen);

// The table as plain values.
commands::CommandPage command_pages();

}  // namespace latchkey::app
