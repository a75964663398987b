// Leases and the length of the change feed, in SQL.
#pragma once

#include "core/maintenance_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlMaintenanceStore final : public core::MaintenanceStore {
 public:
  explicit SqlMaintenanceStore(UnitOfWork& work) : work_(work) {}
  bool hold_lease(std::string_view name, std::string_view holder, TimePoint now, TimePoint until) override;
  std::int64_t forget_leases(TimePoint ended) override;
  std::int64_t trim_feed(TimePoint before, std::int64_t limit) override;

 private:
  UnitOfWork& work_;
};

}  // namespace latchkey::storage
