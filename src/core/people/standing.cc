#include "core/people/standing.h"

#include <boost/json/string.hpp>

#include "core/credentials/credential_store.h"
#include "core/credentials/manage.h"
#include "core/identity/user_store.h"
#include "core/people/audit_view.h"
#include "core/people/find_person.h"

namespace latchkey::people {
namespace {

using audit::Action;
using audit::ChangeKind;
using identity::Caller;
using identity::Role;
using identity::User;
using identity::UserStatus;

constexpr std::size_t kMaxNamedKeys = 100;

// Who acts, and when.
struct Moment {
  const Caller& caller;
  TimePoint now;
};

boost::json::value role_json(Role role) {
  return boost::json::string(to_string(role));
}

Result<User> write(core::Tx& tx, const User& user, const audit::Act& act) {
  if (tx.users().update(user, act) == identity::UserStore::Written::login_taken) {
    return conflict("a user of this name exists already");
  }
  return user;
}

Result<User> set_status(core::Tx& tx, User user, UserStatus status, Action action, const Moment& by,
                        std::string details = {}) {
  auto act = act_on(user, by.caller, action, {}, ChangeKind::user_updated, by.now);
  act.record.old_value = boost::json::object{{"status", to_string(user.status)}};
  act.record.new_value = boost::json::object{{"status", to_string(status)}};
  act.record.details = std::move(details);
  user.status = status;
  return write(tx, user, act);
}

audit::Act role_act(const User& user, Role role, const Moment& by) {
  auto act = act_on(user, by.caller, Action::update, "USER_ROLE", ChangeKind::user_updated, by.now);
  act.record.old_value = role_json(user.role);
  act.record.new_value = role_json(role);
  return act;
}

// The ids of what sleeps with its owner.
std::string sleeping_keys(core::Tx& tx, const User& user, TimePoint now) {
  const auto keys = tx.credentials().list_valid(user.tailnet, user.id, now, credentials::kMaxListed);
  std::string text;
  for (std::size_t i = 0; i < keys.size() && i < kMaxNamedKeys; ++i) text += " " + keys[i].id.str();
  if (keys.size() > kMaxNamedKeys) text += " and " + std::to_string(keys.size() - kMaxNamedKeys) + " more";
  return text.empty() ? text : "tokens and auth keys that stop:" + text;
}

}  // namespace

Result<User> approve(core::Tx& tx, const identity::Permit<Operation::approve_user>& may, const UserId& id,
                     TimePoint now) {
  TRY(const auto user, find_person(tx, may.caller(), id, Step::approve));
  if (user.status == UserStatus::active) return user;
  if (user.status == UserStatus::suspended) {
    return conflict("this user is suspended, and does not wait for approval: restore him instead");
  }
  return set_status(tx, user, UserStatus::active, Action::approve, {may.caller(), now});
}

Result<User> suspend(core::Tx& tx, const identity::Permit<Operation::suspend_user>& may, const UserId& id,
                     TimePoint now) {
  TRY(const auto user, find_person(tx, may.caller(), id, Step::suspend));
  if (user.status == UserStatus::suspended) return user;
  return set_status(tx, user, UserStatus::suspended, Action::suspend, {may.caller(), now},
                    sleeping_keys(tx, user, now));
}

Result<User> restore(core::Tx& tx, const identity::Permit<Operation::restore_user>& may, const UserId& id,
                     TimePoint now) {
  TRY(const auto user, find_person(tx, may.caller(), id, Step::restore));
  if (user.status != UserStatus::suspended) return user;
  return set_status(tx, user, UserStatus::active, Action::restore, {may.caller(), now});
}

Result<User> change_role(core::Tx& tx, const identity::Permit<Operation::change_user_role>& may,
                         const UserId& id, Role role, TimePoint now) {
  if (role == Role::owner) {
    return malformed("ownership is not a role to be given: the owner transfers it", "role");
  }
  TRY(auto user, find_person(tx, may.caller(), id, Step::change_role));
  if (user.role == role) return user;
  const auto act = role_act(user, role, {may.caller(), now});
  user.role = role;
  return write(tx, user, act);
}

Result<User> rename(core::Tx& tx, const identity::Permit<Operation::update_user>& may, const UserId& id,
                    const Names& names, TimePoint now) {
  TRY(identity::check_login_name(names.login_name));
  TRY(identity::check_display_name(names.display_name));
  TRY(auto user, find_person(tx, may.caller(), id, Step::rename));
  const std::string display_name = names.display_name.empty()
                                       ? names.login_name.substr(0, names.login_name.find('@'))
                                       : names.display_name;
  if (user.login_name == names.login_name && user.display_name == display_name) return user;
  const bool pushed = may.caller().kind == Caller::Kind::provisioning;
  auto act = act_on(user, may.caller(), pushed ? Action::push_user : Action::update, "ATTRIBUTES",
                    ChangeKind::user_updated, now);
  const auto view = [](const User& named) {
    return boost::json::object{{"loginName", named.login_name}, {"displayName", named.display_name}};
  };
  act.record.old_value = view(user);
  user.login_name = names.login_name;
  user.display_name = display_name;
  act.record.new_value = view(user);
  return write(tx, user, act);
}

Result<User> transfer_ownership(core::Tx& tx, const identity::Permit<Operation::transfer_ownership>& may,
                                const UserId& id, TimePoint now) {
  TRY(auto heir, find_person(tx, may.caller(), id, Step::take_ownership));
  if (heir.status != UserStatus::active) {
    return conflict("ownership goes to somebody who is active: approve or restore this user first");
  }
  auto owner = tx.users().find_owner(may.tailnet());
  // He gave it away since his request was authorised.
  if (!owner || owner->id != may.caller().user) return forbidden("only the owner transfers ownership");
  const auto given = role_act(*owner, Role::admin, {may.caller(), now});
  auto taken = role_act(heir, Role::owner, {may.caller(), now});
  taken.record.group_id = given.record.group_id;
  owner->role = Role::admin;
  heir.role = Role::owner;
  TRY(write(tx, *owner, given));  // first: there is never a second owner
  return write(tx, heir, taken);
}

}  // namespace latchkey::people
