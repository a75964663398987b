// Which keys a caller reaches, by their type: reading and ending are one operation for all of them, and each
// type has a scope of its own.
#pragma once

#include "core/credentials/credential.h"
#include "core/identity/authorize.h"

namespace latchkey::credentials {

// The scope that speaks for keys of this type.
identity::ScopeFamily scope_family_of(KeyType type);

// Of a trust credential. An access token that one minted is reached by the scope of the minter's kind too.
bool scopes_reach(const identity::Caller& caller, const Credential& key, identity::ScopeAccess access);

// Whether the caller may hand out, change or end a trust credential with these scopes: people within what
// their role may, trust credentials within what they hold. Refused with the reason.
Result<void> check_scopes_held(const identity::Caller& caller, const GrantedScopes& scopes);

}  // namespace latchkey::credentials
