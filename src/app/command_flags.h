// Flags that many commands share. Included by the files that hold the table of commands.
#pragma once

#include <memory>
#include <string>

#include "app/command_tree.h"
#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app {

using commands::LocalPlace;
using commands::ServerChoice;

inline void output_flag(CLI::App& app, OutputForm& into) {
  app.add_option_function<std::string>(
         "--output",
         [&into](const std::string& text) { into = text == "json" ? OutputForm::json : OutputForm::table; },
         "A table for people, or JSON for programs")
      ->type_name("table|json")
      ->check(one_of("table|json"));
}

inline void place_flags(CLI::App& app, LocalPlace& place) {
  flag(app, "--data-dir", place.data_dir, "DIR",
       "The server's data directory, on its machine (LATCHKEY_DATA_DIR)");
  flag(app, "--config", place.config, "FILE", "The server's settings file (LATCHKEY_CONFIG)");
}

inline void server_flags(CLI::App& app, ServerChoice& choice) {
  flag(app, "--url", choice.url, "URL", "The server's address (LATCHKEY_URL)");
  flag(app, "--token-file", choice.token_file, "FILE",
       "Where the API access token is (else LATCHKEY_TOKEN); - is standard input");
  flag(app, "--ca-file", choice.ca_file, "FILE",
       "Certificates of the authorities to trust, instead of the system's");
  place_flags(app, choice.place);
  flag(app, "--tailnet", choice.tailnet, "NAME", "Which tailnet, when there are several (LATCHKEY_TAILNET)");
  flag(app, "--user", choice.user, "LOGIN", "With --data-dir: act as this person instead of the owner");
}

// Why such flags, filled from the environment, are wrong usage: by their own complaint_about() when they have
// one, which then looks at the server too.
template <class Flags>
std::string server_complaint(Flags& flags) {
  flags.server = with_environment(flags.server);
  if constexpr (requires { complaint_about(flags); }) {
    return complaint_about(flags);
  } else {
    return complaint_about(flags.server);
  }
}

// A command that talks to a server; last_flags() says to which.
template <class Flags>
CLI::App& server_command(Tree& tree, CLI::App& group, const char* name, const char* sentence,
                         const std::shared_ptr<Flags>& flags, Result<Exit> (*run)(Screen&, const Flags&)) {
  return tree.command<Flags>(group, name, sentence, flags, run, server_complaint<Flags>);
}

template <class Flags>
void last_flags(CLI::App& app, Flags& flags) {
  server_flags(app, flags.server);
  output_flag(app, flags.output);
}

}  // namespace latchkey::app
