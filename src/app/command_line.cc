#include "app/command_line.h"

#include <memory>
#include <sstream>

#include "app/command_flags.h"
#include "app/command_tree.h"
#include "app/commands/backup.h"
#include "app/commands/clients.h"
#include "app/commands/completion.h"
#include "app/commands/devices.h"
#include "app/commands/docs.h"
#include "app/commands/doctor.h"
#include "app/commands/init.h"
#include "app/commands/keys.h"
#include "app/commands/logs.h"
#include "app/commands/manual.h"
#include "app/commands/serve.h"
#include "app/commands/version.h"
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

void add_keys_create(Tree& tree, CLI::App& keys) {
  auto flags = std::make_shared<CreateKeyFlags>();
  auto& app = tree.command<CreateKeyFlags>(keys, "create", "Makes a key and shows it, this once", flags,
                                           create_key, [](CreateKeyFlags& filled) {
                                             filled.server = with_environment(filled.server);
                                             return complaint_about(filled);
                                           });
  flag(app, "--type", flags->type, "auth|api", "An auth key, or an API access token (with --data-dir only)");
  flag(app, "--description", flags->description, "TEXT", "At most 50 letters, digits, hyphens and spaces");
  flag(app, "--expires", flags->expires, "DURATION", "How long it lives, such as 90d or 12h")
      ->check(a_duration());
  app.add_flag("--reusable", flags->reusable, "Joins any number of devices instead of one");
  app.add_flag("--ephemeral", flags->ephemeral, "Its devices go away when they are offline");
  app.add_flag("--preauthorized", flags->preauthorized, "Its devices need no approval");
  repeated(app, "--tag", flags->tags, "tag:NAME", "A tag for its devices");
  app.add_option("--max-uses", flags->max_uses, "The most devices a reusable key joins")->type_name("N");
  repeated(app, "--allow-hostname", flags->allow_hostnames, "PATTERN",
           "Only devices with such a name; * is any run of characters");
  server_flags(app, flags->server);
  output_flag(app, flags->output);
  app.footer(
      "Only the key goes to standard output, so it can be piped into a store.\n"
      "  latchkey keys create --description 'ci runner' --reusable --expires 7d --tag tag:ci\n"
      "  latchkey keys create --type api --data-dir /var/lib/latchkey");
}

void add_keys(Tree& tree) {
  auto& keys = tree.group("keys", "Makes, lists, shows, revokes and checks keys");
  add_keys_create(tree, keys);

  auto list = std::make_shared<ListKeysFlags>();
  auto& list_app = tree.command<ListKeysFlags>(keys, "list", "Lists your keys, newest first", list, list_keys,
                                               server_complaint<ListKeysFlags>);
  list_app.add_flag("--all", list->all, "Everybody's keys that you may see");
  flag(list_app, "--matching", list->matching, "QUERY", "Only those that it means; docs/operations.md");
  server_flags(list_app, list->server);
  output_flag(list_app, list->output);

  auto show = std::make_shared<ShowKeyFlags>();
  auto& show_app =
      tree.command<ShowKeyFlags>(keys, "show", "Shows all there is to know about a key but its secret", show,
                                 show_key, server_complaint<ShowKeyFlags>);
  flag(show_app, "ID", show->id, "", "The key's id: k...CNTRL")->required();
  server_flags(show_app, show->server);
  output_flag(show_app, show->output);

  auto revoke = std::make_shared<RevokeKeysFlags>();
  auto& revoke_app =
      tree.command<RevokeKeysFlags>(keys, "revoke", "Revokes keys: they are refused when this returns",
                                    revoke, revoke_keys, [](RevokeKeysFlags& filled) {
                                      filled.server = with_environment(filled.server);
                                      return complaint_about(filled);
                                    });
  revoke_app.add_option("ID", revoke->ids, "The key's id: k...CNTRL")->type_name("");
  flag(revoke_app, "--matching", revoke->matching, "QUERY", "All that it means, at once; docs/operations.md");
  flag(revoke_app, "--reason", revoke->reason, "TEXT", "With --matching: kept in the log with each");
  revoke_app.add_flag("--dry-run", revoke->dry_run, "With --matching: only show which");
  revoke_app.add_flag("--yes", revoke->yes, "Do not ask");
  server_flags(revoke_app, revoke->server);
  output_flag(revoke_app, revoke->output);
  revoke_app.footer(
      "On a terminal it shows what would go first, with its last use, and asks. Without one, --matching "
      "needs "
      "--yes.\n"
      "  latchkey keys revoke --matching 'user:mira@example.com' --dry-run\n"
      "  latchkey keys revoke --matching 'from:203.0.113.0/24 used>2h' --reason 'stolen laptop' --yes");

  auto check = std::make_shared<CheckKeyFlags>();
  auto& check_app = tree.command<CheckKeyFlags>(
      keys, "check", "Tells a real key from noise, without a server", check, check_key);
  flag(check_app, "TEXT", check->text, "", "The key; without it, or with -, it is read from standard input");
  output_flag(check_app, check->output);
  check_app.footer(
      "Standard input keeps the key out of the process list and the shell's history.\n"
      "  latchkey keys check < key-file");
}

