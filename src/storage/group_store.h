// Groups in SQL.
#pragma once

#include "core/identity/group_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

// Of synced_groups. Counting its members is left out where nobody asks for it.
#define GROUP_COLUMNS "id, tailnet_id, name, external_id, role, revision, created_at, modified_at"

// The columns above, and the number of members if it is there.
identity::Group group_of(const Row& row);

class SqlGroupStore final : public identity::GroupStore {
 public:
  explicit SqlGroupStore(UnitOfWork& work) : work_(work) {}

  std::optional<identity::Group> find(const TailnetId& tailnet, const GroupId& id) override;
  std::optional<identity::Group> find_by_name(const TailnetId& tailnet, std::string_view name) override;
  std::vector<identity::Group> list(const TailnetId& tailnet, std::int64_t limit) override;
  std::vector<identity::GroupMember> members(const TailnetId& tailnet, const GroupId& id) override;
  std::optional<std::vector<std::string>> logins_of(const TailnetId& tailnet,
                                                    const identity::GroupReference& reference) override;
  std::vector<identity::Group> groups_of(const TailnetId& tailnet, const UserId& user) override;
  std::vector<identity::GroupMember> known_members(const TailnetId& tailnet,
                                                   std::span<const std::string> ids) override;
  bool insert(const identity::Group& group, const audit::Act& act) override;
  bool update(const identity::Group& group, const audit::Act& act) override;
  void remove(const TailnetId& tailnet, const GroupId& id, const audit::Act& act) override;
  void add_members(const TailnetId& tailnet, const GroupId& id,
                   std::span<const identity::GroupMember> members) override;
  void remove_members(const TailnetId& tailnet, const GroupId& id,
                      std::span<const identity::GroupMember> members) override;

 private:
  UnitOfWork& work_;
};

}  // namespace latchkey::storage
