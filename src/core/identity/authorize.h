// The one decision point: may this caller do that?
//
// authorize() is a pure function over the role matrix and the scopes, and the only maker of a Permit. A use
// case takes the Permit of its own operation, so a forgotten check does not compile, and a permit for one
// operation does not fit another.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/identity/caller.h"
#include "core/identity/role.h"
#include "core/identity/scope.h"

namespace latchkey::identity {

// Every operation that needs a permit. `authorize.cc` has the one table: name, right, scopes, whether a
// refusal is recorded in the audit log.
enum class Operation {
  create_tailnet,
  create_auth_key,
  create_api_token,
  create_trust_credential,
  update_trust_credential,
  list_keys,
  read_key,
  revoke_key,
  report_leak,
  list_users,
  read_user,
  create_user,
  approve_user,
  suspend_user,
  restore_user,
  delete_user,
  change_user_role,
  update_user,
  transfer_ownership,
  list_user_invites,
  read_user_invite,
  create_user_invite,
  resend_user_invite,
  delete_user_invite,
  read_provisioning,
  manage_provisioning,
  manage_groups,
  preview_offboarding,
  offboard,
  list_devices,
  read_device,
  manage_device,
  complete_device_login,
  connect_device,  // one's own, by a session
  read_device_routes,
  set_device_routes,
  read_device_attributes,
  write_device_attributes,
  read_audit_log,
  verify_audit_log,
  back_up,
  read_settings,
  write_settings,
  read_dns,
  write_dns,
  read_contacts,
  read_posture,
  write_posture,
  read_log_streaming,
  write_log_streaming,
  read_services,
  write_services,
  read_service_hosts,
  approve_service_host,
  write_contact,  // account and support
  write_security_contact,
  read_policy,
  write_policy,
  list_webhooks,
  read_webhook,
  create_webhook,
  update_webhook,
  rotate_webhook,
  test_webhook,
  delete_webhook,
  read_webhook_deliveries,
  replay_webhook,
  read_sign_on,
  write_sign_on,
  read_identities,
  unlink_identity,
  list_sessions,
  end_session,
  create_login_link,
};

std::string_view to_string(Operation operation);  // "create auth key": for the log and refusals
Right right_of(Operation operation);
// Any one of these is enough for a trust credential; none: it cannot do this at all.
std::vector<Scope> scopes_of(Operation operation);
// Which it must hold besides.
std::optional<Scope> further_scope_of(Operation operation);
std::span<const Operation> operations();
// How far a person of this role gets with it.
Extent reach_of(Role role, Operation operation);
// What a person of this role may hand out to a trust credential, when his right to make one is `held`.
ScopeSet scopes_held_by(Role role);
// Refused writes are configuration events (credentials reference 7.1); refused reads are not.
bool refusal_is_recorded(Operation operation);

template <Operation operation>
class Permit;

template <Operation operation>
Result<Permit<operation>> authorize(const Caller& caller);

namespace detail {
// Nothing when refused.
Result<Extent> decide(const Caller& caller, Operation operation);
}  // namespace detail

template <Operation operation>
class Permit {
 public:
  const Caller& caller() const noexcept { return caller_; }
  const TailnetId& tailnet() const noexcept { return caller_.tailnet; }

  // Whether the permit reaches a thing with this owner; an empty owner means the tailnet.
  bool reaches(const UserId& owner) const {
    switch (extent_) {
      case Extent::all:
        return true;
      case Extent::own_and_tailnet:
        return owner.empty() || owner == caller_.user;
      case Extent::own:
        return owner == caller_.user && !owner.empty();
      case Extent::held:
      case Extent::none:
        return false;
    }
    return false;
  }

 private:
  friend Result<Permit> authorize<operation>(const Caller& caller);
  Permit(Caller caller, Extent extent) : caller_(std::move(caller)), extent_(extent) {}

  Caller caller_;
  Extent extent_;
};

template <Operation operation>
Result<Permit<operation>> authorize(const Caller& caller) {
  TRY(const Extent extent, detail::decide(caller, operation));
  return Permit<operation>(caller, extent);
}

}  // namespace latchkey::identity
