// A webhook endpoint: an address outside that is told of events in a tailnet, and the secret with which what
// it is sent is signed.
//
// The secret never expires and goes with its endpoint. It must be recoverable, since it is the key of an
// HMAC, so it is kept sealed under the root key (vault.h) and nowhere else. The address of a chat provider is
// a secret too: it is shown in full to who may manage webhooks, and masked everywhere else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace latchkey::webhooks {

// Whose format a body has. On the wire and stored: "", "slack", "mattermost", "googlechat", "discord".
enum class Provider { generic, slack, mattermost, googlechat, discord };
std::string_view to_string(Provider provider);
std::optional<Provider> provider_from(std::string_view text);

// The provider that an address gives away: Slack, Discord and Google Chat by their host, Mattermost by the
// path that its servers make ("/hooks/" and 26 letters and digits). Otherwise generic.
Provider provider_of_url(std::string_view url);

using SealedText = std::vector<std::uint8_t>;  // vault.h

struct WebhookSecrets {
  CredentialId id;  // public: the second part of the secret's text; the same after a rotation
  SealedText present;
  // The one before the last rotation, while what is sent is signed with both.
  struct Old {
    SealedText text;
    TimePoint until{};
  };
  std::optional<Old> old;
};

// How sending goes.
struct EndpointHealth {
  std::int64_t failures = 0;               // attempts in a row that failed
  std::optional<TimePoint> failing_since;  // the first of them
  bool warned = false;                     // that this lasts was told
  std::optional<TimePoint> paused_until;   // nothing is sent before
  std::optional<TimePoint> last_attempt;
  std::optional<std::int64_t> last_status;  // nothing when there was no answer
  std::string last_error;                   // empty after a success
};

struct WebhookEndpoint {
  EndpointId id;
  TailnetId tailnet;
  std::string url;
  Provider provider = Provider::generic;   // as it was asked for: clients compare it with what they wrote
  UserId creator;                          // empty when a trust credential made it
  std::string creator_login;               // likewise
  std::vector<std::string> subscriptions;  // in the order given
  TimePoint created{};
  TimePoint modified{};
  WebhookSecrets secrets;
  EndpointHealth health;
};

// The format in which it is told: as asked for, or as its address gives away.
Provider format_of(const WebhookEndpoint& endpoint);

inline constexpr std::size_t kMaxEndpointUrl = 2048;  // bytes
inline constexpr std::size_t kMaxEndpoints = 50;      // of a tailnet

// https, a host, no user information, no fragment, printable ASCII. http only with `allow_http`, on a test
// bench. Where a name leads to is judged when it is called.
Result<void> check_endpoint_url(std::string_view url, bool allow_http);

// For logs, audit records and tables: "https://hooks.slack.com/***" for a chat provider, and without the
// query for others.
std::string masked_url(const WebhookEndpoint& endpoint);

}  // namespace latchkey::webhooks
