// A token as it was presented: a compact JWS (RFC 7515 section 7.1) with JSON claims (RFC 7519), parsed and
// not yet believed.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/jws.h"

namespace latchkey::federation {

inline constexpr std::size_t kMaxToken = 16UL * 1024;

struct Jws {
  crypto::JwsAlgorithm algorithm = crypto::JwsAlgorithm::rs256;
  std::string kid;   // empty: not named
  std::string type;  // in lower case, without "application/"; empty: not named
  boost::json::object claims;
  std::string compact;
};

// Refuses with a reason for the log: what is no compact JWS, every algorithm but the asymmetric ones,
// extensions that would have to be understood (crit, b64), members of encrypted tokens (enc, zip), tokens
// that say they are for something else (typ, RFC 8725 section 3.11), members that stand twice. Keys and
// addresses in the header (jwk, jku, x5u, x5c) are nobody's business: they are never looked at.
Result<Jws> parse_jws(std::string_view text);

// JSON that must be an object; members that stand twice, anywhere in it, are refused.
Result<boost::json::object> parse_strict_object(std::string_view text, std::string_view what);
// A member that is a text; empty when it is absent or something else.
std::string text_of(const boost::json::object& object, std::string_view name);

}  // namespace latchkey::federation
