// Protocols and ports: the "how" of a rule.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latchkey::policy {

inline constexpr std::size_t kMaxPortRanges = 64;

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 65535;

  bool contains(std::uint16_t port) const { return first <= port && port <= last; }
  bool is_every() const { return first == 0 && last == 65535; }
  bool operator==(const PortRange&) const = default;
};

// An IP protocol by number; without one, what clients take for "any": TCP, UDP, ICMP and ICMPv6.
using Protocol = std::optional<std::uint8_t>;

struct Access {
  Protocol protocol;
  PortRange ports;

  bool operator==(const Access&) const = default;
};

// "*", "80", "80-443", or several with commas.
Result<std::vector<PortRange>> parse_ports(std::string_view text);
// A name such as tcp, or a number; empty is no protocol.
Result<Protocol> parse_protocol(std::string_view text);
// Ports mean something to TCP, UDP and SCTP only.
bool has_ports(const Protocol& protocol);
// An element of a grant's `ip`: "*", "443", "tcp:443", "icmp:*".
Result<std::vector<Access>> parse_access(std::string_view text);

// The protocols that a packet filter rule without any stands for.
bool covers(const Protocol& rule, std::uint8_t protocol);

inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kSctp = 132;

}  // namespace latchkey::policy
