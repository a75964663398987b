// Random bytes for keys and ids, from OpenSSL's generator. Safe from any thread; throws CryptoError when the
// generator fails, since nothing may go on without it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

namespace latchkey::crypto {

class CryptoError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void random_bytes(std::span<std::uint8_t> out);

template <std::size_t Size>
std::array<std::uint8_t, Size> random_array() {
  std::array<std::uint8_t, Size> bytes;
  random_bytes(bytes);
  return bytes;
}

std::uint64_t random_bits();
// `bytes` random bytes as hexadecimal text: request ids, event groups.
std::string random_hex(std::size_t bytes);

}  // namespace latchkey::crypto
