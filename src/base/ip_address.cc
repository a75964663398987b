#include "base/ip_address.h"

#include <arpa/inet.h>

namespace latchkey {

std::string address_bytes(std::string_view text) {
  std::string zeroed(text);
  std::string bytes(4, '\0');
  if (inet_pton(AF_INET, zeroed.c_str(), bytes.data()) == 1) return bytes;
  bytes.assign(16, '\0');
  if (inet_pton(AF_INET6, zeroed.c_str(), bytes.data()) != 1) return {};
  static const std::string kMapped = std::string(10, '\0') + "\xff\xff";
  if (bytes.starts_with(kMapped)) return bytes.substr(12);
  return bytes;
}

std::string counted_address(const std::string& address) {
  const std::string bytes = address_bytes(address);
  return bytes.size() == 16 ? bytes.substr(0, 8) : address;
}

}  // namespace latchkey