void add_clients(Tree& tree) {
  auto& clients = tree.group("clients", "Makes, lists, changes and rotates OAuth clients");
  auto create = std::make_shared<CreateClientFlags>();
  auto& create_app = tree.command<CreateClientFlags>(
      clients, "create", "Makes an OAuth client and shows its secret, this once", create, create_client,
      server_complaint<CreateClientFlags>);
  flag(create_app, "--description", create->terms.description, "TEXT",
       "At most 50 letters, digits, hyphens and spaces");
  create_app
      .add_option("--scope", create->terms.scopes, "What its tokens may do; docs/scopes.md. Repeatable")
      ->required()
      ->type_name("SCOPE");
  repeated(create_app, "--tag", create->terms.tags, "tag:NAME", "A tag that it may give");
  create_app.add_flag("--device-tags-only", create->terms.device_tags_only,
                      "Its tokens reach only devices with one of its tags");
  flag(create_app, "--expires", create->expires, "DURATION",
       "How long it lives; without it, it does not expire")
      ->check(a_duration());
  server_flags(create_app, create->server);
  output_flag(create_app, create->output);
  create_app.footer(
      "Only the secret goes to standard output, so it can be piped into a store.\n"
      "  latchkey clients create --scope auth_keys --tag tag:ci --description 'ci runners'");

  auto list = std::make_shared<ListClientsFlags>();
  auto& list_app = tree.command<ListClientsFlags>(clients, "list", "Lists the OAuth clients, newest first",
                                                  list, list_clients, server_complaint<ListClientsFlags>);
  server_flags(list_app, list->server);
  output_flag(list_app, list->output);

  auto show = std::make_shared<ShowKeyFlags>();
  auto& show_app =
      tree.command<ShowKeyFlags>(clients, "show", "Shows all there is to know about an OAuth client", show,
                                 show_key, server_complaint<ShowKeyFlags>);
  flag(show_app, "ID", show->id, "", "The client's id: k...CNTRL")->required();
  server_flags(show_app, show->server);
  output_flag(show_app, show->output);

  auto update = std::make_shared<UpdateClientFlags>();
  auto& update_app =
      tree.command<UpdateClientFlags>(clients, "update", "Changes what an OAuth client may do", update,
                                      update_client, server_complaint<UpdateClientFlags>);
  flag(update_app, "ID", update->id, "", "The client's id: k...CNTRL")->required();
  update_app.add_option("--description", update->description, "Another description")->type_name("TEXT");
  repeated(update_app, "--scope", update->scopes, "SCOPE", "Its scopes from now on, all of them");
  repeated(update_app, "--tag", update->tags, "tag:NAME", "Its tags from now on, all of them");
  update_app.add_flag("--no-tags", update->no_tags, "It has no tags from now on");
  update_app.add_flag("--device-tags-only,!--any-device", update->device_tags_only,
                      "Its tokens reach only devices with one of its tags");
  server_flags(update_app, update->server);
  output_flag(update_app, update->output);
  update_app.footer("What is not named stays. Tokens that it has minted lose what it loses.");

  auto rotate = std::make_shared<RotateClientFlags>();
  auto& rotate_app =
      tree.command<RotateClientFlags>(clients, "rotate", "Makes a new secret for an OAuth client", rotate,
                                      rotate_client, server_complaint<RotateClientFlags>);
  flag(rotate_app, "ID", rotate->id, "", "The client's id: k...CNTRL")->required();
  flag(rotate_app, "--overlap", rotate->overlap, "DURATION",
       "How long the old secret counts too; at most 30d")
      ->check(a_duration());
  server_flags(rotate_app, rotate->server);
  output_flag(rotate_app, rotate->output);
  rotate_app.footer(
      "Whether somebody still uses the old secret: latchkey clients show ID\n"
      "  latchkey clients rotate k...CNTRL --overlap 7d");

  auto revoke = std::make_shared<RevokeKeysFlags>();
  auto& revoke_app =
      tree.command<RevokeKeysFlags>(clients, "revoke", "Revokes OAuth clients and ends their access tokens",
                                    revoke, revoke_keys, server_complaint<RevokeKeysFlags>);
  revoke_app.add_option("ID", revoke->ids, "The client's id: k...CNTRL")->required()->type_name("");
  revoke_app.add_flag("--yes", revoke->yes, "Do not ask");
  server_flags(revoke_app, revoke->server);
  output_flag(revoke_app, revoke->output);
}

