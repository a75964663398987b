#include "core/federation/key_set.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace latchkey::federation {
namespace {

namespace json = boost::json;

bool is_for_signatures(const json::object& key) {
  const auto use = text_of(key, "use");
  if (!use.empty() && use != "sig") return false;
  const auto* operations = key.if_contains("key_ops");
  if (operations == nullptr) return true;
  if (!operations->is_array()) return false;
  return std::ranges::any_of(operations->get_array(), [](const json::value& operation) {
    return operation.is_string() && operation.get_string() == "verify";
  });
}

// The members that make a public key, and no others.
std::string public_part(const json::object& key, std::initializer_list<const char*> members) {
  json::object part;
  for (const auto* name : members) {
    const auto value = text_of(key, name);
    if (value.empty()) return {};
    part[name] = value;
  }
  return json::serialize(part);
}

std::optional<PublicKey> public_key_of(const json::object& key) {
  if (!is_for_signatures(key)) return std::nullopt;
  PublicKey known{text_of(key, "kid"), text_of(key, "alg"), text_of(key, "kty"), text_of(key, "crv"), {}};
  if (known.type == "RSA") {
    known.curve.clear();
    known.jwk = public_part(key, {"kty", "n", "e"});
  } else if (known.type == "EC") {
    known.jwk = public_part(key, {"kty", "crv", "x", "y"});
  } else if (known.type == "OKP" && known.curve == "Ed25519") {
    known.jwk = public_part(key, {"kty", "crv", "x"});
  }
  const auto bits = known.jwk.empty() ? std::nullopt : crypto::jwk_bits(known.jwk);
  if (!bits) return std::nullopt;
  if (known.type == "RSA" && (*bits < crypto::kLeastRsaBits || *bits > crypto::kMostRsaBits)) {
    return std::nullopt;
  }
  return known;
}

bool fits(const PublicKey& key, const Jws& jws) {
  if (key.type != crypto::key_type_of(jws.algorithm) || key.curve != crypto::curve_of(jws.algorithm))
    return false;
  if (!key.alg.empty() && crypto::jws_algorithm_from(key.alg) != jws.algorithm) return false;
  return jws.kid.empty() || key.kid == jws.kid;
}

}  // namespace

Result<KeySet> parse_key_set(std::string_view text) {
  TRY(const auto set, parse_strict_object(text, "the key set"));
  const auto* keys = set.if_contains("keys");
  if (keys == nullptr || !keys->is_array()) return malformed("the key set has no keys");
  if (keys->get_array().size() > kMaxKeys) return malformed("the key set has too many keys");
  KeySet known;
  for (const auto& key : keys->get_array()) {
    if (!key.is_object()) continue;
    if (auto usable = public_key_of(key.get_object())) known.push_back(*std::move(usable));
  }
  return known;
}

Signature check_signature(const Jws& jws, const KeySet& keys) {
  std::vector<const PublicKey*> fitting;
  for (const auto& key : keys) {
    if (fits(key, jws)) fitting.push_back(&key);
  }
  // A token that names no key is believed only where there is no choice.
  if (fitting.empty() || (jws.kid.empty() && fitting.size() > 1)) return Signature::unknown_key;
  const bool good = std::ranges::any_of(fitting, [&](const PublicKey* key) {
    return crypto::verify_jws(jws.algorithm, jws.compact, key->jwk);
  });
  return good ? Signature::good : Signature::bad;
}

}  // namespace latchkey::federation
