#include "base/ids.h"

#include "base/text.h"

namespace latchkey {
namespace {
constexpr std::size_t kBodyLength = 11;  // 58^11 > 2^64
constexpr std::string_view kSuffix = "CNTRL";
}  // namespace

std::string id_text(char letter, unsigned long long random_bits) {
  std::string body(kBodyLength, kBase58Alphabet[0]);
  for (std::size_t at = kBodyLength; at-- > 0;) {
    body[at] = kBase58Alphabet[random_bits % 58];
    random_bits /= 58;
  }
  return letter + body + std::string(kSuffix);
}

bool is_id_text(char letter, std::string_view text) {
  return text.size() == 1 + kBodyLength + kSuffix.size() && text.front() == letter &&
         text.ends_with(kSuffix) && is_base58(text.substr(1, kBodyLength));
}

}  // namespace latchkey
