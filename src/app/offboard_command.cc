#include "app/offboard_command.h"

#include <memory>

#include "app/command_flags.h"
#include "app/command_tree.h"
#include "app/commands/offboard.h"

namespace latchkey::app {

using commands::OffboardFlags;

void add_offboard(Tree& tree) {
  auto flags = std::make_shared<OffboardFlags>();
  auto& app = server_command(tree, tree.root(), "offboard",
                             "Lets a person go, with everything that rests on him, as one act", flags,
                             commands::offboard);
  flag(app, "LOGIN", flags->login, "", "His login name, or his id")->required();
  app.add_flag("--dry-run", flags->dry_run, "Only show what rests on him");
  app.add_flag("--delete", flags->remove, "Delete him, for good; without it he is suspended");
  flag(app, "--hand-over-to", flags->hand_over_to, "LOGIN", "Whose his devices are to be");
  repeated(app, "--tag", flags->tags, "tag:NAME", "Instead: a tag for his devices");
  app.add_option("--revoke", flags->revoke,
                 "Of what he made: clients, identities, webhooks, scim-key, or ids; with commas between")
      ->type_name("LIST")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--rotate", flags->rotate, "The same, for new secrets, which are shown this once")
      ->type_name("LIST")
      ->delimiter(',')
      ->allow_extra_args(false);
  flag(app, "--new-owner", flags->new_owner, "LOGIN", "When he is the tailnet's owner; with --data-dir");
  flag(app, "--reason", flags->reason, "TEXT", "Kept in the log");
  flag(app, "--report", flags->report, "FILE", "Where to write what was ended: Markdown, or JSON for .json");
  app.add_flag("--yes", flags->yes, "Do not ask");
  last_flags(app, *flags);
  app.footer(
      "It shows what rests on him and asks; without a terminal it needs --yes. What he made for the tailnet "
      "goes\n"
      "on unless it is named. docs/people.md says more.\n"
      "  latchkey offboard mira@example.com --dry-run\n"
      "  latchkey offboard mira@example.com --hand-over-to ben@example.com --rotate clients,webhooks \\\n"
      "    --report mira.md");
}

}  // namespace latchkey::app
