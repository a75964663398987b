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

  // The whole texts of a change, where its record is too short for them: for those who tell of it, for as
  // long as they need. `group_id` is that of the record.
  struct ChangedTexts {
    std::string old_text;
    std::string new_text;
  };
  virtual void keep_texts(const TailnetId& tailnet, const std::string& group_id, const ChangedTexts& texts,
                          TimePoint at) = 0;
  virtual std::optional<ChangedTexts> kept_texts(const TailnetId& tailnet, const std::string& group_id) = 0;
};

}  // namespace latchkey::policy
