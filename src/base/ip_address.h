// Addresses of peers as bytes, for blocks of trusted proxies and for counting what an address does.
#pragma once

#include <string>
#include <string_view>

namespace latchkey {

// 4 or 16 bytes in network order; an IPv4 address mapped into IPv6 counts as IPv4. Empty: no address.
std::string address_bytes(std::string_view text);

// What is counted for each address: an IPv4 address, or the /64 of an IPv6 one, which a single host may own.
std::string counted_address(const std::string& address);

}  // namespace latchkey
