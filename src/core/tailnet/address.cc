#include "core/tailnet/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace latchkey::tailnet {
namespace {

constexpr std::uint32_t kFirst = 100U << 24 | 64U << 16;  // 100.64.0.0/10
constexpr std::uint32_t kLast = kFirst | 0x3FFFFFU;

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};
constexpr Range kReserved[] = {
    {kFirst, kFirst},
    {kLast, kLast},
    {100U << 24 | 100U << 16, 100U << 24 | 100U << 16 | 0xFFU},
    {100U << 24 | 100U << 16 | 100U << 8, 100U << 24 | 100U << 16 | 100U << 8 | 0xFFU},
    {100U << 24 | 115U << 16 | 92U << 8, 100U << 24 | 115U << 16 | 93U << 8 | 0xFFU},
};

constexpr std::array<std::uint8_t, 13> kDevicesV6{0xFD, 0x7A, 0x11, 0x5C, 0xA1, 0xE0, 0xAB,
                                                  0x12, 0x48, 0x43, 0xCD, 0x96, 0x62};

std::uint32_t number_of(const Address& ipv4) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | ipv4.bytes()[i];
  return number;
}

bool bit(const std::array<std::uint8_t, 16>& bytes, int at) {
  const auto byte = static_cast<unsigned>(bytes[static_cast<std::size_t>(at / 8)]);
  return (byte >> (7 - at % 8) & 1U) != 0;
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string terminated(text);
  Address address;
  address.is_v6_ = text.find(':') != std::string_view::npos;
  if (inet_pton(address.is_v6_ ? AF_INET6 : AF_INET, terminated.c_str(), address.bytes_.data()) != 1) {
    return std::nullopt;
  }
  return address;
}

Address Address::v4(std::uint32_t number) {
  Address address;
  for (std::size_t i = 0; i < 4; ++i) {
    address.bytes_[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  }
  return address;
}

Address Address::v6(const std::array<std::uint8_t, 16>& bytes) {
  Address address;
  address.is_v6_ = true;
  address.bytes_ = bytes;
  return address;
}

std::string Address::str() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(is_v6_ ? AF_INET6 : AF_INET, bytes_.data(), text.data(), text.size());
  return text.data();
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = Address::parse(text.substr(0, slash));
  const auto digits = text.substr(slash + 1);
  int length = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const bool plain = failed == std::errc{} && end == digits.data() + digits.size() && digits.front() != '-' &&
                     (digits.size() == 1 || digits.front() != '0');
  if (!address || !plain || length > address->bits()) return std::nullopt;
  for (int i = length; i < address->bits(); ++i) {
    if (bit(address->bytes(), i)) return std::nullopt;
  }
  return Prefix(*address, length);
}

bool Prefix::contains(const Address& address) const {
  if (address.is_v4() != address_.is_v4()) return false;
  for (int i = 0; i < length_; ++i) {
    if (bit(address.bytes(), i) != bit(address_.bytes(), i)) return false;
  }
  return true;
}

std::string Prefix::str() const {
  return address_.str() + "/" + std::to_string(length_);
}

Result<std::vector<std::string>> canonical_prefixes(const std::vector<std::string>& prefixes,
                                                    const std::string& field) {
  if (prefixes.size() > kMaxRoutes) {
    return malformed("at most " + std::to_string(kMaxRoutes) + " routes are allowed", field);
  }
  std::vector<Prefix> parsed;
  for (const auto& text : prefixes) {
    const auto prefix = Prefix::parse(text);
    if (!prefix) {
      return malformed("a route is an address and a length without further bits, such as 10.0.0.0/16", field);
    }
    parsed.push_back(*prefix);
  }
  std::ranges::sort(parsed);
  const auto repeated = std::ranges::unique(parsed);
  parsed.erase(repeated.begin(), repeated.end());
  std::vector<std::string> texts;
  texts.reserve(parsed.size());
  for (const auto& prefix : parsed) texts.push_back(prefix.str());
  return texts;
}

bool may_be_assigned(const Address& ipv4) {
  if (!ipv4.is_v4()) return false;
  const auto number = number_of(ipv4);
  return number >= kFirst && number <= kLast && std::ranges::none_of(kReserved, [number](const Range& range) {
           return number >= range.first && number <= range.last;
         });
}

std::optional<Address> choose_ipv4(std::uint64_t random_bits) {
  const auto chosen = Address::v4(kFirst | static_cast<std::uint32_t>(random_bits & (kLast - kFirst)));
  if (!may_be_assigned(chosen)) return std::nullopt;
  return chosen;
}

Address ipv6_beside(const Address& ipv4) {
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(kDevicesV6, bytes.begin());
  std::copy(ipv4.bytes().begin() + 1, ipv4.bytes().begin() + 4, bytes.begin() + 13);
  return Address::v6(bytes);
}

}  // namespace latchkey::tailnet
