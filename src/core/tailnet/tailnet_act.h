// An act on something that belongs to a tailnet and has no target type of its own in the log:
// TAILNET.CREATE.<property> and the like.
#pragma once

#include <string>

#include "core/audit/act.h"
#include "core/identity/caller.h"
#include "core/tx.h"

namespace latchkey::tailnet {

// On the caller's tailnet, which must exist. `subject` is what the change feed names.
audit::Act tailnet_act(core::Tx& tx, const identity::Caller& caller, audit::Action action,
                       std::string property, audit::ChangeKind kind, std::string subject, TimePoint now);

}  // namespace latchkey::tailnet
