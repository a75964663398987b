#include "core/credentials/issue.h"

#include <algorithm>

#include "base/text.h"
#include "core/credentials/audit_view.h"
#include "core/credentials/credential_store.h"
#include "core/credentials/hostname_pattern.h"
#include "core/credentials/lifetime.h"
#include "core/identity/hold_caller.h"
#include "core/policy/manage.h"
#include "core/policy/ownership.h"

namespace latchkey::credentials {
namespace {

Result<void> check_grant(const DeviceGrant& grant) {
  if (grant.max_uses) {
    if (*grant.max_uses < 1 || *grant.max_uses > kMostUses) {
      return malformed("maxUses must be between 1 and " + std::to_string(kMostUses), "maxUses");
    }
    if (!grant.reusable && *grant.max_uses != 1) {
      return malformed("maxUses needs a reusable key: set capabilities.devices.create.reusable to true",
                       "maxUses");
    }
  }
  if (grant.allowed_hostnames.size() > kMaxAllowedHostnames) {
    return malformed("at most " + std::to_string(kMaxAllowedHostnames) + " allowedHostnames are allowed",
                     "allowedHostnames");
  }
  for (const auto& pattern : grant.allowed_hostnames) {
    if (!is_hostname_pattern(pattern)) {
      return malformed("allowedHostnames take letters, digits, '-', '.' and '*', such as build-*",
                       "allowedHostnames");
    }
  }
  return {};
}

// Issues a credential whose kind-specific members are already in `wanted`.
Result<IssuedKey> issue(core::Tx& tx, const identity::Caller& caller, Credential wanted, seconds lifetime,
                        const KeyMint& mint, TimePoint now) {
  TRY(identity::hold_caller(tx, caller));
  MintedKey minted = mint.mint(wanted.type);
  wanted.id = std::move(minted.id);
  wanted.digest = minted.digest;
  wanted.tailnet = caller.tailnet;
  wanted.owner = caller.user;
  wanted.creator = caller.user;
  // Whole seconds, so that expires - created is the accepted lifetime to the second on the wire.
  wanted.created = whole_second(now);
  wanted.expires = wanted.created + lifetime;
  tx.credentials().insert(
      wanted, act_on(wanted, caller, audit::Action::create, audit::ChangeKind::credential_created, now));
  return IssuedKey{std::move(wanted), std::move(minted.text)};
}

}  // namespace

Result<void> check_description(std::string_view description) {
  const bool plain = std::ranges::all_of(description, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == ' ';
  });
  const auto length = utf8_length(description);
  if (!length || *length > kMaxDescription || !plain || holds_key(description)) {
    return malformed("description takes at most " + std::to_string(kMaxDescription) +
                         " letters, digits, hyphens and spaces",
                     "description");
  }
  return {};
}

Result<IssuedKey> issue_auth_key(core::Tx& tx,
                                 const identity::Permit<identity::Operation::create_auth_key>& may,
                                 const NewAuthKey& want, const Issuer& issuer, TimePoint now) {
  TRY(check_description(want.description));
  TRY(check_grant(want.grant));
  if (may.caller().trust && want.grant.tags.empty()) {
    return malformed("tags are required: a key made by a trust credential belongs to the tailnet",
                     "capabilities.devices.create.tags");
  }
  if (!want.grant.tags.empty()) {
    const auto policy = policy::current_policy(tx, may.tailnet());
    TRY(policy::check_tags(want.grant.tags, policy::identity_of(may.caller()), policy));
  }
  TRY(const seconds lifetime,
      choose_lifetime(KeyType::auth, want.expiry_seconds, issuer.limits.longest_auth_key));
  Credential credential;
  credential.type = KeyType::auth;
  credential.description = want.description;
  credential.grant = want.grant;
  return issue(tx, may.caller(), std::move(credential), lifetime, issuer.mint, now);
}

Result<IssuedKey> issue_api_token(core::Tx& tx,
                                  const identity::Permit<identity::Operation::create_api_token>& may,
                                  const NewApiToken& want, const Issuer& issuer, TimePoint now) {
  TRY(check_description(want.description));
  TRY(const seconds lifetime,
      choose_lifetime(KeyType::api, want.expiry_seconds, issuer.limits.longest_api_token));
  Credential credential;
  credential.type = KeyType::api;
  credential.description = want.description;
  return issue(tx, may.caller(), std::move(credential), lifetime, issuer.mint, now);
}

}  // namespace latchkey::credentials
