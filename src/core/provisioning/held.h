// The guard at work: what a removal by the sync meets, and what a person decides about it.
#pragma once

#include "core/provisioning/switch.h"
#include "core/provisioning/users.h"

namespace latchkey::provisioning {

// Called before the sync takes somebody away. Nothing when it may: then it is counted. Otherwise what the
// provider is answered: 429 while a person has not decided, 403 once one refused.
Result<std::optional<Error>> hold_back(const Sync& sync, const identity::User& user);

// What the guard would say of one more at this moment.
struct GuardView {
  Guard guard;  // as it is now
  Removals removals;
  std::int64_t allowed = 0;
};
GuardView read_guard(core::Tx& tx, const MayRead& may, const GuardLimits& limits, TimePoint now);

// Lets removals pass for so long, and counts anew after that. A conflict while provisioning is off.
Result<Guard> release(core::Tx& tx, const MayManage& may, std::optional<std::int64_t> for_seconds,
                      TimePoint now);
// None passes until somebody releases. A conflict when nothing is held.
Result<Guard> refuse_removals(core::Tx& tx, const MayManage& may, TimePoint now);

}  // namespace latchkey::provisioning
