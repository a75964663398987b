// Tokens of issuers and their key sets, as strangers send them: parsed, judged, verified.
//
// The first byte chooses: a token as it is, a header and claims (a line each) that are put into one, or a key
// set for a token with a made-up signature.
#include <boost/json.hpp>
#include <cstdint>

#include "base/text.h"
#include "core/federation/claims.h"
#include "core/federation/key_set.h"
#include "require.h"

namespace {

using namespace latchkey;
using federation::Trust;

const TimePoint kNow = from_micros(1'790'000'000'000'000);
const Trust kTrust{"https://issuer.example", "aud", "repo:*", {{"env", "p*"}, {"a.\"b.c\"", "*"}}};

void judge(const boost::json::object& claims) {
  const auto judged = federation::judge_claims(claims, kTrust, kNow);
  if (!judged.ok()) {
    fuzz::require(!judged.error().message.empty(), "a refusal has a reason");
    fuzz::require(storable(judged.error().message) == judged.error().message, "a reason can be stored");
    return;
  }
  fuzz::require(claims.at("iss").as_string() == kTrust.issuer, "the issuer is the one that is trusted");
  fuzz::require(federation::matches_pattern(kTrust.subject, judged->subject), "the subject matches");
  fuzz::require(judged->expires + federation::kClockSkew > kNow, "the token has not expired");
  fuzz::require(judged->expires <= kNow + federation::kClockSkew + federation::kLongestTokenLife,
                "no token counts for longer than is remembered");
  fuzz::require(!claims.contains("jti") || !judged->id.empty(), "what names itself is remembered");
}

void take_token(std::string_view text) {
  const auto jws = federation::parse_jws(text);
  if (!jws.ok()) {
    fuzz::require(storable(jws.error().message) == jws.error().message, "a reason can be stored");
    return;
  }
  fuzz::require(jws->compact == text, "what is verified is what came");
  const auto parts = split(text, '.');
  fuzz::require(parts.size() == 3 && !parts[2].empty(), "a token has three parts, the last a signature");
  judge(jws->claims);
  fuzz::require(federation::check_signature(*jws, {}) == federation::Signature::unknown_key,
                "nothing verifies without a key");
}

void take_keys(std::string_view text) {
  const auto keys = federation::parse_key_set(text);
  if (!keys.ok()) return;
  fuzz::require(keys->size() <= federation::kMaxKeys, "a key set is bounded");
  for (const auto& key : *keys) {
    fuzz::require(key.type == "RSA" || key.type == "EC" || key.type == "OKP", "only public keys are kept");
    fuzz::require(key.jwk.find("\"k\"") == std::string::npos, "no secret is kept");
  }
  for (const char* algorithm : {"RS256", "PS512", "ES256", "ES512", "EdDSA"}) {
    const auto token = to_base64url(std::string(R"({"alg":")") + algorithm + R"("})") + ".e30." +
                       to_base64url(std::string(64, 's'));
    const auto jws = federation::parse_jws(token);
    fuzz::require(jws.ok(), "the token is well formed");
    fuzz::require(federation::check_signature(*jws, *keys) != federation::Signature::good,
                  "a made-up signature verifies under no key");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices input(fuzz::text_of(data, size));
  const auto kind = input.byte() % 3;
  const auto rest = input.rest();
  if (kind == 0) take_token(rest);
  if (kind == 1) {
    const auto line = rest.find('\n');
    const auto claims = line == std::string_view::npos ? std::string_view() : rest.substr(line + 1);
    take_token(to_base64url(rest.substr(0, line)) + "." + to_base64url(claims) + ".c2ln");
  }
  if (kind == 2) take_keys(rest);
  return 0;
}
