// Provisioning in SQL.
#pragma once

#include "core/provisioning/provisioning_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlProvisioningStore final : public provisioning::ProvisioningStore {
 public:
  explicit SqlProvisioningStore(UnitOfWork& work) : work_(work) {}

  provisioning::Provisioning state(const TailnetId& tailnet) override;
  void save(const TailnetId& tailnet, const provisioning::Provisioning& state,
            std::span<const audit::Record> records, const audit::Change& change) override;
  void count_held(const TailnetId& tailnet) override;

  void note_removal(const TailnetId& tailnet, const UserId& user, TimePoint at) override;
  std::int64_t removals_since(const TailnetId& tailnet, TimePoint since, const UserId& without) override;
  void forget_removals(const TailnetId& tailnet, TimePoint before) override;
  std::int64_t count_active_users(const TailnetId& tailnet) override;

  std::optional<provisioning::UserResource> find_user(const TailnetId& tailnet, const UserId& id) override;
  std::int64_t count_users(const TailnetId& tailnet, std::span<const scim::ColumnTerm> terms) override;
  std::vector<provisioning::UserResource> list_users(const TailnetId& tailnet,
                                                     std::span<const scim::ColumnTerm> terms,
                                                     provisioning::Window window) override;
  void save_user(const TailnetId& tailnet, const UserId& id, const provisioning::KeptUser& kept) override;
  void record(const audit::Act& act) override { work_.record(act); }
  void mark_suspension(const TailnetId& tailnet, const UserId& id) override;

  std::int64_t count_groups(const TailnetId& tailnet, std::span<const scim::ColumnTerm> terms) override;
  std::vector<identity::Group> list_groups(const TailnetId& tailnet, std::span<const scim::ColumnTerm> terms,
                                           provisioning::Window window) override;
  std::vector<provisioning::Membership> memberships(const TailnetId& tailnet,
                                                    std::span<const std::string> users,
                                                    std::int64_t limit) override;
  std::vector<provisioning::Membership> members(const TailnetId& tailnet, std::span<const std::string> groups,
                                                std::int64_t limit) override;

 private:
  UnitOfWork& work_;
};

}  // namespace latchkey::storage
