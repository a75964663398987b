// IP addresses and prefixes as devices and routes have them: parsed, canonical, in a fixed order; and the
// addresses that devices are given.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latchkey::tailnet {

// Valid by construction. IPv4 sorts before IPv6, then by number.
class Address {
 public:
  // Nothing for text that is no address; zones ("fe80::1%eth0") are none.
  static std::optional<Address> parse(std::string_view text);
  // The IPv4 address of this number, most significant byte first.
  static Address v4(std::uint32_t number);
  static Address v6(const std::array<std::uint8_t, 16>& bytes);

  bool is_v4() const noexcept { return !is_v6_; }
  std::string str() const;  // canonical: "100.64.0.1", "fd7a:115c:a1e0::1"
  // The bytes from the front: 4 or 16 of them count.
  const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }
  int bits() const noexcept { return is_v6_ ? 128 : 32; }

  auto operator<=>(const Address&) const = default;

 private:
  bool is_v6_ = false;
  std::array<std::uint8_t, 16> bytes_{};
};

// "10.0.0.0/8". Sorts by address, then length.
class Prefix {
 public:
  // Nothing for text without a length and when bits beyond the length are set ("10.0.0.1/8").
  static std::optional<Prefix> parse(std::string_view text);

  const Address& address() const noexcept { return address_; }
  int length() const noexcept { return length_; }
  bool is_exit() const noexcept { return length_ == 0; }  // 0.0.0.0/0 or ::/0: an exit node's
  bool contains(const Address& address) const;
  std::string str() const;

  auto operator<=>(const Prefix&) const = default;

 private:
  Prefix(Address address, int length) : address_(address), length_(length) {}
  Address address_;
  int length_ = 0;
};

inline constexpr std::size_t kMaxRoutes = 1024;

// Canonical texts, sorted by address, then length, each once. Malformed prefixes, and more than kMaxRoutes,
// are refused; `field` names the input.
Result<std::vector<std::string>> canonical_prefixes(const std::vector<std::string>& prefixes,
                                                    const std::string& field);

// Whether a device may have this IPv4 address: in 100.64.0.0/10 and not reserved (the network and broadcast
// addresses, 100.100.0.0/24 and 100.100.100.0/24 around the client's name server, 100.115.92.0/23 that
// ChromeOS uses).
bool may_be_assigned(const Address& ipv4);

// The device address that these random bits choose; nothing when it is a reserved one: choose again.
std::optional<Address> choose_ipv4(std::uint64_t random_bits);

// Each device address has one IPv6 address: fd7a:115c:a1e0:ab12:4843:cd96:6200::/104 and its last three
// bytes. What is given out never changes with a release.
Address ipv6_beside(const Address& ipv4);

}  // namespace latchkey::tailnet
