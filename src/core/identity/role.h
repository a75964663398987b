// The seven roles, and what each may do: the role matrix as data.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace latchkey::identity {

// Names on the wire: owner, admin, network-admin, it-admin, billing-admin, auditor, member. Exactly one
// owner.
enum class Role { owner, admin, network_admin, it_admin, billing_admin, auditor, member };
inline constexpr std::array kRoles{Role::owner,         Role::admin,   Role::network_admin, Role::it_admin,
                                   Role::billing_admin, Role::auditor, Role::member};

std::string_view to_string(Role role);
std::optional<Role> role_from(std::string_view text);

// One row of the matrix each.
enum class Right {
  sign_in,  // at a browser, and connect devices there
  open_console,
  read_people_and_machines,
  read_audit_log,
  read_keys,
  generate_api_tokens,
  generate_auth_keys,
  revoke_keys,
  use_any_tag,
  manage_trust_credentials,
  manage_webhooks,
  manage_provisioning,
  manage_users,
  manage_sessions,
  manage_machines,
  configure_features,
  configure_network,
  write_policy_file,
  manage_log_streaming,
  manage_tailnet_lock,
  set_account_contact,
  set_security_contact,
  rename_tailnet,
  manage_billing,
  transfer_ownership,
};

// How far a right reaches. For most rights it is none or all; keys and trust credentials have steps between.
enum class Extent {
  none,
  own,              // things that the caller owns
  own_and_tailnet,  // those, and things that the tailnet itself owns
  held,             // within what the caller holds himself (scopes of trust credentials)
  all,
};

Extent extent_of(Role role, Right right);
inline bool may(Role role, Right right) {
  return extent_of(role, right) != Extent::none;
}

}  // namespace latchkey::identity
