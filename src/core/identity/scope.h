// What a trust credential (an OAuth client or a federated identity) and its access tokens may do: the whole
// catalogue of scopes as data. Names and meaning are upstream's (Tailscale API v2, "Trust credentials").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latchkey::identity {

enum class ScopeFamily : std::uint8_t {
  all,
  account_settings,
  api_access_tokens,
  auth_keys,
  device_invites,
  devices_core,
  devices_posture_attributes,
  devices_routes,
  dns,
  feature_settings,
  federated_keys,
  log_streaming,
  logs_configuration,
  logs_network,
  networking_settings,
  oauth_apps,
  oauth_keys,
  policy_file,
  services,
  tailnets,
  users,
  webhooks,
};

enum class ScopeAccess : std::uint8_t { read, write };

// One scope: "dns" is {dns, write}, "dns:read" is {dns, read}.
struct Scope {
  ScopeFamily family;
  ScopeAccess access;

  bool operator==(const Scope&) const = default;
};

struct ScopeRow {
  ScopeFamily family;
  std::string_view name;    // of the write form; the read form has ":read" behind it
  bool has_write;           // logs:configuration can only be read
  std::string_view allows;  // for documents and screens
};
std::span<const ScopeRow> scope_catalogue();

std::string to_string(Scope scope);

// A set of scopes, closed: to write includes to read, `all` and `all:read` include every scope of their kind.
class ScopeSet {
 public:
  ScopeSet() = default;
  // Names as on the wire, those from before November 2024 too ("devices", "acl"). Refuses unknown ones, more
  // than kMaxScopes, and the same one twice is once.
  static Result<ScopeSet> parse(std::span<const std::string> names);
  static ScopeSet of(std::span<const Scope> scopes);

  bool holds(Scope scope) const { return (bits_ & bit(scope)) != 0; }
  bool includes(const ScopeSet& other) const { return (other.bits_ & ~bits_) == 0; }
  ScopeSet intersection(const ScopeSet& other) const { return ScopeSet(bits_ & other.bits_); }
  bool empty() const { return bits_ == 0; }
  // To hold auth_keys or devices:core one must say for which tags; `all` speaks for every tag.
  bool needs_tags() const;
  bool is_everything() const { return holds({ScopeFamily::all, ScopeAccess::write}); }

  bool operator==(const ScopeSet&) const = default;

 private:
  explicit ScopeSet(std::uint64_t bits) : bits_(bits) {}
  static std::uint64_t bit(Scope scope) {
    return std::uint64_t{1} << (2 * static_cast<unsigned>(scope.family) +
                                static_cast<unsigned>(scope.access));
  }
  void add(Scope scope);
  std::uint64_t bits_ = 0;
};

inline constexpr std::size_t kMaxScopes = 64;

// The words of a `scope` parameter (RFC 6749 section 3.3), each once, in their order.
std::vector<std::string> scope_words(std::string_view text);

}  // namespace latchkey::identity
