// The parts from which the table of commands is made: CLI11 behind a few words of this program's own.
//
// Included by the files of the table alone, because CLI11 takes seconds to compile.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/commands/command_page.h"
#include "app/output.h"
#include "base/clock.h"
#include "base/moment.h"
#include "base/result.h"
#include "base/text.h"

namespace latchkey::app {

using Action = std::function<Result<Exit>(Screen&)>;

// Puts commands with flags into the tree, and remembers which of them the words named.
class Tree {
 public:
  Tree() : root_("issues, checks, lists and revokes the keys of a tailnet", "latchkey") {
    root_.option_defaults()->group("Flags");
    root_.set_help_flag("-h,--help", "Print this help")->group("Flags");
    root_.set_version_flag("--version", "latchkey " LATCHKEY_VERSION, "Print the version");
    prepare(root_);
  }

  CLI::App& root() { return root_; }
  const Action& chosen() const { return chosen_; }

  CLI::App& group(const char* name, const char* sentence) {
    CLI::App* command = root_.add_subcommand(name, sentence);
    adopt(*command);
    return *command;
  }
  // A group within a group.
  static void adopt(CLI::App& group) {
    group.group("Commands");
    group.get_help_ptr()->group("Flags");
    prepare(group);
  }

  // `run` is called with the filled flags; before it `complaint`, whose text, when there is any, is wrong
  // usage.
  template <class Flags>
  CLI::App& command(CLI::App& parent, const char* name, const char* sentence, std::shared_ptr<Flags> flags,
                    Result<Exit> (*run)(Screen&, const Flags&),
                    std::function<std::string(Flags&)> complaint = {}) {
    return add(parent, name, sentence, [this, flags, run, complaint] {
      if (complaint) {
        if (const auto wrong = complaint(*flags); !wrong.empty()) throw CLI::ValidationError(wrong);
      }
      chosen_ = [flags, run](Screen& screen) { return run(screen, *flags); };
    });
  }

  CLI::App& plain_command(const char* name, const char* sentence, Action run) {
    return add(root_, name, sentence, [this, run] { chosen_ = run; });
  }

 private:
  static CLI::App& add(CLI::App& parent, const char* name, const char* sentence,
                       std::function<void()> callback) {
    CLI::App* command = parent.add_subcommand(name, sentence)->group("Commands");
    command->get_help_ptr()->group("Flags");
    command->callback(std::move(callback));
    return *command;
  }

  // Of a command that only leads to others. What is set here goes on to those.
  static void prepare(CLI::App& app) {
    app.require_subcommand(1);
    app.get_formatter()->column_width(34);
    app.get_formatter()->label("OPTIONS", "FLAGS");
    app.get_formatter()->label("SUBCOMMAND", "COMMAND");
    app.get_formatter()->label("Positionals", "Arguments");
    app.get_formatter()->label("REQUIRED", "(required)");
  }

  CLI::App root_;
  Action chosen_;
};

// Checks with a complaint that says what was expected; shown without CLI11's own description.
inline CLI::Validator checked_by(std::function<std::string(const std::string&)> complaint) {
  return CLI::Validator([complaint = std::move(complaint)](std::string& text) { return complaint(text); },
                        "");
}

inline CLI::Validator one_of(std::string choices) {
  return checked_by([choices](const std::string& text) -> std::string {
    for (const auto choice : split(choices, '|')) {
      if (choice == text) return {};
    }
    return "must be one of " + choices;
  });
}

inline CLI::Validator a_duration() {
  return checked_by([](const std::string& text) {
    const auto parsed = parse_duration(text);
    return parsed ? std::string() : parsed.error().message;
  });
}

inline CLI::Validator a_moment() {
  return checked_by([](const std::string& text) {
    const auto parsed = parse_moment(text, SystemClock{}.now());
    return parsed ? std::string() : parsed.error().message;
  });
}

inline CLI::Option* flag(CLI::App& app, const char* name, std::string& into, const char* value,
                         const char* sentence) {
  CLI::Option* option = app.add_option(name, into, sentence)->type_name(value);
  if (std::string_view(value).find('|') != std::string_view::npos) option->check(one_of(value));
  return option;
}

// May be given several times, each time with one value.
inline CLI::Option* repeated(CLI::App& app, const char* name, std::vector<std::string>& into,
                             const char* value, const char* sentence) {
  return app.add_option(name, into, sentence)->type_name(value)->allow_extra_args(false);
}

inline commands::FlagPage page_of(const CLI::Option& option) {
  commands::FlagPage page;
  page.name = option.get_positional() ? option.get_name(true) : "--" + option.get_lnames().at(0);
  if (!option.get_snames().empty()) page.short_name = "-" + option.get_snames().front();
  page.value = option.get_items_expected_max() == 0 ? std::string() : option.get_type_name();
  page.sentence = option.get_description() + ".";
  page.required = option.get_required();
  page.repeats = option.get_items_expected_max() > 1;
  return page;
}

inline commands::CommandPage page_of(const CLI::App& app, std::vector<std::string> path) {
  path.push_back(app.get_name());
  commands::CommandPage page;
  page.path = path;
  page.sentence = app.get_description();
  page.details = app.get_footer();
  for (const auto* option : app.get_options()) {
    (option->get_positional() ? page.arguments : page.flags).push_back(page_of(*option));
  }
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    page.commands.push_back(page_of(*command, path));
  }
  return page;
}

// The command that the words named, for its help.
inline const CLI::App& named_command(const CLI::App& root) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return *app;
}

inline std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : full_name(*app.get_parent()) + " " + app.get_name();
}

// Unknown words may be secrets: only what looks like a flag is repeated, without its value.
inline std::string complaint_about_extras(const CLI::App& app) {
  std::string flags;
  for (const auto& word : app.remaining(true)) {
    if (word.starts_with("-")) flags += (flags.empty() ? "" : ", ") + word.substr(0, word.find('='));
  }
  if (flags.empty()) return "a word too many";
  if (flags.find("--token") != std::string::npos) {
    return "there is no --token: it would show in the process list; set LATCHKEY_TOKEN or use --token-file "
           "FILE";
  }
  return "unknown flag " + flags;
}

// Why no command was found below the one that the words named; empty when one was.
inline std::string complaint_about_command(const CLI::App& root) {
  const CLI::App& app = named_command(root);
  if (app.get_require_subcommand_min() == 0) return {};
  const auto words = root.remaining(true);
  if (words.empty()) return "name a command of " + full_name(app);
  // Anything else than a word in small letters might be a secret in the wrong place.
  const bool is_word = words.front().find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos;
  if (is_word && words.front().size() <= 20) return full_name(app) + " has no command " + words.front();
  return words.front().starts_with('-') ? complaint_about_extras(root)
                                        : full_name(app) + " has no such command";
}

}  // namespace latchkey::app
