#include "core/policy/access.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "base/text.h"

namespace latchkey::policy {
namespace {

struct ProtocolName {
  std::string_view name;
  std::uint8_t number;
};
constexpr ProtocolName kProtocols[] = {
    {"icmp", 1},   {"igmp", 2}, {"ipv4", 4}, {"ip-in-ip", 4}, {"tcp", kTcp},     {"egp", 8},      {"igp", 9},
    {"udp", kUdp}, {"gre", 47}, {"esp", 50}, {"ah", 51},      {"ipv6-icmp", 58}, {"sctp", kSctp}, {"fc", 133},
};

std::string quoted(std::string_view text) {
  return "\"" + std::string(clip(text, 100)) + "\"";
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, failed] = std::from_chars(text.data(), end, number);
  if (text.empty() || failed != std::errc() || rest != end) return std::nullopt;
  return number;
}

Result<PortRange> parse_range(std::string_view text) {
  if (text == "*") return PortRange{};
  const auto dash = text.find('-');
  const auto first = number_of<std::uint16_t>(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number_of<std::uint16_t>(text.substr(dash + 1));
  if (!first) return malformed("port range " + quoted(text) + ": invalid first integer");
  if (!last) return malformed("port range " + quoted(text) + ": invalid last integer");
  if (*first == 0) {
    return malformed("port range " + quoted(text) + ": first port must be >0, or use '*' for wildcard");
  }
  if (*last < *first) return malformed("port range " + quoted(text) + ": first port must be <= last port");
  return PortRange{*first, *last};
}

}  // namespace

Result<std::vector<PortRange>> parse_ports(std::string_view text) {
  std::vector<PortRange> ranges;
  for (const auto part : split(text, ',')) {
    if (ranges.size() == kMaxPortRanges) {
      return malformed("at most " + std::to_string(kMaxPortRanges) + " port ranges are allowed");
    }
    TRY(const auto range, parse_range(trim(part)));
    ranges.push_back(range);
  }
  return ranges;
}

Result<Protocol> parse_protocol(std::string_view text) {
  if (text.empty()) return Protocol{};
  const auto folded = to_lower(text);
  const auto* known = std::ranges::find(kProtocols, folded, &ProtocolName::name);
  if (known != std::end(kProtocols)) return Protocol{known->number};
  const auto number = number_of<std::uint8_t>(text);
  if (!number || text.front() == '0') {
    return malformed("proto=" + quoted(text) + " is neither a known protocol nor a number from 1 to 255");
  }
  return Protocol{number};
}

bool has_ports(const Protocol& protocol) {
  return !protocol || *protocol == kTcp || *protocol == kUdp || *protocol == kSctp;
}

Result<std::vector<Access>> parse_access(std::string_view text) {
  text = trim(text);
  const auto colon = text.find(':');
  Protocol protocol;
  auto ports_text = text;
  if (colon != std::string_view::npos) {
    if (text.substr(0, colon).empty()) return malformed("ip=" + quoted(text) + " lacks a protocol");
    TRY(protocol, parse_protocol(text.substr(0, colon)));
    ports_text = text.substr(colon + 1);
  }
  TRY(const auto ports, parse_ports(ports_text));
  std::vector<Access> list;
  for (const auto& range : ports) {
    if (!has_ports(protocol) && !range.is_every()) {
      return malformed("ip=" + quoted(text) + ": this protocol has no ports, use '*'");
    }
    list.push_back({protocol, range});
  }
  return list;
}

bool covers(const Protocol& rule, std::uint8_t protocol) {
  if (rule) return *rule == protocol;
  return protocol == kTcp || protocol == kUdp || protocol == 1 || protocol == 58;
}

}  // namespace latchkey::policy
