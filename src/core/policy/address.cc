#include "core/policy/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <stdexcept>

namespace latchkey::policy {
namespace {

// Keeps the first `length` bits of an address.
Address masked(Address address, int length) {
  for (int byte = 0; byte < 16; ++byte) {
    const int kept = std::clamp(length - byte * 8, 0, 8);
    auto& value = address.bytes[static_cast<std::size_t>(byte)];
    value = static_cast<std::uint8_t>(value & (0xFF00U >> kept));
  }
  return address;
}

// The address after this one; nothing after the last.
std::optional<Address> next(Address address) {
  for (int byte = address.width() / 8; byte-- > 0;) {
    if (++address.bytes[static_cast<std::size_t>(byte)] != 0) return address;
  }
  return std::nullopt;
}

// The two halves of a prefix that is no single address.
std::array<Prefix, 2> halves(const Prefix& whole) {
  Prefix low{whole.address, whole.length + 1};
  Prefix high = low;
  high.address.bytes[static_cast<std::size_t>(whole.length / 8)] |=
      static_cast<std::uint8_t>(0x80U >> whole.length % 8);
  return {low, high};
}

void subtract(const Prefix& from, const std::vector<Prefix>& holes, std::vector<Prefix>& rest) {
  bool touched = false;
  for (const auto& hole : holes) {
    if (hole.address.v6 != from.address.v6) continue;
    if (hole.contains(from)) return;
    touched = touched || from.contains(hole);
  }
  if (!touched) {
    rest.push_back(from);
    return;
  }
  for (const auto& half : halves(from)) subtract(half, holes, rest);
}

Prefix known(std::string_view text) {
  const auto prefix = parse_prefix(text);
  if (!prefix) throw std::logic_error("not a prefix: " + std::string(text));
  return *prefix;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  // inet_pton wants a terminated text; no address is longer than this.
  if (text.size() > INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  Address address;
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
  address = {};
  address.v6 = true;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) != 1) return std::nullopt;
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (std::ranges::equal(kMapped, std::span(address.bytes).first(12))) return std::nullopt;
  return address;
}

std::string to_string(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text.data(), text.size());
  return text.data();
}

bool Prefix::contains(const Address& other) const {
  return other.v6 == address.v6 && masked(other, length) == address;
}

std::optional<Prefix> parse_prefix(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return single(*address);
  const auto digits = text.substr(slash + 1);
  int length = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const bool padded = digits.size() > 1 && digits.front() == '0';
  if (failed != std::errc() || end != digits.data() + digits.size() || padded || length < 0 ||
      length > address->width() || masked(*address, length) != *address) {
    return std::nullopt;
  }
  return Prefix{*address, length};
}

std::string to_string(const Prefix& prefix) {
  if (prefix.is_single()) return to_string(prefix.address);
  return to_string(prefix.address) + "/" + std::to_string(prefix.length);
}

std::optional<Prefix> intersection(const Prefix& a, const Prefix& b) {
  if (a.contains(b)) return b;
  if (b.contains(a)) return a;
  return std::nullopt;
}

std::vector<std::string> address_ranges(std::vector<Address> addresses) {
  std::ranges::sort(addresses);
  addresses.erase(std::ranges::unique(addresses).begin(), addresses.end());
  std::vector<std::string> ranges;
  for (std::size_t i = 0; i < addresses.size();) {
    std::size_t last = i;
    while (last + 1 < addresses.size() && next(addresses[last]) == addresses[last + 1]) ++last;
    ranges.push_back(last == i ? to_string(addresses[i])
                               : to_string(addresses[i]) + "-" + to_string(addresses[last]));
    i = last + 1;
  }
  return ranges;
}

const std::vector<Prefix>& internet() {
  static const std::vector<Prefix> kInternet = [] {
    const std::vector<Prefix> local{known("0.0.0.0/8"),      known("10.0.0.0/8"),     known("100.64.0.0/10"),
                                    known("127.0.0.0/8"),    known("169.254.0.0/16"), known("172.16.0.0/12"),
                                    known("192.168.0.0/16"), known("224.0.0.0/4"),    known("240.0.0.0/4")};
    std::vector<Prefix> rest;
    subtract(known("0.0.0.0/0"), local, rest);
    rest.push_back(known("2000::/3"));
    return rest;
  }();
  return kInternet;
}

}  // namespace latchkey::policy
