#include "core/identity/authorize.h"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

namespace latchkey::identity {
namespace {

// Upstream's text, which scripts look for.
constexpr std::string_view kRefused =
    "calling actor does not have enough permissions to perform this function";

enum class Callers {
  everyone,          // every authenticated caller whose role has the right
  local_or_console,  // not API tokens: a token must not be able to make its own successor
  session,           // a person at a browser alone
  local,             // on the server's machine alone
};

// Any one of up to four scopes is enough.
struct AnyOf {
  std::array<Scope, 4> scopes{};
  std::size_t count = 0;
};
template <typename... Each>
constexpr AnyOf any_of(Each... each) {
  return {{each...}, sizeof...(each)};
}
constexpr Scope read(ScopeFamily family) {
  return {family, ScopeAccess::read};
}
constexpr Scope write(ScopeFamily family) {
  return {family, ScopeAccess::write};
}

struct Row {
  Operation operation;
  std::string_view name;
  Right right;
  bool refusal_recorded;
  AnyOf scopes;  // none: not for trust credentials
  Callers callers = Callers::everyone;
  std::optional<Right> or_right = std::nullopt;  // is enough as well
  std::optional<Scope> further = std::nullopt;   // must be held besides
};

using enum ScopeFamily;
using enum Right;
using Op = Operation;

// Which of the key types a trust credential may see or end is judged again by the key
// (credentials/key_scopes.h); which settings, by the setting.
constexpr AnyOf kReadKeys =
    any_of(read(ScopeFamily::auth_keys), read(oauth_keys), read(federated_keys), read(api_access_tokens));
constexpr AnyOf kWriteKeys =
    any_of(write(ScopeFamily::auth_keys), write(oauth_keys), write(federated_keys), write(api_access_tokens));
constexpr AnyOf kReadSettings = any_of(read(feature_settings), read(ScopeFamily::policy_file),
                                       read(networking_settings), read(logs_network));
constexpr AnyOf kWriteSettings = any_of(write(feature_settings), write(ScopeFamily::policy_file),
                                        write(networking_settings), write(logs_network));

constexpr Row kOperations[] = {
    {Op::create_tailnet, "create tailnet", transfer_ownership, true, {}, Callers::local_or_console},
    {Op::create_auth_key, "create auth key", generate_auth_keys, true, any_of(write(ScopeFamily::auth_keys))},
    {Op::create_api_token,
     "create API access token",
     generate_api_tokens,
     true,
     {},
     Callers::local_or_console},
    {Op::create_trust_credential, "create trust credential", manage_trust_credentials, true,
     any_of(write(oauth_keys), write(federated_keys))},
    {Op::update_trust_credential, "change trust credential", manage_trust_credentials, true,
     any_of(write(oauth_keys), write(federated_keys))},
    {Op::list_keys, "list keys", Right::read_keys, false, kReadKeys},
    {Op::read_key, "read key", Right::read_keys, false, kReadKeys},
    {Op::revoke_key, "revoke key", revoke_keys, true, kWriteKeys},
    {Op::report_leak, "report leaked secrets", revoke_keys, true, kWriteKeys},
    {Op::list_users, "list users", read_people_and_machines, false, any_of(read(users))},
    {Op::read_user, "read user", read_people_and_machines, false, any_of(read(users))},
    {Op::create_user, "create user", manage_users, true, any_of(write(users))},
    {Op::approve_user, "approve user", manage_users, true, any_of(write(users))},
    {Op::suspend_user, "suspend user", manage_users, true, any_of(write(users))},
    {Op::restore_user, "restore user", manage_users, true, any_of(write(users))},
    {Op::delete_user, "delete user", manage_users, true, any_of(write(users))},
    {Op::change_user_role, "change role of user", manage_users, true, any_of(write(users))},
    {Op::update_user, "change user", manage_users, true, any_of(write(users))},
    // A token that leaked must not be able to give the tailnet away.
    {Op::transfer_ownership,
     "transfer ownership",
     Right::transfer_ownership,
     true,
     {},
     Callers::local_or_console},
    {Op::list_user_invites, "list invites", read_people_and_machines, false, any_of(read(users))},
    {Op::read_user_invite, "read invite", read_people_and_machines, false, any_of(read(users))},
    // Somebody invites: a machine's credential does not.
    {Op::create_user_invite, "invite user", manage_users, true, {}},
    {Op::resend_user_invite, "resend invite", manage_users, true, {}},
    {Op::delete_user_invite, "delete invite", manage_users, true, {}},
    {Op::read_provisioning, "read provisioning", Right::manage_provisioning, false, {}},
    {Op::manage_provisioning, "manage provisioning", Right::manage_provisioning, true, {}},
    // Of the identity provider alone: people map groups to roles, and do no more with them.
    {Op::manage_groups, "change groups", Right::manage_provisioning, true, {}},
    {Op::preview_offboarding, "preview offboarding", manage_users, false, any_of(write(users))},
    {Op::offboard, "offboard user", manage_users, true, any_of(write(users))},
    {Op::list_devices, "list devices", read_people_and_machines, false, any_of(read(devices_core))},
    {Op::read_device, "read device", read_people_and_machines, false, any_of(read(devices_core))},
    {Op::manage_device, "manage device", manage_machines, true, any_of(write(devices_core))},
    {Op::complete_device_login, "complete device login", manage_machines, true, {}},
    {Op::connect_device, "connect device", sign_in, true, {}, Callers::session},
    {Op::read_device_routes, "read device routes", read_people_and_machines, false,
     any_of(read(devices_routes))},
    {Op::set_device_routes, "set device routes", manage_machines, true, any_of(write(devices_routes)),
     Callers::everyone, configure_network},
    {Op::read_device_attributes, "read device attributes", read_people_and_machines, false,
     any_of(read(devices_posture_attributes))},
    {Op::write_device_attributes, "change device attributes", manage_machines, true,
     any_of(write(devices_posture_attributes))},
    {Op::read_audit_log, "read audit log", Right::read_audit_log, false, any_of(read(logs_configuration))},
    {Op::verify_audit_log, "verify audit log", Right::read_audit_log, false,
     any_of(read(logs_configuration))},
    {Op::back_up, "back up", transfer_ownership, true, {}, Callers::local_or_console},
    {Op::read_settings, "read settings", read_people_and_machines, false, kReadSettings},
    {Op::write_settings, "change settings", configure_features, true, kWriteSettings},
    {Op::read_dns, "read DNS configuration", read_people_and_machines, false, any_of(read(dns))},
    {Op::write_dns, "change DNS configuration", configure_network, true, any_of(write(dns))},
    {Op::read_contacts, "read contacts", read_people_and_machines, false, any_of(read(account_settings))},
    {Op::write_contact, "change contact", set_account_contact, true, any_of(write(account_settings))},
    {Op::write_security_contact, "change security contact", set_security_contact, true,
     any_of(write(account_settings))},
    {Op::read_posture, "read posture integrations", read_people_and_machines, false,
     any_of(read(feature_settings))},
    {Op::write_posture, "change posture integration", configure_features, true,
     any_of(write(feature_settings))},
    {Op::read_log_streaming, "read log streaming", manage_log_streaming, false, any_of(read(log_streaming))},
    {Op::write_log_streaming, "change log streaming", manage_log_streaming, true,
     any_of(write(log_streaming))},
    {Op::read_services, "read services", read_people_and_machines, false, any_of(read(services))},
    {Op::write_services, "change service", configure_network, true, any_of(write(services))},
    {Op::read_service_hosts, "read hosts of a service", read_people_and_machines, false,
     any_of(read(services)), Callers::everyone, std::nullopt, read(devices_core)},
    {Op::approve_service_host, "approve host of a service", manage_machines, true, any_of(write(services)),
     Callers::everyone, configure_network, write(devices_core)},
    {Op::read_policy, "read policy file", read_people_and_machines, false,
     any_of(read(ScopeFamily::policy_file))},
    {Op::write_policy, "write policy file", write_policy_file, true, any_of(write(ScopeFamily::policy_file))},
    // The address of an endpoint may be a secret: who may not manage them does not see them either.
    {Op::list_webhooks, "list webhook endpoints", manage_webhooks, false, any_of(read(webhooks))},
    {Op::read_webhook, "read webhook endpoint", manage_webhooks, false, any_of(read(webhooks))},
    {Op::create_webhook, "create webhook endpoint", manage_webhooks, true, any_of(write(webhooks))},
    {Op::update_webhook, "change webhook endpoint", manage_webhooks, true, any_of(write(webhooks))},
    {Op::rotate_webhook, "rotate webhook secret", manage_webhooks, true, any_of(write(webhooks))},
    {Op::test_webhook, "test webhook endpoint", manage_webhooks, true, any_of(write(webhooks))},
    {Op::delete_webhook, "delete webhook endpoint", manage_webhooks, true, any_of(write(webhooks))},
    {Op::read_webhook_deliveries, "read webhook deliveries", manage_webhooks, false, any_of(read(webhooks))},
    {Op::replay_webhook, "replay webhook deliveries", manage_webhooks, true, any_of(write(webhooks))},
    // Who may set up a provider decides who gets in: no credential of a machine does.
    {Op::read_sign_on, "read identity providers", configure_features, false, {}},
    {Op::write_sign_on, "change identity provider", configure_features, true, {}},
    {Op::read_identities, "read linked identities", read_people_and_machines, false, {}},
    {Op::unlink_identity, "unlink identity", manage_users, true, {}},
    {Op::list_sessions, "list sessions", manage_sessions, false, {}},
    {Op::end_session, "end session", manage_sessions, true, {}},
    {Op::create_login_link, "make one-time link", sign_in, true, {}, Callers::local},
};

// What everybody may do who may sign in, also who may not open the console.
constexpr Op kForEverySession[] = {Op::connect_device, Op::list_sessions, Op::end_session};

// All that the identity provider may do by SCIM, and all that the server does at a sign-in.
constexpr Op kForProvisioning[] = {Op::list_users, Op::read_user, Op::create_user, Op::update_user,
                                   Op::suspend_user, Op::restore_user, Op::delete_user, Op::manage_groups,
                                   // Only where an administrator said what a group makes its members.
                                   Op::change_user_role};
constexpr Op kForSignOn[] = {Op::create_user};

// What a scope amounts to for a person: who may not do it himself may not hand it out either.
struct ScopeRight {
  ScopeFamily family;
  Right read;
  Right write;
};
constexpr ScopeRight kScopeRights[] = {
    {account_settings, read_people_and_machines, set_security_contact},
    {api_access_tokens, Right::read_keys, revoke_keys},
    {ScopeFamily::auth_keys, Right::read_keys, generate_auth_keys},
    {device_invites, read_people_and_machines, manage_machines},
    {devices_core, read_people_and_machines, manage_machines},
    {devices_posture_attributes, read_people_and_machines, manage_machines},
    {devices_routes, read_people_and_machines, manage_machines},
    {dns, read_people_and_machines, configure_network},
    {feature_settings, read_people_and_machines, configure_features},
    {federated_keys, Right::read_keys, manage_trust_credentials},
    {log_streaming, Right::manage_log_streaming, Right::manage_log_streaming},
    {logs_configuration, Right::read_audit_log, Right::read_audit_log},
    {logs_network, Right::read_audit_log, configure_features},
    {networking_settings, read_people_and_machines, configure_features},
    {oauth_apps, manage_trust_credentials, manage_trust_credentials},
    {oauth_keys, Right::read_keys, manage_trust_credentials},
    {ScopeFamily::policy_file, read_people_and_machines, write_policy_file},
    {services, read_people_and_machines, configure_network},
    {tailnets, transfer_ownership, transfer_ownership},
    {users, read_people_and_machines, manage_users},
    {webhooks, manage_webhooks, manage_webhooks},
};

constexpr auto kAllOperations = [] {
  std::array<Operation, std::size(kOperations)> all{};
  std::ranges::transform(kOperations, all.begin(), &Row::operation);
  return all;
}();

const Row& row_of(Operation operation) {
  const auto* found = std::ranges::find(kOperations, operation, &Row::operation);
  if (found == std::end(kOperations)) throw std::logic_error("an operation without a row in the table");
  return *found;
}

bool is_in(std::span<const Op> list, Op operation) {
  return std::ranges::find(list, operation) != list.end();
}

Result<Extent> all_or_nothing(bool allowed) {
  if (!allowed) return forbidden(std::string(kRefused));
  return Extent::all;
}

}  // namespace

std::string_view to_string(Operation operation) {
  return row_of(operation).name;
}
Right right_of(Operation operation) {
  return row_of(operation).right;
}
std::vector<Scope> scopes_of(Operation operation) {
  const auto& any = row_of(operation).scopes;
  return {any.scopes.begin(), any.scopes.begin() + any.count};
}
std::optional<Scope> further_scope_of(Operation operation) {
  return row_of(operation).further;
}
std::span<const Operation> operations() {
  return kAllOperations;
}
bool refusal_is_recorded(Operation operation) {
  return row_of(operation).refusal_recorded;
}

Extent reach_of(Role role, Operation operation) {
  const Row& row = row_of(operation);
  const auto extent = extent_of(role, row.right);
  return extent == Extent::none && row.or_right ? extent_of(role, *row.or_right) : extent;
}

ScopeSet scopes_held_by(Role role) {
  std::vector<Scope> scopes;
  for (const auto& row : kScopeRights) {
    if (may(role, row.read)) scopes.push_back({row.family, ScopeAccess::read});
    if (may(role, row.write)) scopes.push_back({row.family, ScopeAccess::write});
  }
  return ScopeSet::of(scopes);
}

Result<Extent> detail::decide(const Caller& caller, Operation operation) {
  const Row& row = row_of(operation);
  if (caller.trust) {
    const auto& scopes = row.scopes.scopes;
    const auto held = [&](Scope scope) { return caller.trust->scopes.holds(scope); };
    const bool any = std::any_of(scopes.begin(), scopes.begin() + row.scopes.count, held);
    if (any && (!row.further || held(*row.further))) return Extent::all;
    return forbidden(std::string(kRefused));
  }
  if (caller.kind == Caller::Kind::provisioning) return all_or_nothing(is_in(kForProvisioning, operation));
  if (caller.kind == Caller::Kind::sign_on) return all_or_nothing(is_in(kForSignOn, operation));
  if (caller.kind == Caller::Kind::session && !may(caller.role, open_console) &&
      !is_in(kForEverySession, operation)) {
    return forbidden(std::string(kRefused));
  }
  if (row.callers == Callers::local_or_console && caller.kind == Caller::Kind::api_token) {
    return forbidden(
        "an API access token cannot do this: use the admin console, or the latchkey command on the server");
  }
  if (row.callers == Callers::session && caller.kind != Caller::Kind::session) {
    return forbidden("only a person at a browser can do this: sign in there");
  }
  if (row.callers == Callers::local && caller.kind != Caller::Kind::local_administrator) {
    return forbidden("only the latchkey command on the server's machine can do this, with --data-dir");
  }
  const Extent extent = reach_of(caller.role, operation);
  if (extent == Extent::none) return forbidden(std::string(kRefused));
  return extent;
}

}  // namespace latchkey::identity
