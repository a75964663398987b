// IP addresses and prefixes as numbers.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey::policy {

// IPv4 sorts before IPv6. No zones, no IPv4 within IPv6.
struct Address {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // IPv4 in the first four

  int width() const { return v6 ? 128 : 32; }
  auto operator<=>(const Address&) const = default;
};

std::optional<Address> parse_address(std::string_view text);
std::string to_string(const Address& address);

struct Prefix {
  Address address;  // bits beyond the length are zero
  int length = 0;

  bool is_single() const { return length == address.width(); }
  bool is_everything() const { return length == 0; }
  bool contains(const Address& other) const;
  bool contains(const Prefix& other) const { return other.length >= length && contains(other.address); }
  auto operator<=>(const Prefix&) const = default;
};

// "10.0.0.0/8", or an address for itself alone. Bits beyond the length must be zero.
std::optional<Prefix> parse_prefix(std::string_view text);
inline Prefix single(const Address& address) {
  return {address, address.width()};
}
// A single address is written without a length.
std::string to_string(const Prefix& prefix);

// Two prefixes overlap only if one contains the other: the smaller one, or nothing.
std::optional<Prefix> intersection(const Prefix& a, const Prefix& b);

// The addresses as few texts: single ones, and runs as "first-last", which packet filters take. Sorts them.
std::vector<std::string> address_ranges(std::vector<Address> addresses);

// What is reached through an exit node: every address but private, shared and local ones.
const std::vector<Prefix>& internet();

}  // namespace latchkey::policy