CLI::App& add_identity(Tree& tree, CLI::App& identities, const char* name, const char* sentence,
                       Result<Exit> (*run)(Screen&, const IdentityFlags&), bool changes) {
  auto flags = std::make_shared<IdentityFlags>();
  auto& app = tree.command<IdentityFlags>(identities, name, sentence, flags, run, [](IdentityFlags& filled) {
    filled.server = with_environment(filled.server);
    return complaint_about(filled);
  });
  if (changes) flag(app, "ID", flags->id, "", "The identity's id: T...CNTRL-k...CNTRL")->required();
  flag(app, "--issuer", flags->issuer, "URL", "Whose tokens it takes; their iss")->required();
  flag(app, "--subject", flags->subject, "PATTERN",
       "Whose tokens of these: their sub; * is any run of characters")
      ->required();
  flag(app, "--audience", flags->audience, "TEXT",
       "Their aud; without it one is made up, or the present one kept");
  repeated(app, "--claim", flags->claims, "NAME=PATTERN", "What another claim must be");
  app.add_option("--scope", flags->terms.scopes, "What its tokens may do; docs/scopes.md. Repeatable")
      ->required()
      ->type_name("SCOPE");
  repeated(app, "--tag", flags->terms.tags, "tag:NAME", "A tag that it may give");
  flag(app, "--description", flags->terms.description, "TEXT",
       "At most 50 letters, digits, hyphens and spaces");
  app.add_flag("--device-tags-only", flags->terms.device_tags_only,
               "Its tokens reach only devices with one of its tags");
  server_flags(app, flags->server);
  output_flag(app, flags->output);
  return app;
}

