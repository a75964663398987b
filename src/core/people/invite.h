// An invite: a link by which somebody comes into a tailnet, once, with the role that it names.
//
// The link is a secret: who has it comes in. It is shown when it is made and never again; who lost it has the
// invite sent again, which ends the old link. This server sends no mail: whoever invites passes the link on.
#pragma once

#include <cstdint>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "core/identity/role.h"
#include "crypto/digest.h"

namespace latchkey::people {

struct Invite {
  InviteId id;
  TailnetId tailnet;
  UserId inviter;
  identity::Role role = identity::Role::member;
  std::string email;    // for whom it is; empty: not said. Not compared with who accepts it
  crypto::Digest code;  // HMAC of what the link holds
  TimePoint created{};
  TimePoint linked{};  // when the present link was made
  TimePoint expires{};
};

inline constexpr days kInviteLifetime{90};  // of a link
inline constexpr minutes kResendPause{1};   // between two links of one invite
inline constexpr std::size_t kMaxOpenInvites = 1'000;
inline constexpr std::size_t kMaxInvitesAtOnce = 100;

// Upstream's invites name tailnet and inviter by a whole number. Always the same for an id, below 2^53; it
// leads nowhere.
std::int64_t number_of(const std::string& id);

}  // namespace latchkey::people
