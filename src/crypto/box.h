// NaCl's crypto_box over libsodium: X25519, HSalsa20 and XSalsa20-Poly1305 between two key pairs. A box is
// the 16-byte tag followed by the ciphertext. Whoever opens one knows that a holder of the sender's secret
// key made it.
//
// Safe from any thread. A nonce must never be used twice between the same two keys: take a random one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/digest.h"

namespace latchkey::crypto {

inline constexpr std::size_t kBoxOverhead = 16;

using BoxPublicKey = std::array<std::uint8_t, 32>;
using BoxNonce = std::array<std::uint8_t, 24>;

struct BoxKeyPair {
  Key256 secret;
  BoxPublicKey public_key{};
};

// Any 256 bits make a key pair, so that one can be derived from another key.
BoxKeyPair box_keys_from(const Key256& secret);
BoxKeyPair make_box_keys();

// Throws CryptoError when the other key is one of the few points that no honest party has.
std::string box_seal(std::string_view clear, const BoxNonce& nonce, const BoxPublicKey& to,
                     const BoxKeyPair& from);

// Nothing when a key, the nonce or a single bit is wrong.
std::optional<std::string> box_open(std::string_view box, const BoxNonce& nonce, const BoxPublicKey& from,
                                    const BoxKeyPair& to);

}  // namespace latchkey::crypto
