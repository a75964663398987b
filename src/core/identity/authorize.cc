#include "core/identity/authorize.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace latchkey::identity {
namespace {

enum class Callers {
  everyone,         // every authenticated caller whose role has the right
  local_or_console  // not API tokens: a token must not be able to make its own successor
};

struct Row {
  Operation operation;
  std::string_view name;
  Right right;
  bool refusal_recorded;
  Callers callers;
  std::optional<Right> or_right = std::nullopt;  // is enough as well
};

constexpr Row kOperations[] = {
    {Operation::create_tailnet, "create tailnet", Right::transfer_ownership, true, Callers::local_or_console},
    {Operation::create_auth_key, "create auth key", Right::generate_auth_keys, true, Callers::everyone},
    {Operation::create_api_token, "create API access token", Right::generate_api_tokens, true,
     Callers::local_or_console},
    {Operation::list_keys, "list keys", Right::read_keys, false, Callers::everyone},
    {Operation::read_key, "read key", Right::read_keys, false, Callers::everyone},
    {Operation::revoke_key, "revoke key", Right::revoke_keys, true, Callers::everyone},
    {Operation::list_devices, "list devices", Right::read_people_and_machines, false, Callers::everyone},
    {Operation::read_device, "read device", Right::read_people_and_machines, false, Callers::everyone},
    {Operation::manage_device, "manage device", Right::manage_machines, true, Callers::everyone},
    {Operation::set_device_routes, "set device routes", Right::manage_machines, true, Callers::everyone,
     Right::configure_network},
    {Operation::read_audit_log, "read audit log", Right::read_audit_log, false, Callers::everyone},
    {Operation::verify_audit_log, "verify audit log", Right::read_audit_log, false, Callers::everyone},
    {Operation::back_up, "back up", Right::transfer_ownership, true, Callers::local_or_console},
    {Operation::read_settings, "read settings", Right::read_people_and_machines, false, Callers::everyone},
    {Operation::write_settings, "change settings", Right::configure_features, true, Callers::everyone},
    {Operation::read_dns, "read DNS configuration", Right::read_people_and_machines, false,
     Callers::everyone},
    {Operation::write_dns, "change DNS configuration", Right::configure_network, true, Callers::everyone},
    {Operation::read_contacts, "read contacts", Right::read_people_and_machines, false, Callers::everyone},
    {Operation::write_contact, "change contact", Right::set_account_contact, true, Callers::everyone},
    {Operation::write_security_contact, "change security contact", Right::set_security_contact, true,
     Callers::everyone},
    {Operation::read_policy, "read policy file", Right::read_people_and_machines, false, Callers::everyone},
    {Operation::write_policy, "write policy file", Right::write_policy_file, true, Callers::everyone},
};

const Row& row_of(Operation operation) {
  const auto* found = std::ranges::find(kOperations, operation, &Row::operation);
  if (found == std::end(kOperations)) throw std::logic_error("an operation without a row in the table");
  return *found;
}

}  // namespace

std::string_view to_string(Operation operation) {
  return row_of(operation).name;
}
Right right_of(Operation operation) {
  return row_of(operation).right;
}
bool refusal_is_recorded(Operation operation) {
  return row_of(operation).refusal_recorded;
}

Result<Extent> detail::decide(const Caller& caller, Operation operation) {
  const Row& row = row_of(operation);
  if (row.callers == Callers::local_or_console && caller.kind == Caller::Kind::api_token) {
    return forbidden(
        "an API access token cannot do this: use the admin console, or the latchkey command on the server");
  }
  Extent extent = extent_of(caller.role, row.right);
  if (extent == Extent::none && row.or_right) extent = extent_of(caller.role, *row.or_right);
  // Upstream's text, which scripts look for.
  if (extent == Extent::none) {
    return forbidden("calling actor does not have enough permissions to perform this function");
  }
  return extent;
}

}  // namespace latchkey::identity
