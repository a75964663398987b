// The person that an act is about, if it may be done to him.
#pragma once

#include "core/people/standing.h"

namespace latchkey::people {

// not_found: none of this id in the caller's tailnet. Otherwise as check() says.
Result<identity::User> find_person(core::Tx& tx, const identity::Caller& caller, const UserId& id, Step step);

}  // namespace latchkey::people