void add_identities(Tree& tree) {
  auto& identities = tree.group("identities", "Makes, lists and changes federated identities");
  add_identity(tree, identities, "create",
               "Makes a federated identity: workloads join with tokens of their issuer", create_identity,
               false)
      .footer(
          "  latchkey identities create --issuer https://token.actions.githubusercontent.com \\\n"
          "    --subject 'repo:example/*' --scope auth_keys --tag tag:ci");
  add_identity(tree, identities, "replace", "Replaces what a federated identity trusts and may do",
               replace_identity, true)
      .footer("As a whole: what is not named is cleared, but for the audience.");

  auto list = std::make_shared<ListClientsFlags>();
  auto& list_app =
      tree.command<ListClientsFlags>(identities, "list", "Lists the federated identities, newest first", list,
                                     list_identities, server_complaint<ListClientsFlags>);
  server_flags(list_app, list->server);
  output_flag(list_app, list->output);

  auto show = std::make_shared<ShowKeyFlags>();
  auto& show_app = tree.command<ShowKeyFlags>(identities, "show",
                                              "Shows a federated identity, and why it last refused a token",
                                              show, show_key, server_complaint<ShowKeyFlags>);
  flag(show_app, "ID", show->id, "", "The identity's id: T...CNTRL-k...CNTRL")->required();
  server_flags(show_app, show->server);
  output_flag(show_app, show->output);

  auto revoke = std::make_shared<RevokeKeysFlags>();
  auto& revoke_app = tree.command<RevokeKeysFlags>(
      identities, "revoke", "Revokes federated identities and ends their access tokens", revoke, revoke_keys,
      server_complaint<RevokeKeysFlags>);
  revoke_app.add_option("ID", revoke->ids, "The identity's id: T...CNTRL-k...CNTRL")
      ->required()
      ->type_name("");
  revoke_app.add_flag("--yes", revoke->yes, "Do not ask");
  server_flags(revoke_app, revoke->server);
  output_flag(revoke_app, revoke->output);
}

void add_token(Tree& tree) {
  auto flags = std::make_shared<TokenFlags>();
  auto& app =
      tree.command<TokenFlags>(tree.root(), "token", "Makes an access token of one hour from a client secret",
                               flags, mint_token, [](TokenFlags& filled) { return complaint_about(filled); });
  flag(app, "--url", flags->url, "URL", "The server's address (LATCHKEY_URL)");
  flag(app, "--ca-file", flags->ca_file, "FILE", "Certificates to trust instead of the system's");
  flag(app, "--secret-file", flags->secret_file, "FILE",
       "The client's secret; - is standard input (LATCHKEY_CLIENT_SECRET)");
  repeated(app, "--scope", flags->scopes, "SCOPE", "Only these of the client's scopes");
  repeated(app, "--tag", flags->tags, "tag:NAME", "Only these of the client's tags");
  output_flag(app, flags->output);
  app.footer(
      "Only the token goes to standard output.\n"
      "  LATCHKEY_TOKEN=$(latchkey token --secret-file client.secret --scope devices:core:read)");
}

// The acts that take any number of devices.
CLI::App& add_devices_act(Tree& tree, CLI::App& group, const char* name, const char* sentence,
                          const std::shared_ptr<DevicesFlags>& flags,
                          Result<Exit> (*run)(Screen&, const DevicesFlags&)) {
  auto& app = tree.command<DevicesFlags>(group, name, sentence, flags, run, server_complaint<DevicesFlags>);
  app.add_option("DEVICE", flags->devices, "Id, number or name")->required()->type_name("");
  server_flags(app, flags->server);
  output_flag(app, flags->output);
  return app;
}

// Those that change one device.
template <class Flags>
CLI::App& add_device_change(Tree& tree, CLI::App& group, const char* name, const char* sentence,
                            const std::shared_ptr<Flags>& flags, Result<Exit> (*run)(Screen&, const Flags&)) {
  auto& app = tree.command<Flags>(group, name, sentence, flags, run, server_complaint<Flags>);
  flag(app, "DEVICE", flags->device, "", "Id, number or name")->required();
  server_flags(app, flags->server);
  output_flag(app, flags->output);
  return app;
}

