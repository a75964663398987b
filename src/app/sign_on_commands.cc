#include "app/sign_on_commands.h"

#include "app/command_flags.h"
#include "app/command_tree.h"
#include "app/commands/login_link.h"
#include "app/commands/sessions.h"
#include "app/commands/sso.h"

namespace latchkey::app {
namespace {

using namespace commands;

constexpr const char* kId = "The provider's id, such as entra";

void member_flags(CLI::App& app, ProviderMembers& members) {
  flag(app, "--name", members.name, "TEXT", "What people read on the button; without it the id");
  flag(app, "--client-id", members.client_id, "TEXT", "As the provider calls this server");
  flag(app, "--secret-file", members.secret_file, "FILE",
       "Where the client secret is; - is standard input. It is never an argument");
  flag(app, "--login-claim", members.login_claim, "email|preferred_username|upn",
       "Which claim is compared with login names");
  flag(app, "--login-is-verified", members.login_is_verified, "true|false",
       "Trust the login claim although the provider does not say that it verified it, as Entra ID");
  repeated(app, "--domain", members.domains, "NAME",
           "A domain whose people the provider knows, such as example.com. Repeatable");
  repeated(app, "--scope", members.scopes, "NAME",
           "A scope to ask for besides openid, email and profile. Repeatable");
  flag(app, "--groups-claim", members.groups_claim, "NAME", "The claim with a person's groups");
  repeated(app, "--allowed-group", members.allowed_groups, "NAME",
           "Only members of such a group sign in. Repeatable; without it everybody");
}

void add_provider_making(Tree& tree, CLI::App& group) {
  auto made = std::make_shared<AddProviderFlags>();
  auto& add_app = server_command(tree, group, "add", "Sets up a provider, after asking it what it supports",
                                 made, add_provider);
  flag(add_app, "ID", made->id, "", "How to call it in addresses: small letters, digits, hyphens")
      ->required();
  flag(add_app, "--issuer", made->issuer, "URL", "Its issuer, exactly as its documents spell it")->required();
  member_flags(add_app, made->members);
  last_flags(add_app, *made);
  add_app.footer(
      "The client secret is read from --secret-file, else asked for or read from standard input.\n"
      "  latchkey sso providers add okta --issuer https://example.okta.com --client-id 0oa1 \\\n"
      "    --domain example.com < secret-file");

  auto update = std::make_shared<UpdateProviderFlags>();
  auto& update_app = server_command(tree, group, "update", "Changes a provider; sessions that it began end",
                                    update, update_provider);
  flag(update_app, "ID", update->id, "", kId)->required();
  member_flags(update_app, update->members);
  flag(update_app, "--enabled", update->enabled, "true|false", "Whether people may sign in with it");
  last_flags(update_app, *update);

  auto remove = std::make_shared<RemoveProvidersFlags>();
  auto& remove_app = server_command(tree, group, "remove", "Removes providers; sessions that they began end",
                                    remove, remove_providers);
  remove_app.add_option("ID", remove->ids, kId)->required()->type_name("");
  remove_app.add_flag("--yes", remove->yes, "Do not ask");
  last_flags(remove_app, *remove);
}

void add_provider_reading(Tree& tree, CLI::App& group) {
  auto list = std::make_shared<ListProvidersFlags>();
  last_flags(server_command(tree, group, "list", "Lists the providers", list, list_providers), *list);

  auto show = std::make_shared<ProviderFlags>();
  auto& show_app = server_command(
      tree, group, "show", "Shows all there is to know about a provider but its secret", show, show_provider);
  flag(show_app, "ID", show->id, "", kId)->required();
  last_flags(show_app, *show);

  auto check = std::make_shared<ProviderFlags>();
  auto& check_app = server_command(
      tree, group, "check", "Asks a provider what it supports and says what is wrong", check, check_provider);
  flag(check_app, "ID", check->id, "", kId)->required();
  last_flags(check_app, *check);
}

void add_sessions(Tree& tree) {
  auto& group = tree.group("sessions", "Lists who is signed in, and ends that");
  auto list = std::make_shared<ListSessionsFlags>();
  auto& list_app = server_command(tree, group, "list", "Lists sessions", list, list_sessions);
  flag(list_app, "--of", list->of, "LOGIN", "Only this person's");
  last_flags(list_app, *list);

  auto ended = std::make_shared<EndSessionsFlags>();
  auto& end_app =
      server_command(tree, group, "end", "Ends sessions: refused when this returns", ended, end_sessions);
  end_app.add_option("ID", ended->ids, "The session's id: s...CNTRL")->type_name("");
  flag(end_app, "--all-of", ended->all_of, "LOGIN", "All of this person's instead");
  last_flags(end_app, *ended);
}

}  // namespace

void add_sign_on(Tree& tree) {
  auto& group = tree.group("sso", "Says with which identity providers people sign in");
  auto* providers =
      group.add_subcommand("providers", "Lists, sets up, checks and removes identity providers");
  tree.adopt(*providers);
  add_provider_making(tree, *providers);
  add_provider_reading(tree, *providers);

  auto unlink = std::make_shared<UnlinkFlags>();
  auto& unlink_app = server_command(tree, group, "unlink",
                                    "Forgets with which identity a person signs in; their sessions end",
                                    unlink, unlink_person);
  flag(unlink_app, "LOGIN", unlink->login_name, "", "The person's login name")->required();
  last_flags(unlink_app, *unlink);

  add_sessions(tree);

  auto link = std::make_shared<LoginLinkFlags>();
  auto& link_app = tree.command<LoginLinkFlags>(
      tree.root(), "login-link", "Prints a link that signs one person in, once", link, login_link,
      [](LoginLinkFlags& filled) { return complaint_about(with_environment(filled.place)); });
  place_flags(link_app, link->place);
  flag(link_app, "--tailnet", link->tailnet, "NAME", "Which tailnet, when there are several");
  flag(link_app, "--user", link->user, "LOGIN", "For this person instead of the owner");
  output_flag(link_app, link->output);
  link_app.footer(
      "Good for ten minutes. Works when no identity provider does.\n"
      "  latchkey login-link --data-dir /var/lib/latchkey");
}

}  // namespace latchkey::app
