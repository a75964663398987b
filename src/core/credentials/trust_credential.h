// Trust credentials: OAuth clients and federated identities. They belong to the tailnet, outlive who made
// them, and do nothing but mint access tokens within their scopes and tags (Tailscale API v2, "Trust
// credentials").
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/credentials/issue.h"

namespace latchkey::credentials {

using MayCreateTrust = identity::Permit<identity::Operation::create_trust_credential>;
using MayUpdateTrust = identity::Permit<identity::Operation::update_trust_credential>;

inline constexpr seconds kLongestOverlap = days{30};

// What is chosen when one is made and may be replaced later, as a whole.
struct TrustTerms {
  std::string description;
  std::vector<std::string> scopes;
  std::vector<std::string> tags;
  bool bound_to_tags = false;
  std::optional<federation::Trust>
      federation;  // of a federated identity; an empty audience is made up, or kept
};

struct NewClient {
  TrustTerms terms;
  std::optional<std::int64_t> expiry_seconds;  // none: it does not expire
};

// Scopes must be the caller's to hand out, tags his to give; tags are needed with auth_keys or devices:core.
Result<IssuedKey> create_client(core::Tx& tx, const MayCreateTrust& may, const NewClient& want,
                                const Issuer& issuer, TimePoint now);

// It has no secret: a workload proves itself by a token of an issuer that the identity trusts.
Result<Credential> create_federated_identity(core::Tx& tx, const MayCreateTrust& may, const TrustTerms& want,
                                             const Issuer& issuer, TimePoint now);

// Replaces the terms. Access tokens that it minted before hold what is left of theirs. `type` is the type
// that the caller takes the key for.
Result<Credential> replace_terms(core::Tx& tx, const MayUpdateTrust& may, const CredentialId& id,
                                 KeyType type, const TrustTerms& want, const Issuer& issuer, TimePoint now);

// A new secret for the same client. The one before goes on counting for so long, 0: not at all; an even older
// one ends now.
Result<IssuedKey> rotate_secret(core::Tx& tx, const MayUpdateTrust& may, const CredentialId& id,
                                seconds overlap, const Issuer& issuer, TimePoint now);

}  // namespace latchkey::credentials
