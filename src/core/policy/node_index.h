// The devices of a tailnet, found by what selectors name. A part of compile.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/policy/compile.h"

namespace latchkey::policy {

// A set of nodes by their place in the list.
class NodeSet {
 public:
  explicit NodeSet(std::size_t size = 0) : in_(size) {}
  void add(std::size_t node) { in_[node] = true; }
  bool contains(std::size_t node) const { return everything || in_[node]; }
  bool everything = false;  // without listing them

 private:
  std::vector<bool> in_;
};

struct IndexedNode {
  std::vector<Address> addresses;
  std::vector<Prefix> routes;
  bool exit_node = false;
  std::string user;  // login in lower case; empty when tagged
};

class NodeIndex {
 public:
  NodeIndex(const Policy& policy, std::span<const PolicyNode> nodes);

  std::size_t size() const { return nodes_.size(); }
  const IndexedNode& node(std::size_t node) const { return nodes_[node]; }
  // The nodes of a person, by login in lower case.
  const std::vector<std::size_t>& nodes_of(const std::string& login) const;

  // Whether a selector means this node by what it is.
  bool is_selected(const Selector& selector, std::size_t node) const {
    return selects(selector, identities_[node], groups_);
  }
  // Adds the nodes that a selector means by what they are.
  void add_by_identity(const Selector& selector, NodeSet& set) const;
  // Adds the nodes that own one of the addresses, or have some of them behind them.
  void add_by_address(const Prefix& prefix, NodeSet& set) const;
  void add_exit_nodes(NodeSet& set) const;

 private:
  Groups groups_;
  std::vector<IndexedNode> nodes_;
  std::vector<Identity> identities_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_user_, by_tag_, by_group_;
  std::vector<std::pair<Address, std::size_t>> by_address_;  // sorted
  std::vector<std::pair<Prefix, std::size_t>> routes_;
  std::vector<std::size_t> exit_nodes_;
};

}  // namespace latchkey::policy
