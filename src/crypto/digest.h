// SHA-256, HMAC-SHA-256 (RFC 2104), HKDF-SHA-256 (RFC 5869) and comparison in constant time, over OpenSSL.
// Safe from any thread. Algorithms are fetched once; no call goes through OpenSSL's implicit look-up.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/secret.h"

namespace latchkey::crypto {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view data);

// Broken as a signature: for WebSocket's handshake alone (RFC 6455 section 4.2.2).
std::array<std::uint8_t, 20> sha1(std::string_view data);

// A key that HMACs many messages: the two key blocks are absorbed once.
class HmacKey {
 public:
  explicit HmacKey(std::span<const std::uint8_t> key);
  ~HmacKey();
  HmacKey(HmacKey&&) noexcept;
  HmacKey& operator=(HmacKey&&) noexcept;

  Digest sign(std::string_view message) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

using Key256 = Secret<std::array<std::uint8_t, 32>>;

// One 256-bit key for one purpose. `info` names the purpose and is fixed for ever once data depends on it.
Key256 hkdf_sha256(const Key256& key, std::string_view info);

// Time depends on the lengths only. Different lengths are unequal.
bool constant_time_equal(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);
bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace latchkey::crypto
