#include "core/provisioning/role_mapping.h"

#include <algorithm>
#include <vector>

#include "core/identity/group_store.h"
#include "core/identity/user_store.h"
#include "core/people/standing.h"
#include "core/provisioning/act.h"
#include "core/tailnet/settings_store.h"

namespace latchkey::provisioning {
namespace {

using identity::Role;

std::vector<Role> roles_but(const std::vector<identity::Group>& groups, const GroupId& without) {
  std::vector<Role> roles;
  for (const auto& group : groups) {
    if (group.role && group.id != without) roles.push_back(*group.role);
  }
  return roles;
}

// `before` and `after`: what this group gives.
Result<void> judge_one(core::Tx& tx, const identity::Permit<Operation::change_user_role>& may,
                       const UserId& id, const GroupId& group, std::optional<Role> before,
                       std::optional<Role> after, TimePoint now) {
  const auto user = tx.users().find(may.tailnet(), id);
  if (!user) return {};
  const auto others = roles_but(tx.groups().groups_of(may.tailnet(), id), group);
  const auto with = [&](std::optional<Role> role) {
    auto roles = others;
    if (role) roles.push_back(*role);
    return greatest(roles);
  };
  const auto wanted = role_after(user->role, with(before), with(after));
  if (wanted == user->role) return {};
  TRY(people::change_role(tx, may, id, wanted, now));
  return {};
}

boost::json::value role_value(std::optional<Role> role) {
  return role ? boost::json::value(boost::json::string(to_string(*role))) : boost::json::value();
}

}  // namespace

std::optional<Role> greatest(std::span<const Role> roles) {
  if (roles.empty()) return std::nullopt;
  return *std::ranges::min_element(roles);
}

Role role_after(Role now, std::optional<Role> before, std::optional<Role> after) {
  if (now == Role::owner || after == Role::owner) return now;
  if (after) return *after;
  return before == now ? Role::member : now;
}

Result<void> judge_roles(core::Tx& tx, const identity::Caller& caller, const identity::Group& group,
                         bool entered, std::span<const identity::GroupMember> members, TimePoint now) {
  if (!group.role) return {};
  TRY(const auto may, identity::authorize<Operation::change_user_role>(caller));
  const auto none = std::optional<Role>();
  for (const auto& member : members) {
    if (member.is_group) continue;
    TRY(judge_one(tx, may, UserId(member.id), group.id, entered ? none : group.role,
                  entered ? group.role : none, now));
  }
  return {};
}

Result<identity::Group> map_role(core::Tx& tx, const MayManage& may,
                                 const identity::Permit<Operation::change_user_role>& may_change_roles,
                                 const GroupId& id, std::optional<Role> role, TimePoint now) {
  if (role == Role::owner) {
    return malformed("role cannot be owner: ownership is transferred by the owner alone", "role");
  }
  tx.settings().hold(may.tailnet());
  auto group = tx.groups().find(may.tailnet(), id);
  if (!group) return not_found("group not found");
  const auto members = tx.groups().members(may.tailnet(), id);
  const bool is_own = std::ranges::any_of(
      members, [&](const auto& member) { return !member.is_group && member.id == may.caller().user.str(); });
  if (is_own) return forbidden("you are in this group: somebody else must say what it makes its members");
  const auto was = group->role;
  if (was == role) return *std::move(group);
  group->role = role;
  auto act = act_on_group(*group, may.caller(), audit::Action::update, now);
  act.record.target.property = "USER_ROLE";
  act.record.old_value = role_value(was);
  act.record.new_value = role_value(role);
  tx.groups().update(*group, act);
  for (const auto& member : members) {
    if (member.is_group) continue;
    TRY(judge_one(tx, may_change_roles, UserId(member.id), id, was, role, now));
  }
  return *std::move(group);
}

}  // namespace latchkey::provisioning
