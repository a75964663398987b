// Roles by membership in groups. An administrator says which group makes its members what; never the owner.
// Judged when somebody enters or leaves such a group, and for those who are in it when the mapping is set.
#pragma once

#include <optional>
#include <span>

#include "core/identity/role.h"
#include "core/provisioning/switch.h"
#include "core/provisioning/users.h"

namespace latchkey::provisioning {

// The greatest of the roles that somebody's groups give, in the order of identity::kRoles.
std::optional<identity::Role> greatest(std::span<const identity::Role> roles);

// What somebody of role `now` is to be, when his groups gave him `before` and give him `after`. The owner
// stays. Who leaves the last such group falls back to member, unless he has another role than it gave him:
// then a person gave him that.
identity::Role role_after(identity::Role now, std::optional<identity::Role> before,
                          std::optional<identity::Role> after);

// Gives these people what their groups, as they are stored now, make them. `entered`: they just came into
// `group`; otherwise they just left it.
Result<void> judge_roles(core::Tx& tx, const identity::Caller& caller, const identity::Group& group,
                         bool entered, std::span<const identity::GroupMember> members, TimePoint now);

// Sets or takes away (nothing) what a group makes its members, and applies it. Forbidden for whoever is in
// the group: nobody gives himself a role. not_found: no such group.
Result<identity::Group> map_role(core::Tx& tx, const MayManage& may,
                                 const identity::Permit<Operation::change_user_role>& may_change_roles,
                                 const GroupId& id, std::optional<identity::Role> role, TimePoint now);

}  // namespace latchkey::provisioning
