// Users in SQL.
#pragma once

#include "core/identity/user_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlUserStore final : public identity::UserStore {
 public:
  explicit SqlUserStore(UnitOfWork& work) : work_(work) {}
  std::optional<identity::User> find(const TailnetId& tailnet, const UserId& id) override;
  bool hold(const TailnetId& tailnet, const UserId& id) override;
  std::optional<identity::User> find_by_login(const TailnetId& tailnet, std::string_view login_name) override;
  std::optional<identity::User> find_owner(const TailnetId& tailnet) override;
  std::vector<identity::User> list(const TailnetId& tailnet) override;
  bool insert(const identity::User& user, const audit::Act& act) override;
  Written update(const identity::User& user, const audit::Act& act) override;
  void remove(const identity::User& user, const audit::Act& act) override;
  void hold(const identity::User& user) override;

 private:
  UnitOfWork& work_;
};

// The columns of a user, from `first` on, in the order id, tailnet_id, login_name, display_name, role,
// status, created_at, revision; shared with the credential store, which joins them.
identity::User user_of(const Row& row, std::size_t first = 0);

}  // namespace latchkey::storage
