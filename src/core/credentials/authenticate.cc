#include "core/credentials/authenticate.h"

#include <string>

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

bool is_genuine(const crypto::Digest& presented, const OwnedCredential* found) {
  static constexpr crypto::Digest kNone{};
  const bool equal = crypto::constant_time_equal(presented, found ? found->credential.digest : kNone);
  return equal && found != nullptr;
}

Result<identity::Caller> caller_of(const OwnedCredential& token, TimePoint now) {
  // An API access token acts as its owner; without one it can do nothing.
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

}  // namespace latchkey::credentials
