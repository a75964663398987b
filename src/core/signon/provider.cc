#include "core/signon/provider.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "core/federation/trust.h"

namespace latchkey::signon {
namespace {

constexpr std::array<std::pair<LoginClaim, std::string_view>, 3> kLoginClaims{{
    {LoginClaim::email, "email"},
    {LoginClaim::preferred_username, "preferred_username"},
    {LoginClaim::upn, "upn"},
}};

constexpr std::size_t kMaxProviderId = 32;
constexpr std::size_t kMaxDomain = 253;

bool is_plain(std::string_view text, std::size_t most) {
  const bool printable =
      std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; });
  return !text.empty() && text.size() <= most && printable && utf8_length(text) && !holds_key(text);
}

bool is_small(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

bool is_domain(std::string_view text) {
  const bool letters = std::ranges::all_of(text, [](char c) { return is_small(c) || c == '.'; });
  return letters && text.size() <= kMaxDomain && !text.empty() && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos;
}

// RFC 6749 section 3.3.
bool is_scope(std::string_view text) {
  return is_plain(text, kMaxProviderText) &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\'; });
}

// Owners, then admins, then everybody else.
int rank_of(identity::Role role) {
  if (role == identity::Role::owner) return 2;
  return role == identity::Role::admin ? 1 : 0;
}

Result<void> check_lists(const ProviderSettings& settings) {
  const std::string most = "at most " + std::to_string(kMaxProviderList) + " ";
  if (settings.domains.empty()) {
    return malformed("domains names the domains whose people the provider knows, such as example.com",
                     "domains");
  }
  if (settings.domains.size() > kMaxProviderList) return malformed(most + "domains are allowed", "domains");
  if (!std::ranges::all_of(settings.domains, is_domain)) {
    return malformed("domains are names such as example.com", "domains");
  }
  if (settings.scopes.size() > kMaxProviderList) return malformed(most + "scopes are allowed", "scopes");
  if (!std::ranges::all_of(settings.scopes, is_scope)) {
    return malformed("scopes are words without spaces, such as groups", "scopes");
  }
  if (settings.allowed_groups.size() > kMaxProviderList) {
    return malformed(most + "allowedGroups are allowed", "allowedGroups");
  }
  if (!std::ranges::all_of(settings.allowed_groups,
                           [](const std::string& group) { return is_plain(group, kMaxProviderText); })) {
    return malformed("allowedGroups are names of groups as the provider sends them", "allowedGroups");
  }
  return {};
}

}  // namespace

std::string_view to_string(LoginClaim claim) {
  return std::ranges::find(kLoginClaims, claim, &std::pair<LoginClaim, std::string_view>::first)->second;
}

std::optional<LoginClaim> login_claim_from(std::string_view text) {
  for (const auto& [claim, name] : kLoginClaims) {
    if (name == text) return claim;
  }
  return std::nullopt;
}

Result<void> check_provider_id(std::string_view id) {
  if (id.empty() || id.size() > kMaxProviderId || !std::ranges::all_of(id, is_small) || id.front() == '-' ||
      id.back() == '-') {
    return malformed("id is 1 to 32 small letters, digits and hyphens, such as entra", "id");
  }
  return {};
}

Result<void> check_provider(const ProviderSettings& settings, bool allow_http) {
  if (!is_plain(settings.name, kMaxProviderName)) {
    return malformed("name is 1 to 64 printable characters", "name");
  }
  TRY(federation::check_issuer(settings.issuer, allow_http));
  if (settings.issuer.find("{tenantid}") != std::string::npos || settings.issuer.ends_with("/common/v2.0") ||
      settings.issuer.ends_with("/organizations/v2.0")) {
    return malformed(
        "issuer must name one tenant: with common or organizations anybody's directory could sign in",
        "issuer");
  }
  if (!is_plain(settings.client_id, kMaxProviderText)) {
    return malformed("clientId is required, of at most 512 characters", "clientId");
  }
  if (!is_plain(settings.groups_claim, kMaxProviderText) || !federation::claim_path(settings.groups_claim)) {
    return malformed("groupsClaim names a claim, such as groups or realm_access.roles", "groupsClaim");
  }
  return check_lists(settings);
}

Result<void> check_client_secret(const SecretString& secret) {
  const auto& text = secret.expose();
  const bool printable = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
  if (text.empty() || text.size() > kMaxProviderText || !printable) {
    return malformed("clientSecret is 1 to 512 printable characters without spaces", "clientSecret");
  }
  return {};
}

std::vector<std::string> fold_domains(std::vector<std::string> domains) {
  for (auto& domain : domains) domain = to_lower(domain);
  std::ranges::sort(domains);
  const auto twice = std::ranges::unique(domains);
  domains.erase(twice.begin(), twice.end());
  return domains;
}

std::string seal_context(const Provider& provider) {
  return "sign_on_providers/" + provider.tailnet.str() + "/" + provider.id;
}

bool may_claim(identity::Role by, identity::Role of) {
  return rank_of(of) <= rank_of(by);
}

}  // namespace latchkey::signon
