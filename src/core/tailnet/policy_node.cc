#include "core/tailnet/policy_node.h"

#include <map>

#include "core/identity/user_store.h"
#include "core/policy/manage.h"
#include "core/policy/ownership.h"
#include "core/tailnet/device_store.h"

namespace latchkey::tailnet {
namespace {

policy::Identity identity_of(const Device& device, const identity::User* owner) {
  if (is_tagged(device)) return {{}, {}, device.tags};
  if (owner == nullptr) return {};
  return {owner->login_name, owner->role, {}};
}

std::vector<std::string> addresses_of(const Device& device) {
  std::vector<std::string> addresses;
  for (const auto& address : {device.ipv4, device.ipv6}) {
    if (!address.empty()) addresses.push_back(address);
  }
  return addresses;
}

}  // namespace

policy::PolicyNode policy_node(const Device& device, const identity::User* owner) {
  return {device.number, identity_of(device, owner), addresses_of(device), device.enabled_routes};
}

std::vector<policy::PolicyNode> policy_nodes(core::Tx& tx, const TailnetId& tailnet) {
  std::map<UserId, identity::User> users;
  for (auto& user : tx.users().list(tailnet)) users.emplace(user.id, std::move(user));
  std::vector<policy::PolicyNode> nodes;
  for (const auto& device : tx.devices().list(tailnet)) {
    const auto owner = users.find(device.user);
    nodes.push_back(policy_node(device, owner == users.end() ? nullptr : &owner->second));
  }
  return nodes;
}

std::vector<std::string> auto_approved_routes(core::Tx& tx, const Device& device) {
  std::vector<std::string> approved;
  if (device.advertised_routes.empty()) return approved;
  const auto policy = policy::current_policy(tx, device.tailnet);
  const auto owner = is_tagged(device) ? std::nullopt : tx.users().find(device.tailnet, device.user);
  const auto who = identity_of(device, owner ? &*owner : nullptr);
  for (const auto& text : device.advertised_routes) {
    const auto route = policy::parse_prefix(text);
    if (route && policy::auto_approves(policy, who, *route)) approved.push_back(text);
  }
  return approved;
}

}  // namespace latchkey::tailnet
