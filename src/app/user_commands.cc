#include "app/user_commands.h"

#include "app/command_flags.h"
#include "app/command_tree.h"
#include "app/commands/users.h"

namespace latchkey::app {
namespace {

using namespace commands;

constexpr const char* kPerson = "Login name or id: mira@example.com, u...CNTRL";
constexpr const char* kRoles = "member|admin|it-admin|network-admin|billing-admin|auditor";

CLI::App& add_step(Tree& tree, CLI::App& group, const char* name, const char* sentence,
                   Result<Exit> (*run)(Screen&, const UsersFlags&), bool asks) {
  auto flags = std::make_shared<UsersFlags>();
  auto& app = server_command(tree, group, name, sentence, flags, run);
  app.add_option("PERSON", flags->people, kPerson)->required()->type_name("");
  if (asks) app.add_flag("--yes", flags->yes, "Do not ask");
  last_flags(app, *flags);
  return app;
}

void add_looking(Tree& tree, CLI::App& group) {
  auto list = std::make_shared<ListUsersFlags>();
  auto& list_app = server_command(tree, group, "list", "Lists the people of the tailnet", list, list_users);
  flag(list_app, "--role", list->role, "ROLE", "Only those with this role, such as it-admin");
  flag(list_app, "--status", list->status, "active|idle|suspended|needs-approval", "Only those");
  last_flags(list_app, *list);
  list_app.footer("  latchkey users list --status needs-approval");

  auto show = std::make_shared<UserFlags>();
  auto& show_app = server_command(tree, group, "show", "Shows one person", show, show_user);
  flag(show_app, "PERSON", show->person, "", kPerson)->required();
  last_flags(show_app, *show);
}

void add_standing(Tree& tree, CLI::App& group) {
  add_step(tree, group, "approve", "Lets in people who wait for it", approve_users, false);
  add_step(tree, group, "suspend", "Keeps people, their tokens, keys and devices from working", suspend_users,
           true)
      .footer("Nothing is lost: restore brings it all back. OAuth clients and webhooks go on.");
  add_step(tree, group, "restore", "Ends the suspension of people", restore_users, false);
  add_step(tree, group, "delete", "Deletes people with their tokens, keys and devices, for good",
           delete_users, true)
      .footer("Says where the policy file goes on naming them. Tagged devices stay.");

  auto role = std::make_shared<UserRoleFlags>();
  auto& role_app = server_command(tree, group, "role", "Gives a person a role", role, set_user_role);
  flag(role_app, "PERSON", role->person, "", kPerson)->required();
  flag(role_app, "ROLE", role->role, kRoles, "Which: it holds from the next request on")->required();
  last_flags(role_app, *role);

  auto heir = std::make_shared<TransferFlags>();
  auto& transfer_app =
      server_command(tree, group, "transfer-ownership", "Makes a person the owner, and the owner an admin",
                     heir, transfer_ownership);
  flag(transfer_app, "PERSON", heir->person, "", kPerson)->required();
  transfer_app.add_flag("--yes", heir->yes, "Do not ask");
  last_flags(transfer_app, *heir);
  transfer_app.footer("On the server's machine, with --data-dir: a token cannot give the tailnet away.");
}

void add_inviting(Tree& tree, CLI::App& group) {
  auto person = std::make_shared<AddUserFlags>();
  auto& add_app =
      server_command(tree, group, "add", "Adds a person, who can sign in from then on", person, add_user);
  flag(add_app, "LOGIN", person->login, "", "The login name, as the identity provider says it")->required();
  flag(add_app, "--name", person->name, "TEXT", "The name that is shown");
  flag(add_app, "--role", person->role, kRoles, "With which role; without it member");
  last_flags(add_app, *person);

  auto invite = std::make_shared<InviteFlags>();
  auto& invite_app = server_command(tree, group, "invite", "Makes a link by which somebody comes in, once",
                                    invite, invite_user);
  flag(invite_app, "--role", invite->role, kRoles, "With which role; without it member");
  flag(invite_app, "--email", invite->email, "ADDRESS", "For whom it is; this server sends no mail");
  last_flags(invite_app, *invite);
  invite_app.footer("Only the link goes to standard output. It is good for 90 days and shown this once.");

  auto list = std::make_shared<ListInvitesFlags>();
  last_flags(server_command(tree, group, "invites", "Lists the invites that nobody has accepted yet", list,
                            list_invites),
             *list);

  auto resend = std::make_shared<InviteIdFlags>();
  auto& resend_app =
      server_command(tree, group, "reinvite", "Makes another link for an invite; the one before ends", resend,
                     resend_invite);
  flag(resend_app, "ID", resend->id, "", "The invite's id: i...CNTRL")->required();
  last_flags(resend_app, *resend);

  auto withdraw = std::make_shared<InviteIdFlags>();
  auto& withdraw_app =
      server_command(tree, group, "uninvite", "Withdraws an invite", withdraw, delete_invite);
  flag(withdraw_app, "ID", withdraw->id, "", "The invite's id: i...CNTRL")->required();
  last_flags(withdraw_app, *withdraw);
}

}  // namespace

void add_users(Tree& tree) {
  auto& group = tree.group("users", "Lists, approves, suspends, deletes and invites people");
  add_looking(tree, group);
  add_standing(tree, group);
  add_inviting(tree, group);
}

}  // namespace latchkey::app
