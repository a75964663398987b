// From a request to its caller: the token check, its cache, and the guard against floods of wrong secrets.
//
// A good token that is in the cache costs one look-up and one HMAC and never waits for anything. Everything
// else takes the same slow way, whether the id is unknown, the secret is wrong, or the token has ended; that
// way is limited for each address, so that a flood of wrong secrets is answered with 429 before it reaches
// the database.
#pragma once

#include <functional>

#include "base/metrics.h"
#include "core/credentials/credential_cache.h"
#include "core/credentials/key_mint.h"
#include "core/identity/caller.h"
#include "http/failure_guard.h"
#include "io/database.h"
#include "io/http.h"

namespace latchkey::http {

class Authenticator {
 public:
  // All outlive the authenticator.
  Authenticator(io::Database& db, const credentials::KeyMint& mint, credentials::CredentialCache& cache,
                FailureGuard& guard, Metrics& metrics, std::function<bool()> cache_is_current);

  // The caller behind an API token. Its source has origin and credential set; the address is `address`.
  io::awaitable<Result<identity::Caller>> authenticate(const io::Request& request, std::string address,
                                                       TimePoint now);

  // The identity provider behind a SCIM key, in the same way.
  io::awaitable<Result<identity::Caller>> authenticate_provider(const io::Request& request,
                                                                std::string address, TimePoint now);

  // The local administrator, acting as the user named by X-Latchkey-User (the owner by default) in the
  // tailnet that `tailnet` names ("-" or empty: the only one).
  io::awaitable<Result<identity::Caller>> local_administrator(const io::Request& request,
                                                              std::string tailnet);

 private:
  // A text that names a credential, however it was presented.
  io::awaitable<Result<identity::Caller>> check(Result<credentials::ParsedKey> parsed,
                                                const SecretString& text, std::string address, TimePoint now);
  io::awaitable<Result<identity::Caller>> look_up(credentials::ParsedKey parsed, crypto::Digest presented,
                                                  std::string address, TimePoint now);
  Result<identity::Caller> accept(const credentials::OwnedCredential& token, const std::string& address,
                                  TimePoint now);

  io::Database& db_;
  const credentials::KeyMint& mint_;
  credentials::CredentialCache& cache_;
  FailureGuard& guard_;
  std::function<bool()> cache_is_current_;
  Counter& from_cache_;
  Counter& from_database_;
  Counter& refused_;
  Counter& throttled_;
};

}  // namespace latchkey::http
