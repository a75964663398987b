#include "core/policy/ownership.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "core/policy/tag.h"

namespace latchkey::policy {
namespace {

bool any_selects(const std::vector<Selector>& selectors, const Identity& who, const Policy& policy) {
  return std::ranges::any_of(selectors,
                             [&](const Selector& each) { return selects(each, who, policy.groups()); });
}

bool may_give(const Policy& policy, const Identity& who, const std::string& tag) {
  if (!is_tag(tag)) return false;
  const bool any_tag = who.any_tag || (who.role && identity::may(*who.role, identity::Right::use_any_tag));
  if (policy.is_standard()) return any_tag || std::ranges::find(who.tags, tag) != who.tags.end();
  return policy.tag_owners().contains(tag) && (any_tag || owns_tag(policy, who, tag));
}

}  // namespace

Identity identity_of(const identity::Caller& caller) {
  if (caller.trust) return {{}, std::nullopt, caller.trust->tags, caller.trust->any_tag};
  return {caller.login_name, caller.role, {}};
}

bool owns_tag(const Policy& policy, const Identity& who, const std::string& tag) {
  std::set<std::string> seen{tag};
  std::vector<std::string> open{tag};
  while (!open.empty()) {
    const auto current = std::move(open.back());
    open.pop_back();
    const auto found = policy.tag_owners().find(current);
    if (found == policy.tag_owners().end()) continue;
    if (std::ranges::find(who.tags, current) != who.tags.end()) return true;
    if (any_selects(found->second, who, policy)) return true;
    for (const auto& owner : found->second) {
      if (owner.kind == Selector::Kind::tag && seen.insert(owner.name).second) open.push_back(owner.name);
    }
  }
  return false;
}

Result<void> check_tags(const std::vector<std::string>& tags, const Identity& who, const Policy& policy) {
  if (tags.size() > kMaxTags) {
    return malformed("at most " + std::to_string(kMaxTags) + " tags are allowed", "tags");
  }
  std::string refused;
  for (const auto& tag : tags) {
    if (may_give(policy, who, tag)) continue;
    if (!refused.empty()) refused += ' ';
    // A tag longer than any valid one would only fill the answer.
    refused += clip(tag, kMaxTagLength);
  }
  if (refused.empty()) return {};
  Error error = malformed("requested tags [" + refused + "] are invalid or not permitted", "tags");
  error.refusal = true;
  return error;
}

bool auto_approves(const Policy& policy, const Identity& device, const Prefix& route) {
  const auto& approvers = policy.auto_approvers();
  if (route.is_everything()) return any_selects(approvers.exit_node, device, policy);
  return std::ranges::any_of(approvers.routes, [&](const auto& entry) {
    return entry.first.contains(route) && any_selects(entry.second, device, policy);
  });
}

}  // namespace latchkey::policy
