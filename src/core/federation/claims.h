// What a token says, judged by what an identity trusts (RFC 7519 section 4.1, OpenID Connect Core 1.0
// section 3.1.3.7).
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "core/federation/jws.h"
#include "core/federation/trust.h"

namespace latchkey::federation {

inline constexpr seconds kClockSkew{60};
// From iat to exp: a token that lives longer is no token of a workload.
inline constexpr days kLongestTokenLife{7};

struct Claims {
  std::string subject;
  std::string id;  // jti; empty: none
  TimePoint expires{};
};

// NumericDate (RFC 7519 section 2): seconds, perhaps with a fraction. Nothing when absent.
Result<std::optional<TimePoint>> numeric_date(const boost::json::object& claims, const char* name);

// Refused with the reason for the log. Says nothing of the signature: what is refused here needs no keys.
Result<Claims> judge_claims(const boost::json::object& claims, const Trust& trust, TimePoint now);

}  // namespace latchkey::federation
