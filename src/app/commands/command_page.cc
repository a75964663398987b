#include "app/commands/command_page.h"

#include "base/text.h"

namespace latchkey::app::commands {

std::vector<std::string> FlagPage::choices() const {
  if (value.find('|') == std::string::npos) return {};
  std::vector<std::string> list;
  for (const auto choice : split(value, '|')) list.emplace_back(choice);
  return list;
}

std::string CommandPage::full_name() const {
  std::string text;
  for (const auto& word : path) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string CommandPage::usage() const {
  std::string text = full_name();
  if (!commands.empty()) return text + " COMMAND";
  for (const auto& flag : flags) {
    if (flag.required) text += " " + flag.name + " " + flag.value;
  }
  text += " [FLAGS]";
  for (const auto& argument : arguments) {
    const std::string name = argument.name + (argument.repeats ? "..." : "");
    text += argument.required ? " " + name : " [" + name + "]";
  }
  return text;
}

std::vector<const CommandPage*> all_pages(const CommandPage& page) {
  std::vector<const CommandPage*> pages{&page};
  for (const auto& below : page.commands) {
    const auto more = all_pages(below);
    pages.insert(pages.end(), more.begin(), more.end());
  }
  return pages;
}

}  // namespace latchkey::app::commands
