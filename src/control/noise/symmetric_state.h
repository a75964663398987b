// The symmetric state of a Noise handshake (Noise protocol framework, section 5.2) for
// Noise_IK_25519_ChaChaPoly_BLAKE2s. Every derived key encrypts exactly one thing, so there is no counter.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/blake2s.h"
#include "crypto/digest.h"
#include "crypto/x25519.h"

namespace latchkey::control {

class SymmetricState {
 public:
  // With "Tailscale Control Protocol v<version>" as prologue.
  explicit SymmetricState(unsigned version);

  void mix_hash(std::string_view data);
  // False when the shared secret is all zero (a peer's point of low order).
  [[nodiscard]] bool mix_key(const crypto::Key256& own, const crypto::X25519PublicKey& peer);
  std::string encrypt_and_hash(std::string_view plaintext);
  std::optional<std::string> decrypt_and_hash(std::string_view sealed);
  // First: client to server.
  crypto::NoiseKeys split() const;

  const crypto::Digest& hash() const { return hash_; }
  const crypto::Key256& chaining_key() const { return chaining_key_; }

 private:
  crypto::Digest hash_{};
  crypto::Key256 chaining_key_;
  crypto::Key256 key_;
};

inline std::string_view text_of(const crypto::X25519PublicKey& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

}  // namespace latchkey::control
