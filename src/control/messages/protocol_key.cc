#include "control/messages/protocol_key.h"

#include "base/text.h"

namespace latchkey::control {

std::string key_text(std::string_view prefix, const crypto::X25519PublicKey& key) {
  return std::string(prefix) + to_hex(key);
}

std::optional<std::string> canonical_key(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix)) return std::nullopt;
  const auto digits = to_lower(text.substr(prefix.size()));
  if (digits.size() != 64 || digits.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return std::nullopt;
  }
  if (digits.find_first_not_of('0') == std::string::npos) return std::string();
  return std::string(prefix) + digits;
}

}  // namespace latchkey::control
