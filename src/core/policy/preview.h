// Which rules of a policy speak of a person or of an address and port.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/policy/policy.h"

namespace latchkey::policy {

// Rules with this person among their sources. The role decides about autogroups.
std::vector<const Rule*> rules_for_user(const Policy& policy, std::string_view login, identity::Role role);

// Rules with this address and port among their targets; `owner` is the identity of the device that has the
// address, nothing when none has. Malformed when the text is not address:port.
Result<std::vector<const Rule*>> rules_for_destination(const Policy& policy,
                                                       std::string_view address_and_port,
                                                       const Identity* owner);

// The address in "10.0.0.1:80" or "[fd7a::1]:80", for finding its owner; nothing when malformed.
std::optional<Address> address_in(std::string_view address_and_port);

}  // namespace latchkey::policy
