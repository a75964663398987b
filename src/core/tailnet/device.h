// A machine in a tailnet: "device" in the API, "node" in the control protocol and the audit log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "core/identity/user.h"

namespace latchkey::tailnet {

// What a device says of itself, again and again while it runs. Kept for its peers; not configuration.
struct DeviceReport {
  std::string disco_key;               // "discokey:<64 hex>"; empty until the first report
  std::vector<std::string> endpoints;  // "192.0.2.1:41641", "[2001:db8::1]:41641"
  std::string host_info = "{}";  // Hostinfo as the device sent it, one JSON object; the last known NetInfo
  std::int64_t home_relay = 0;   // DERP region, from NetInfo.PreferredDERP; 0: none known
  std::int64_t capability_version = 0;
  bool forwarding_off = false;  // it offers routes, and its system forwards nothing

  bool operator==(const DeviceReport&) const = default;
};

struct Device {
  DeviceId id;              // "nodeId" of the API, StableID of the control protocol
  std::int64_t number = 0;  // "id" of the API, Node.ID of the control protocol: 1 to 2^53-1, never reused
  TailnetId tailnet;
  UserId user;            // empty when tagged: such a device belongs to the tailnet
  CredentialId auth_key;  // with which it last logged in; empty after an interactive login

  std::string machine_key;       // "mkey:<64 hex>"; stable for the life of the device's state directory
  std::string node_key;          // "nodekey:<64 hex>"; unique over all tailnets
  std::string tailnet_lock_key;  // "nlpub:<64 hex>"; kept, not used

  std::string name;      // one DNS label, unique in the tailnet: MagicDNS name and API "name" without suffix
  std::string hostname;  // as last reported by the device
  bool name_is_chosen = false;  // by an administrator: a reported host name no longer changes it

  std::string ipv4;  // "100.64.0.1"
  std::string ipv6;  // "fd7a:115c:a1e0:..."

  std::vector<std::string> tags;  // sorted
  bool ephemeral = false;
  bool authorized = false;  // approved to take part

  std::optional<TimePoint> key_expires;  // kept while expiry is disabled, since it counts again when enabled
  bool key_expiry_disabled = false;
  bool expiry_announced = false;  // that the present key_expires passed was written to the log

  std::vector<std::string> advertised_routes;  // sorted prefixes, from the host information
  std::vector<std::string> enabled_routes;     // sorted prefixes, by an administrator or an auto-approver

  TimePoint created{};
  std::optional<TimePoint> last_seen;  // end of the last connection, or its beginning while one is open
  std::string connected_to;            // the replica that holds its connection; empty when offline

  DeviceReport report;

  // Of the row as it was read, so that an update never undoes another's.
  std::int64_t revision = 0;
};

inline constexpr std::int64_t kMaxDeviceNumber = (std::int64_t{1} << 53) - 1;
inline constexpr std::size_t kMaxHostInfo = 128UL * 1024;  // bytes of JSON
inline constexpr std::size_t kMaxEndpoints = 64;

// Disabled expiry never expires; a key is expired from its date on (now >= expires).
bool is_key_expired(const Device& device, TimePoint now);

// The date that counts: nothing while expiry is disabled.
std::optional<TimePoint> effective_expiry(const Device& device);

// Whether the state of its user keeps it off the network: suspended, unapproved, or gone. `owner` is the
// device's user, if there is one; a tagged device has none and is never blocked.
bool is_blocked(const Device& device, const std::optional<identity::User>& owner);

inline bool is_tagged(const Device& device) {
  return !device.tags.empty();
}

// The kinds of public key that a device presents, as they are written: a prefix and 64 hexadecimal digits.
inline constexpr std::string_view kMachineKeyPrefix = "mkey:";
inline constexpr std::string_view kNodeKeyPrefix = "nodekey:";
inline constexpr std::string_view kDiscoKeyPrefix = "discokey:";
inline constexpr std::string_view kTailnetLockKeyPrefix = "nlpub:";

// Small digits only, and not the zero key, which means "none".
bool is_public_key(std::string_view prefix, std::string_view text);

}  // namespace latchkey::tailnet
