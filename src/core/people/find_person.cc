#include "core/people/find_person.h"

#include "core/credentials/credential_store.h"
#include "core/identity/user_store.h"

namespace latchkey::people {
namespace {

Relation relation_of(core::Tx& tx, const identity::Caller& caller, const UserId& id) {
  if (caller.user == id) return Relation::himself;
  if (!caller.trust) return Relation::other;
  const auto credential = tx.credentials().find(caller.tailnet, caller.trust->credential);
  return credential && credential->creator == id ? Relation::his_credential : Relation::other;
}

// What must be left to a second person.
bool takes_another(Step step) {
  switch (step) {
    case Step::suspend:
    case Step::remove:
    case Step::change_role:
    case Step::take_ownership:
      return true;
    case Step::approve:
    case Step::restore:
    case Step::rename:
      return false;
  }
  return true;
}

}  // namespace

Result<void> check(Step step, const identity::User& target, Relation relation) {
  if (takes_another(step) && relation == Relation::himself) {
    return forbidden("nobody does this to himself: ask another administrator");
  }
  if (takes_another(step) && relation == Relation::his_credential) {
    return forbidden("nobody does this to himself, nor by a credential that he made");
  }
  if (target.role != identity::Role::owner) return {};
  switch (step) {
    case Step::suspend:
      return forbidden("the owner cannot be suspended: he must transfer the ownership first");
    case Step::remove:
      return forbidden("the owner cannot be deleted: he must transfer the ownership first");
    case Step::change_role:
      return forbidden("the owner's role changes by transfer alone");
    case Step::approve:
    case Step::restore:
    case Step::rename:
    case Step::take_ownership:
      return {};
  }
  return {};
}

Result<identity::User> find_person(core::Tx& tx, const identity::Caller& caller, const UserId& id,
                                   Step step) {
  auto user = tx.users().find(caller.tailnet, id);
  if (!user) return not_found("user not found");
  TRY(check(step, *user, relation_of(tx, caller, id)));
  return *std::move(user);
}

}  // namespace latchkey::people
