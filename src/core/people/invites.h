// Inviting people, and accepting an invite. An invite of another tailnet is answered like none.
#pragma once

#include <string>
#include <vector>

#include "base/secret.h"
#include "core/credentials/key_mint.h"
#include "core/identity/authorize.h"
#include "core/people/invite.h"
#include "core/tx.h"

namespace latchkey::people {

using identity::Operation;

struct NewInvite {
  std::string role;   // as on the wire; empty: member
  std::string email;  // may be empty
};

struct InviteWithCode {
  Invite invite;
  SecretString code;  // what the link ends in: this is the only place where it appears
};

// All of them or none. malformed names the member (role, email). conflict: kMaxOpenInvites are open.
Result<std::vector<InviteWithCode>> invite(core::Tx& tx,
                                           const identity::Permit<Operation::create_user_invite>& may,
                                           const std::vector<NewInvite>& wanted,
                                           const credentials::KeyMint& mint, TimePoint now);

// Open ones, oldest first.
std::vector<Invite> list_invites(core::Tx& tx, const identity::Permit<Operation::list_user_invites>& may,
                                 TimePoint now);
Result<Invite> read_invite(core::Tx& tx, const identity::Permit<Operation::read_user_invite>& may,
                           const InviteId& id, TimePoint now);

// Another link, good for as long as a first one; the one before ends. rate_limited within kResendPause of it;
// malformed when the invite says no e-mail address, as upstream has it.
Result<InviteWithCode> resend_invite(core::Tx& tx, const identity::Permit<Operation::resend_user_invite>& may,
                                     const InviteId& id, const credentials::KeyMint& mint, TimePoint now);

Result<void> delete_invite(core::Tx& tx, const identity::Permit<Operation::delete_user_invite>& may,
                           const InviteId& id, TimePoint now);

struct Guest {
  std::string login_name;  // as the identity provider says
  std::string display_name;
};
// Lets the guest in, approved, with the invite's role; the invite is gone. not_found, always with the same
// text: no such code, expired, used, or whoever invited may not invite any more. conflict: he is here
// already; the invite stays.
Result<identity::User> accept_invite(core::Tx& tx, const identity::Permit<Operation::create_user>& may,
                                     const SecretString& code, const Guest& guest,
                                     const credentials::KeyMint& mint, TimePoint now);

}  // namespace latchkey::people
