#include "core/policy/node_index.h"

#include <algorithm>
#include <stdexcept>

#include "base/text.h"

namespace latchkey::policy {
namespace {

IndexedNode indexed(const PolicyNode& node) {
  IndexedNode made;
  for (const auto& text : node.addresses) {
    const auto address = parse_address(text);
    if (!address) throw std::invalid_argument("a device with an address that is none");
    made.addresses.push_back(*address);
  }
  for (const auto& text : node.enabled_routes) {
    const auto route = parse_prefix(text);
    if (!route) throw std::invalid_argument("a device with a route that is no prefix");
    if (route->is_everything()) {
      made.exit_node = true;
    } else {
      made.routes.push_back(*route);
    }
  }
  if (node.identity.is_person()) made.user = to_lower(node.identity.login);
  return made;
}

}  // namespace

NodeIndex::NodeIndex(const Policy& policy, std::span<const PolicyNode> nodes) : groups_(policy.groups()) {
  nodes_.reserve(nodes.size());
  identities_.reserve(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    nodes_.push_back(indexed(nodes[i]));
    identities_.push_back(nodes[i].identity);
    const auto& made = nodes_.back();
    if (!made.user.empty()) by_user_[made.user].push_back(i);
    for (const auto& tag : nodes[i].identity.tags) by_tag_[tag].push_back(i);
    for (const auto& address : made.addresses) by_address_.emplace_back(address, i);
    for (const auto& route : made.routes) routes_.emplace_back(route, i);
    if (made.exit_node) exit_nodes_.push_back(i);
  }
  std::ranges::sort(by_address_);
  for (const auto& [group, members] : groups_) {
    auto& in_group = by_group_[group];
    for (const auto& login : members) {
      const auto& own = nodes_of(login);
      in_group.insert(in_group.end(), own.begin(), own.end());
    }
  }
}

const std::vector<std::size_t>& NodeIndex::nodes_of(const std::string& login) const {
  static const std::vector<std::size_t> kNone;
  const auto found = by_user_.find(login);
  return found == by_user_.end() ? kNone : found->second;
}

void NodeIndex::add_by_identity(const Selector& selector, NodeSet& set) const {
  switch (selector.kind) {
    case Selector::Kind::everything:
      set.everything = true;
      return;
    case Selector::Kind::user:
      for (const auto node : nodes_of(selector.name)) set.add(node);
      return;
    case Selector::Kind::group:
      if (const auto group = by_group_.find(selector.name); group != by_group_.end()) {
        for (const auto node : group->second) set.add(node);
      }
      return;
    case Selector::Kind::tag:
      if (const auto tagged = by_tag_.find(selector.name); tagged != by_tag_.end()) {
        for (const auto node : tagged->second) set.add(node);
      }
      return;
    case Selector::Kind::members:
    case Selector::Kind::tagged:
    case Selector::Kind::role:
      for (std::size_t i = 0; i < identities_.size(); ++i) {
        if (selects(selector, identities_[i], groups_)) set.add(i);
      }
      return;
    case Selector::Kind::addresses:
    case Selector::Kind::self:
    case Selector::Kind::internet:
      return;
  }
}

void NodeIndex::add_by_address(const Prefix& prefix, NodeSet& set) const {
  auto at = std::ranges::lower_bound(by_address_, std::pair{prefix.address, std::size_t{0}});
  for (; at != by_address_.end() && prefix.contains(at->first); ++at) set.add(at->second);
  for (const auto& [route, node] : routes_) {
    if (intersection(route, prefix)) set.add(node);
  }
}

void NodeIndex::add_exit_nodes(NodeSet& set) const {
  for (const auto node : exit_nodes_) set.add(node);
}

}  // namespace latchkey::policy
