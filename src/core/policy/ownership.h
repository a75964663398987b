// Who may use a tag, and which routes need no approval.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/identity/caller.h"
#include "core/policy/policy.h"

namespace latchkey::policy {

inline constexpr std::size_t kMaxTags = 32;

// The caller as the policy sees him.
Identity identity_of(const identity::Caller& caller);

// Whether the policy file lets them give this tag: as a named owner, by a group or autogroup, or through a
// tag that owns it, over any number of steps. Whoever holds a tag may give it on.
bool owns_tag(const Policy& policy, const Identity& who, const std::string& tag);

// Refuses tags that are malformed, not defined or not theirs to give, with upstream's text, which scripts
// look for: "requested tags [tag:a tag:b] are invalid or not permitted".
//
// Owner, Admin and Network admin may give any tag that is defined. While no policy file is stored none is
// defined and none is owned: then they may give any well-formed one, and others none
// (docs/decisions/0009-tags-before-a-policy-file.md).
Result<void> check_tags(const std::vector<std::string>& tags, const Identity& who, const Policy& policy);

// Whether a device of this identity may offer this route without an administrator's approval. The routes of
// an exit node, 0.0.0.0/0 and ::/0, are approved by exitNode alone.
bool auto_approves(const Policy& policy, const Identity& device, const Prefix& route);

}  // namespace latchkey::policy
