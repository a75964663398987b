#include "core/tailnet/settings.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "core/tailnet/settings_act.h"
#include "core/tailnet/settings_store.h"

namespace latchkey::tailnet {
namespace {

constexpr std::array<std::string_view, 3> kJoinExternalNames{"none", "admin", "member"};

// Every setting that is not named here is one of features.
struct SettingScope {
  std::string_view name;
  identity::ScopeFamily family;
};
constexpr SettingScope kSettingScopes[] = {{"aclsExternallyManagedOn", identity::ScopeFamily::policy_file},
                                           {"aclsExternalLink", identity::ScopeFamily::policy_file},
                                           {"networkFlowLoggingOn", identity::ScopeFamily::logs_network},
                                           {"httpsEnabled", identity::ScopeFamily::networking_settings}};

Result<void> check_scopes(const identity::Caller& caller, const SettingsChange& change) {
  const std::pair<std::string_view, bool> wanted[] = {
      {"devicesApprovalOn", change.devices_approval.has_value()},
      {"devicesKeyDurationDays", change.devices_key_duration_days.has_value()},
      {"devicesAutoUpdatesOn", change.devices_auto_updates.has_value()},
      {"usersApprovalOn", change.users_approval.has_value()},
      {"usersRoleAllowedToJoinExternalTailnets", change.users_join_external.has_value()},
      {"aclsExternallyManagedOn", change.acls_externally_managed.has_value()},
      {"aclsExternalLink", change.acls_external_link.has_value()},
      {"networkFlowLoggingOn", change.network_flow_logging.has_value()},
      {"regionalRoutingOn", change.regional_routing.has_value()},
      {"postureIdentityCollectionOn", change.posture_identity_collection.has_value()},
      {"httpsEnabled", change.https.has_value()},
      {"routeSelection", change.route_selection.has_value()}};
  for (const auto& [name, is_wanted] : wanted) {
    if (is_wanted && !may_reach_setting(caller, name, identity::ScopeAccess::write)) {
      return forbidden("calling actor does not have enough permissions to change " + std::string(name));
    }
  }
  return {};
}

// The link is shown in the console, so nothing but a web address may stand there.
Result<void> check_external_link(const std::string& link) {
  const bool plain = std::ranges::all_of(link, [](char c) { return c > ' ' && c < 0x7F; });
  const bool web = link.starts_with("https://") || link.starts_with("http://");
  if (link.empty() || (plain && web && link.size() <= kMaxExternalLink && !holds_key(link))) return {};
  return malformed("aclsExternalLink takes a web address of at most " + std::to_string(kMaxExternalLink) +
                       " characters, such as https://git.example/policy",
                   "aclsExternalLink");
}

// The words of the log. Upstream publishes those for approval and key duration; docs/divergences.md has the
// others.
void record(SettingsAct& act, const TailnetSettings& was, const TailnetSettings& is) {
  act.switched("MACHINE_APPROVAL_NEEDED", was.devices_approval, is.devices_approval);
  act.updated("MAX_KEY_DURATION", was.devices_key_duration_days, is.devices_key_duration_days);
  act.switched("DEVICES_AUTO_UPDATES", was.devices_auto_updates, is.devices_auto_updates);
  act.switched("USER_APPROVAL_REQUIRED", was.users_approval, is.users_approval);
  act.updated("JOIN_EXTERNAL_TAILNETS", boost::json::value(to_string(was.users_join_external)),
              boost::json::value(to_string(is.users_join_external)));
  act.switched("ACLS_EXTERNALLY_MANAGED", was.acls_externally_managed, is.acls_externally_managed);
  act.switched("COLLECT_POSTURE_IDENTITY", was.posture_identity_collection, is.posture_identity_collection);
  act.switched("HTTPS", was.https, is.https);
  act.switched("NETWORK_FLOW_LOGGING", was.network_flow_logging, is.network_flow_logging);
  act.switched("GEOSTEERING", was.regional_routing, is.regional_routing);
  act.updated("ACLS_EXTERNAL_LINK", boost::json::value(was.acls_external_link),
              boost::json::value(is.acls_external_link));
}

}  // namespace

std::string_view to_string(JoinExternal value) {
  return kJoinExternalNames.at(static_cast<std::size_t>(value));
}

std::optional<JoinExternal> join_external_from(std::string_view text) {
  for (const auto value : {JoinExternal::none, JoinExternal::admin, JoinExternal::member}) {
    if (to_string(value) == text) return value;
  }
  return std::nullopt;
}

bool may_reach_setting(const identity::Caller& caller, std::string_view name, identity::ScopeAccess access) {
  if (!caller.trust) return true;
  const auto* row = std::ranges::find(kSettingScopes, name, &SettingScope::name);
  const auto family = row == std::end(kSettingScopes) ? identity::ScopeFamily::feature_settings : row->family;
  return caller.trust->scopes.holds({family, access});
}

Result<TailnetSettings> apply(const SettingsChange& change, TailnetSettings settings) {
  if (change.route_selection) {
    return malformed("routeSelection cannot be set: this server has one way to choose routes",
                     "routeSelection");
  }
  if (change.devices_key_duration_days) {
    settings.devices_key_duration_days = *change.devices_key_duration_days;
    if (settings.devices_key_duration_days < 1 ||
        settings.devices_key_duration_days > kLongestKeyDurationDays) {
      return malformed(
          "devicesKeyDurationDays must be between 1 and " + std::to_string(kLongestKeyDurationDays),
          "devicesKeyDurationDays");
    }
  }
  if (change.users_join_external) {
    const auto role = join_external_from(*change.users_join_external);
    if (!role) {
      return malformed("usersRoleAllowedToJoinExternalTailnets must be none, admin or member",
                       "usersRoleAllowedToJoinExternalTailnets");
    }
    settings.users_join_external = *role;
  }
  if (change.acls_external_link) {
    TRY(check_external_link(*change.acls_external_link));
    settings.acls_external_link = *change.acls_external_link;
  }
  if (change.devices_approval) settings.devices_approval = *change.devices_approval;
  if (change.devices_auto_updates) settings.devices_auto_updates = *change.devices_auto_updates;
  if (change.users_approval) settings.users_approval = *change.users_approval;
  if (change.network_flow_logging) settings.network_flow_logging = *change.network_flow_logging;
  if (change.regional_routing) settings.regional_routing = *change.regional_routing;
  if (change.posture_identity_collection) {
    settings.posture_identity_collection = *change.posture_identity_collection;
  }
  if (change.https) settings.https = *change.https;
  if (change.acls_externally_managed) settings.acls_externally_managed = *change.acls_externally_managed;
  return settings;
}

TailnetSettings read_settings(core::Tx& tx, const identity::Permit<identity::Operation::read_settings>& may) {
  return tx.settings().settings(may.tailnet());
}

Result<TailnetSettings> change_settings(core::Tx& tx,
                                        const identity::Permit<identity::Operation::write_settings>& may,
                                        const SettingsChange& change, TimePoint now) {
  TRY(check_scopes(may.caller(), change));
  tx.settings().hold(may.tailnet());
  const auto was = tx.settings().settings(may.tailnet());
  TRY(auto settings, apply(change, was));
  SettingsAct act(tx, may.caller(), audit::ChangeKind::settings_updated, now);
  record(act, was, settings);
  if (!act.empty()) tx.settings().save(may.tailnet(), settings, act.records(), act.change());
  return settings;
}

}  // namespace latchkey::tailnet
