#include "http/client_address.h"

#include <charconv>

#include "base/ip_address.h"
#include "base/text.h"

namespace latchkey::http {
namespace {

// An element of X-Forwarded-For: an address, perhaps in brackets and with a port.
std::string_view without_port(std::string_view text) {
  text = trim(text);
  if (text.starts_with('[')) return text.substr(1, text.find(']') - 1);
  if (const auto colon = text.find(':'); colon != std::string_view::npos && colon == text.rfind(':')) {
    return text.substr(0, colon);
  }
  return text;
}

}  // namespace

Result<AddressBlock> AddressBlock::parse(std::string_view text) {
  const auto slash = text.find('/');
  std::string bytes = address_bytes(text.substr(0, slash));
  unsigned bits = static_cast<unsigned>(bytes.size()) * 8;
  if (slash != std::string_view::npos) {
    const auto length = text.substr(slash + 1);
    unsigned wanted = 0;
    const auto [end, failed] = std::from_chars(length.data(), length.data() + length.size(), wanted);
    if (failed != std::errc{} || end != length.data() + length.size() || wanted > bits) bytes.clear();
    bits = wanted;
  }
  if (bytes.empty())
    return malformed("'" + std::string(text) + "' is not an address or block such as 10.0.0.0/8");
  return AddressBlock(std::move(bytes), bits);
}

bool AddressBlock::contains(std::string_view address) const {
  const std::string other = address_bytes(address);
  if (other.size() != bytes_.size()) return false;
  for (unsigned bit = 0; bit < bits_; bit += 8) {
    const unsigned rest = bits_ - bit;
    const auto mask = static_cast<unsigned char>(rest >= 8 ? 0xFF : 0xFF << (8 - rest));
    const auto difference = static_cast<unsigned char>(bytes_[bit / 8] ^ other[bit / 8]);
    if ((difference & mask) != 0) return false;
  }
  return true;
}

std::string client_address(const io::Request& request, const std::vector<AddressBlock>& trusted_proxies) {
  const auto trusted = [&](std::string_view address) {
    for (const auto& block : trusted_proxies) {
      if (block.contains(address)) return true;
    }
    return false;
  };
  std::string address = request.peer.address;
  if (trusted_proxies.empty() || !trusted(address)) return address;

  // Several headers of the name are one list, in order.
  std::vector<std::string_view> hops;
  for (const auto& header : request.headers) {
    if (!equals_ignore_case(header.name, "X-Forwarded-For")) continue;
    for (const auto hop : split(header.value, ',')) hops.push_back(without_port(hop));
  }
  while (!hops.empty() && trusted(address)) {
    if (address_bytes(hops.back()).empty()) break;
    address = std::string(hops.back());
    hops.pop_back();
  }
  return address;
}

}  // namespace latchkey::http
