// Groups of an identity provider in a policy file: "group:security@example.com" by their name in a tailnet,
// or "group:0f0e2d1c-5a5a-4b4b-8c8c-777788889999" by their id, the provider's or this server's. What the file
// defines itself comes first; one that is not synced matches nobody.
#pragma once

#include <optional>
#include <string_view>

#include "core/identity/group.h"
#include "core/policy/policy.h"
#include "core/tx.h"

namespace latchkey::policy {

// Nothing for a name that only the file itself can define.
std::optional<identity::GroupReference> synced_reference(std::string_view group);

// The policy with the people of the synced groups that it names, as they are at this moment.
Policy with_synced_groups(core::Tx& tx, const TailnetId& tailnet, const Policy& policy);

// Those that it names and that are not there.
std::vector<std::string> missing_groups(core::Tx& tx, const TailnetId& tailnet, const Policy& policy);

}  // namespace latchkey::policy
