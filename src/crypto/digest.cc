#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include <string>

#include "crypto/openssl_handle.h"

namespace latchkey::crypto {
namespace {

constexpr std::size_t kBlock = 64;

// Fetched once: an implicit look-up in each call takes a global lock.
const EVP_MD* sha256_algorithm() {
  static const EvpMd algorithm(EVP_MD_fetch(nullptr, "SHA2-256", nullptr));
  require(algorithm != nullptr, "SHA-256 is not available");
  return algorithm.get();
}

EVP_MD_CTX* thread_context() {
  thread_local const EvpMdCtx context(EVP_MD_CTX_new());
  require(context != nullptr, "no digest context");
  return context.get();
}

void update(EVP_MD_CTX* context, std::string_view data) {
  require(EVP_DigestUpdate(context, data.data(), data.size()) == 1, "SHA-256 failed");
}

Digest finish(EVP_MD_CTX* context) {
  Digest digest;
  unsigned size = 0;
  require(EVP_DigestFinal_ex(context, digest.data(), &size) == 1 && size == digest.size(), "SHA-256 failed");
  return digest;
}

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::array<std::uint8_t, 20> sha1(std::string_view data) {
  std::array<std::uint8_t, 20> digest;
  unsigned size = 0;
  const int done = EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_sha1(), nullptr);
  require(done == 1 && size == digest.size(), "SHA-1 failed");
  return digest;
}

Digest sha256(std::string_view data) {
  auto* context = thread_context();
  require(EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr) == 1, "SHA-256 failed");
  update(context, data);
  return finish(context);
}

struct HmacKey::State {
  EvpMdCtx inner{EVP_MD_CTX_new()};
  EvpMdCtx outer{EVP_MD_CTX_new()};
};

HmacKey::HmacKey(std::span<const std::uint8_t> key) : state_(std::make_unique<State>()) {
  std::array<std::uint8_t, kBlock> block{};
  if (key.size() > kBlock) {
    const Digest shortened = sha256(as_text(key));
    std::copy(shortened.begin(), shortened.end(), block.begin());
  } else {
    std::copy(key.begin(), key.end(), block.begin());
  }
  const auto absorb = [&block](EVP_MD_CTX* context, std::uint8_t pad) {
    require(context != nullptr, "no digest context");
    for (auto& byte : block) byte ^= pad;
    require(EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr) == 1, "SHA-256 failed");
    update(context, as_text(block));
    for (auto& byte : block) byte ^= pad;
  };
  absorb(state_->inner.get(), 0x36);
  absorb(state_->outer.get(), 0x5c);
  wipe(block.data(), block.size());
}

HmacKey::~HmacKey() = default;
HmacKey::HmacKey(HmacKey&&) noexcept = default;
HmacKey& HmacKey::operator=(HmacKey&&) noexcept = default;

Digest HmacKey::sign(std::string_view message) const {
  auto* context = thread_context();
  require(EVP_MD_CTX_copy_ex(context, state_->inner.get()) == 1, "HMAC failed");
  update(context, message);
  const Digest inner = finish(context);
  require(EVP_MD_CTX_copy_ex(context, state_->outer.get()) == 1, "HMAC failed");
  update(context, as_text(inner));
  return finish(context);
}

Key256 hkdf_sha256(const Key256& key, std::string_view info) {
  const EvpKdf kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  require(kdf != nullptr, "HKDF is not available");
  const EvpKdfCtx context(EVP_KDF_CTX_new(kdf.get()));
  require(context != nullptr, "no HKDF context");
  std::string digest = "SHA2-256";
  auto secret = key.expose();
  std::string purpose(info);
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, purpose.data(), purpose.size()),
      OSSL_PARAM_construct_end()};
  std::array<std::uint8_t, 32> derived;
  const int done = EVP_KDF_derive(context.get(), derived.data(), derived.size(), parameters);
  wipe(secret.data(), secret.size());
  require(done == 1, "HKDF failed");
  Key256 result(derived);
  wipe(derived.data(), derived.size());
  return result;
}

bool constant_time_equal(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace latchkey::crypto
