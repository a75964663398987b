// Where policy files are kept.
#pragma once

#include <optional>
#include <string>

#include "core/audit/act.h"

namespace latchkey::policy {

class PolicyStore {
 public:
  virtual ~PolicyStore() = default;

  // The stored text; nothing while the tailnet has its standard policy.
  virtual std::optional<std::string> find(const TailnetId& tailnet) = 0;
  virtual void set(const TailnetId& tailnet, const std::string& text, TimePoint at,
                   const audit::Act& act) = 0;
  // Back to the standard policy.
  virtual void reset(const TailnetId& tailnet, const audit::Act& act) = 0;
};

}  // namespace latchkey::policy
