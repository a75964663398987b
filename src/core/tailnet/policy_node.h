// Devices as the policy sees them.
#pragma once

#include <string>
#include <vector>

#include "core/identity/user.h"
#include "core/policy/compile.h"
#include "core/tailnet/device.h"
#include "core/tx.h"

namespace latchkey::tailnet {

// `owner` is null when the device is tagged, or its owner unknown.
policy::PolicyNode policy_node(const Device& device, const identity::User* owner);

// Every device of the tailnet, in the order of their numbers. Whether one may take part (approved, not
// expired) is for the caller to judge.
std::vector<policy::PolicyNode> policy_nodes(core::Tx& tx, const TailnetId& tailnet);

// The routes that the device advertises and that the policy file approves without asking.
std::vector<std::string> auto_approved_routes(core::Tx& tx, const Device& device);

}  // namespace latchkey::tailnet
