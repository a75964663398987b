#include "io/address_guard.h"

#include <algorithm>
#include <charconv>

#include "base/ip_address.h"

namespace latchkey::io {
namespace {

// IANA's registries of special-purpose addresses (RFC 6890), multicast, and what is reserved.
const std::vector<std::string>& special_networks() {
  static const std::vector<std::string> networks{
      "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
      "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
      "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
      "::/96",         "100::/64",        "2001::/23",      "2001:db8::/32",  "3fff::/20",
      "5f00::/16",     "fc00::/7",        "fe80::/10",      "fec0::/10",      "ff00::/8"};
  return networks;
}

// The IPv4 address within, if there is one.
std::string embedded_ipv4(const std::string& bytes) {
  static const std::string kNat64 = {'\0', '\x64', '\xff', '\x9b', 0, 0, 0, 0, 0, 0, 0, 0};
  if (bytes.size() != 16) return {};
  if (bytes.starts_with(kNat64)) return bytes.substr(12);
  if (bytes[0] == '\x20' && bytes[1] == '\x02') return bytes.substr(2, 4);  // 6to4
  return {};
}

}  // namespace

Result<AddressGuard> AddressGuard::make(const std::vector<std::string>& allowed) {
  AddressGuard guard;
  for (const auto& text : allowed) {
    TRY(auto network, network_of(text));
    guard.allowed_.push_back(std::move(network));
  }
  return guard;
}

Result<AddressGuard::Network> AddressGuard::network_of(const std::string& text) {
  const auto slash = text.find('/');
  Network network{address_bytes(text.substr(0, slash)), 0};
  const auto most = static_cast<int>(network.bytes.size() * 8);
  network.length = most;
  bool good = !network.bytes.empty();
  if (good && slash != std::string::npos) {
    const char* end = text.data() + text.size();
    const auto [stop, failed] = std::from_chars(text.data() + slash + 1, end, network.length);
    good = failed == std::errc{} && stop == end && network.length >= 0 && network.length <= most;
  }
  if (!good) return malformed("\"" + text + "\" is no network such as 10.0.0.0/8 or fd00::/8");
  return network;
}

bool AddressGuard::Network::holds(const std::string& address) const {
  if (address.size() != bytes.size()) return false;
  for (int bit = 0; bit < length; ++bit) {
    const auto at = static_cast<std::size_t>(bit / 8);
    const int mask = 0x80 >> (bit % 8);
    if (((address[at] ^ bytes[at]) & mask) != 0) return false;
  }
  return true;
}

bool AddressGuard::may_reach(std::string_view address) const {
  static const std::vector<Network> special = [] {
    std::vector<Network> networks;
    for (const auto& text : special_networks()) networks.push_back(network_of(text).value());
    return networks;
  }();
  auto bytes = address_bytes(address);
  if (bytes.empty()) return false;
  if (auto within = embedded_ipv4(bytes); !within.empty()) bytes = std::move(within);
  const auto holds = [&](const Network& network) { return network.holds(bytes); };
  return std::ranges::any_of(allowed_, holds) || std::ranges::none_of(special, holds);
}

}  // namespace latchkey::io
