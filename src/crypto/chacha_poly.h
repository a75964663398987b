// ChaCha20-Poly1305 (RFC 8439) with a key that seals, or opens, many messages. One direction, one thread at a
// time. The caller never uses a nonce twice.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "crypto/digest.h"

namespace latchkey::crypto {

inline constexpr std::size_t kAeadTag = 16;
using Nonce96 = std::array<std::uint8_t, 12>;

class ChaChaPoly {
 public:
  enum class Direction { seal, open };

  ChaChaPoly(const Key256& key, Direction direction);
  ~ChaChaPoly();
  ChaChaPoly(ChaChaPoly&&) noexcept;
  ChaChaPoly& operator=(ChaChaPoly&&) noexcept;

  // Writes ciphertext and tag: plaintext.size() + kAeadTag bytes. May overlap exactly or not at all.
  void seal(const Nonce96& nonce, std::string_view authenticated, std::span<const char> plaintext, char* out);

  // Writes sealed.size() - kAeadTag bytes; false when a single bit is wrong, and then `out` must not be used.
  [[nodiscard]] bool open(const Nonce96& nonce, std::string_view authenticated, std::span<const char> sealed,
                          char* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace latchkey::crypto
