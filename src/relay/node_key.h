// A node's public key: its address at the relay. 32 bytes on the wire, "nodekey:" and 64 hexadecimal digits
// everywhere else.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/box.h"

namespace latchkey::relay {

using NodeKey = crypto::BoxPublicKey;

std::string node_key_text(const NodeKey& key);
std::optional<NodeKey> parse_node_key(std::string_view text);

// Keys in our tables belong to admitted nodes, which proved to hold them.
struct NodeKeyHash {
  std::size_t operator()(const NodeKey& key) const noexcept {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(key.data()), key.size()});
  }
};

}  // namespace latchkey::relay
