#include "core/people/policy_mentions.h"

#include <algorithm>

#include "base/text.h"

namespace latchkey::people {

std::vector<std::string> policy_mentions(const policy::Policy& policy, std::string_view login_name) {
  const std::string login = to_lower(login_name);
  const auto names_him = [&](const policy::Selector& selector) {
    return selector.kind == policy::Selector::Kind::user && selector.name == login;
  };
  std::vector<std::string> found;
  for (const auto& [group, members] : policy.groups()) {
    if (std::ranges::binary_search(members, login)) found.push_back(group);
  }
  for (const auto& [tag, owners] : policy.tag_owners()) {
    if (std::ranges::any_of(owners, names_him)) found.push_back("owners of " + tag);
  }
  const auto& approvers = policy.auto_approvers();
  for (const auto& [prefix, who] : approvers.routes) {
    if (std::ranges::any_of(who, names_him)) found.push_back("approvers of " + to_string(prefix));
  }
  if (std::ranges::any_of(approvers.exit_node, names_him)) found.emplace_back("approvers of exit nodes");
  for (const auto& rule : policy.rules()) {
    const std::string place = " of the rule in line " + std::to_string(rule.line);
    if (std::ranges::any_of(rule.sources, names_him)) found.push_back("src" + place);
    if (std::ranges::any_of(rule.targets, names_him, &policy::Rule::Target::what)) {
      found.push_back("dst" + place);
    }
  }
  return found;
}

}  // namespace latchkey::people
