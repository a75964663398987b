#include "app/key_commands.h"

#include "app/command_flags.h"
#include "app/command_tree.h"
#include "app/commands/keys.h"

namespace latchkey::app {
namespace {

using namespace commands;

void add_keys_create(Tree& tree, CLI::App& keys) {
  auto flags = std::make_shared<CreateKeyFlags>();
  auto& app = server_command(tree, keys, "create", "Makes a key and shows it, this once", flags, create_key);
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
  last_flags(app, *flags);
  app.footer(
      "Only the key goes to standard output, so it can be piped into a store.\n"
      "  latchkey keys create --description 'ci runner' --reusable --expires 7d --tag tag:ci\n"
      "  latchkey keys create --type api --data-dir /var/lib/latchkey");
}

}  // namespace

void add_keys(Tree& tree) {
  auto& keys = tree.group("keys", "Makes, lists, shows, revokes and checks keys");
  add_keys_create(tree, keys);

  auto list = std::make_shared<ListKeysFlags>();
  auto& list_app = server_command(tree, keys, "list", "Lists your keys, newest first", list, list_keys);
  list_app.add_flag("--all", list->all, "Everybody's keys that you may see");
  flag(list_app, "--matching", list->matching, "QUERY", "Only those that it means; docs/operations.md");
  last_flags(list_app, *list);

  auto show = std::make_shared<ShowKeyFlags>();
  auto& show_app = server_command(tree, keys, "show", "Shows all there is to know about a key but its secret",
                                  show, show_key);
  flag(show_app, "ID", show->id, "", "The key's id: k...CNTRL")->required();
  last_flags(show_app, *show);

  auto revoke = std::make_shared<RevokeKeysFlags>();
  auto& revoke_app = server_command(tree, keys, "revoke", "Revokes keys: they are refused when this returns",
                                    revoke, revoke_keys);
  revoke_app.add_option("ID", revoke->ids, "The key's id: k...CNTRL")->type_name("");
  flag(revoke_app, "--matching", revoke->matching, "QUERY", "All that it means, at once; docs/operations.md");
  flag(revoke_app, "--reason", revoke->reason, "TEXT", "With --matching: kept in the log with each");
  revoke_app.add_flag("--dry-run", revoke->dry_run, "With --matching: only show which");
  revoke_app.add_flag("--yes", revoke->yes, "Do not ask");
  last_flags(revoke_app, *revoke);
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

}  // namespace latchkey::app
