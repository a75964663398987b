// A policy applied to the devices there are: what each device's packet filter is, and who sees whom.
//
// Compiling takes time in proportion to devices and rules, not to pairs of devices; questions about one
// device or one pair are answered from sets made once. Immutable, safe from any thread.
#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/policy/policy.h"

namespace latchkey::policy {

// A device as the policy sees it.
struct PolicyNode {
  std::int64_t number = 0;
  Identity identity;                        // without a login when tagged
  std::vector<std::string> addresses;       // its own: "100.64.0.1", "fd7a:115c:a1e0::1"
  std::vector<std::string> enabled_routes;  // prefixes that lie behind it

  bool operator==(const PolicyNode&) const = default;
};

class CompiledPolicy {
 public:
  // Nodes are named by their place in the list from here on. Throws std::invalid_argument for an address or a
  // route that is none.
  CompiledPolicy(const Policy& policy, std::span<const PolicyNode> nodes);
  ~CompiledPolicy();
  CompiledPolicy(CompiledPolicy&&) noexcept;
  CompiledPolicy& operator=(CompiledPolicy&&) noexcept;

  std::size_t size() const;

  // The packet filter of a node, as an array of FilterRule of the control protocol: the rules for traffic to
  // its addresses and to what lies behind it. Empty when nothing may reach it.
  boost::json::array filter(std::size_t node) const;

  // Whether two nodes are peers: either may reach something of the other. Symmetric.
  bool sees(std::size_t a, std::size_t b) const { return reaches(a, b) || reaches(b, a); }
  // Whether any rule lets `from` reach `to` or what lies behind it.
  bool reaches(std::size_t from, std::size_t to) const;

  // Whether everything sees everything, without asking for each pair.
  bool everything_is_visible() const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

inline CompiledPolicy compile(const Policy& policy, std::span<const PolicyNode> nodes) {
  return CompiledPolicy(policy, nodes);
}

}  // namespace latchkey::policy
