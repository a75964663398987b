#include "app/client_commands.h"

#include "app/command_flags.h"
#include "app/command_tree.h"
#include "app/commands/clients.h"
#include "app/commands/keys.h"

namespace latchkey::app {
namespace {

using namespace commands;

CLI::App& add_identity(Tree& tree, CLI::App& identities, const char* name, const char* sentence,
                       Result<Exit> (*run)(Screen&, const IdentityFlags&), bool changes) {
  auto flags = std::make_shared<IdentityFlags>();
  auto& app = server_command(tree, identities, name, sentence, flags, run);
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
  last_flags(app, *flags);
  return app;
}

}  // namespace

void add_clients(Tree& tree) {
  auto& clients = tree.group("clients", "Makes, lists, changes and rotates OAuth clients");
  auto create = std::make_shared<CreateClientFlags>();
  auto& create_app =
      server_command(tree, clients, "create", "Makes an OAuth client and shows its secret, this once", create,
                     create_client);
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
  last_flags(create_app, *create);
  create_app.footer(
      "Only the secret goes to standard output, so it can be piped into a store.\n"
      "  latchkey clients create --scope auth_keys --tag tag:ci --description 'ci runners'");

  auto list = std::make_shared<ListClientsFlags>();
  auto& list_app =
      server_command(tree, clients, "list", "Lists the OAuth clients, newest first", list, list_clients);
  last_flags(list_app, *list);

  auto show = std::make_shared<ShowKeyFlags>();
  auto& show_app = server_command(tree, clients, "show", "Shows all there is to know about an OAuth client",
                                  show, show_key);
  flag(show_app, "ID", show->id, "", "The client's id: k...CNTRL")->required();
  last_flags(show_app, *show);

  auto update = std::make_shared<UpdateClientFlags>();
  auto& update_app =
      server_command(tree, clients, "update", "Changes what an OAuth client may do", update, update_client);
  flag(update_app, "ID", update->id, "", "The client's id: k...CNTRL")->required();
  update_app.add_option("--description", update->description, "Another description")->type_name("TEXT");
  repeated(update_app, "--scope", update->scopes, "SCOPE", "Its scopes from now on, all of them");
  repeated(update_app, "--tag", update->tags, "tag:NAME", "Its tags from now on, all of them");
  update_app.add_flag("--no-tags", update->no_tags, "It has no tags from now on");
  update_app.add_flag("--device-tags-only,!--any-device", update->device_tags_only,
                      "Its tokens reach only devices with one of its tags");
  last_flags(update_app, *update);
  update_app.footer("What is not named stays. Tokens that it has minted lose what it loses.");

  auto rotate = std::make_shared<RotateClientFlags>();
  auto& rotate_app = server_command(tree, clients, "rotate", "Makes a new secret for an OAuth client", rotate,
                                    rotate_client);
  flag(rotate_app, "ID", rotate->id, "", "The client's id: k...CNTRL")->required();
  flag(rotate_app, "--overlap", rotate->overlap, "DURATION",
       "How long the old secret counts too; at most 30d")
      ->check(a_duration());
  last_flags(rotate_app, *rotate);
  rotate_app.footer(
      "Whether somebody still uses the old secret: latchkey clients show ID\n"
      "  latchkey clients rotate k...CNTRL --overlap 7d");

  auto revoke = std::make_shared<RevokeKeysFlags>();
  auto& revoke_app = server_command(
      tree, clients, "revoke", "Revokes OAuth clients and ends their access tokens", revoke, revoke_keys);
  revoke_app.add_option("ID", revoke->ids, "The client's id: k...CNTRL")->required()->type_name("");
  revoke_app.add_flag("--yes", revoke->yes, "Do not ask");
  last_flags(revoke_app, *revoke);
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
  auto& list_app = server_command(tree, identities, "list", "Lists the federated identities, newest first",
                                  list, list_identities);
  last_flags(list_app, *list);

  auto show = std::make_shared<ShowKeyFlags>();
  auto& show_app =
      server_command(tree, identities, "show", "Shows a federated identity, and why it last refused a token",
                     show, show_key);
  flag(show_app, "ID", show->id, "", "The identity's id: T...CNTRL-k...CNTRL")->required();
  last_flags(show_app, *show);

  auto revoke = std::make_shared<RevokeKeysFlags>();
  auto& revoke_app =
      server_command(tree, identities, "revoke", "Revokes federated identities and ends their access tokens",
                     revoke, revoke_keys);
  revoke_app.add_option("ID", revoke->ids, "The identity's id: T...CNTRL-k...CNTRL")
      ->required()
      ->type_name("");
  revoke_app.add_flag("--yes", revoke->yes, "Do not ask");
  last_flags(revoke_app, *revoke);
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

}  // namespace latchkey::app
