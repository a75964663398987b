#include "io/request_id.h"

#include <atomic>

#include "crypto/random.h"

namespace latchkey::io {
namespace {

std::uint64_t process_seed() {
  static const auto seed = crypto::random_bits();
  return seed;
}

// The finisher of SplitMix64: one to one, so that different numbers stay different.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

// Each source counts within a range of 2^44 numbers that is its own.
RequestIds::RequestIds() {
  static std::atomic<std::uint64_t> sources{0};
  next_ = process_seed() + (sources++ << 44);
}

std::string RequestIds::next() {
  static constexpr char kDigits[] = "0123456789abcdef";
  auto bits = mix(next_++);
  std::string text(16, '0');
  for (auto& digit : text) {
    digit = kDigits[bits >> 60];
    bits <<= 4;
  }
  return text;
}

}  // namespace latchkey::io
