// Issuing: auth keys and API access tokens. The answer is the only place where the secret ever appears.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/credentials/credential.h"
#include "core/credentials/key_mint.h"
#include "core/identity/authorize.h"
#include "core/tx.h"

namespace latchkey::credentials {

inline constexpr std::size_t kMaxDescription = 50;  // characters
inline constexpr std::size_t kMaxAllowedHostnames = 32;
inline constexpr std::int64_t kMostUses = 1'000'000;

// The operator's own limits, on top of the table of lifetimes.
struct IssueLimits {
  std::optional<seconds> longest_auth_key;
  std::optional<seconds> longest_api_token;
};

// What the issuing use cases need beside a transaction. Outlives them.
struct Issuer {
  const KeyMint& mint;
  IssueLimits limits;
  // Of federated identities: the audience that is made up where none is wanted begins with this host; issuers
  // without TLS are taken only on a test bench.
  std::string audience_host = "api.tailscale.com";
  bool allow_http_issuers = false;
};

struct NewAuthKey {
  std::string description;
  std::optional<std::int64_t> expiry_seconds;
  DeviceGrant grant;
};

struct NewApiToken {
  std::string description;
  std::optional<std::int64_t> expiry_seconds;
};

struct IssuedKey {
  Credential credential;
  SecretString text;
};

// At most 50 characters; letters, digits, hyphens and spaces.
Result<void> check_description(std::string_view description);

// The key belongs to the caller. Tags must be the caller's to give; they may be empty.
Result<IssuedKey> issue_auth_key(core::Tx& tx,
                                 const identity::Permit<identity::Operation::create_auth_key>& may,
                                 const NewAuthKey& want, const Issuer& issuer, TimePoint now);

Result<IssuedKey> issue_api_token(core::Tx& tx,
                                  const identity::Permit<identity::Operation::create_api_token>& may,
                                  const NewApiToken& want, const Issuer& issuer, TimePoint now);

}  // namespace latchkey::credentials
