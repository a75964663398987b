#include "core/identity/role.h"

#include <stdexcept>

namespace latchkey::identity {
namespace {

constexpr std::array<std::string_view, 7> kRoleNames{"owner",         "admin",   "network-admin", "it-admin",
                                                     "billing-admin", "auditor", "member"};

struct Row {
  Right right;
  std::array<Extent, 7> extents;  // in the order of kRoles
};

constexpr Extent no = Extent::none;
constexpr Extent own = Extent::own;
constexpr Extent ours = Extent::own_and_tailnet;
constexpr Extent held = Extent::held;
constexpr Extent all = Extent::all;

// clang-format off
constexpr Row kMatrix[] = {
    //                                  owner admin network it   billing auditor member
    {Right::sign_in,                   {own,  own,  own,  own,  own,  own,  own}},
    {Right::open_console,              {all,  all,  all,  all,  all,  all,  no}},
    {Right::read_people_and_machines,  {all,  all,  all,  all,  all,  all,  no}},
    {Right::read_audit_log,            {all,  all,  all,  all,  all,  all,  no}},
    {Right::read_keys,                 {all,  all,  ours, ours, all,  all,  no}},
    {Right::generate_api_tokens,       {all,  all,  all,  all,  no,   no,   no}},
    {Right::generate_auth_keys,        {all,  all,  all,  all,  no,   no,   no}},
    {Right::revoke_keys,               {all,  all,  own,  own,  no,   no,   no}},
    {Right::use_any_tag,               {all,  all,  all,  no,   no,   no,   no}},
    {Right::manage_trust_credentials,  {all,  all,  held, held, no,   no,   no}},
    {Right::manage_webhooks,           {all,  all,  all,  all,  no,   no,   no}},
    {Right::manage_provisioning,       {all,  all,  no,   all,  no,   no,   no}},
    {Right::manage_users,              {all,  all,  no,   all,  no,   no,   no}},
    {Right::manage_sessions,           {all,  all,  own,  all,  own,  own,  own}},
    {Right::manage_machines,           {all,  all,  no,   all,  no,   no,   no}},
    {Right::configure_features,        {all,  all,  no,   all,  no,   no,   no}},
    {Right::configure_network,         {all,  all,  all,  no,   no,   no,   no}},
    {Right::write_policy_file,         {all,  all,  all,  no,   no,   no,   no}},
    {Right::manage_log_streaming,      {all,  all,  all,  all,  no,   no,   no}},
    {Right::manage_tailnet_lock,       {all,  all,  no,   all,  no,   no,   no}},
    {Right::set_account_contact,       {all,  all,  no,   all,  no,   no,   no}},
    {Right::set_security_contact,      {all,  all,  no,   no,   no,   no,   no}},
    {Right::rename_tailnet,            {all,  all,  all,  no,   no,   no,   no}},
    {Right::manage_billing,            {all,  all,  no,   no,   all,  no,   no}},
    {Right::transfer_ownership,        {all,  no,   no,   no,   no,   no,   no}},
};
// clang-format on

}  // namespace

std::string_view to_string(Role role) {
  return kRoleNames.at(static_cast<std::size_t>(role));
}

std::optional<Role> role_from(std::string_view text) {
  for (const Role role : kRoles) {
    if (to_string(role) == text) return role;
  }
  return std::nullopt;
}

Extent extent_of(Role role, Right right) {
  for (const auto& row : kMatrix) {
    if (row.right == right) return row.extents.at(static_cast<std::size_t>(role));
  }
  throw std::logic_error("a right without a row in the role matrix");
}

}  // namespace latchkey::identity
