#include "core/credentials/key_reach.h"

namespace latchkey::credentials {

using identity::ScopeAccess;
using identity::ScopeFamily;

ScopeFamily scope_family_of(KeyType type) {
  switch (type) {
    case KeyType::auth:
      return ScopeFamily::auth_keys;
    case KeyType::client:
      return ScopeFamily::oauth_keys;
    case KeyType::federated:
      return ScopeFamily::federated_keys;
    case KeyType::api:
      return ScopeFamily::api_access_tokens;
    case KeyType::scim:
      return ScopeFamily::users;
    case KeyType::webhook:
      return ScopeFamily::webhooks;
  }
  return ScopeFamily::all;
}

bool scopes_reach(const identity::Caller& caller, const Credential& key, ScopeAccess access) {
  if (!caller.trust) return true;
  const auto& scopes = caller.trust->scopes;
  if (scopes.holds({scope_family_of(key.type), access})) return true;
  return !key.minted_by.empty() && scopes.holds({ScopeFamily::oauth_keys, access});
}

Result<void> check_scopes_held(const identity::Caller& caller, const GrantedScopes& scopes) {
  if (caller.trust) {
    if (caller.trust->scopes.includes(scopes.set)) return {};
    return forbidden("a trust credential cannot hand out scopes that it does not hold");
  }
  const auto extent = identity::extent_of(caller.role, identity::Right::manage_trust_credentials);
  if (extent == identity::Extent::all) return {};
  if (extent == identity::Extent::held && identity::scopes_held_by(caller.role).includes(scopes.set))
    return {};
  return forbidden("a " + std::string(to_string(caller.role)) +
                   " cannot hand out or withdraw scopes beyond the role's own; ask an owner or admin");
}

}  // namespace latchkey::credentials
