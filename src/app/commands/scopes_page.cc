#include "app/commands/scopes_page.h"

#include "core/identity/authorize.h"

namespace latchkey::app::commands {
namespace {

using identity::Extent;
using identity::Role;

std::string extent_word(Extent extent) {
  switch (extent) {
    case Extent::none:
      return "-";
    case Extent::own:
      return "own";
    case Extent::own_and_tailnet:
      return "own and the tailnet's";
    case Extent::held:
      return "within the role";
    case Extent::all:
      return "yes";
  }
  return {};
}

std::string code(const std::string& text) {
  return "`" + text + "`";
}

}  // namespace

std::string scopes_page() {
  std::string page =
      "# Scopes, operations and roles\n\n"
      "Printed by `latchkey docs`. People act with their role; OAuth clients and federated identities with "
      "their\n"
      "scopes. `X:read` reads, `X` reads and changes. Any one of the scopes of an operation is enough,\n"
      "unless it says `and`.\n\n"
      "## Scopes\n\n"
      "| scope | reading alone | allows |\n|---|---|---|\n";
  for (const auto& row : identity::scope_catalogue()) {
    const std::string name(row.name);
    page += "| " + (row.has_write ? code(name) : "-") + " | " + code(name + ":read") + " | " +
            std::string(row.allows) + " |\n";
  }
  page +=
      "\nScopes from before 14 November 2024 mean their successors: `devices` is `devices:core`,\n"
      "`devices:posture_attributes` and `auth_keys`; `routes` is `devices:routes`; `acl` is `policy_file`;\n"
      "`logs:read` is `logs:configuration:read`; `network-logs` is `logs:network`.\n\n"
      "## Operations\n\n| operation | scopes |";
  for (const auto role : identity::kRoles) page += " " + std::string(to_string(role)) + " |";
  page += "\n|---|---|" + [] {
    std::string columns;
    for ([[maybe_unused]] const auto role : identity::kRoles) columns += "---|";
    return columns;
  }() + "\n";
  for (const auto operation : identity::operations()) {
    page += "| " + std::string(to_string(operation)) + " | ";
    std::string scopes;
    for (const auto scope : identity::scopes_of(operation)) {
      if (!scopes.empty()) scopes += ", ";
      scopes += code(identity::to_string(scope));
    }
    if (const auto further = identity::further_scope_of(operation)) {
      scopes += " and " + code(identity::to_string(*further));
    }
    page += (scopes.empty() ? "people only" : scopes) + " |";
    for (const auto role : identity::kRoles)
      page += " " + extent_word(identity::reach_of(role, operation)) + " |";
    page += "\n";
  }
  page +=
      "\nWhich keys are reached is judged by the key too: auth keys by `auth_keys`, clients and the tokens "
      "they minted\n"
      "by `oauth_keys`, federated identities by `federated_keys`, API access tokens by `api_access_tokens`. "
      "Settings are\n"
      "judged one by one: `aclsExternallyManagedOn` and `aclsExternalLink` by `policy_file`, "
      "`networkFlowLoggingOn` by\n"
      "`logs:network`, `httpsEnabled` by `networking_settings`, all others by `feature_settings`.\n\n"
      "## What a role may hand out\n\n"
      "Owners and admins make trust credentials with any scope. The others only with these:\n\n| role | "
      "scopes |\n|---|---|\n";
  for (const auto role : {Role::network_admin, Role::it_admin}) {
    const auto held = identity::scopes_held_by(role);
    std::string scopes;
    for (const auto& row : identity::scope_catalogue()) {
      for (const auto access : {identity::ScopeAccess::write, identity::ScopeAccess::read}) {
        if (!row.has_write && access == identity::ScopeAccess::write) continue;
        if (!held.holds({row.family, access})) continue;
        if (!scopes.empty()) scopes += ", ";
        scopes += code(identity::to_string({row.family, access}));
        break;
      }
    }
    page += "| " + std::string(to_string(role)) + " | " + scopes + " |\n";
  }
  return page;
}

}  // namespace latchkey::app::commands
