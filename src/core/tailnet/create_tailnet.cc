#include "core/tailnet/create_tailnet.h"

#include <boost/json/object.hpp>

#include "core/identity/user_store.h"
#include "crypto/random.h"

namespace latchkey::tailnet {
namespace {

audit::Act act_of(const identity::Caller& owner, audit::Target target, audit::ChangeKind kind,
                  TimePoint now) {
  audit::Act act;
  act.change = {kind, owner.tailnet, target.id, 0, now};
  act.record = identity::record_by(owner, audit::Action::create, std::move(target), now);
  return act;
}

}  // namespace

Result<CreatedTailnet> create_tailnet(core::Tx& tx,
                                      const identity::Permit<identity::Operation::create_tailnet>& may,
                                      const NewTailnet& want, TimePoint now) {
  TRY(check_name(want.name));
  TRY(identity::check_login_name(want.owner_login));

  CreatedTailnet made;
  made.tailnet = {TailnetId(id_text('T', crypto::random_bits())), want.name, now};
  made.owner.id = UserId(id_text('u', crypto::random_bits()));
  made.owner.tailnet = made.tailnet.id;
  made.owner.login_name = want.owner_login;
  made.owner.display_name = want.owner_login.substr(0, want.owner_login.find('@'));
  made.owner.role = identity::Role::owner;
  made.owner.created = now;

  // The first record of a tailnet names its owner: there is nobody else yet.
  identity::Caller owner = may.caller();
  owner.tailnet = made.tailnet.id;
  owner.user = made.owner.id;
  owner.login_name = made.owner.login_name;
  owner.display_name = made.owner.display_name;

  audit::Target tailnet_target{made.tailnet.id.str(), made.tailnet.name, audit::TargetType::tailnet, {}};
  auto tailnet_made = act_of(owner, std::move(tailnet_target), audit::ChangeKind::tailnet_created, now);
  audit::Target user_target{made.owner.id.str(), made.owner.login_name, audit::TargetType::user, {}};
  auto user_made = act_of(owner, std::move(user_target), audit::ChangeKind::user_created, now);
  user_made.record.group_id = tailnet_made.record.group_id;
  user_made.record.new_value = boost::json::object{{"role", to_string(made.owner.role)}};

  if (!tx.tailnets().insert(made.tailnet, tailnet_made)) {
    return conflict("a tailnet of this name exists already");
  }
  if (!tx.users().insert(made.owner, user_made)) return conflict("a user of this name exists already");
  return made;
}

}  // namespace latchkey::tailnet
