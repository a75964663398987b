// Authentication with an API access token, without I/O: what a presented text amounts to, given what is
// stored.
#pragma once

#include <string_view>

#include "base/result.h"
#include "core/credentials/credential_store.h"
#include "core/credentials/key_mint.h"
#include "core/identity/caller.h"

namespace latchkey::credentials {

// Upstream's text for every API token that is missing, malformed, unknown, ended or asleep; clients look for
// it.
inline constexpr std::string_view kApiTokenInvalid = "API token invalid";

// The same for SCIM keys, for the log: on the wire there is one text, of the SCIM service.
inline constexpr std::string_view kScimKeyInvalid = "SCIM key invalid";

// The public half of a text presented as an API token. A key of another type is refused with a text that
// names the mistake.
Result<ParsedKey> parse_api_token(std::string_view text);

Result<ParsedKey> parse_scim_key(std::string_view text);

// Whether the digest of what was presented is the stored one. `found` may be null: the same work is done for
// an unknown id as for a wrong secret.
bool is_genuine(const crypto::Digest& presented, const OwnedCredential* found);

// The caller that a genuine token makes, judged at `now`: expiry, revocation and the owner's status count at
// use.
Result<identity::Caller> caller_of(const OwnedCredential& token, TimePoint now);
// The identity provider that a genuine SCIM key makes. Whether the tailnet is provisioned at all is judged by
// the use cases.
Result<identity::Caller> provider_of(const OwnedCredential& key, TimePoint now);

}  // namespace latchkey::credentials
