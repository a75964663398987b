// Selectors: the words with which a policy file names devices, people and addresses.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/identity/role.h"
#include "core/policy/address.h"

namespace latchkey::policy {

// What a person or a device is to the policy. A tagged device is nobody's: it has no login.
struct Identity {
  std::string login;  // compared without case
  std::optional<identity::Role> role;
  std::vector<std::string> tags;
  bool any_tag = false;  // a trust credential with every scope

  bool is_person() const { return tags.empty() && !login.empty(); }
  bool operator==(const Identity&) const = default;
};

struct Selector {
  enum class Kind {
    everything,  // *
    user,        // alice@example.com, and her devices
    group,       // group:name
    tag,         // tag:name
    addresses,   // an address, a prefix, or a name from hosts
    members,     // autogroup:member: every person
    tagged,      // autogroup:tagged: every tagged device
    role,        // autogroup:admin ...: people with that role
    self,        // autogroup:self, as destination: the source's own devices
    internet,    // autogroup:internet, as destination: what lies behind exit nodes
  };

  Kind kind = Kind::everything;
  std::string name;  // of a user (lower case), group or tag
  Prefix addresses;
  identity::Role role = identity::Role::member;

  bool operator==(const Selector&) const = default;
};

// Group names with their members' logins in lower case, sorted.
using Groups = std::map<std::string, std::vector<std::string>, std::less<>>;
using Hosts = std::map<std::string, Prefix, std::less<>>;

// What a policy file defines before anything may refer to it.
struct Names {
  Groups groups;
  Hosts hosts;
  std::vector<std::string> tags;  // sorted
};

// Where a selector stands: not every place takes every kind.
enum class Place { source, destination, owner, approver, test_source, test_destination };

// The message says what is wrong with the text, as upstream does: `tag not found: "tag:x"`.
Result<Selector> parse_selector(std::string_view text, Place place, const Names& names);

// Whether the selector means this person or device by what it is; addresses mean nobody.
bool selects(const Selector& selector, const Identity& who, const Groups& groups);

}  // namespace latchkey::policy
