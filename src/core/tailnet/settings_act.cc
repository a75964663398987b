#include "core/tailnet/settings_act.h"

#include "core/tailnet/tailnet.h"

namespace latchkey::tailnet {

SettingsAct::SettingsAct(core::Tx& tx, const identity::Caller& caller, audit::ChangeKind kind,
                         TimePoint now) {
  const auto tailnet = tx.tailnets().find(caller.tailnet);
  audit::Target target{caller.tailnet.str(), tailnet.value().name, audit::TargetType::tailnet, {}};
  blank_ = identity::record_by(caller, audit::Action::update, std::move(target), now);
  change_ = {kind, caller.tailnet, caller.tailnet.str(), 0, now};
}

void SettingsAct::switched(std::string_view property, bool was, bool is) {
  if (was != is) add(is ? audit::Action::enable : audit::Action::disable, property);
}

void SettingsAct::updated(std::string_view property, boost::json::value was, boost::json::value is) {
  if (was == is) return;
  auto& record = add(audit::Action::update, property);
  record.old_value = std::move(was);
  record.new_value = std::move(is);
}

audit::Record& SettingsAct::add(audit::Action action, std::string_view property) {
  auto& record = records_.emplace_back(blank_);
  record.action = action;
  record.target.property = property;
  return record;
}

}  // namespace latchkey::tailnet
