#include "relay/node_key.h"

#include <algorithm>

#include "base/text.h"

namespace latchkey::relay {
namespace {

constexpr std::string_view kPrefix = "nodekey:";

}  // namespace

std::string node_key_text(const NodeKey& key) {
  return std::string(kPrefix) + to_hex(key);
}

std::optional<NodeKey> parse_node_key(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  const auto raw = from_hex(text.substr(kPrefix.size()));
  NodeKey key{};
  if (!raw || raw->size() != key.size()) return std::nullopt;
  std::ranges::copy(*raw, key.begin());
  return key;
}

}  // namespace latchkey::relay
