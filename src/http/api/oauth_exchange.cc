// POST /oauth/token-exchange: a workload shows a token of its own issuer and gets an access token (Tailscale
// API v2, "Workload identity federation"). Callers are not told why they are refused; the identity and the
// audit log are.
#include "core/credentials/access_token.h"
#include "core/federation/key_set.h"
#include "http/api/oauth.h"
#include "http/failure_guard.h"
#include "http/handlers.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using credentials::Credential;
using Found = std::optional<credentials::OwnedCredential>;

Result<void> judge_signature(federation::Signature signature) {
  switch (signature) {
    case federation::Signature::good:
      return {};
    case federation::Signature::bad:
      return credentials::exchange_refused("the signature is not the issuer's");
    case federation::Signature::unknown_key:
      break;
  }
  return credentials::exchange_refused("the issuer has no key that the token could be signed with");
}

// The issuer is asked only for tokens that say all that they must.
io::awaitable<Result<federation::Claims>> judge(Context& context, const Credential& identity,
                                                std::string token) {
  const auto jws = federation::parse_jws(token);
  if (!jws) co_return credentials::exchange_refused(jws.error().message);
  auto claims = federation::judge_claims(jws->claims, *identity.federation, context.clock.now());
  if (!claims) co_return credentials::exchange_refused(claims.error().message);
  const auto issuer = identity.federation->issuer;
  auto keys = co_await context.issuer_keys->keys_of(issuer);
  if (!keys) {
    co_return credentials::exchange_refused("the issuer's keys are not to be had: " + keys.error().message);
  }
  auto signature = federation::check_signature(*jws, **keys);
  if (signature == federation::Signature::unknown_key) {
    // It may have changed its keys since they were read.
    const auto known = *keys;
    const auto newer = co_await context.issuer_keys->keys_of(issuer, known);
    if (newer && *newer != known) signature = federation::check_signature(*jws, **newer);
  }
  CO_TRY(judge_signature(signature));
  co_return claims;
}

io::awaitable<Result<credentials::IssuedKey>> exchange(Context& context, Call& call,
                                                       const Credential& identity, std::string token) {
  if (credentials::is_invalid(identity, context.clock.now())) {
    co_return credentials::exchange_refused("the federated identity was revoked");
  }
  CO_TRY(const auto claims, co_await judge(context, identity, std::move(token)));
  credentials::TokenRequest want;
  want.source = call.caller.source;
  auto work = [identity, claims, want, &mint = context.issuer.mint, now = context.clock.now()](core::Tx& tx) {
    return credentials::mint_for_identity(tx, identity, claims, want, mint, now);
  };
  co_return co_await context.db.write(std::move(work));
}

io::Response refused(Error error) {
  error.detail.clear();
  if (error.code == ErrorCode::rate_limited) return oauth_error(error, "temporarily_unavailable");
  if (error.code == ErrorCode::malformed_input) return oauth_error(error, "invalid_request");
  return oauth_error(error, "invalid_grant");
}

struct ExchangeForm {
  CredentialId identity;
  std::string token;
};

Result<ExchangeForm> parse_exchange(const io::Request& request) {
  TRY(const auto form, form_of(request));
  TRY(const auto client, form_value(form, "client_id"));
  TRY(auto token, form_value(form, "jwt"));
  if (!client || !token) return malformed("client_id and jwt are required");
  return ExchangeForm{CredentialId(*client), *std::move(token)};
}

}  // namespace

Answer exchange_token(Context& context, Call& call) {
  auto form = parse_exchange(call.request);
  if (!form) co_return refused(form.error());
  const auto now = context.clock.now();
  const auto address = call.caller.source.address;
  if (const auto checked = call.guard->check(address, now); !checked) co_return refused(checked.error());

  auto read = [id = form->identity](core::Tx& tx) -> Result<Found> {
    return tx.credentials().find_for_authentication(id);
  };
  CO_TRY(const Found found, co_await context.db.read(std::move(read)));
  if (!found || found->credential.type != credentials::KeyType::federated) {
    call.guard->note_failure(address, now);
    co_return refused(credentials::exchange_refused("unknown federated identity"));
  }
  const auto& identity = found->credential;
  const auto issued = co_await exchange(context, call, identity, std::move(form->token));
  if (issued) co_return access_token_response(*issued);
  if (issued.error().code != ErrorCode::forbidden) co_return issued.error();
  call.guard->note_failure(address, now);
  if (!call.guard->may_record(identity.id, now)) co_return refused(issued.error());
  auto record = [identity, reason = issued.error().detail, source = call.caller.source,
                 now](core::Tx& tx) -> Result<void> {
    credentials::record_refused_exchange(tx, identity, reason, source, now);
    return {};
  };
  CO_TRY(co_await context.db.write(std::move(record)));
  co_return refused(issued.error());
}

}  // namespace latchkey::http
