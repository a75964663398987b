// Signatures of JSON Web Signatures (RFC 7515, RFC 7518, RFC 8037): the asymmetric algorithms alone, so that
// neither `none` nor a public key taken for an HMAC secret can ever verify. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace latchkey::crypto {

enum class JwsAlgorithm { rs256, rs384, rs512, ps256, ps384, ps512, es256, es384, es512, eddsa };

std::optional<JwsAlgorithm> jws_algorithm_from(std::string_view name);  // case-sensitive
// The key type that the algorithm needs: "RSA", "EC", "OKP"; and the curve, empty for RSA.
std::string_view key_type_of(JwsAlgorithm algorithm);
std::string_view curve_of(JwsAlgorithm algorithm);

inline constexpr int kLeastRsaBits = 2048;
inline constexpr int kMostRsaBits = 8192;

// A public key's strength, before it is used; nothing when it is no key. `jwk` has kty and, n and e, or crv,
// x and y, or crv and x: nothing else.
std::optional<int> jwk_bits(const std::string& jwk);

// Whether the compact serialisation, whose header names this algorithm, is signed by this key. False for
// every kind of malformed input.
bool verify_jws(JwsAlgorithm algorithm, const std::string& compact, const std::string& jwk);

}  // namespace latchkey::crypto
