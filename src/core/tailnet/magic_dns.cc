#include "core/tailnet/magic_dns.h"

#include "base/text.h"

namespace latchkey::tailnet {
namespace {

constexpr std::size_t kMaxLabel = 63;

}  // namespace

std::string magic_dns_suffix(const Tailnet& tailnet) {
  // One label, so that a device's whole name keeps within 254 bytes whatever the tailnet is called. Two
  // tailnets may share it: no device is in both under one login.
  std::string label;
  for (const char c : to_lower(tailnet.name)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!plain && (label.empty() || label.ends_with('-'))) continue;
    label += plain ? c : '-';
  }
  label.resize(std::min(label.size(), kMaxLabel));
  while (label.ends_with('-')) label.pop_back();
  if (label.empty()) label = "tailnet";
  return label + ".latchkey.internal";
}

std::string magic_dns_name(std::string_view label, const Tailnet& tailnet) {
  return std::string(label) + "." + magic_dns_suffix(tailnet);
}

std::string_view label_in(std::string_view name, const Tailnet& tailnet) {
  const std::string tail = "." + magic_dns_suffix(tailnet);
  if (name.size() > tail.size() && equals_ignore_case(name.substr(name.size() - tail.size()), tail)) {
    name.remove_suffix(tail.size());
  }
  return name;
}

}  // namespace latchkey::tailnet
