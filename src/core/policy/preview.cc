#include "core/policy/preview.h"

#include <algorithm>

#include "base/text.h"

namespace latchkey::policy {
namespace {

using Kind = Selector::Kind;

struct AddressAndPort {
  Address address;
  std::uint16_t port;
};

std::optional<AddressAndPort> parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address = parse_address(host);
  const auto ports = parse_ports(text.substr(colon + 1));
  if (!address || !ports || ports->size() != 1 || ports->front().first != ports->front().last) {
    return std::nullopt;
  }
  return AddressAndPort{*address, ports->front().first};
}

const Identity* owner_of(const std::string& address, std::span<const PolicyNode> nodes) {
  for (const auto& node : nodes) {
    if (std::ranges::find(node.addresses, address) != node.addresses.end()) return &node.identity;
  }
  return nullptr;
}

bool means(const Selector& selector, const Address& address, const Identity* owner, const Groups& groups) {
  switch (selector.kind) {
    case Kind::everything:
      return true;
    case Kind::addresses:
      return selector.addresses.contains(address);
    case Kind::internet:
      return std::ranges::any_of(internet(), [&](const Prefix& prefix) { return prefix.contains(address); });
    case Kind::self:
      return owner != nullptr && owner->is_person();
    default:
      return owner != nullptr && selects(selector, *owner, groups);
  }
}

}  // namespace

std::vector<const Rule*> rules_for_user(const Policy& policy, std::string_view login, identity::Role role) {
  const Identity who{std::string(login), role, {}};
  std::vector<const Rule*> found;
  for (const auto& rule : policy.rules()) {
    const bool speaks = std::ranges::any_of(
        rule.sources, [&](const Selector& each) { return selects(each, who, policy.groups()); });
    if (speaks) found.push_back(&rule);
  }
  return found;
}

Result<std::vector<const Rule*>> rules_for_destination(const Policy& policy,
                                                       std::string_view address_and_port,
                                                       std::span<const PolicyNode> nodes) {
  const auto aim = parse(address_and_port);
  if (!aim) return malformed("previewFor must be an address and a port, such as 10.0.0.1:80", "previewFor");
  const Identity* owner = owner_of(to_string(aim->address), nodes);
  std::vector<const Rule*> found;
  for (const auto& rule : policy.rules()) {
    const bool speaks = std::ranges::any_of(rule.targets, [&](const Rule::Target& target) {
      return means(target.what, aim->address, owner, policy.groups()) &&
             std::ranges::any_of(target.access,
                                 [&](const Access& access) { return access.ports.contains(aim->port); });
    });
    if (speaks) found.push_back(&rule);
  }
  return found;
}

}  // namespace latchkey::policy
