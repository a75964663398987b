// Whether an ID token is the answer to this login (OpenID Connect Core 1.0 section 3.1.3.7). Pure; says
// nothing of the signature, which federation/key_set.h judges.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "core/federation/jws.h"

namespace latchkey::signon {

// For exp, iat and nbf.
inline constexpr seconds kIdTokenSkew{60};
// A token that was made longer ago is no answer to a login of now.
inline constexpr minutes kOldestIdToken{10};
inline constexpr std::size_t kMaxSubject = 255;

struct IdTokenExpectation {
  std::string issuer;
  std::string client_id;
  std::string nonce;
  std::vector<crypto::JwsAlgorithm> algorithms;  // that the provider says it signs with
};

// Refused with the reason for the log. `access_token` is what came with it; empty: none.
Result<void> judge_id_token(const federation::Jws& token, const IdTokenExpectation& expected,
                            std::string_view access_token, TimePoint now);

}  // namespace latchkey::signon
