// The public keys of an issuer (RFC 7517), as far as they can sign tokens.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/federation/jws.h"

namespace latchkey::federation {

inline constexpr std::size_t kMaxKeys = 64;

struct PublicKey {
  std::string kid;
  std::string alg;  // empty: any that fits
  std::string type;
  std::string curve;
  std::string jwk;  // what crypto::verify_jws takes
};
using KeySet = std::vector<PublicKey>;

// Keys that cannot verify (symmetric, for encryption, too short or too long, of unknown kinds) are left out.
Result<KeySet> parse_key_set(std::string_view text);

enum class Signature {
  good,
  bad,
  unknown_key,  // the set has no such key: a newer one may
};
Signature check_signature(const Jws& jws, const KeySet& keys);

}  // namespace latchkey::federation
