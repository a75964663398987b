#include "crypto/random.h"

#include <openssl/rand.h>

#include <vector>

#include "base/text.h"

namespace latchkey::crypto {

void random_bytes(std::span<std::uint8_t> out) {
  if (RAND_priv_bytes(out.data(), static_cast<int>(out.size())) != 1) {
    throw CryptoError("the random generator failed");
  }
}

std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  for (auto byte : random_array<8>()) bits = bits << 8 | byte;
  return bits;
}

std::string random_hex(std::size_t bytes) {
  std::vector<std::uint8_t> raw(bytes);
  random_bytes(raw);
  return to_hex(raw);
}

}  // namespace latchkey::crypto
