#include "control/noise/symmetric_state.h"

#include "crypto/chacha_poly.h"

namespace latchkey::control {
namespace {

constexpr std::string_view kProtocol = "Noise_IK_25519_ChaChaPoly_BLAKE2s";

}  // namespace

SymmetricState::SymmetricState(unsigned version) {
  // The name is longer than a hash, so it is hashed, not padded.
  hash_ = crypto::blake2s({kProtocol});
  chaining_key_ = crypto::Key256(hash_);
  mix_hash("Tailscale Control Protocol v" + std::to_string(version));
}

void SymmetricState::mix_hash(std::string_view data) {
  hash_ = crypto::blake2s({text_of(hash_), data});
}

bool SymmetricState::mix_key(const crypto::Key256& own, const crypto::X25519PublicKey& peer) {
  const auto shared = crypto::x25519(own, peer);
  if (!shared) return false;
  auto keys = crypto::noise_hkdf(chaining_key_, shared->expose());
  chaining_key_ = std::move(keys.first);
  key_ = std::move(keys.second);
  return true;
}

std::string SymmetricState::encrypt_and_hash(std::string_view plaintext) {
  std::string sealed(plaintext.size() + crypto::kAeadTag, '\0');
  crypto::ChaChaPoly cipher(key_, crypto::ChaChaPoly::Direction::seal);
  cipher.seal({}, text_of(hash_), plaintext, sealed.data());
  mix_hash(sealed);
  return sealed;
}

std::optional<std::string> SymmetricState::decrypt_and_hash(std::string_view sealed) {
  if (sealed.size() < crypto::kAeadTag) return std::nullopt;
  std::string plaintext(sealed.size() - crypto::kAeadTag, '\0');
  crypto::ChaChaPoly cipher(key_, crypto::ChaChaPoly::Direction::open);
  if (!cipher.open({}, text_of(hash_), sealed, plaintext.data())) return std::nullopt;
  mix_hash(sealed);
  return plaintext;
}

crypto::NoiseKeys SymmetricState::split() const {
  return crypto::noise_hkdf(chaining_key_, {});
}

}  // namespace latchkey::control
