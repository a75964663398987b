#include "crypto/chacha_poly.h"

#include <openssl/err.h>

#include "crypto/openssl_handle.h"

namespace latchkey::crypto {
namespace {

// Fetched once: an implicit look-up in each call takes a global lock.
const EVP_CIPHER* algorithm() {
  static const EvpCipher fetched(EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr));
  require(fetched != nullptr, "ChaCha20-Poly1305 is not available");
  return fetched.get();
}

const std::uint8_t* bytes(const char* text) {
  return reinterpret_cast<const std::uint8_t*>(text);
}
std::uint8_t* bytes(char* text) {
  return reinterpret_cast<std::uint8_t*>(text);
}

}  // namespace

struct ChaChaPoly::State {
  EvpCipherCtx context{EVP_CIPHER_CTX_new()};
};

ChaChaPoly::ChaChaPoly(const Key256& key, Direction direction) : state_(std::make_unique<State>()) {
  require(state_->context != nullptr &&
              EVP_CipherInit_ex2(state_->context.get(), algorithm(), key.expose().data(), nullptr,
                                 direction == Direction::seal ? 1 : 0, nullptr) == 1,
          "ChaCha20-Poly1305 key");
}

ChaChaPoly::~ChaChaPoly() = default;
ChaChaPoly::ChaChaPoly(ChaChaPoly&&) noexcept = default;
ChaChaPoly& ChaChaPoly::operator=(ChaChaPoly&&) noexcept = default;

void ChaChaPoly::seal(const Nonce96& nonce, std::string_view authenticated, std::span<const char> plaintext,
                      char* out) {
  auto* context = state_->context.get();
  int written = 0;
  require(EVP_CipherInit_ex2(context, nullptr, nullptr, nonce.data(), -1, nullptr) == 1, "seal");
  if (!authenticated.empty()) {
    require(EVP_CipherUpdate(context, nullptr, &written, bytes(authenticated.data()),
                             static_cast<int>(authenticated.size())) == 1,
            "seal");
  }
  if (!plaintext.empty()) {
    require(EVP_CipherUpdate(context, bytes(out), &written, bytes(plaintext.data()),
                             static_cast<int>(plaintext.size())) == 1,
            "seal");
  }
  char* const tag = out + plaintext.size();
  std::uint8_t nothing[16];
  require(EVP_CipherFinal_ex(context, nothing, &written) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTag, tag) == 1,
          "seal");
}

bool ChaChaPoly::open(const Nonce96& nonce, std::string_view authenticated, std::span<const char> sealed,
                      char* out) {
  if (sealed.size() < kAeadTag) return false;
  auto* context = state_->context.get();
  const auto size = sealed.size() - kAeadTag;
  std::array<char, kAeadTag> tag;
  std::copy(sealed.begin() + static_cast<std::ptrdiff_t>(size), sealed.end(), tag.begin());
  int written = 0;
  require(EVP_CipherInit_ex2(context, nullptr, nullptr, nonce.data(), -1, nullptr) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTag, tag.data()) == 1,
          "open");
  if (!authenticated.empty()) {
    require(EVP_CipherUpdate(context, nullptr, &written, bytes(authenticated.data()),
                             static_cast<int>(authenticated.size())) == 1,
            "open");
  }
  if (size > 0) {
    require(
        EVP_CipherUpdate(context, bytes(out), &written, bytes(sealed.data()), static_cast<int>(size)) == 1,
        "open");
  }
  std::uint8_t nothing[16];
  if (EVP_CipherFinal_ex(context, nothing, &written) == 1) return true;
  ERR_clear_error();
  return false;
}

}  // namespace latchkey::crypto
