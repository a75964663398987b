#include "core/tailnet/tailnet_act.h"

#include "core/tailnet/tailnet.h"

namespace latchkey::tailnet {

audit::Act tailnet_act(core::Tx& tx, const identity::Caller& caller, audit::Action action,
                       std::string property, audit::ChangeKind kind, std::string subject, TimePoint now) {
  const auto tailnet = tx.tailnets().find(caller.tailnet);
  audit::Target target{caller.tailnet.str(), tailnet.value().name, audit::TargetType::tailnet,
                       std::move(property)};
  return {identity::record_by(caller, action, std::move(target), now),
          {kind, caller.tailnet, std::move(subject), 0, now}};
}

}  // namespace latchkey::tailnet
