// An issuer of tokens for tests: keys, their key set, and compact JWS signed by them.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey::testing {

class TokenMaker {
 public:
  // "RS256", "PS384", "ES256", "ES512", "EdDSA" ...; `bits` of an RSA key.
  TokenMaker(std::string algorithm, std::string kid, int bits = 2048);
  ~TokenMaker();
  TokenMaker(TokenMaker&&) noexcept;

  const std::string& kid() const { return kid_; }
  // The public key as a JWK, with kid, alg and use.
  boost::json::object jwk() const;
  // With this header instead of {"alg", "kid", "typ"} if there is one.
  std::string sign(const boost::json::object& claims) const;
  std::string sign(std::string_view header, std::string_view payload) const;
  // ECDSA's own form of a signature, in place of the two numbers that RFC 7518 section 3.4 has.
  std::string sign_in_der(std::string_view header, std::string_view payload) const;
  // The public key as other programs keep it.
  std::string public_pem() const;

 private:
  std::string signature_of(const std::string& input) const;

  struct Key;
  std::string algorithm_;
  std::string kid_;
  std::unique_ptr<Key> key_;
};

// A compact JWS with HMAC-SHA-256 under any secret, such as a public key.
std::string sign_with_hmac(std::string_view secret, std::string_view header, std::string_view payload);

// {"keys": [...]}
std::string key_set_text(const std::vector<boost::json::object>& keys);

}  // namespace latchkey::testing
