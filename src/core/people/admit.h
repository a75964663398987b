// How a person comes into a tailnet: at a first sign-in, by an invite, or pushed by the identity provider.
#pragma once

#include <string>

#include "core/identity/authorize.h"
#include "core/identity/user.h"
#include "core/tx.h"

namespace latchkey::people {

using identity::Operation;
using MayCreateUser = identity::Permit<Operation::create_user>;

struct NewPerson {
  std::string login_name;
  std::string display_name;  // empty: the login name up to its "@"
  identity::Role role = identity::Role::member;
  // Somebody has decided already: he does not wait, although new people of this tailnet do.
  bool approved = false;
};

// A new user with a new id, also when there was one of this name before. conflict: the login name is taken.
// There is one owner, who comes with the tailnet: as a role it is malformed.
Result<identity::User> admit(core::Tx& tx, const MayCreateUser& may, const NewPerson& person, TimePoint now);

}  // namespace latchkey::people
