#include "core/credentials/authenticate.h"

#include <string>

#include "core/credentials/access_token.h"

namespace latchkey::credentials {

Result<ParsedKey> parse_api_token(std::string_view text) {
  auto parsed = parse_key_text(text);
  if (!parsed) return unauthenticated(std::string(kApiTokenInvalid));
  if (parsed->type != KeyType::api) {
    return unauthenticated(
        std::string(kApiTokenInvalid) + ": this is an " + std::string(name_of(parsed->type)) + " (tskey-" +
        std::string(to_string(parsed->type)) + "-); API calls take an API access token (tskey-api-)");
  }
  return parsed;
}

Result<ParsedKey> parse_scim_key(std::string_view text) {
  auto parsed = parse_key_text(text);
  if (!parsed || parsed->type != KeyType::scim) return unauthenticated(std::string(kScimKeyInvalid));
  return parsed;
}

bool is_genuine(const crypto::Digest& presented, const OwnedCredential* found) {
  static constexpr crypto::Digest kNone{};
  const bool equal = crypto::constant_time_equal(presented, found ? found->credential.digest : kNone);
  return equal && found != nullptr;
}

namespace {

// Ends with the hour, and with its minter at once.
Result<identity::Caller> caller_of_access_token(const OwnedCredential& token, TimePoint now) {
  if (!token.minter || is_invalid(*token.minter, now) || is_invalid(token.credential, now)) {
    return unauthenticated(std::string(kApiTokenInvalid));
  }
  identity::Caller caller;
  caller.kind = identity::Caller::Kind::trust_credential;
  caller.tailnet = token.credential.tailnet;
  caller.display_name = token.minter->description;
  caller.trust = grant_of(token.credential, *token.minter);
  caller.source.origin = audit::Origin::config_api;
  caller.source.credential = token.credential.id;
  return caller;
}

}  // namespace

Result<identity::Caller> caller_of(const OwnedCredential& token, TimePoint now) {
  if (token.credential.type != KeyType::api) return unauthenticated(std::string(kApiTokenInvalid));
  if (!token.credential.minted_by.empty()) return caller_of_access_token(token, now);
  // A person's token acts as its owner; without one it can do nothing.
  if (!token.owner || state_of(token.credential, token.owner->status, now) != State::active) {
    return unauthenticated(std::string(kApiTokenInvalid));
  }
  identity::Caller caller;
  caller.kind = identity::Caller::Kind::api_token;
  caller.tailnet = token.credential.tailnet;
  caller.user = token.owner->id;
  caller.login_name = token.owner->login_name;
  caller.display_name = token.owner->display_name;
  caller.role = token.owner->role;
  caller.source.origin = audit::Origin::config_api;
  caller.source.credential = token.credential.id;
  return caller;
}

Result<identity::Caller> provider_of(const OwnedCredential& key, TimePoint now) {
  if (key.credential.type != KeyType::scim || is_invalid(key.credential, now)) {
    return unauthenticated(std::string(kScimKeyInvalid));
  }
  return identity::provisioning_caller(key.credential.tailnet, key.credential.id, {});
}

}  // namespace latchkey::credentials
