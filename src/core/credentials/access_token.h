// Access tokens: what trust credentials mint, for one hour, within their scopes and tags (RFC 6749
// section 4.4).
#pragma once

#include <string>
#include <vector>

#include "core/credentials/credential_store.h"
#include "core/credentials/issue.h"
#include "core/federation/claims.h"

namespace latchkey::credentials {

inline constexpr seconds kAccessTokenLife{3600};

struct TokenRequest {
  std::vector<std::string> scopes;  // empty: all that the credential has
  std::vector<std::string> tags;    // likewise; looked at only where the scopes can do something with tags
  audit::Source source;
};

// The client behind a presented secret, by the current one or the one before; nothing for anything else. The
// same work whether the id is unknown, the secret wrong, or the client has ended.
struct GenuineClient {
  bool by_old_secret = false;
};
std::optional<GenuineClient> genuine_client(const OwnedCredential* found, const crypto::Digest& presented,
                                            TimePoint now);

// The answer of a token endpoint for bad credentials, whatever is wrong with them.
Error invalid_client();

// One transaction: counts the use and makes the token, or refuses. forbidden: scopes it cannot grant.
// malformed with the field tags: tags it cannot give.
Result<IssuedKey> mint_for_client(core::Tx& tx, const CredentialId& client, const crypto::Digest& presented,
                                  const TokenRequest& want, const KeyMint& mint, TimePoint now);

// For a federated identity whose token was found good: each token once, as long as it names itself (jti).
// Refused: forbidden, with the reason for the log as its detail.
Result<IssuedKey> mint_for_identity(core::Tx& tx, const Credential& identity,
                                    const federation::Claims& claims, const TokenRequest& want,
                                    const KeyMint& mint, TimePoint now);
// What a caller is told, whatever is wrong; `reason` is for the log.
Error exchange_refused(std::string reason);
// Keeps the reason with the identity and in the audit log.
void record_refused_exchange(core::Tx& tx, const Credential& identity, const std::string& reason,
                             const audit::Source& source, TimePoint now);

// The same for a trust credential that proved itself otherwise.
Result<IssuedKey> mint_access_token(core::Tx& tx, const Credential& minter, bool by_old_secret,
                                    const TokenRequest& want, const KeyMint& mint, TimePoint now);

// Ends a token, at the wish of the client that minted it (RFC 7009). Ended already: nothing happens.
void revoke_access_token(core::Tx& tx, const Credential& token, const Credential& minter,
                         const audit::Source& source, TimePoint now);

// What a token of this minter carries now: both may have been narrowed since.
identity::TrustGrant grant_of(const Credential& token, const Credential& minter);
// The words for its scopes: as they were asked for, or the fewest that say what is left of them.
std::vector<std::string> scope_words_of(const Credential& token, const Credential& minter);

}  // namespace latchkey::credentials
