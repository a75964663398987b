// Where posture integrations are kept.
#pragma once

#include <optional>
#include <vector>

#include "core/audit/act.h"
#include "core/posture/integration.h"

namespace latchkey::posture {

class IntegrationStore {
 public:
  virtual ~IntegrationStore() = default;

  virtual std::vector<Integration> list(const TailnetId& tailnet) = 0;  // sorted by provider
  virtual std::optional<Integration> find(const TailnetId& tailnet, const IntegrationId& id) = 0;
  // False when the tailnet has one for this provider; nothing is written then.
  virtual bool insert(const Integration& integration, const audit::Act& act) = 0;
  // Both: false when it does not exist; nothing is written then. The provider stays as it is.
  virtual bool update(const Integration& integration, const audit::Act& act) = 0;
  virtual bool remove(const TailnetId& tailnet, const IntegrationId& id, const audit::Act& act) = 0;
};

}  // namespace latchkey::posture
