// Services in SQL, with their rows in the table of addresses.
#pragma once

#include "core/services/service_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlServiceStore final : public services::ServiceStore {
 public:
  explicit SqlServiceStore(UnitOfWork& work) : work_(work) {}
  std::vector<services::Service> list(const TailnetId& tailnet) override;
  std::int64_t count(const TailnetId& tailnet) override;
  std::optional<services::Service> find(const TailnetId& tailnet, std::string_view name) override;
  Written insert(const services::Service& service, const audit::Act& act) override;
  Written update(std::string_view name, const services::Service& service, const audit::Act& act) override;
  bool remove(const TailnetId& tailnet, std::string_view name, const audit::Act& act) override;

 private:
  // Why a service that is called `name` until now cannot have what it wants.
  Written conflict_of(std::string_view name, const services::Service& service);
  // Takes the address that the row has now, and leaves the others. Throws TransactionConflict when a device
  // was quicker: the write queue runs the function again, which then sees it.
  void move_address(const services::Service& service);

  UnitOfWork& work_;
};

}  // namespace latchkey::storage
