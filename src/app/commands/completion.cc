#include "app/commands/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace latchkey::app::commands {
namespace {

// In single quotes for a POSIX shell.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string joined(const std::vector<std::string>& words, char separator = ' ') {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : std::string(1, separator)) + word;
  return text;
}

std::vector<std::string> command_names(const CommandPage& page) {
  std::vector<std::string> names;
  for (const auto& command : page.commands) names.push_back(command.name());
  return names;
}

std::vector<std::string> flag_names(const CommandPage& page) {
  std::vector<std::string> names;
  for (const auto& flag : page.flags) names.push_back(flag.name);
  return names;
}

// What the shell offers after a flag or for an argument.
enum class Offer { words, files, directories, nothing };

Offer offer_for(const FlagPage& flag) {
  if (!flag.choices().empty()) return Offer::words;
  if (flag.value == "FILE" || flag.name == "FILE") return Offer::files;
  if (flag.value == "DIR" || flag.name == "DIR") return Offer::directories;
  return Offer::nothing;
}

std::string bash_reply(const FlagPage& flag) {
  switch (offer_for(flag)) {
    case Offer::words:
      return fmt::format("COMPREPLY=($(compgen -W {} -- \"$cur\"))", quoted(joined(flag.choices())));
    case Offer::files:
      return "COMPREPLY=($(compgen -f -- \"$cur\"))";
    case Offer::directories:
      return "COMPREPLY=($(compgen -d -- \"$cur\"))";
    case Offer::nothing:
      return "COMPREPLY=()";
  }
  return "";
}

// Lines of a case statement: "path:--flag) reply; return ;;".
std::string bash_value_cases(const CommandPage& root) {
  std::string text;
  for (const auto* page : all_pages(root)) {
    for (const auto& flag : page->flags) {
      if (flag.value.empty()) continue;
      text += fmt::format("    {}) {}; return ;;\n", quoted(page->full_name() + ":" + flag.name),
                          bash_reply(flag));
    }
  }
  return text;
}

std::string bash_word_cases(const CommandPage& root) {
  std::string text;
  for (const auto* page : all_pages(root)) {
    auto words = command_names(*page);
    const auto flags = flag_names(*page);
    words.insert(words.end(), flags.begin(), flags.end());
    for (const auto& argument : page->arguments) {
      const auto choices = argument.choices();
      words.insert(words.end(), choices.begin(), choices.end());
    }
    text += fmt::format("    {}) words={} ;;\n", quoted(page->full_name()), quoted(joined(words)));
  }
  return text;
}

// Pages that have commands below them: where a word leads further down.
std::string bash_path_cases(const CommandPage& root) {
  std::vector<std::string> patterns;
  for (const auto* page : all_pages(root)) {
    if (page->path.size() > 1) patterns.push_back(quoted(page->full_name()));
  }
  return joined(patterns, '|');
}

// Text inside [brackets] of a zsh specification.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_action(const FlagPage& flag) {
  switch (offer_for(flag)) {
    case Offer::words:
      return "(" + joined(flag.choices()) + ")";
    case Offer::files:
      return "_files";
    case Offer::directories:
      return "_files -/";
    case Offer::nothing:
      return " ";
  }
  return "";
}

std::string zsh_function_name(const CommandPage& page) {
  return "_" + joined(page.path, '_');
}

std::string zsh_function(const CommandPage& page) {
  std::string text = zsh_function_name(page) + "() {\n";
  if (!page.commands.empty()) {
    text += "  local -a commands=(\n";
    for (const auto& command : page.commands) {
      text += fmt::format("    {}\n", quoted(command.name() + ":" + zsh_text(command.sentence)));
    }
    text += "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n";
    text += fmt::format("  local next={}_$words[2]\n", zsh_function_name(page));
    text += "  (( $+functions[$next] )) || return 1\n  shift words\n  (( CURRENT-- ))\n  $next\n}\n\n";
    return text;
  }
  text += "  _arguments";
  for (const auto& flag : page.flags) {
    std::string spec = fmt::format("{}{}[{}]", flag.repeats ? "*" : "", flag.name, zsh_text(flag.sentence));
    if (!flag.value.empty()) spec += fmt::format(":{}:{}", zsh_text(flag.value), zsh_action(flag));
    text += " \\\n    " + quoted(spec);
  }
  for (const auto& argument : page.arguments) {
    text += " \\\n    " + quoted(fmt::format("{}:{}:{}", argument.repeats ? "*" : "", zsh_text(argument.name),
                                             zsh_action(argument)));
  }
  return text + "\n}\n\n";
}

std::string fish_condition(const CommandPage& page) {
  if (page.path.size() == 1) return "__fish_use_subcommand";
  std::string text;
  for (std::size_t at = 1; at < page.path.size(); ++at) {
    text += (text.empty() ? "" : "; and ") + std::string("__fish_seen_subcommand_from ") + page.path[at];
  }
  if (!page.commands.empty()) text += "; and not __fish_seen_subcommand_from " + joined(command_names(page));
  return text;
}

std::string fish_line(const CommandPage& page, const FlagPage& flag) {
  std::string line =
      fmt::format("complete -c latchkey -n {} -l {}", quoted(fish_condition(page)), flag.name.substr(2));
  if (!flag.short_name.empty()) line += " -s " + flag.short_name.substr(1);
  if (!flag.value.empty()) {
    switch (offer_for(flag)) {
      case Offer::words:
        line += " -x -a " + quoted(joined(flag.choices()));
        break;
      case Offer::files:
        line += " -r -F";
        break;
      case Offer::directories:
        line += " -x -a '(__fish_complete_directories)'";
        break;
      case Offer::nothing:
        line += " -x";
        break;
    }
  }
  return line + " -d " + quoted(flag.sentence) + "\n";
}

}  // namespace

std::string bash_completion(const CommandPage& root) {
  return fmt::format(R"(# bash completion for latchkey. Load it with: source <(latchkey completion bash)
_latchkey() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} path=latchkey word words=
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$path $word" in
      {}) path="$path $word" ;;
    esac
  done
  case "$path:$prev" in
{}  esac
  case "$path" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}}
complete -F _latchkey latchkey
)",
                     bash_path_cases(root), bash_value_cases(root), bash_word_cases(root));
}

std::string zsh_completion(const CommandPage& root) {
  std::string text =
      "#compdef latchkey\n# zsh completion for latchkey. Put it into a directory of $fpath as _latchkey.\n\n";
  for (const auto* page : all_pages(root)) text += zsh_function(*page);
  return text +
         "if [ \"$funcstack[1]\" = _latchkey ]; then\n  _latchkey \"$@\"\nelse\n  compdef _latchkey "
         "latchkey\nfi\n";
}

std::string fish_completion(const CommandPage& root) {
  std::string text =
      "# fish completion for latchkey. Load it with: latchkey completion fish | source\ncomplete -c latchkey "
      "-f\n";
  for (const auto* page : all_pages(root)) {
    for (const auto& command : page->commands) {
      text += fmt::format("complete -c latchkey -n {} -a {} -d {}\n", quoted(fish_condition(*page)),
                          command.name(), quoted(command.sentence));
    }
    for (const auto& flag : page->flags) text += fish_line(*page, flag);
    for (const auto& argument : page->arguments) {
      if (argument.choices().empty()) continue;
      text += fmt::format("complete -c latchkey -n {} -a {}\n", quoted(fish_condition(*page)),
                          quoted(joined(argument.choices())));
    }
  }
  return text;
}

}  // namespace latchkey::app::commands
