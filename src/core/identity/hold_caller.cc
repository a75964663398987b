#include "core/identity/hold_caller.h"

#include "core/identity/user_store.h"

namespace latchkey::identity {

Result<void> hold_caller(core::Tx& tx, const Caller& caller) {
  if (caller.trust || tx.users().hold(caller.tailnet, caller.user)) return {};
  return unauthenticated("this user is gone");
}

}  // namespace latchkey::identity
