#include "testing/token_maker.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "base/text.h"
#include "crypto/digest.h"

namespace latchkey::testing {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string("OpenSSL: ") + what);
}

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeNumber {
  void operator()(BIGNUM* number) const { BN_free(number); }
};
struct FreeSignature {
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
struct FreeMemory {
  void operator()(BIO* memory) const { BIO_free(memory); }
};
using Number = std::unique_ptr<BIGNUM, FreeNumber>;

std::string bytes_of(const BIGNUM* number, std::size_t width = 0) {
  std::string bytes(width != 0 ? width : static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return bytes;
}

Number number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) fail(name);
  return Number(number);
}

struct Curve {
  const char* name;
  const char* jwk_name;
  std::size_t width;
};
Curve curve_of(std::string_view algorithm) {
  if (algorithm == "ES256") return {"P-256", "P-256", 32};
  if (algorithm == "ES384") return {"P-384", "P-384", 48};
  return {"P-521", "P-521", 66};
}

std::string signing_input(std::string_view header, std::string_view payload) {
  return to_base64url(header) + "." + to_base64url(payload);
}

const EVP_MD* digest_of(std::string_view algorithm) {
  if (algorithm == "EdDSA") return nullptr;
  if (algorithm.ends_with("256")) return EVP_sha256();
  return algorithm.ends_with("384") ? EVP_sha384() : EVP_sha512();
}

}  // namespace

struct TokenMaker::Key {
  EVP_PKEY* pkey = nullptr;
  ~Key() { EVP_PKEY_free(pkey); }
};

TokenMaker::TokenMaker(std::string algorithm, std::string kid, int bits)
    : algorithm_(std::move(algorithm)), kid_(std::move(kid)), key_(std::make_unique<Key>()) {
  if (algorithm_ == "EdDSA") {
    key_->pkey = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  } else if (algorithm_.starts_with("ES")) {
    key_->pkey = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve_of(algorithm_).name);
  } else {
    key_->pkey = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits));
  }
  if (key_->pkey == nullptr) fail("keygen");
}

TokenMaker::~TokenMaker() = default;
TokenMaker::TokenMaker(TokenMaker&&) noexcept = default;

boost::json::object TokenMaker::jwk() const {
  boost::json::object jwk{{"kid", kid_}, {"alg", algorithm_}, {"use", "sig"}};
  if (algorithm_ == "EdDSA") {
    std::string raw(32, '\0');
    std::size_t size = raw.size();
    EVP_PKEY_get_raw_public_key(key_->pkey, reinterpret_cast<unsigned char*>(raw.data()), &size);
    jwk["kty"] = "OKP";
    jwk["crv"] = "Ed25519";
    jwk["x"] = to_base64url(raw);
  } else if (algorithm_.starts_with("ES")) {
    const auto curve = curve_of(algorithm_);
    jwk["kty"] = "EC";
    jwk["crv"] = curve.jwk_name;
    jwk["x"] = to_base64url(bytes_of(number_of(key_->pkey, OSSL_PKEY_PARAM_EC_PUB_X).get(), curve.width));
    jwk["y"] = to_base64url(bytes_of(number_of(key_->pkey, OSSL_PKEY_PARAM_EC_PUB_Y).get(), curve.width));
  } else {
    jwk["kty"] = "RSA";
    jwk["n"] = to_base64url(bytes_of(number_of(key_->pkey, OSSL_PKEY_PARAM_RSA_N).get()));
    jwk["e"] = to_base64url(bytes_of(number_of(key_->pkey, OSSL_PKEY_PARAM_RSA_E).get()));
  }
  return jwk;
}

std::string TokenMaker::sign(const boost::json::object& claims) const {
  const boost::json::object header{{"alg", algorithm_}, {"kid", kid_}, {"typ", "JWT"}};
  return sign(boost::json::serialize(header), boost::json::serialize(claims));
}

std::string TokenMaker::sign(std::string_view header, std::string_view payload) const {
  const auto input = signing_input(header, payload);
  auto signature = signature_of(input);
  if (algorithm_.starts_with("ES")) {
    const auto* der = reinterpret_cast<const unsigned char*>(signature.data());
    const std::unique_ptr<ECDSA_SIG, FreeSignature> parsed(
        d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(signature.size())));
    const auto width = curve_of(algorithm_).width;
    signature =
        bytes_of(ECDSA_SIG_get0_r(parsed.get()), width) + bytes_of(ECDSA_SIG_get0_s(parsed.get()), width);
  }
  return input + "." + to_base64url(signature);
}

std::string TokenMaker::sign_in_der(std::string_view header, std::string_view payload) const {
  const auto input = signing_input(header, payload);
  return input + "." + to_base64url(signature_of(input));
}

std::string TokenMaker::signature_of(const std::string& input) const {
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  if (EVP_DigestSignInit(context.get(), &options, digest_of(algorithm_), nullptr, key_->pkey) != 1)
    fail("sign");
  if (algorithm_.starts_with("PS")) {
    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(input.data());
  std::size_t size = 0;
  if (EVP_DigestSign(context.get(), nullptr, &size, bytes, input.size()) != 1) fail("sign");
  std::string signature(size, '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  if (EVP_DigestSign(context.get(), out, &size, bytes, input.size()) != 1) fail("sign");
  signature.resize(size);
  return signature;
}

std::string TokenMaker::public_pem() const {
  const std::unique_ptr<BIO, FreeMemory> memory(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PUBKEY(memory.get(), key_->pkey) != 1) fail("PEM");
  const char* text = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string sign_with_hmac(std::string_view secret, std::string_view header, std::string_view payload) {
  const auto input = signing_input(header, payload);
  const auto* key = reinterpret_cast<const std::uint8_t*>(secret.data());
  const auto digest = crypto::HmacKey(std::span(key, secret.size())).sign(input);
  return input + "." + to_base64url({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string key_set_text(const std::vector<boost::json::object>& keys) {
  boost::json::array list(keys.begin(), keys.end());
  return boost::json::serialize(boost::json::object{{"keys", std::move(list)}});
}

}  // namespace latchkey::testing
