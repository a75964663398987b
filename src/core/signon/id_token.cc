#include "core/signon/id_token.h"

#include <algorithm>
#include <boost/json/array.hpp>

#include "base/text.h"
#include "core/federation/claims.h"
#include "crypto/digest.h"

namespace latchkey::signon {
namespace {

namespace json = boost::json;
using federation::text_of;

std::string shown(std::string_view text) {
  return "\"" + storable(clip(redact_keys(text), 128)) + "\"";
}

// Several audiences are told apart by azp: a token for another client that also names us is not ours.
Result<void> check_audience(const json::object& claims, const std::string& client_id) {
  const auto* aud = claims.if_contains("aud");
  if (aud == nullptr) return malformed("aud is missing");
  const bool single = aud->is_string() && aud->get_string() == client_id;
  const bool listed = aud->is_array() && std::ranges::any_of(aud->get_array(), [&](const json::value& each) {
                        return each.is_string() && each.get_string() == client_id;
                      });
  if (!single && !listed) return malformed("aud is not this client");
  const bool several = aud->is_array() && aud->get_array().size() > 1;
  if ((several || claims.contains("azp")) && text_of(claims, "azp") != client_id) {
    return malformed("azp is not this client");
  }
  return {};
}

Result<void> check_times(const json::object& claims, TimePoint now) {
  TRY(const auto expires, federation::numeric_date(claims, "exp"));
  TRY(const auto issued, federation::numeric_date(claims, "iat"));
  TRY(const auto not_before, federation::numeric_date(claims, "nbf"));
  if (!expires) return malformed("exp is missing");
  if (!issued) return malformed("iat is missing");
  if (*expires <= now - kIdTokenSkew) return malformed("the token expired at " + to_rfc3339(*expires));
  if (*issued > now + kIdTokenSkew) return malformed("iat is in the future: " + to_rfc3339(*issued));
  if (*issued < now - kOldestIdToken) return malformed("the token is old: of " + to_rfc3339(*issued));
  if (not_before && *not_before > now + kIdTokenSkew) {
    return malformed("the token is not valid before " + to_rfc3339(*not_before));
  }
  return {};
}

Result<void> check_subject(const json::object& claims) {
  const auto subject = text_of(claims, "sub");
  const bool printable = std::ranges::all_of(subject, [](char c) { return c >= ' ' && c < 0x7F; });
  if (subject.empty()) return malformed("sub is missing");
  if (subject.size() > kMaxSubject || !printable) return malformed("sub is no text of 255 ASCII characters");
  return {};
}

// Which access token it came with (section 3.1.3.6). Only the hash of the algorithms with 256 bits is known
// here; others are left to the signature.
Result<void> check_access_token(const federation::Jws& token, std::string_view access_token) {
  using enum crypto::JwsAlgorithm;
  if (!token.claims.contains("at_hash")) return {};
  if (token.algorithm != rs256 && token.algorithm != ps256 && token.algorithm != es256) return {};
  const auto digest = crypto::sha256(access_token);
  const std::string_view half{reinterpret_cast<const char*>(digest.data()), digest.size() / 2};
  if (text_of(token.claims, "at_hash") != to_base64url(half)) return malformed("at_hash does not match");
  return {};
}

}  // namespace

Result<void> judge_id_token(const federation::Jws& token, const IdTokenExpectation& expected,
                            std::string_view access_token, TimePoint now) {
  const auto& claims = token.claims;
  if (token.type == "at+jwt") return malformed("this is an access token");
  if (std::ranges::find(expected.algorithms, token.algorithm) == expected.algorithms.end()) {
    return malformed("the token's algorithm is not one that the provider announces");
  }
  const auto issuer = text_of(claims, "iss");
  if (issuer != expected.issuer) return malformed("iss is " + shown(issuer) + ", not the provider's issuer");
  TRY(check_audience(claims, expected.client_id));
  TRY(check_times(claims, now));
  const auto nonce = text_of(claims, "nonce");
  if (!crypto::constant_time_equal(nonce, expected.nonce)) {
    return malformed(nonce.empty() ? "nonce is missing" : "nonce is that of another login");
  }
  TRY(check_subject(claims));
  if (claims.contains("events")) return malformed("this is a logout token");
  return check_access_token(token, access_token);
}

}  // namespace latchkey::signon
