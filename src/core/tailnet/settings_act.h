// Gathers what the log says about one act on a tailnet's settings: a record for each member that changed, all
// in one group, and one entry for the change feed.
#pragma once

#include <boost/json/value.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "core/audit/act.h"
#include "core/identity/caller.h"
#include "core/tx.h"

namespace latchkey::tailnet {

class SettingsAct {
 public:
  // On the caller's tailnet, which must exist.
  SettingsAct(core::Tx& tx, const identity::Caller& caller, audit::ChangeKind kind, TimePoint now);

  // Each adds a record, or nothing where nothing changed: TAILNET.ENABLE.<property>, or DISABLE;
  void switched(std::string_view property, bool was, bool is);
  // TAILNET.UPDATE.<property> with both values.
  void updated(std::string_view property, boost::json::value was, boost::json::value is);

  bool empty() const { return records_.empty(); }
  std::span<const audit::Record> records() const { return records_; }
  const audit::Change& change() const { return change_; }

 private:
  audit::Record& add(audit::Action action, std::string_view property);

  audit::Record blank_;
  audit::Change change_;
  std::vector<audit::Record> records_;
};

}  // namespace latchkey::tailnet
