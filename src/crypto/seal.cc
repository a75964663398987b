#include "crypto/seal.h"

#include <string>

#include "crypto/openssl_handle.h"

namespace latchkey::crypto {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kNonce = 12;
constexpr std::size_t kTag = 16;
constexpr std::size_t kOverhead = 1 + kNonce + kTag;

const EVP_CIPHER* algorithm() {
  static const EvpCipher cipher(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
  require(cipher != nullptr, "AES-256-GCM is not available");
  return cipher.get();
}

const std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

}  // namespace

std::vector<std::uint8_t> seal(const Key256& key, std::string_view context, const SecretString& plaintext) {
  const std::string_view clear = plaintext.expose();
  std::vector<std::uint8_t> sealed(kOverhead + clear.size());
  sealed[0] = kVersion;
  const std::span nonce(sealed.data() + 1, kNonce);
  random_bytes(nonce);

  const EvpCipherCtx cipher(EVP_CIPHER_CTX_new());
  require(cipher != nullptr, "no cipher context");
  int written = 0;
  auto* out = sealed.data() + 1 + kNonce;
  require(EVP_EncryptInit_ex2(cipher.get(), algorithm(), key.expose().data(), nonce.data(), nullptr) == 1 &&
              EVP_EncryptUpdate(cipher.get(), nullptr, &written, bytes_of(context),
                                static_cast<int>(context.size())) == 1 &&
              EVP_EncryptUpdate(cipher.get(), out, &written, bytes_of(clear),
                                static_cast<int>(clear.size())) == 1 &&
              EVP_EncryptFinal_ex(cipher.get(), out + written, &written) == 1 &&
              EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kTag, out + clear.size()) == 1,
          "sealing failed");
  return sealed;
}

std::optional<SecretString> open_sealed(const Key256& key, std::string_view context,
                                        std::span<const std::uint8_t> sealed) {
  if (sealed.size() < kOverhead || sealed[0] != kVersion) return std::nullopt;
  const auto nonce = sealed.subspan(1, kNonce);
  const auto body = sealed.subspan(1 + kNonce, sealed.size() - kOverhead);
  std::array<std::uint8_t, kTag> tag;
  std::copy(sealed.end() - kTag, sealed.end(), tag.begin());

  const EvpCipherCtx cipher(EVP_CIPHER_CTX_new());
  require(cipher != nullptr, "no cipher context");
  std::string clear(body.size(), '\0');
  auto* out = reinterpret_cast<std::uint8_t*>(clear.data());
  int written = 0;
  require(EVP_DecryptInit_ex2(cipher.get(), algorithm(), key.expose().data(), nonce.data(), nullptr) == 1 &&
              EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kTag, tag.data()) == 1 &&
              EVP_DecryptUpdate(cipher.get(), nullptr, &written, bytes_of(context),
                                static_cast<int>(context.size())) == 1 &&
              EVP_DecryptUpdate(cipher.get(), out, &written, body.data(), static_cast<int>(body.size())) == 1,
          "opening failed");
  // The text must not be used before the tag is checked.
  const bool genuine = EVP_DecryptFinal_ex(cipher.get(), out + written, &written) == 1;
  SecretString opened(std::move(clear));
  if (!genuine) return std::nullopt;
  return opened;
}

}  // namespace latchkey::crypto
