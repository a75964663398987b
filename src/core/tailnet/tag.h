// Tags: "tag:" and a name, such as tag:ci. Who may put one on a key or a device.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/identity/role.h"

namespace latchkey::tailnet {

inline constexpr std::size_t kMaxTagLength = 64;
inline constexpr std::size_t kMaxTags = 32;

// "tag:" then a letter, then letters, digits and hyphens.
bool is_tag(std::string_view text);

// Refuses tags that are malformed or that this role may not use, with upstream's text, which scripts look
// for: "requested tags [tag:a tag:b] are invalid or not permitted".
//
// While no policy file is stored, no tag is defined and none is owned: roles that may use any tag may use any
// well-formed one, others none (docs/decisions/0009-tags-before-a-policy-file.md).
Result<void> check_tags(const std::vector<std::string>& tags, identity::Role role);

}  // namespace latchkey::tailnet
