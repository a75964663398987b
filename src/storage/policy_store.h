// Policy files in SQL.
#pragma once

#include "core/policy/policy_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlPolicyStore final : public policy::PolicyStore {
 public:
  explicit SqlPolicyStore(UnitOfWork& work) : work_(work) {}
  std::optional<std::string> find(const TailnetId& tailnet) override;
  void set(const TailnetId& tailnet, const std::string& text, TimePoint at, const audit::Act& act) override;
  void reset(const TailnetId& tailnet, const audit::Act& act) override;
  void keep_texts(const TailnetId& tailnet, const std::string& group_id, const ChangedTexts& texts,
                  TimePoint at) override;
  std::optional<ChangedTexts> kept_texts(const TailnetId& tailnet, const std::string& group_id) override;

 private:
  UnitOfWork& work_;
};

}  // namespace latchkey::storage
