// One entry of the change feed: that something happened, in commit order, for everything on any replica that
// reacts (caches, device streams, webhooks). The entry names the subject; readers look up the rest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

namespace latchkey::audit {

// Stored in the database by their text, which never changes.
enum class ChangeKind {
  tailnet_created,
  user_created,
  user_updated,
  user_deleted,
  user_invite_updated,   // made, sent again, withdrawn or accepted; the subject is its id
  group_updated,         // made, changed or removed; the subject is its id
  provisioning_updated,  // switched, or its guard changed; the subject is the tailnet
  credential_created,
  credential_updated,
  access_token_minted,
  credential_used_up,
  credential_expired,
  credential_revoked,
  device_joined,
  device_updated,    // a setting, the name, the tags, an address, the node key or its expiry
  device_reported,   // what the device says of itself: endpoints, host information. Not in the audit log
  device_connected,  // opened or lost its connection to this server. Not in the audit log
  device_removed,
  login_completed,  // of a device that waited for a person; the subject is the pending login
  policy_updated,
  settings_updated,
  dns_updated,
  posture_updated,    // a posture integration; the subject is its id
  logstream_updated,  // where a kind of log streams to, or an external id; the subject is the kind or the id
  service_updated,    // made, changed or removed; the subject is its name
  webhook_created,
  webhook_updated,  // its subscriptions or its secret
  webhook_deleted,
  sign_on_provider_updated,  // made, changed or removed; the subject is its id
  identity_linked,           // or unlinked; the subject is the user
  session_started,           // or renewed; the subject is its id, here and below
  session_ended,
  // Notices: nobody's act and not in the audit log, but worth telling. The subject is what they are about.
  webhook_test_requested,
  webhook_failing,
  credential_expiring_in_one_week,
  credential_expiring_in_one_day,
  credential_first_used,
  credential_used_after_silence,
  credential_refused_repeatedly,
  credential_leaked,
  device_key_expiring_in_one_week,
  device_key_expiring_in_one_day,
  device_forwarding_off,
};

std::string_view to_string(ChangeKind kind);
// Throws std::invalid_argument for a text that this release does not know.
ChangeKind change_kind_from(std::string_view text);

struct Change {
  ChangeKind kind;
  TailnetId tailnet;
  std::string subject;  // id of the credential, user, device or tailnet, unless said otherwise above
  // Set by the store: position in the feed (1, 2, 3 ... without order gaps between commits) and time.
  std::int64_t sequence = 0;
  TimePoint at{};
  // Set by the store: where in the tailnet's audit log the records of this change are, both inclusive; 0:
  // none.
  std::int64_t first_record = 0;
  std::int64_t last_record = 0;
};

}  // namespace latchkey::audit
