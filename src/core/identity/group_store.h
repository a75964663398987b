// Where groups are kept.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/audit/act.h"
#include "core/identity/group.h"

namespace latchkey::identity {

class GroupStore {
 public:
  virtual ~GroupStore() = default;

  virtual std::optional<Group> find(const TailnetId& tailnet, const GroupId& id) = 0;
  virtual std::optional<Group> find_by_name(const TailnetId& tailnet, std::string_view name) = 0;
  // By name, at most so many.
  virtual std::vector<Group> list(const TailnetId& tailnet, std::int64_t limit) = 0;
  // Sorted.
  virtual std::vector<GroupMember> members(const TailnetId& tailnet, const GroupId& id) = 0;
  // The logins of its people, lower case, sorted; nothing when there is no such group.
  virtual std::optional<std::vector<std::string>> logins_of(const TailnetId& tailnet,
                                                            const GroupReference& reference) = 0;
  // The groups that a person is in, with their members' number left out.
  virtual std::vector<Group> groups_of(const TailnetId& tailnet, const UserId& user) = 0;
  // Those of the ids that name a person or a group of the tailnet, and which of the two.
  virtual std::vector<GroupMember> known_members(const TailnetId& tailnet,
                                                 std::span<const std::string> ids) = 0;

  // False when the name is taken; nothing is written then.
  virtual bool insert(const Group& group, const audit::Act& act) = 0;
  // Writes name, external id, role, revision and times. False when the name is taken.
  virtual bool update(const Group& group, const audit::Act& act) = 0;
  virtual void remove(const TailnetId& tailnet, const GroupId& id, const audit::Act& act) = 0;
  // What was there before, and what was not, is passed over.
  virtual void add_members(const TailnetId& tailnet, const GroupId& id,
                           std::span<const GroupMember> members) = 0;
  virtual void remove_members(const TailnetId& tailnet, const GroupId& id,
                              std::span<const GroupMember> members) = 0;
};

}  // namespace latchkey::identity
