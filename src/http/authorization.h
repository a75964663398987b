// The Authorization header of API calls: a token as Bearer, or as the user name of Basic.
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "io/http.h"

namespace latchkey::http {

// The presented token. Basic's password is ignored (clients send it empty); scheme names ignore case, tokens
// do not. Two Authorization headers are refused, anything else that carries no token is unauthenticated.
Result<SecretString> presented_token(const io::Request& request);

// The presented SCIM key: as Bearer, or as the whole header, which is how Okta's "Header Auth" sends it.
Result<SecretString> presented_scim_key(const io::Request& request);

}  // namespace latchkey::http
