// Starting, finding, keeping and ending sessions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/identity/authorize.h"
#include "core/signon/context.h"
#include "core/tx.h"

namespace latchkey::signon {

using MayListSessions = identity::Permit<identity::Operation::list_sessions>;
using MayEndSession = identity::Permit<identity::Operation::end_session>;

inline constexpr std::int64_t kMaxListedSessions = 1000;

// The text goes into the browser's cookie and nowhere else.
struct StartedSession {
  Session session;
  SecretString text;
};

// For this person, who must be active; recorded as their sign-on. The session that the browser showed before
// (`previous`) ends, so that a cookie which somebody planted is worth nothing. Beyond kMaxSessions the oldest
// go.
StartedSession start_session(core::Tx& tx, const identity::User& user, std::string_view provider,
                             const std::optional<crypto::Digest>& previous, const audit::Source& source,
                             const SignOnContext& context, TimePoint now);

struct SessionOwner {
  Session session;
  identity::User user;
};
// By the text in the cookie; nothing when it is none, or the person is gone. Says nothing of whether it still
// holds: judge() does.
std::optional<SessionOwner> find_session(core::Tx& tx, const crypto::Digest& shown);

// Notes a use. Not a change of anything that somebody manages: no record.
Result<void> note_session_use(core::Tx& tx, const SessionOwner& owner, const audit::Source& source,
                              TimePoint now);
// The same session under another cookie, with the person's present role. Nothing when another request was
// first: its answer has the cookie.
Result<std::optional<SecretString>> renew_session(core::Tx& tx, const SessionOwner& owner,
                                                  const audit::Source& source, const SignOnContext& context,
                                                  TimePoint now);
// Somebody else has the cookie: all sessions of the person end.
Result<void> end_stolen(core::Tx& tx, const SessionOwner& owner, const audit::Source& source, TimePoint now);

// The person's own, at their wish.
Result<void> sign_out(core::Tx& tx, const SessionOwner& owner, const audit::Source& source, TimePoint now);

// Those that still hold, oldest first: the caller's own, of the person with that login name, or all that the
// permit reaches.
struct ListedSession {
  Session session;
  std::string login_name;
};
Result<std::vector<ListedSession>> list_sessions(core::Tx& tx, const MayListSessions& may,
                                                 const std::optional<std::string>& login_name,
                                                 const SessionLimits& limits, TimePoint now);
Result<void> end_session(core::Tx& tx, const MayEndSession& may, std::string_view id, TimePoint now);
// All of a person (empty: the caller) but the one named `except`. Returns how many.
Result<std::int64_t> end_sessions(core::Tx& tx, const MayEndSession& may, const std::string& login_name,
                                  std::string_view except, TimePoint now);

// Removes what is over; its end needs no record, since time ended it. Returns how many rows, for batches.
Result<std::int64_t> forget_sessions(core::Tx& tx, const SessionLimits& limits, TimePoint now,
                                     std::int64_t limit);

}  // namespace latchkey::signon
