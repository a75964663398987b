#include "app/command_line.h"

#include <memory>
#include <sstream>

#include "app/client_commands.h"
#include "app/command_flags.h"
#include "app/command_tree.h"
#include "app/commands/backup.h"
#include "app/commands/completion.h"
#include "app/commands/docs.h"
#include "app/commands/doctor.h"
#include "app/commands/init.h"
#include "app/commands/logs.h"
#include "app/commands/manual.h"
#include "app/commands/serve.h"
#include "app/commands/version.h"
#include "app/device_commands.h"
#include "app/key_commands.h"
#include "app/offboard_command.h"
#include "app/provisioning_commands.h"
#include "app/sign_on_commands.h"
#include "app/user_commands.h"
#include "app/webhook_commands.h"

namespace latchkey::app {
namespace {

using namespace commands;

template <class Flags>
std::string place_complaint(Flags& flags) {
  return complaint_about(with_environment(flags.place));
}

void add_init(Tree& tree) {
  auto flags = std::make_shared<InitFlags>();
  auto& app =
      tree.command<InitFlags>(tree.root(), "init", "Makes a tailnet, its owner and a first API access token",
                              flags, init, place_complaint<InitFlags>);
  place_flags(app, flags->place);
  flag(app, "--tailnet", flags->tailnet, "NAME", "What the tailnet is called, such as example.com")
      ->required();
  flag(app, "--owner", flags->owner, "LOGIN", "The login name of its owner, such as mira@example.com")
      ->required();
  output_flag(app, flags->output);
  app.footer(
      "The directory is made when it is missing. A server may be running on it.\n"
      "  latchkey init --data-dir /var/lib/latchkey --tailnet example.com --owner mira@example.com");
}

void add_serve(Tree& tree) {
  auto flags = std::make_shared<ServeFlags>();
  auto& app =
      tree.command<ServeFlags>(tree.root(), "serve", "Runs the server until SIGTERM or SIGINT", flags, serve);
  place_flags(app, flags->place);
  flag(app, "--listen", flags->listen, "ADDR:PORT",
       "Address and port of the API; port 0 lets the kernel choose");
  flag(app, "--database", flags->database, "URL",
       "A PostgreSQL URL; with a password better in LATCHKEY_DATABASE");
  flag(app, "--public-url", flags->public_url, "URL", "The address that clients use, behind a proxy");
  flag(app, "--log-format", flags->log_format, "json|text", "How log lines look");
  flag(app, "--log-level", flags->log_level, "debug|info|warn|error", "The least level that is logged");
  repeated(app, "--set", flags->set, "KEY=VALUE", "Any other setting of docs/settings.md");
  app.footer(
      "Logs the event \"listening\" with its url when it is ready. A second signal ends it at once.\n"
      "  latchkey serve --data-dir /var/lib/latchkey --listen 127.0.0.1:8080");
}

void add_logs(Tree& tree) {
  auto flags = std::make_shared<LogsFlags>();
  auto& app = server_command(tree, tree.root(), "logs", "Prints the audit log: who did what, oldest first",
                             flags, logs);
  flag(app, "--since", flags->since, "TIME", "From then on: 24h (before now), or like 2026-01-05T10:00:00Z")
      ->check(a_moment());
  flag(app, "--until", flags->until, "TIME", "Up to then; now without it")->check(a_moment());
  repeated(app, "--actor", flags->actors, "ID", "Who did it: a user's id, or ~TEXT for part of a name");
  repeated(app, "--target", flags->targets, "TEXT", "To what: part of its id or name");
  repeated(app, "--event", flags->events, "EVENT", "What was done, such as API_KEY.CREATE");
  CLI::Option* follow = app.add_flag("--follow", flags->follow, "Go on with what happens from now on");
  follow->excludes("--until");
  last_flags(app, *flags);
  app.footer("JSON is one entry a line.\n  latchkey logs --since 1h --event API_KEY.REVOKE --output json");

  auto& audit = tree.group("audit", "Checks the audit log");
  auto verify = std::make_shared<VerifyFlags>();
  auto& verify_app =
      server_command(tree, audit, "verify", "Proves that nobody edited the audit log", verify, verify_audit);
  last_flags(verify_app, *verify);
}

void add_upkeep(Tree& tree) {
  auto out = std::make_shared<BackupFlags>();
  auto& backup_app = tree.command<BackupFlags>(
      tree.root(), "backup", "Copies the database into one file, also while the server runs", out, backup,
      place_complaint<BackupFlags>);
  place_flags(backup_app, out->place);
  flag(backup_app, "--out", out->out, "FILE", "The new file")->required();
  backup_app.footer("The root key is not in it and must be kept too. For PostgreSQL use pg_dump.");

  auto from = std::make_shared<RestoreFlags>();
  auto& restore_app = tree.command<RestoreFlags>(tree.root(), "restore",
                                                 "Puts a backup into a data directory without a database",
                                                 from, restore, place_complaint<RestoreFlags>);
  place_flags(restore_app, from->place);
  flag(restore_app, "--from", from->from, "FILE", "The backup")->required();
  restore_app.footer(
      "The root key that belongs to the backup must be in the directory first. For PostgreSQL use "
      "pg_restore.");

  auto look = std::make_shared<DoctorFlags>();
  auto& doctor_app =
      tree.command<DoctorFlags>(tree.root(), "doctor", "Checks the server's machine and says what to do",
                                look, doctor, place_complaint<DoctorFlags>);
  place_flags(doctor_app, look->place);
  flag(doctor_app, "--tailnet", look->tailnet, "NAME",
       "Whose audit log to check, when there are several tailnets");
  output_flag(doctor_app, look->output);
}

void add_papers(Tree& tree) {
  auto shown = std::make_shared<VersionFlags>();
  auto& version_app =
      tree.command<VersionFlags>(tree.root(), "version", "Prints the version", shown, version);
  output_flag(version_app, shown->output);

  auto shell = std::make_shared<std::string>();
  auto& completion_app =
      tree.plain_command("completion", "Prints a completion script for a shell", [shell](Screen& screen) {
        const auto pages = command_pages();
        screen.print(*shell == "bash"  ? bash_completion(pages)
                     : *shell == "zsh" ? zsh_completion(pages)
                                       : fish_completion(pages));
        return Result<Exit>(Exit::done);
      });
  flag(completion_app, "SHELL", *shell, "bash|zsh|fish", "Which shell")->required();
  completion_app.footer("  source <(latchkey completion bash)");

  tree.plain_command("man", "Prints the manual page",
                     [](Screen& screen) {
                       screen.print(manual_troff(command_pages()));
                       return Result<Exit>(Exit::done);
                     })
      .footer("  latchkey man | man -l -");

  auto pages = std::make_shared<DocsFlags>();
  auto& docs_app = tree.plain_command(
      "docs", "Writes the pages that are printed from tables: settings.md, cli.md, latchkey.1",
      [pages](Screen& screen) { return docs(screen, *pages, command_pages()); });
  flag(docs_app, "DIR", pages->directory, "", "Where they are")->required();
  docs_app.add_flag("--check", pages->check, "Compare instead of writing");
}

void fill(Tree& tree) {
  add_init(tree);
  add_serve(tree);
  add_keys(tree);
  add_clients(tree);
  add_identities(tree);
  add_token(tree);
  add_devices(tree);
  add_users(tree);
  add_webhooks(tree);
  add_sign_on(tree);
  add_provisioning(tree);
  add_offboard(tree);
  add_logs(tree);
  add_upkeep(tree);
  add_papers(tree);
}

int wrong_usage(Screen& screen, const CLI::App& root, const std::string& complaint) {
  screen.complain(complaint);
  screen.note("See: " + full_name(named_command(root)) + " --help");
  screen.flush();
  return static_cast<int>(Exit::wrong_usage);
}

int run(const Action& action, Screen& screen) {
  Exit exit = Exit::failed;
  try {
    const auto ended = action(screen);
    if (ended) {
      exit = *ended;
    } else {
      screen.complain(ended.error().message);
    }
  } catch (const std::exception& failed) {
    // The border: nobody above could say more.
    screen.complain(failed.what());
  }
  if (!screen.flush() && exit == Exit::done) {
    screen.complain("the output could not be written");
    exit = Exit::failed;
  }
  return static_cast<int>(exit);
}

}  // namespace

int run_command_line(int count, const char* const* words, Screen& screen) {
  Tree tree;
  fill(tree);
  auto& root = tree.root();
  try {
    root.parse(count, words);
  } catch (const CLI::Success& asked) {
    // Help or the version: CLI11 prints them through the same door as errors.
    std::ostringstream out;
    root.exit(asked, out, out);
    screen.print(trim(out.str()));
    return screen.flush() ? 0 : 1;
  } catch (const CLI::ExtrasError&) {
    return wrong_usage(screen, root, complaint_about_extras(root));
  } catch (const CLI::RequiredError& missing) {
    const auto unknown = complaint_about_command(root);
    return wrong_usage(screen, root, unknown.empty() ? missing.what() : unknown);
  } catch (const CLI::ParseError& wrong) {
    return wrong_usage(screen, root, wrong.what());
  }
  return run(tree.chosen(), screen);
}

CommandPage command_pages() {
  Tree tree;
  fill(tree);
  return page_of(tree.root(), {});
}

}  // namespace latchkey::app
