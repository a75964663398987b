// One device as the map of its tailnet has it: immutable, with what others are told of it made once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/time.h"
#include "control/messages/user_profile.h"
#include "core/policy/compile.h"
#include "core/tailnet/device.h"

namespace latchkey::control {

struct Node {
  tailnet::Device device;
  UserProfile owner;
  policy::PolicyNode standing;  // what the policy judges it by
  std::string full_name;        // "web-1.example.latchkey.internal.", with the final dot
  bool takes_part = false;      // approved, and its owner may use the tailnet: others see it, it sees others
  bool key_expired = false;
  std::string host_info;  // for peers: without what only the server needs
  std::string as_peer;    // the whole Node of the protocol, as JSON
};
using NodePtr = std::shared_ptr<const Node>;

struct NodeSource {
  tailnet::Device device;
  UserProfile owner;
  policy::PolicyNode standing;
  bool owner_blocked = false;
  std::string dns_suffix;
};
NodePtr make_node(NodeSource source, TimePoint now);

// Whether the policy, while it stays the same, says the same of both.
bool stands_alike(const Node& a, const Node& b);

// The device's own Node.
std::string self_json(const Node& node);
// The self Node of a device that is no longer in the tailnet: its key has expired, so that it asks for a
// login.
std::string farewell_json(const Node& node, TimePoint now);

// What peers that know `before` are told: nothing, a patch ("PeersChangedPatch"), or the whole again.
struct PeerUpdate {
  enum class Kind { none, patch, whole };
  Kind kind = Kind::none;
  std::string patch;  // JSON
};
PeerUpdate peer_update(const Node& before, const Node& after);

}  // namespace latchkey::control
