// Posture integrations in SQL.
#pragma once

#include "core/posture/integration_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlIntegrationStore final : public posture::IntegrationStore {
 public:
  explicit SqlIntegrationStore(UnitOfWork& work) : work_(work) {}
  std::vector<posture::Integration> list(const TailnetId& tailnet) override;
  std::optional<posture::Integration> find(const TailnetId& tailnet,
                                           const posture::IntegrationId& id) override;
  bool insert(const posture::Integration& integration, const audit::Act& act) override;
  bool update(const posture::Integration& integration, const audit::Act& act) override;
  bool remove(const TailnetId& tailnet, const posture::IntegrationId& id, const audit::Act& act) override;

 private:
  UnitOfWork& work_;
};

}  // namespace latchkey::storage
