#include "core/services/service.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <charconv>

#include "base/text.h"
#include "core/tailnet/address.h"
#include "core/tailnet/device_name.h"

namespace latchkey::services {
namespace {

constexpr std::string_view kAnyPort = "do-not-validate";
constexpr std::string_view kTcp = "tcp:";

// Without control characters, except those of the layout of a text where lines are allowed.
bool is_text(std::string_view text, bool lines) {
  return utf8_length(text) &&
         std::ranges::none_of(text,
                              [lines](char c) {
                                const bool layout = lines && (c == '\n' || c == '\r' || c == '\t');
                                return (static_cast<unsigned char>(c) < 0x20 && !layout) || c == 0x7F;
                              }) &&
         !holds_key(text);
}

Result<void> check_text(const std::string& text, std::size_t most, const std::string& name) {
  if (is_text(text, false) && *utf8_length(text) <= most) return {};
  return malformed(name + " takes at most " + std::to_string(most) +
                       " characters, without line ends, control characters and keys",
                   name);
}

bool is_port(std::string_view text) {
  if (!text.starts_with(kTcp)) return false;
  const auto digits = text.substr(kTcp.size());
  std::uint32_t port = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return !digits.empty() && failed == std::errc{} && end == digits.data() + digits.size() &&
         digits.front() != '0' && port <= 65535;
}

Result<void> check_annotations(const Annotations& annotations) {
  constexpr const char* kField = "annotations";
  if (annotations.size() > kMaxAnnotations) {
    return malformed("at most " + std::to_string(kMaxAnnotations) + " annotations are allowed", kField);
  }
  std::size_t size = 0;
  for (const auto& [name, value] : annotations) {
    size += name.size() + value.size();
    if (name.empty() || name.size() > kMaxAnnotationName || !is_text(name, false)) {
      return malformed(
          "the name of an annotation is text of at most " + std::to_string(kMaxAnnotationName) + " bytes",
          kField);
    }
    if (value.size() > kMaxAnnotation || !is_text(value, true)) {
      return malformed("an annotation is text of at most " + std::to_string(kMaxAnnotation) +
                           " bytes, without control characters and keys",
                       kField);
    }
  }
  if (size <= kMaxAllAnnotations) return {};
  return malformed("annotations take at most " + std::to_string(kMaxAllAnnotations) + " bytes together",
                   kField);
}

}  // namespace

Result<void> check_name(std::string_view name) {
  const bool prefixed = name.starts_with(kPrefix);
  if (prefixed && name.size() - kPrefix.size() <= tailnet::kMaxDeviceName &&
      tailnet::check_device_name(name.substr(kPrefix.size())).ok()) {
    return {};
  }
  return malformed("the name of a service is svc: and up to " + std::to_string(tailnet::kMaxDeviceName) +
                       " small letters, digits and hyphens, such as svc:web",
                   "name");
}

Result<void> check_texts(const Service& service) {
  TRY(check_text(service.display_name, kMaxDisplayName, "displayName"));
  TRY(check_text(service.comment, kMaxComment, "comment"));
  return check_annotations(service.annotations);
}

Result<std::vector<std::string>> checked_ports(const std::vector<std::string>& ports) {
  if (ports.empty() || ports.size() > kMaxPorts) {
    return malformed(
        "ports takes 1 to " + std::to_string(kMaxPorts) + " ports such as tcp:443, or do-not-validate",
        "ports");
  }
  std::vector<std::string> checked;
  for (const auto& port : ports) {
    if (port == kAnyPort && ports.size() > 1)
      return malformed("do-not-validate stands alone in ports", "ports");
    if (port != kAnyPort && !is_port(port)) {
      return malformed("a port is tcp: and a number from 1 to 65535, such as tcp:443", "ports");
    }
    if (std::ranges::find(checked, port) == checked.end()) checked.push_back(port);
  }
  return checked;
}

std::optional<std::string> choose_ipv6(std::uint64_t random_bits) {
  // fd7a:115c:a1e0::53 and its neighbours are the client's own.
  constexpr std::uint32_t kReserved = 0xFFFFFF;
  const auto number = static_cast<std::uint32_t>(random_bits);
  if (number <= kReserved) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{0xFD, 0x7A, 0x11, 0x5C, 0xA1, 0xE0};
  for (std::size_t i = 0; i < 4; ++i) bytes[12 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return tailnet::Address::v6(bytes).str();
}

boost::json::object audit_view(const Service& service) {
  boost::json::object view{{"name", service.name},
                           {"addrs", boost::json::array{service.ipv4, service.ipv6}},
                           {"ports", boost::json::array(service.ports.begin(), service.ports.end())},
                           {"tags", boost::json::array(service.tags.begin(), service.tags.end())}};
  if (!service.display_name.empty()) view["displayName"] = service.display_name;
  if (!service.comment.empty()) view["comment"] = service.comment;
  if (!service.annotations.empty()) {
    boost::json::array names;  // their values are long, and the business of clients
    for (const auto& [name, value] : service.annotations) names.emplace_back(name);
    view["annotations"] = std::move(names);
  }
  return view;
}

}  // namespace latchkey::services
