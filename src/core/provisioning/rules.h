// What the operator of the server set for every sync.
#pragma once

#include "core/provisioning/guard.h"

namespace latchkey::provisioning {

struct SyncRules {
  GuardLimits guard;
  bool strict_members = false;  // members of a group that do not exist: refused instead of left out
};

}  // namespace latchkey::provisioning
