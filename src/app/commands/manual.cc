#include "app/commands/manual.h"

#include <fmt/format.h>

#include "base/text.h"

namespace latchkey::app::commands {
namespace {

struct Variable {
  const char* name;
  const char* sentence;
};

// What commands read besides the settings (docs/settings.md).
constexpr Variable kVariables[] = {
    {"LATCHKEY_URL", "The server's address, where --url is not given."},
    {"LATCHKEY_TOKEN", "The API access token, where --token-file is not given."},
    {"LATCHKEY_DATA_DIR", "The server's data directory, where --data-dir is not given."},
    {"LATCHKEY_WEBHOOK_SECRET",
     "The secret of webhooks listen and verify, where --secret-file is not given."},
    {"LATCHKEY_CONFIG", "The settings file, where --config is not given."},
    {"LATCHKEY_TAILNET", "The tailnet, where --tailnet is not given."},
    {"NO_COLOR", "Set to anything: no colour."},
};

constexpr const char* kAbout =
    "latchkey is a server that issues, checks, lists, expires and revokes the keys of a tailnet, and the "
    "command line "
    "for it. Commands reach a server over the network, by its address and an API access token, or on its own "
    "machine "
    "through its data directory, where no token is needed: a running server is asked through its local "
    "socket, and "
    "without one the command opens the database itself.";

constexpr const char* kNoTokenFlag =
    "There is no flag for a token: it would show in the process list. A secret is printed by the command "
    "that makes "
    "it, once, and by no other.";

constexpr const char* kExit = "0: done. 1: failed, with the reason on standard error. 2: wrong usage.";

constexpr const char* kDurations =
    "Durations are a number with d, h, m or s (90d, 12h, 30m, 45s); a plain number counts seconds.";

// Text for troff: no line may begin with a control character, and '-' is a minus.
std::string troff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

std::string flag_head(const FlagPage& flag) {
  return (flag.short_name.empty() ? "" : flag.short_name + ", ") + flag.name +
         (flag.value.empty() ? "" : " " + flag.value);
}

std::string remarks(const FlagPage& flag) {
  std::string text = flag.sentence;
  if (flag.required) text += " Required.";
  if (flag.repeats) text += " Repeatable.";
  return text;
}

std::string troff_flag(const FlagPage& flag) {
  return fmt::format(".TP\n\\fB{}\\fR\n{}\n", troff(flag_head(flag)), troff(remarks(flag)));
}

// Details: lines that begin with two spaces are examples.
std::string troff_details(const std::string& details) {
  std::string text;
  bool example = false;
  for (const auto line : split(details, '\n')) {
    const bool indented = line.starts_with("  ");
    if (indented != example) text += indented ? ".PP\n.nf\n" : ".fi\n.PP\n";
    example = indented;
    if (!line.empty()) text += troff(std::string(line)) + "\n";
  }
  return text + (example ? ".fi\n" : "");
}

std::string markdown_details(const std::string& details) {
  std::string text;
  bool example = false;
  for (const auto line : split(details, '\n')) {
    const bool indented = line.starts_with("  ");
    if (indented != example) text += indented ? "\n```sh\n" : "```\n";
    example = indented;
    text += std::string(indented ? line.substr(2) : line) + "\n";
  }
  return text + (example ? "```\n" : "");
}

std::string table_cell(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

// Pages that can be run, and so have a section of their own.
bool is_command(const CommandPage& page) {
  return page.commands.empty();
}

}  // namespace

std::string manual_troff(const CommandPage& root) {
  std::string text = fmt::format(
      ".\\\" Printed by latchkey docs; do not edit.\n.TH LATCHKEY 1 \"\" \"latchkey {}\" \"User Commands\"\n",
      LATCHKEY_VERSION);
  text += fmt::format(".SH NAME\nlatchkey \\- {}\n.SH SYNOPSIS\n", troff(root.sentence));
  for (const auto* page : all_pages(root)) {
    if (is_command(*page)) text += fmt::format(".B {}\n.br\n", troff(page->usage()));
  }
  text += fmt::format(".SH DESCRIPTION\n{}\n.PP\n{}\n.PP\n{}\n.SH COMMANDS\n", troff(kAbout),
                      troff(kNoTokenFlag), troff(kDurations));
  for (const auto* page : all_pages(root)) {
    if (!is_command(*page)) continue;
    text += fmt::format(".SS {}\n{}\n", troff(page->usage()), troff(page->sentence + "."));
    if (!page->details.empty()) text += ".PP\n" + troff_details(page->details);
    for (const auto& argument : page->arguments) text += troff_flag(argument);
    for (const auto& flag : page->flags) text += troff_flag(flag);
  }
  text += ".SH ENVIRONMENT\n";
  for (const auto& variable : kVariables) {
    text += fmt::format(".TP\n\\fB{}\\fR\n{}\n", variable.name, troff(variable.sentence));
  }
  return text +
         fmt::format("Every setting of the server has a variable too.\n.SH EXIT STATUS\n{}\n", troff(kExit));
}

std::string manual_markdown(const CommandPage& root) {
  std::string text = fmt::format(
      "# Command line\n\nPrinted from the table in `src/app/command_line.cc` by `latchkey docs`; do not "
      "edit.\n\n"
      "{}\n\n{}\n\n{} Exit codes are {}\n\n| variable | meaning |\n|---|---|\n",
      kAbout, kNoTokenFlag, kDurations, kExit);
  for (const auto& variable : kVariables)
    text += fmt::format("| `{}` | {} |\n", variable.name, variable.sentence);
  for (const auto* page : all_pages(root)) {
    if (!is_command(*page)) continue;
    text += fmt::format("\n## {}\n\n{}.\n\n```\n{}\n```\n", page->full_name(), page->sentence, page->usage());
    if (!page->details.empty()) text += "\n" + markdown_details(page->details);
    text += "\n| | |\n|---|---|\n";
    for (const auto& argument : page->arguments) {
      text += fmt::format("| `{}` | {} |\n", table_cell(flag_head(argument)), table_cell(remarks(argument)));
    }
    for (const auto& flag : page->flags) {
      text += fmt::format("| `{}` | {} |\n", table_cell(flag_head(flag)), table_cell(remarks(flag)));
    }
  }
  return text;
}

}  // namespace latchkey::app::commands
