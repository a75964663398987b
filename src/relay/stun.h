// STUN as devices use it to learn the address they are seen under (RFC 8489): a binding request in, a binding
// response out. Bytes only; the socket is in stun_server.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace latchkey::relay {

using StunTransaction = std::array<char, 12>;

struct StunSource {
  std::span<const std::uint8_t> address;  // 4 or 16 bytes, as in an IP header
  std::uint16_t port = 0;
};

// The transaction of a binding request by a tailnet client: SOFTWARE "tailnode", and a right FINGERPRINT as
// its last attribute. Nothing for any other packet, so that strangers get no answer.
std::optional<StunTransaction> parse_binding_request(std::string_view packet);

// Shorter than the request for IPv4, four bytes longer for IPv6: of no use for amplifying a flood.
std::string binding_response(const StunTransaction& transaction, const StunSource& source);

}  // namespace latchkey::relay
