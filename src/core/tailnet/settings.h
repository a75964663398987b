// What the administrators of a tailnet switch on and off: approval, key duration, who manages the policy.
//
// Upstream's settings for things that this server does not do (network flow logs, regional routing,
// collecting posture identities, HTTPS certificates) are kept for clients that manage them, and change
// nothing here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/identity/authorize.h"
#include "core/tx.h"

namespace latchkey::tailnet {

inline constexpr std::int64_t kLongestKeyDurationDays = 180;
inline constexpr std::size_t kMaxExternalLink = 1024;

// Whose users may join other tailnets as guests. Kept for clients: this server has no such guests.
enum class JoinExternal { none, admin, member };

// On the wire and stored.
std::string_view to_string(JoinExternal value);
std::optional<JoinExternal> join_external_from(std::string_view text);

struct TailnetSettings {
  bool devices_approval = false;                                     // new devices wait for an administrator
  std::int64_t devices_key_duration_days = kLongestKeyDurationDays;  // of node keys from the next login on
  bool devices_auto_updates = false;  // kept for clients; devices go by their own
  bool users_approval = false;        // new users wait for an administrator
  JoinExternal users_join_external = JoinExternal::none;
  bool acls_externally_managed = false;  // the console leaves the policy file alone
  std::string acls_external_link;        // where it is managed instead; empty: not said
  // Kept for clients; this server does none of it.
  bool network_flow_logging = false;
  bool regional_routing = false;
  bool posture_identity_collection = false;
  bool https = false;

  bool operator==(const TailnetSettings&) const = default;
};

// What somebody wants changed. Absent members stay as they are.
struct SettingsChange {
  std::optional<bool> devices_approval;
  std::optional<std::int64_t> devices_key_duration_days;
  std::optional<bool> devices_auto_updates;
  std::optional<bool> users_approval;
  std::optional<std::string> users_join_external;
  std::optional<bool> acls_externally_managed;
  std::optional<std::string> acls_external_link;  // empty: removed
  std::optional<bool> network_flow_logging;
  std::optional<bool> regional_routing;
  std::optional<bool> posture_identity_collection;
  std::optional<bool> https;

  std::optional<std::string> route_selection;  // refused: there is one way here
};

// Settings are authorised one by one: whether the caller's scopes take him to this one, by its name on the
// wire. People go by their role alone.
bool may_reach_setting(const identity::Caller& caller, std::string_view name, identity::ScopeAccess access);

// The settings with the change made. Malformed names the member that cannot be.
Result<TailnetSettings> apply(const SettingsChange& change, TailnetSettings settings);

TailnetSettings read_settings(core::Tx& tx, const identity::Permit<identity::Operation::read_settings>& may);

// The settings afterwards. A change to what is already so writes nothing.
Result<TailnetSettings> change_settings(core::Tx& tx,
                                        const identity::Permit<identity::Operation::write_settings>& may,
                                        const SettingsChange& change, TimePoint now);

}  // namespace latchkey::tailnet
