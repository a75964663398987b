// An OpenID provider that people of a tailnet sign in with. A tailnet may have several side by side, each
// with an issuer of its own.
//
// What a provider says of a person counts within the domains that it is trusted with: a login name outside of
// them leads to nobody. Its client secret must come back, so it is kept sealed (crypto/seal.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "core/identity/role.h"

namespace latchkey::signon {

// Which claim is compared with login names. On the wire and stored: email, preferred_username, upn.
enum class LoginClaim { email, preferred_username, upn };
std::string_view to_string(LoginClaim claim);
std::optional<LoginClaim> login_claim_from(std::string_view text);

struct ProviderSettings {
  std::string name;  // on the button
  std::string issuer;
  std::string client_id;
  LoginClaim login_claim = LoginClaim::email;
  // The provider is trusted with its login claim although it does not say that it verified it (Entra ID).
  bool login_is_verified = false;
  std::vector<std::string> domains;  // lower case: "example.com"
  std::vector<std::string> scopes;   // beyond openid, email and profile
  std::string groups_claim = "groups";
  std::vector<std::string> allowed_groups;  // empty: everybody may sign in
  bool enabled = true;

  bool operator==(const ProviderSettings&) const = default;
};

struct Provider {
  std::string id;  // chosen: "entra"; stands in addresses
  TailnetId tailnet;
  ProviderSettings settings;
  std::vector<std::uint8_t> sealed_secret;
  identity::Role set_up_by = identity::Role::owner;
  TimePoint created{};
  TimePoint modified{};
};

inline constexpr std::size_t kMaxProviders = 16;  // of a tailnet
inline constexpr std::size_t kMaxProviderText = 512;
inline constexpr std::size_t kMaxProviderName = 64;
inline constexpr std::size_t kMaxProviderList = 64;  // of domains, scopes, groups

// 1 to 32 small letters, digits and hyphens, not beginning or ending with a hyphen.
Result<void> check_provider_id(std::string_view id);
// Domains are folded to lower case first (fold_domains). `allow_http` is for providers without TLS.
Result<void> check_provider(const ProviderSettings& settings, bool allow_http);
Result<void> check_client_secret(const SecretString& secret);
std::vector<std::string> fold_domains(std::vector<std::string> domains);

// What the seal of its client secret is bound to. Stored secrets depend on it: never changes.
std::string seal_context(const Provider& provider);

// Whether a provider that somebody of role `by` set up may claim a person of role `of` by the login name
// alone: else whoever may set up a provider could make himself the owner.
bool may_claim(identity::Role by, identity::Role of);

}  // namespace latchkey::signon
