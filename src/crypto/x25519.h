// X25519 (RFC 7748): key pairs and shared secrets. Safe from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "crypto/digest.h"

namespace latchkey::crypto {

using X25519PublicKey = std::array<std::uint8_t, 32>;

struct X25519KeyPair {
  Key256 private_key;
  X25519PublicKey public_key{};
};

X25519KeyPair x25519_generate();
X25519KeyPair x25519_from_private(const Key256& private_key);

// Nothing when the peer's point has low order, which would make the result known to everybody (RFC 7748
// section 6.1).
std::optional<Key256> x25519(const Key256& private_key, const X25519PublicKey& peer);

}  // namespace latchkey::crypto
