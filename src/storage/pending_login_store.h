// Pending logins in SQL.
#pragma once

#include "core/join/pending_login_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlPendingLoginStore final : public join::PendingLoginStore {
 public:
  explicit SqlPendingLoginStore(UnitOfWork& work) : work_(work) {}
  std::optional<join::PendingLogin> find(std::string_view id) override;
  std::int64_t count() override;
  std::int64_t count_of_address(std::string_view address) override;
  void put(const join::PendingLogin& login) override;
  void remove(std::string_view id, const audit::Change& change) override;
  void remove_expired(TimePoint now) override;

 private:
  UnitOfWork& work_;
};

}  // namespace latchkey::storage
