// For what somebody makes and what outlives his request: not for a person who was deleted since the request
// was authenticated.
#pragma once

#include "core/identity/caller.h"
#include "core/tx.h"

namespace latchkey::identity {

// unauthenticated: he is gone. Otherwise he is not removed until the transaction ends, so that what is made
// now is found by whoever removes him. A trust credential acts for no person.
Result<void> hold_caller(core::Tx& tx, const Caller& caller);

}  // namespace latchkey::identity
