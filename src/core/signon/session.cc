#include "core/signon/session.h"

#include <algorithm>

namespace latchkey::signon {

bool is_over(const Session& session, const SessionLimits& limits, TimePoint now) {
  return std::min(session.ends, session.last_seen + limits.idle) <= now;
}

SessionVerdict judge(const Session& session, const crypto::Digest& shown, const identity::User& user,
                     const SessionLimits& limits, TimePoint now) {
  if (is_over(session, limits, now)) return SessionVerdict::over;
  const bool is_old = !crypto::constant_time_equal(session.digest, shown);
  if (is_old && (!session.renewed || *session.renewed + kRenewalGrace <= now)) return SessionVerdict::stolen;
  if (user.status != identity::UserStatus::active) return SessionVerdict::denied;
  if (!is_old && session.role != user.role) return SessionVerdict::renew;
  return SessionVerdict::good;
}

}  // namespace latchkey::signon
