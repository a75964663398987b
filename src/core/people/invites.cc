#include "core/people/invites.h"

#include <boost/json/object.hpp>

#include "core/identity/hold_caller.h"
#include "core/identity/user_store.h"
#include "core/people/admit.h"
#include "core/people/invite_store.h"
#include "crypto/random.h"

namespace latchkey::people {
namespace {

using audit::Action;

constexpr std::size_t kCodeBytes = 32;
constexpr std::int64_t kNumberMask = (std::int64_t{1} << 53) - 1;

Error no_such_invite() {
  return not_found("invite not found");
}

// A digest of a key's text is never one of a code.
crypto::Digest digest_of(const credentials::KeyMint& mint, std::string_view code) {
  return mint.digest("invite " + std::string(code));
}

SecretString new_link(Invite& invite, const credentials::KeyMint& mint, TimePoint now) {
  SecretString code(crypto::random_hex(kCodeBytes));
  invite.code = digest_of(mint, code.expose());
  invite.linked = now;
  invite.expires = now + kInviteLifetime;
  return code;
}

audit::Act act_on(const Invite& invite, const identity::Caller& caller, Action action, TimePoint now) {
  audit::Act act;
  act.record = identity::record_by(caller, action,
                                   {invite.id.str(), invite.email.empty() ? "invite" : invite.email,
                                    audit::TargetType::invite, "TAILNET_INVITE"},
                                   now);
  act.change = {audit::ChangeKind::user_invite_updated, invite.tailnet, invite.id.str(), 0, now};
  return act;
}

boost::json::object audit_view(const Invite& invite) {
  return {{"role", to_string(invite.role)},
          {"email", invite.email},
          {"inviter", invite.inviter.str()},
          {"expires", to_go_time(invite.expires)}};
}

Result<Invite> parse(const NewInvite& want) {
  Invite invite;
  if (!want.role.empty()) {
    const auto role = identity::role_from(want.role);
    if (!role || *role == identity::Role::owner) {
      return malformed("role must be member, admin, it-admin, network-admin, billing-admin or auditor",
                       "role");
    }
    invite.role = *role;
  }
  if (!want.email.empty() &&
      (want.email.find('@') == std::string::npos || !identity::check_login_name(want.email))) {
    return malformed("email must be an e-mail address, or be left out", "email");
  }
  invite.email = want.email;
  return invite;
}

Result<Invite> find_open(core::Tx& tx, const TailnetId& tailnet, const InviteId& id, TimePoint now) {
  auto invite = tx.invites().find(tailnet, id);
  if (!invite || now >= invite->expires) return no_such_invite();
  return *std::move(invite);
}

// Judged at use: who may not invite now has not invited.
bool may_still_invite(core::Tx& tx, const Invite& invite) {
  const auto inviter = tx.users().find(invite.tailnet, invite.inviter);
  return inviter && inviter->status == identity::UserStatus::active &&
         identity::may(inviter->role, identity::Right::manage_users);
}

}  // namespace

std::int64_t number_of(const std::string& id) {
  const auto digest = crypto::sha256(id);
  std::int64_t number = 0;
  for (std::size_t i = 0; i < 7; ++i) number = (number << 8) | digest.at(i);
  return number & kNumberMask;
}

Result<std::vector<InviteWithCode>> invite(core::Tx& tx,
                                           const identity::Permit<Operation::create_user_invite>& may,
                                           const std::vector<NewInvite>& wanted,
                                           const credentials::KeyMint& mint, TimePoint now) {
  if (wanted.empty() || wanted.size() > kMaxInvitesAtOnce) {
    return malformed("1 to " + std::to_string(kMaxInvitesAtOnce) + " invites at a time");
  }
  TRY(identity::hold_caller(tx, may.caller()));
  tx.invites().forget_expired(may.tailnet(), now);
  if (tx.invites().list(may.tailnet()).size() + wanted.size() > kMaxOpenInvites) {
    return conflict("at most " + std::to_string(kMaxOpenInvites) +
                    " invites can be open: delete some that nobody accepts");
  }
  std::vector<InviteWithCode> made;
  std::string group_id;
  for (const auto& want : wanted) {
    TRY(auto invite, parse(want));
    invite.id = InviteId(id_text('i', crypto::random_bits()));
    invite.tailnet = may.tailnet();
    invite.inviter = may.caller().user;
    invite.created = now;
    auto code = new_link(invite, mint, now);
    auto act = act_on(invite, may.caller(), Action::create, now);
    if (group_id.empty()) group_id = act.record.group_id;
    act.record.group_id = group_id;
    act.record.new_value = audit_view(invite);
    tx.invites().insert(invite, act);
    made.push_back({std::move(invite), std::move(code)});
  }
  return made;
}

std::vector<Invite> list_invites(core::Tx& tx, const identity::Permit<Operation::list_user_invites>& may,
                                 TimePoint now) {
  auto invites = tx.invites().list(may.tailnet());
  std::erase_if(invites, [&](const Invite& invite) { return now >= invite.expires; });
  return invites;
}

Result<Invite> read_invite(core::Tx& tx, const identity::Permit<Operation::read_user_invite>& may,
                           const InviteId& id, TimePoint now) {
  return find_open(tx, may.tailnet(), id, now);
}

Result<InviteWithCode> resend_invite(core::Tx& tx, const identity::Permit<Operation::resend_user_invite>& may,
                                     const InviteId& id, const credentials::KeyMint& mint, TimePoint now) {
  TRY(auto invite, find_open(tx, may.tailnet(), id, now));
  if (invite.email.empty()) {
    return malformed("this invite says no e-mail address: delete it and make another one", "email");
  }
  if (now - invite.linked < kResendPause) {
    return Error{ErrorCode::rate_limited, "an invite is sent again once a minute", {}, {}, false, {}};
  }
  const auto was = invite.code;
  auto code = new_link(invite, mint, now);
  auto act = act_on(invite, may.caller(), Action::resend, now);
  act.record.new_value = audit_view(invite);
  if (!tx.invites().renew(invite, was, act)) return no_such_invite();
  return InviteWithCode{std::move(invite), std::move(code)};
}

Result<void> delete_invite(core::Tx& tx, const identity::Permit<Operation::delete_user_invite>& may,
                           const InviteId& id, TimePoint now) {
  TRY(const auto invite, find_open(tx, may.tailnet(), id, now));
  auto act = act_on(invite, may.caller(), Action::delete_, now);
  act.record.old_value = audit_view(invite);
  if (!tx.invites().remove(invite, act)) return no_such_invite();
  return {};
}

Result<identity::User> accept_invite(core::Tx& tx, const identity::Permit<Operation::create_user>& may,
                                     const SecretString& code, const Guest& guest,
                                     const credentials::KeyMint& mint, TimePoint now) {
  const auto invite = tx.invites().find_by_code(may.tailnet(), digest_of(mint, code.expose()));
  if (!invite || now >= invite->expires || !may_still_invite(tx, *invite)) return no_such_invite();
  TRY(const auto user, admit(tx, may, {guest.login_name, guest.display_name, invite->role, true}, now));
  auto act = act_on(*invite, may.caller(), Action::accept, now);
  act.record.actor = {user.id.str(), audit::ActorType::user, user.login_name, user.display_name};
  act.record.old_value = audit_view(*invite);
  // Whoever was first: the transaction of the other one is undone with this answer.
  if (!tx.invites().remove(*invite, act)) return no_such_invite();
  return user;
}

}  // namespace latchkey::people
