// A session: a person who signed in with a browser. The browser holds one opaque text in a cookie; what it
// may do is judged at each request from the person's row.
#pragma once

#include <optional>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "core/identity/user.h"
#include "crypto/digest.h"

namespace latchkey::signon {

inline constexpr std::int64_t kMaxSessions = 10;  // of a person; the oldest goes
// Uses are written down at most so often.
inline constexpr minutes kSeenInterval{1};
// Requests that were under way when the cookie was renewed may still show the old one.
inline constexpr seconds kRenewalGrace{30};
inline constexpr std::size_t kMaxAgent = 256;

struct SessionLimits {
  seconds idle = minutes{60};
  seconds absolute = hours{12};
};

struct Session {
  std::string id;  // public: s...CNTRL
  TailnetId tailnet;
  UserId user;
  crypto::Digest digest{};
  std::optional<crypto::Digest> old_digest;
  std::optional<TimePoint> renewed;
  identity::Role role = identity::Role::member;  // at the last renewal
  std::string provider;                          // empty: by a one-time link
  TimePoint created{};
  TimePoint last_seen{};
  TimePoint ends{};
  std::string address;
  std::string user_agent;
};

bool is_over(const Session& session, const SessionLimits& limits, TimePoint now);

// What is to be done with a session whose cookie was shown.
enum class SessionVerdict {
  good,
  renew,   // the person's role changed since: it goes on under another cookie
  over,    // idle or old
  denied,  // the person may not sign in: suspended, or not approved yet
  stolen,  // by a text that was renewed away long ago: two parties have the session
};
SessionVerdict judge(const Session& session, const crypto::Digest& shown, const identity::User& user,
                     const SessionLimits& limits, TimePoint now);

}  // namespace latchkey::signon