void add_devices(Tree& tree) {
  auto& devices = tree.group("devices", "Lists, shows and manages the devices of a tailnet");
  auto list = std::make_shared<ListDevicesFlags>();
  auto& list_app = tree.command<ListDevicesFlags>(devices, "list", "Lists the devices", list, list_devices,
                                                  server_complaint<ListDevicesFlags>);
  repeated(list_app, "--tag", list->tags, "tag:NAME", "Only those with this tag");
  flag(list_app, "--auth-key", list->auth_key, "ID", "Only those that are in by this auth key");
  server_flags(list_app, list->server);
  output_flag(list_app, list->output);

  add_device_change(tree, devices, "show", "Shows all there is to know about a device",
                    std::make_shared<ShowDeviceFlags>(), show_device);

  auto approve = std::make_shared<DevicesFlags>();
  auto& approve_app = add_devices_act(
      tree, devices, "approve",
      "Lets devices take part: by name or id, or by the address that a device without a key shows", approve,
      approve_devices);
  approve_app.add_flag("--undo", approve->undo, "Take the approval back");
  flag(approve_app, "--for", approve->person, "LOGIN",
       "Whose device it becomes that shows an address; without it yours");
  auto expire = std::make_shared<DevicesFlags>();
  auto& expire_app = add_devices_act(
      tree, devices, "expire", "Expires the keys of devices: they must log in again", expire, expire_devices);
  expire_app.add_flag("--yes", expire->yes, "Do not ask");
  flag(expire_app, "--in", expire->in, "DURATION", "After how long, such as 30m; without it now")
      ->check(a_duration());
  auto remove = std::make_shared<DevicesFlags>();
  add_devices_act(tree, devices, "remove", "Removes devices from the tailnet", remove, remove_devices)
      .add_flag("--yes", remove->yes, "Do not ask");

  auto rename = std::make_shared<RenameDeviceFlags>();
  flag(add_device_change(tree, devices, "rename", "Gives a device another name", rename, rename_device),
       "NAME", rename->name, "", "One label; without it the name is made from the host name again");
  auto tag = std::make_shared<TagDeviceFlags>();
  add_device_change(tree, devices, "tag", "Replaces the tags of a device, which then belongs to the tailnet",
                    tag, tag_device)
      .add_option("TAG", tag->tags, "A tag: tag:NAME")
      ->required()
      ->type_name("");
  auto routes = std::make_shared<DeviceRoutesFlags>();
  auto& routes_app = add_device_change(tree, devices, "routes", "Shows or sets the subnet routes of a device",
                                       routes, device_routes);
  repeated(routes_app, "--enable", routes->enable, "PREFIX", "A route to enable; all others are disabled");
  routes_app.add_flag("--none", routes->none, "Disable every route")->excludes("--enable");
  routes_app.footer(
      "0.0.0.0/0 makes it an exit node.\n"
      "  latchkey devices routes web1 --enable 10.0.0.0/16 --enable 10.1.0.0/16");
}

void add_logs(Tree& tree) {
  auto flags = std::make_shared<LogsFlags>();
  auto& app = tree.command<LogsFlags>(tree.root(), "logs", "Prints the audit log: who did what, oldest first",
                                      flags, logs, server_complaint<LogsFlags>);
  flag(app, "--since", flags->since, "TIME", "From then on: 24h (before now), or like 2026-01-05T10:00:00Z")
      ->check(a_moment());
  flag(app, "--until", flags->until, "TIME", "Up to then; now without it")->check(a_moment());
  repeated(app, "--actor", flags->actors, "ID", "Who did it: a user's id, or ~TEXT for part of a name");
  repeated(app, "--target", flags->targets, "TEXT", "To what: part of its id or name");
  repeated(app, "--event", flags->events, "EVENT", "What was done, such as API_KEY.CREATE");
  CLI::Option* follow = app.add_flag("--follow", flags->follow, "Go on with what happens from now on");
  follow->excludes("--until");
  server_flags(app, flags->server);
  output_flag(app, flags->output);
  app.footer("JSON is one entry a line.\n  latchkey logs --since 1h --event API_KEY.REVOKE --output json");

  auto& audit = tree.group("audit", "Checks the audit log");
  auto verify = std::make_shared<VerifyFlags>();
  auto& verify_app = tree.command<VerifyFlags>(audit, "verify", "Proves that nobody edited the audit log",
                                               verify, verify_audit, server_complaint<VerifyFlags>);
  server_flags(verify_app, verify->server);
  output_flag(verify_app, verify->output);
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
