// Which rules of a policy speak of a person or of an address and port.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/policy/compile.h"
#include "core/policy/policy.h"

namespace latchkey::policy {

// Rules with this person among their sources. The role decides about autogroups.
std::vector<const Rule*> rules_for_user(const Policy& policy, std::string_view login, identity::Role role);

// Rules with this address and port among their targets, also by what the device is that has the address.
// Malformed when the text is not address:port.
Result<std::vector<const Rule*>> rules_for_destination(const Policy& policy,
                                                       std::string_view address_and_port,
                                                       std::span<const PolicyNode> nodes);

}  // namespace latchkey::policy
