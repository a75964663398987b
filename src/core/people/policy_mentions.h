// Where a policy file names a person by login: what stays behind when he goes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/policy/policy.h"

namespace latchkey::people {

// "group:eng", "owners of tag:ci", "approvers of 10.0.0.0/8", "src of the rule in line 12"; each once.
std::vector<std::string> policy_mentions(const policy::Policy& policy, std::string_view login_name);

}  // namespace latchkey::people
