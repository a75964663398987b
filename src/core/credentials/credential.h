// A credential as the server keeps it: everything but the secret.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "core/credentials/key_text.h"
#include "core/federation/trust.h"
#include "core/identity/scope.h"
#include "core/identity/user.h"
#include "crypto/digest.h"

namespace latchkey::credentials {

// What an auth key lets a device do; false and empty for other types, but for the tags of trust credentials
// and their access tokens.
struct DeviceGrant {
  bool reusable = false;
  bool ephemeral = false;
  bool preauthorized = false;
  std::vector<std::string> tags;
  std::optional<std::int64_t> max_uses;        // of a reusable key; a one-off key has exactly one
  std::vector<std::string> allowed_hostnames;  // patterns; empty allows all
};

// Scopes as they were asked for, and what they amount to.
struct GrantedScopes {
  std::vector<std::string> names;
  identity::ScopeSet set;
};

// A client's secret before the last rotation, while it still counts.
struct OldSecret {
  crypto::Digest digest{};
  TimePoint until{};
  std::optional<TimePoint> last_used;
};

// Why the last exchange of a token was refused; gone with the next that succeeds.
struct LastRefusal {
  std::string reason;
  TimePoint at{};
};

struct Usage {
  std::int64_t uses = 0;
  std::optional<TimePoint> last_used;
  std::string last_address;
  // The true secret, presented after the credential had ended: someone still depends on it.
  std::int64_t refused = 0;
  std::optional<TimePoint> last_refused;
};

struct Credential {
  CredentialId id;
  TailnetId tailnet;
  KeyType type = KeyType::auth;
  std::string description;
  UserId owner;  // empty when the tailnet owns it
  UserId creator;
  crypto::Digest digest{};
  TimePoint created{};
  std::optional<TimePoint> expires;
  std::optional<TimePoint> revoked;
  std::optional<TimePoint> spent;
  DeviceGrant grant;
  Usage usage;

  // Of trust credentials and the access tokens that they mint.
  GrantedScopes scopes;
  bool bound_to_tags = false;  // reaches only devices with one of the tags
  CredentialId minted_by;      // of an access token: the trust credential; empty otherwise
  std::optional<TimePoint> updated;
  std::optional<OldSecret> old_secret;
  std::optional<federation::Trust> federation;  // of a federated identity
  std::optional<LastRefusal> last_refusal;
};

// spent, expired and revoked are final; dormant is derived from the owner at use and ends when the owner
// returns.
enum class State { active, dormant, spent, expired, revoked };
std::string_view to_string(State state);

// The state at `now`. `owner` is the owner's status, nothing for a credential that the tailnet owns. A
// credential is expired from its date on (now >= expires).
State state_of(const Credential& credential, std::optional<identity::UserStatus> owner, TimePoint now);

// Revoked, spent or expired: final whatever the owner does.
bool is_invalid(const Credential& credential, TimePoint now);

}  // namespace latchkey::credentials
