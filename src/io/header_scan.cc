#include "io/header_scan.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace latchkey::io {
namespace {

bool is_ordinary(char c) {
  return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t';
}

// How many of eight bytes stand before the first that is below 0x20 or equal to 0x7f.
std::size_t ordinary_of_eight(const char* bytes) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kTops = 0x8080808080808080;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  // A borrow may mark a byte above a marked one without need; the lowest mark is always right.
  auto below_space = (word - kOnes * 0x20) & ~word & kTops;
  auto delta = word ^ (kOnes * 0x7f);
  auto equal_del = (delta - kOnes) & ~delta & kTops;
  return static_cast<std::size_t>(std::countr_zero(below_space | equal_del)) / 8;
}

}  // namespace

HeaderScan::Verdict HeaderScan::refuse(std::string_view problem) {
  problem_ = problem;
  return Verdict::refused;
}

HeaderScan::Verdict HeaderScan::look(std::string_view bytes) {
  const auto size = bytes.size();
  auto at = scanned_;
  while (at < size) {
    if (at + 8 <= size) {
      auto ordinary = ordinary_of_eight(bytes.data() + at);
      at += ordinary;
      if (ordinary == 8) continue;
    }
    if (is_ordinary(bytes[at])) {
      ++at;
      continue;
    }
    if (bytes[at] == '\n') return refuse("a header line ends with a line feed alone; end it with CR LF");
    if (bytes[at] != '\r') return refuse("the request line or a header holds a control character; remove it");
    // A line end can be judged only with the two bytes behind it: come back to it when they are here.
    scanned_ = at;
    if (at + 1 >= size) return Verdict::incomplete;
    if (bytes[at + 1] != '\n') return refuse("a carriage return stands alone in the headers; remove it");
    if (at + 2 >= size) return Verdict::incomplete;
    if (bytes[at + 2] == ' ' || bytes[at + 2] == '\t') {
      return refuse("a header is folded over two lines; send it on one line");
    }
    if (bytes[at + 2] == '\r') {
      if (at + 3 >= size) return Verdict::incomplete;
      if (bytes[at + 3] != '\n') return refuse("a carriage return stands alone in the headers; remove it");
      end_ = at + 4;
      return Verdict::complete;
    }
    at += 2;
  }
  scanned_ = at;
  return Verdict::incomplete;
}

}  // namespace latchkey::io
