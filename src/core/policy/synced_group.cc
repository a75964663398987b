#include "core/policy/synced_group.h"

#include <algorithm>

#include "base/text.h"
#include "core/identity/group_store.h"

namespace latchkey::policy {
namespace {

constexpr std::string_view kPrefix = "group:";
constexpr std::size_t kUuidLength = 36;

// The form of the ids that providers give: 8-4-4-4-12 hexadecimal digits.
bool is_uuid(std::string_view text) {
  if (text.size() != kUuidLength) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    const bool digit = std::string_view("0123456789abcdefABCDEF").find(text[i]) != std::string_view::npos;
    if (hyphen ? text[i] != '-' : !digit) return false;
  }
  return true;
}

}  // namespace

std::optional<identity::GroupReference> synced_reference(std::string_view group) {
  if (!group.starts_with(kPrefix)) return std::nullopt;
  const auto name = group.substr(kPrefix.size());
  if (is_uuid(name) || is_id_text('g', name)) return identity::GroupReference{{}, {}, std::string(name)};
  const auto at = name.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == name.size() || !utf8_length(name))
    return std::nullopt;
  return identity::GroupReference{to_lower(name.substr(0, at)), to_lower(name.substr(at + 1)), {}};
}

Policy with_synced_groups(core::Tx& tx, const TailnetId& tailnet, const Policy& policy) {
  Groups groups;
  for (const auto& name : policy.synced_groups()) {
    if (auto logins = tx.groups().logins_of(tailnet, synced_reference(name).value())) {
      groups.emplace(name, *std::move(logins));
    }
  }
  return groups.empty() ? policy : policy.with_groups(std::move(groups));
}

std::vector<std::string> missing_groups(core::Tx& tx, const TailnetId& tailnet, const Policy& policy) {
  auto names = policy.synced_groups();
  std::erase_if(names, [&](const std::string& name) {
    return tx.groups().logins_of(tailnet, synced_reference(name).value()).has_value();
  });
  return names;
}

}  // namespace latchkey::policy
