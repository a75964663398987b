#include "relay/stun.h"

#include <algorithm>
#include <array>
#include <boost/crc.hpp>

namespace latchkey::relay {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kBindingRequest = "\x00\x01"sv;
constexpr std::string_view kBindingResponse = "\x01\x01"sv;
constexpr std::string_view kCookie = "\x21\x12\xa4\x42"sv;
constexpr std::string_view kSoftware = "tailnode";
constexpr std::size_t kHeader = 20;
constexpr std::size_t kAttributeHeader = 4;
constexpr std::size_t kFingerprint = 8;
constexpr std::uint16_t kSoftwareType = 0x8022;
constexpr std::uint16_t kFingerprintType = 0x8028;
constexpr std::uint16_t kXorMappedAddress = 0x0020;
constexpr std::uint32_t kFingerprintMask = 0x5354554e;

std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t number = 0;
  for (const char byte : bytes.substr(at, size)) number = number << 8 | static_cast<std::uint8_t>(byte);
  return number;
}

void append_number(std::string& out, std::uint16_t number) {
  out.push_back(static_cast<char>(number >> 8));
  out.push_back(static_cast<char>(number & 0xff));
}

std::uint32_t fingerprint_of(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum() ^ kFingerprintMask;
}

}  // namespace

std::optional<StunTransaction> parse_binding_request(std::string_view packet) {
  if (packet.size() < kHeader || !packet.starts_with(kBindingRequest)) return std::nullopt;
  if (number_at(packet, 2, 2) != packet.size() - kHeader || packet.substr(4, 4) != kCookie) {
    return std::nullopt;
  }
  bool is_client = false;
  bool is_whole = false;
  for (auto at = kHeader; at < packet.size();) {
    if (packet.size() - at < kAttributeHeader) return std::nullopt;
    const auto type = number_at(packet, at, 2);
    const std::size_t length = number_at(packet, at + 2, 2);
    const std::size_t padded = (length + 3) & ~std::size_t{3};
    if (packet.size() - at - kAttributeHeader < padded) return std::nullopt;
    const auto value = packet.substr(at + kAttributeHeader, length);
    if (type == kSoftwareType && value == kSoftware) is_client = true;
    // Counts as the last attribute only.
    is_whole = type == kFingerprintType && length == 4 &&
               number_at(value, 0, 4) == fingerprint_of(packet.substr(0, packet.size() - kFingerprint));
    at += kAttributeHeader + padded;
  }
  if (!is_client || !is_whole) return std::nullopt;
  StunTransaction transaction;
  std::ranges::copy(packet.substr(8, transaction.size()), transaction.begin());
  return transaction;
}

std::string binding_response(const StunTransaction& transaction, const StunSource& source) {
  const auto attribute = static_cast<std::uint16_t>(kAttributeHeader + source.address.size());
  std::string mask(kCookie);
  mask.append(transaction.data(), transaction.size());
  std::string out(kBindingResponse);
  append_number(out, static_cast<std::uint16_t>(kAttributeHeader + attribute));
  out.append(mask);
  append_number(out, kXorMappedAddress);
  append_number(out, attribute);
  out.push_back('\0');
  out.push_back(source.address.size() == 4 ? 1 : 2);
  append_number(out, static_cast<std::uint16_t>(source.port ^ number_at(kCookie, 0, 2)));
  for (std::size_t i = 0; i < source.address.size(); ++i) {
    out.push_back(static_cast<char>(source.address[i] ^ static_cast<std::uint8_t>(mask[i])));
  }
  return out;
}

}  // namespace latchkey::relay
