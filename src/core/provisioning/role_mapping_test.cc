#include "core/provisioning/role_mapping.h"

#include <gtest/gtest.h>

namespace latchkey::provisioning {
namespace {

using enum identity::Role;
using identity::Role;

TEST(RoleMapping, TheGreatestOfSeveralCounts) {
  const Role some[] = {auditor, it_admin, member};
  EXPECT_EQ(greatest(some), it_admin);
  EXPECT_EQ(greatest({}), std::nullopt);
}

TEST(RoleMapping, FollowsTheGroupsAndLeavesTheOwnerAndWhatPeopleGave) {
  const struct {
    Role now;
    std::optional<Role> before, after;
    Role then;
    const char* why;
  } rows[] = {
      {member, {}, admin, admin, "enters"},
      {member, {}, {}, member, "a group without a role"},
      {admin, admin, {}, member, "leaves"},
      {admin, admin, auditor, auditor, "leaves the greater of two"},
      {auditor, admin, {}, auditor, "leaves, but a person had given him another role"},
      {auditor, {}, admin, admin, "enters, whatever he was"},
      {owner, {}, member, owner, "the owner stays"},
      {owner, admin, {}, owner, "the owner stays"},
      {member, {}, owner, member, "nobody becomes the owner"},
  };
  for (const auto& row : rows) EXPECT_EQ(role_after(row.now, row.before, row.after), row.then) << row.why;
}

}  // namespace
}  // namespace latchkey::provisioning
