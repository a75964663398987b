#include "app/provisioning_commands.h"

#include "app/command_flags.h"
#include "app/command_tree.h"
#include "app/commands/groups.h"
#include "app/commands/scim.h"

namespace latchkey::app {
namespace {

using namespace commands;

constexpr const char* kGroup = "The group's id (g...CNTRL) or its name";
constexpr const char* kRoles = "admin|network-admin|it-admin|billing-admin|auditor|member|none";

void add_scim(Tree& tree) {
  auto& group = tree.group("scim", "People and groups from an identity provider (SCIM)");

  auto status = std::make_shared<ScimFlags>();
  last_flags(server_command(tree, group, "status", "Shows whether provisioning is on, its key and its guard",
                            status, scim_status),
             *status);

  auto enable = std::make_shared<ScimFlags>();
  auto& enable_app = server_command(tree, group, "enable",
                                    "Enables provisioning and shows its key, this once", enable, enable_scim);
  last_flags(enable_app, *enable);
  enable_app.footer("Only the key goes to standard output. User approval is switched off.");

  auto disable = std::make_shared<DisableScimFlags>();
  auto& disable_app =
      server_command(tree, group, "disable", "Disables provisioning; people and groups stay as last synced",
                     disable, disable_scim);
  flag(disable_app, "--key", disable->key, "revoke|keep", "What becomes of the key; asked without it");
  disable_app.add_flag("--yes", disable->yes, "Do not ask; the key is revoked unless --key says otherwise");
  last_flags(disable_app, *disable);

  auto generate = std::make_shared<ScimKeyFlags>();
  auto& generate_app =
      server_command(tree, group, "generate-key", "Makes a new key; the present one ends at once", generate,
                     generate_scim_key);
  generate_app.add_flag("--yes", generate->yes, "Do not ask");
  last_flags(generate_app, *generate);

  auto revoke = std::make_shared<ScimKeyFlags>();
  auto& revoke_app = server_command(tree, group, "revoke-key", "Revokes the key", revoke, revoke_scim_key);
  revoke_app.add_flag("--yes", revoke->yes, "Do not ask");
  last_flags(revoke_app, *revoke);

  auto release = std::make_shared<ReleaseGuardFlags>();
  auto& release_app =
      server_command(tree, group, "release", "Lets the sync take away more people than the guard lets pass",
                     release, release_guard);
  flag(release_app, "--for", release->length, "DURATION", "For how long; at most 1d. Without it, an hour")
      ->check(a_duration());
  last_flags(release_app, *release);

  auto refuse = std::make_shared<ScimFlags>();
  last_flags(server_command(tree, group, "refuse",
                            "Refuses what the guard holds: the sync takes nobody away any more", refuse,
                            refuse_guard),
             *refuse);
}

void add_groups(Tree& tree) {
  auto& group = tree.group("groups", "Groups of people that an identity provider keeps in step");

  auto list = std::make_shared<ListGroupsFlags>();
  last_flags(server_command(tree, group, "list", "Lists the groups", list, list_groups), *list);

  auto show = std::make_shared<ShowGroupFlags>();
  auto& show_app = server_command(tree, group, "show", "Shows a group and its members", show, show_group);
  flag(show_app, "GROUP", show->group, "", kGroup)->required();
  last_flags(show_app, *show);

  auto role = std::make_shared<GroupRoleFlags>();
  auto& role_app =
      server_command(tree, group, "role", "Says which role a group gives its members", role, set_group_role);
  flag(role_app, "GROUP", role->group, "", kGroup)->required();
  flag(role_app, "ROLE", role->role, kRoles, "The role; none takes it away")->required();
  last_flags(role_app, *role);
  role_app.footer(
      "Whoever is in several such groups has the greatest of their roles. The owner stays the owner.");
}

}  // namespace

void add_provisioning(Tree& tree) {
  add_scim(tree);
  add_groups(tree);
}

}  // namespace latchkey::app
