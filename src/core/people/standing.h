// What becomes of a person in a tailnet: approved, suspended, restored, given a role or another name, made
// the owner, deleted.
//
// A status changes nothing else that is stored: tokens, auth keys and devices of somebody who is suspended or
// waits are judged by it at each use, and come back with it (credentials::state_of, tailnet::is_blocked).
// A user of another tailnet is answered like none.
#pragma once

#include <string>
#include <vector>

#include "core/identity/authorize.h"
#include "core/identity/user.h"
#include "core/tx.h"

namespace latchkey::people {

using identity::Operation;

enum class Step { approve, suspend, restore, remove, change_role, rename, take_ownership };

// Who takes the step: himself, by the target's side, or neither.
enum class Relation {
  other,
  himself,
  his_credential,  // a trust credential that the target made
};

// Whether this may be done to this person. The owner stays who he is until he transfers; nobody suspends,
// deletes or promotes himself, nor by a credential that he made: it takes a second person.
Result<void> check(Step step, const identity::User& target, Relation relation);

// Also approved when nobody is asked for approval any more. Already in: nothing happens. conflict: suspended.
Result<identity::User> approve(core::Tx& tx, const identity::Permit<Operation::approve_user>& may,
                               const UserId& id, TimePoint now);
// The record lists the tokens and keys that it puts to sleep. Suspended already: nothing happens.
Result<identity::User> suspend(core::Tx& tx, const identity::Permit<Operation::suspend_user>& may,
                               const UserId& id, TimePoint now);
// Active again, also who awaited approval when he was suspended. Not suspended: nothing happens.
Result<identity::User> restore(core::Tx& tx, const identity::Permit<Operation::restore_user>& may,
                               const UserId& id, TimePoint now);
// Any role but owner. The same role: nothing happens.
Result<identity::User> change_role(core::Tx& tx, const identity::Permit<Operation::change_user_role>& may,
                                   const UserId& id, identity::Role role, TimePoint now);

struct Names {
  std::string login_name;
  std::string display_name;  // empty: the login name up to its "@"
};
// The same names: nothing happens. conflict: the login name is taken.
Result<identity::User> rename(core::Tx& tx, const identity::Permit<Operation::update_user>& may,
                              const UserId& id, const Names& names, TimePoint now);

// Makes an active person the owner, and the caller, who is it now, an admin.
Result<identity::User> transfer_ownership(core::Tx& tx,
                                          const identity::Permit<Operation::transfer_ownership>& may,
                                          const UserId& id, TimePoint now);

struct Removed {
  identity::User user;
  std::vector<DeviceId> devices;   // deleted: those that were his; tagged ones stay
  std::vector<CredentialId> keys;  // revoked: his API access tokens and auth keys
  // Where the policy file goes on naming him: "groups.group:eng[1] in line 12".
  std::vector<std::string> mentions;
};
// For good: who comes again is somebody new. One event group.
Result<Removed> remove(core::Tx& tx, const identity::Permit<Operation::delete_user>& may, const UserId& id,
                       TimePoint now);

}  // namespace latchkey::people
