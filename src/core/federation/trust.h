// What a federated identity trusts: tokens of one issuer, for one audience, of certain subjects (Tailscale
// API v2, "Workload identity federation"; OpenID Connect Core 1.0).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latchkey::federation {

inline constexpr std::size_t kMaxTrustText = 512;
inline constexpr std::size_t kMaxClaimRules = 32;

struct Trust {
  std::string issuer;    // compared as text: "https://token.actions.githubusercontent.com"
  std::string audience;  // compared as text
  std::string subject;   // a pattern: * stands for any run of characters
  // Patterns by claim: "repository_owner", "user.name" for a member of a member, "\"a.b\".c" where a name
  // holds a dot.
  std::map<std::string, std::string> claim_rules;

  bool operator==(const Trust&) const = default;
};

// An https:// address. The issuer is not asked whether it exists; `allow_http` is for those without TLS.
Result<void> check_issuer(std::string_view issuer, bool allow_http);
Result<void> check_trust(const Trust& trust, bool allow_http);

// The whole value, case-sensitive; * matches any run of characters, also none.
bool matches_pattern(std::string_view pattern, std::string_view value);

// "user.name" -> user, name. Nothing for text that is no path.
std::optional<std::vector<std::string>> claim_path(std::string_view rule);

}  // namespace latchkey::federation
