#include "core/people/admit.h"

#include "core/identity/user_store.h"
#include "core/people/audit_view.h"
#include "core/tailnet/settings.h"
#include "core/tailnet/settings_store.h"
#include "crypto/random.h"

namespace latchkey::people {

Result<identity::User> admit(core::Tx& tx, const MayCreateUser& may, const NewPerson& person, TimePoint now) {
  TRY(identity::check_login_name(person.login_name));
  TRY(identity::check_display_name(person.display_name));
  if (person.role == identity::Role::owner) {
    return malformed("nobody comes in as owner: ownership is transferred", "role");
  }
  const bool waits = !person.approved && tx.settings().settings(may.tailnet()).users_approval;

  identity::User user;
  user.id = UserId(id_text('u', crypto::random_bits()));
  user.tailnet = may.tailnet();
  user.login_name = person.login_name;
  user.display_name = person.display_name.empty() ? person.login_name.substr(0, person.login_name.find('@'))
                                                  : person.display_name;
  user.role = person.role;
  user.status = waits ? identity::UserStatus::needs_approval : identity::UserStatus::active;
  user.created = now;

  auto act = act_on(user, may.caller(), audit::Action::create, {}, audit::ChangeKind::user_created, now);
  // Who signs in lets himself in.
  if (may.caller().kind == identity::Caller::Kind::sign_on) {
    act.record.actor = {user.id.str(), audit::ActorType::user, user.login_name, user.display_name};
  }
  act.record.new_value = audit_view(user);
  if (!tx.users().insert(user, act)) return conflict("a user of this name exists already");
  return user;
}

}  // namespace latchkey::people
