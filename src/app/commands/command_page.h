// The commands and their flags as plain values: what the manual page, docs/cli.md and the completion scripts
// are printed from. Made by walking the one table of commands (command_line.cc).
#pragma once

#include <string>
#include <vector>

namespace latchkey::app::commands {

struct FlagPage {
  std::string name;        // "--output"; of an argument "ID"
  std::string short_name;  // "-h", or empty
  std::string value;       // what it takes: "FILE", "table|json"; empty for a switch
  std::string sentence;
  bool required = false;
  bool repeats = false;

  // The values that a "table|json" allows; none for free text.
  std::vector<std::string> choices() const;
};

struct CommandPage {
  std::vector<std::string> path;  // {"latchkey", "keys", "create"}
  std::string sentence;
  std::string details;  // paragraphs and examples, may be empty
  std::vector<FlagPage> arguments;
  std::vector<FlagPage> flags;
  std::vector<CommandPage> commands;

  std::string name() const { return path.back(); }
  std::string full_name() const;  // "latchkey keys create"
  std::string usage() const;      // "latchkey keys create [FLAGS] ID..."
};

// The page itself and all below it, parents first.
std::vector<const CommandPage*> all_pages(const CommandPage& page);

}  // namespace latchkey::app::commands
