// BLAKE2s-256 (RFC 7693), HMAC over it (RFC 2104, block of 64 bytes), and the two-output HKDF of the Noise
// protocol framework (section 4.3). Safe from any thread.
#pragma once

#include <span>
#include <string_view>
#include <utility>

#include "crypto/digest.h"

namespace latchkey::crypto {

// The parts one after another.
Digest blake2s(std::initializer_list<std::string_view> parts);
Digest hmac_blake2s(std::span<const std::uint8_t> key, std::initializer_list<std::string_view> parts);

// HKDF(chaining key, input) with two outputs.
struct NoiseKeys {
  Key256 first;
  Key256 second;
};
NoiseKeys noise_hkdf(const Key256& chaining_key, std::span<const std::uint8_t> input);

}  // namespace latchkey::crypto
