#include "core/identity/scope.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "base/text.h"

namespace latchkey::identity {
namespace {

using enum ScopeFamily;

constexpr ScopeRow kCatalogue[] = {
    {all, "all", true, "everything, operations of later releases too"},
    {account_settings, "account_settings", true, "contacts"},
    {api_access_tokens, "api_access_tokens", true, "API access tokens of people: list, read, revoke"},
    {auth_keys, "auth_keys", true, "auth keys, with the tags of the credential"},
    {device_invites, "device_invites", true, "invites to devices"},
    {devices_core, "devices:core", true, "devices: list, read, approve, name, tag, expire, remove"},
    {devices_posture_attributes, "devices:posture_attributes", true, "posture attributes of devices"},
    {devices_routes, "devices:routes", true, "subnet routes of devices"},
    {dns, "dns", true, "DNS configuration"},
    {feature_settings, "feature_settings", true, "settings of features, posture integrations"},
    {federated_keys, "federated_keys", true, "federated identities"},
    {log_streaming, "log_streaming", true, "log streaming configuration"},
    {logs_configuration, "logs:configuration", false, "the configuration audit log"},
    {logs_network, "logs:network", true, "network flow logs and their setting"},
    {networking_settings, "networking_settings", true, "settings of the network"},
    {oauth_apps, "oauth_apps", true, "OAuth apps"},
    {oauth_keys, "oauth_keys", true, "OAuth clients, and the access tokens they minted"},
    {policy_file, "policy_file", true, "the policy file"},
    {services, "services", true, "services"},
    {tailnets, "tailnets", true, "tailnets of an organisation"},
    {users, "users", true, "users"},
    {webhooks, "webhooks", true, "webhook endpoints"},
};
static_assert(std::size(kCatalogue) == static_cast<std::size_t>(webhooks) + 1);
static_assert(2 * std::size(kCatalogue) <= 64, "a ScopeSet has 64 bits");

// Scopes from before 14 November 2024. Those not named here kept their names.
struct Legacy {
  std::string_view name;
  std::vector<ScopeFamily> means;
};
const std::vector<Legacy>& legacy_names() {
  static const std::vector<Legacy> names{
      {"devices", {devices_core, devices_posture_attributes, auth_keys}},
      {"routes", {devices_routes}},
      {"acl", {policy_file}},
      {"logs", {logs_configuration}},
      {"network-logs", {logs_network}},
  };
  return names;
}

constexpr std::string_view kRead = ":read";

std::vector<Scope> scopes_named(std::string_view name) {
  auto access = ScopeAccess::write;
  if (name.ends_with(kRead)) {
    name.remove_suffix(kRead.size());
    access = ScopeAccess::read;
  }
  std::vector<Scope> scopes;
  const auto* row = std::ranges::find(kCatalogue, name, &ScopeRow::name);
  if (row != std::end(kCatalogue)) {
    if (row->has_write || access == ScopeAccess::read) scopes.push_back({row->family, access});
    return scopes;
  }
  const auto legacy = std::ranges::find(legacy_names(), name, &Legacy::name);
  if (legacy == legacy_names().end()) return scopes;
  if (name == "logs" && access == ScopeAccess::write) return scopes;
  for (const auto family : legacy->means) scopes.push_back({family, access});
  return scopes;
}

}  // namespace

std::span<const ScopeRow> scope_catalogue() {
  return kCatalogue;
}

std::string to_string(Scope scope) {
  for (const auto& row : kCatalogue) {
    if (row.family != scope.family) continue;
    return std::string(row.name) + (scope.access == ScopeAccess::read ? std::string(kRead) : "");
  }
  throw std::logic_error("a scope without a row in the catalogue");
}

void ScopeSet::add(Scope scope) {
  bits_ |= bit(scope);
  if (scope.access == ScopeAccess::write) bits_ |= bit({scope.family, ScopeAccess::read});
  if (scope.family != all) return;
  for (const auto& row : kCatalogue) {
    bits_ |= bit({row.family, ScopeAccess::read});
    if (scope.access == ScopeAccess::write && row.has_write) bits_ |= bit({row.family, ScopeAccess::write});
  }
}

Result<ScopeSet> ScopeSet::parse(std::span<const std::string> names) {
  if (names.size() > kMaxScopes) {
    return malformed("at most " + std::to_string(kMaxScopes) + " scopes are allowed", "scopes");
  }
  ScopeSet set;
  for (const auto& name : names) {
    const auto scopes = scopes_named(name);
    if (scopes.empty()) {
      return malformed("unknown scope \"" + storable(clip(redact_keys(name), 64)) +
                           "\": scopes are such as auth_keys, devices:core:read or all",
                       "scopes");
    }
    for (const auto scope : scopes) set.add(scope);
  }
  return set;
}

ScopeSet ScopeSet::of(std::span<const Scope> scopes) {
  ScopeSet set;
  for (const auto scope : scopes) set.add(scope);
  return set;
}

bool ScopeSet::needs_tags() const {
  if (is_everything()) return false;
  return holds({auth_keys, ScopeAccess::write}) || holds({devices_core, ScopeAccess::write});
}

std::vector<std::string> scope_words(std::string_view text) {
  std::vector<std::string> words;
  for (const auto word : split(text, ' ')) {
    if (word.empty() || std::ranges::find(words, word) != words.end()) continue;
    words.emplace_back(word);
  }
  return words;
}

}  // namespace latchkey::identity
