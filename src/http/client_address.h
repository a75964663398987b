// Whose address a request counts under: the peer's, or, when the peer is a trusted proxy, the one it vouches
// for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/http.h"

namespace latchkey::http {

// A block of addresses, IPv4 or IPv6. IPv4 addresses mapped into IPv6 count as IPv4.
class AddressBlock {
 public:
  // "10.0.0.0/8", "fd00::/8", or one address.
  static Result<AddressBlock> parse(std::string_view text);
  bool contains(std::string_view address) const;

 private:
  AddressBlock(std::string bytes, unsigned bits) : bytes_(std::move(bytes)), bits_(bits) {}
  std::string bytes_;  // 4 or 16 bytes, network order
  unsigned bits_;
};

// Walks X-Forwarded-For from the right, past proxies that are trusted, to the first address that is not.
// Headers from an untrusted peer count for nothing.
std::string client_address(const io::Request& request, const std::vector<AddressBlock>& trusted_proxies);

}  // namespace latchkey::http
