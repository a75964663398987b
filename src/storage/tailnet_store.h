// Tailnets in SQL.
#pragma once

#include "core/tailnet/tailnet.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlTailnetStore final : public tailnet::TailnetStore {
 public:
  explicit SqlTailnetStore(UnitOfWork& work) : work_(work) {}
  std::optional<tailnet::Tailnet> find(const TailnetId& id) override;
  std::optional<tailnet::Tailnet> find_by_name(std::string_view name) override;
  std::vector<tailnet::Tailnet> list() override;
  bool insert(const tailnet::Tailnet& tailnet, const audit::Act& act) override;

 private:
  UnitOfWork& work_;
};

}  // namespace latchkey::storage
