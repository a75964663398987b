#include "crypto/jws.h"

#include <cjose/jwk.h>
#include <cjose/jws.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <memory>

#include "base/text.h"

namespace latchkey::crypto {
namespace {

struct Row {
  std::string_view name;
  JwsAlgorithm algorithm;
  std::string_view key_type;
  std::string_view curve;
};
constexpr std::array kRows{
    Row{"RS256", JwsAlgorithm::rs256, "RSA", ""},     Row{"RS384", JwsAlgorithm::rs384, "RSA", ""},
    Row{"RS512", JwsAlgorithm::rs512, "RSA", ""},     Row{"PS256", JwsAlgorithm::ps256, "RSA", ""},
    Row{"PS384", JwsAlgorithm::ps384, "RSA", ""},     Row{"PS512", JwsAlgorithm::ps512, "RSA", ""},
    Row{"ES256", JwsAlgorithm::es256, "EC", "P-256"}, Row{"ES384", JwsAlgorithm::es384, "EC", "P-384"},
    Row{"ES512", JwsAlgorithm::es512, "EC", "P-521"}, Row{"EdDSA", JwsAlgorithm::eddsa, "OKP", "Ed25519"}};

const Row& row_of(JwsAlgorithm algorithm) {
  return kRows.at(static_cast<std::size_t>(algorithm));
}

struct FreeKey {
  void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
};
struct FreeJws {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};
struct FreePublicKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<cjose_jwk_t, FreeKey>;

// cjose 0.6.2 ends the process where text that it decodes has '=' before its end: it sees base64url alone.
bool is_base64url(std::string_view text) {
  return from_base64url(text).has_value();
}

bool has_sound_numbers(const std::string& jwk) {
  boost::system::error_code failed;
  const auto value = boost::json::parse(jwk, failed);
  if (failed || !value.is_object()) return false;
  return std::ranges::all_of(std::array{"n", "e", "x", "y"}, [&](const char* name) {
    const auto* number = value.get_object().if_contains(name);
    return number == nullptr || (number->is_string() && is_base64url(number->get_string()));
  });
}

Key key_of(const std::string& jwk) {
  if (!has_sound_numbers(jwk)) return nullptr;
  cjose_err ignored{};
  return Key(cjose_jwk_import(jwk.c_str(), jwk.size(), &ignored));
}

// cjose knows no EdDSA (RFC 8037).
std::optional<std::string> ed25519_key_of(const std::string& jwk) {
  boost::system::error_code failed;
  const auto value = boost::json::parse(jwk, failed);
  if (failed || !value.is_object()) return std::nullopt;
  const auto* x = value.get_object().if_contains("x");
  if (x == nullptr || !x->is_string()) return std::nullopt;
  auto bytes = from_base64url(std::string_view(x->get_string()));
  if (!bytes || bytes->size() != 32) return std::nullopt;
  return bytes;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool verify_ed25519(const std::string& compact, const std::string& jwk) {
  const auto key = ed25519_key_of(jwk);
  const auto dot = compact.rfind('.');
  if (!key || dot == std::string::npos) return false;
  const auto signature = from_base64url(std::string_view(compact).substr(dot + 1));
  if (!signature || signature->size() != 64) return false;
  const std::unique_ptr<EVP_PKEY, FreePublicKey> known(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(*key), key->size()));
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  if (!known || !context) return false;
  if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, known.get()) != 1) return false;
  return EVP_DigestVerify(context.get(), bytes_of(*signature), signature->size(), bytes_of(compact), dot) ==
         1;
}

}  // namespace

std::optional<JwsAlgorithm> jws_algorithm_from(std::string_view name) {
  for (const auto& row : kRows) {
    if (row.name == name) return row.algorithm;
  }
  return std::nullopt;
}

std::string_view key_type_of(JwsAlgorithm algorithm) {
  return row_of(algorithm).key_type;
}
std::string_view curve_of(JwsAlgorithm algorithm) {
  return row_of(algorithm).curve;
}

std::optional<int> jwk_bits(const std::string& jwk) {
  if (ed25519_key_of(jwk) && jwk.find("\"OKP\"") != std::string::npos) return 256;
  const auto key = key_of(jwk);
  if (!key) return std::nullopt;
  cjose_err ignored{};
  return static_cast<int>(cjose_jwk_get_keysize(key.get(), &ignored));
}

bool verify_jws(JwsAlgorithm algorithm, const std::string& compact, const std::string& jwk) {
  if (algorithm == JwsAlgorithm::eddsa) return verify_ed25519(compact, jwk);
  const auto key = key_of(jwk);
  if (!key || !std::ranges::all_of(split(compact, '.'), is_base64url)) return false;
  cjose_err ignored{};
  const std::unique_ptr<cjose_jws_t, FreeJws> jws(
      cjose_jws_import(compact.c_str(), compact.size(), &ignored));
  return jws && cjose_jws_verify(jws.get(), key.get(), &ignored);
}

}  // namespace latchkey::crypto
