// Groups, as an identity provider reads and writes them by SCIM. A member that does not exist here is left
// out (or refused, by the rules): a dead id must not stop a whole group, and leaving out never gives access.
#pragma once

#include "core/identity/group.h"
#include "core/provisioning/users.h"

namespace latchkey::provisioning {

// Groups of a tailnet.
inline constexpr std::int64_t kMaxGroups = 10'000;
// A changed group with more members is answered without its document.
inline constexpr std::size_t kMaxShownMembers = 1000;

struct ShownGroup {
  boost::json::object document;  // empty above kMaxShownMembers
  std::string id;
  std::string version;
};

// `with_members`: whether the answer needs them; otherwise they are not read.
Result<ShownGroup> read_group(const Sync& sync, const GroupId& id, bool with_members);
Result<Page> list_groups(const Sync& sync, const scim::ListPlan& plan);

// 409 uniqueness when the name is taken, in whatever letter case.
Result<ShownGroup> create_group(const Sync& sync, const boost::json::object& document);
Result<ShownGroup> change_group(const Sync& sync, const GroupId& id, const Expected& expected,
                                const Change& change);
Result<void> remove_group(const Sync& sync, const GroupId& id, const Expected& expected);

// For people: every group, by name; and one with its members.
Result<std::vector<identity::Group>> list_groups(core::Tx& tx,
                                                 const identity::Permit<Operation::list_users>& may);
struct GroupWithMembers {
  identity::Group group;
  std::vector<identity::GroupMember> members;
};
// By id, or by name in any letter case.
Result<GroupWithMembers> find_group(core::Tx& tx, const identity::Permit<Operation::read_user>& may,
                                    const std::string& reference);

}  // namespace latchkey::provisioning
