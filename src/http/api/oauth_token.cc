// POST /oauth/token (RFC 6749 section 4.4), /oauth/revoke (RFC 7009), /oauth/introspect (RFC 7662).
//
// The last two are beyond upstream: a client asks about, and ends, the access tokens that it minted itself.
#include <boost/json/array.hpp>

#include "base/text.h"
#include "core/credentials/access_token.h"
#include "core/credentials/manage.h"
#include "http/api/oauth.h"
#include "http/failure_guard.h"
#include "http/handlers.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using credentials::OwnedCredential;
using Found = std::optional<OwnedCredential>;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

io::Response refusal(const Error& error) {
  switch (error.code) {
    case ErrorCode::unauthenticated:
      return oauth_error(error, "invalid_client");
    case ErrorCode::forbidden:
      return oauth_error(error, "invalid_scope");
    case ErrorCode::malformed_input: {
      const bool of_tags = !error.fields.empty() && error.fields.front() == "tags";
      return oauth_error(error, of_tags ? "invalid_target" : "invalid_request");
    }
    case ErrorCode::rate_limited:
      return oauth_error(error, "temporarily_unavailable");
    default:
      return oauth_error(error, "server_error");
  }
}

// A client whose secret is right. Wrong ones are counted against the address.
io::awaitable<Result<OwnedCredential>> authenticated_client(Context& context, Call& call,
                                                            std::optional<PresentedClient> presented) {
  const auto now = context.clock.now();
  const auto address = call.caller.source.address;
  if (!presented) {
    CO_TRY(call.guard->check(address, now));
    call.guard->note_failure(address, now);
    co_return credentials::invalid_client();
  }
  const auto digest = context.issuer.mint.digest(presented->text.expose());
  CO_TRY(call.guard->check(address, digest, now));
  auto read = [id = presented->key.id](core::Tx& tx) -> Result<Found> {
    return tx.credentials().find_for_authentication(id);
  };
  CO_TRY(Found found, co_await context.db.read(std::move(read)));
  if (!credentials::genuine_client(found ? &*found : nullptr, digest, now)) {
    call.guard->note_failure(address, digest, now);
    co_return credentials::invalid_client();
  }
  call.guard->note_success(digest);
  co_return *std::move(found);
}

struct TokenForm {
  std::optional<PresentedClient> client;
  credentials::TokenRequest want;
};

Result<TokenForm> parse_token_form(const io::Request& request, const FormPairs& form) {
  TokenForm parsed;
  TRY(parsed.client, presented_client(request, form));
  TRY(const auto scope, form_value(form, "scope"));
  TRY(const auto tags, form_value(form, "tags"));
  parsed.want.scopes = identity::scope_words(scope.value_or(""));
  parsed.want.tags = identity::scope_words(tags.value_or(""));
  return parsed;
}

io::awaitable<Result<io::Response>> mint(Context& context, Call& call) {
  CO_TRY(const auto form, form_of(call.request));
  CO_TRY(const auto grant_type, form_value(form, "grant_type"));
  if (grant_type && *grant_type != "client_credentials") {
    co_return oauth_error(malformed("grant_type must be client_credentials", "grant_type"),
                          "unsupported_grant_type");
  }
  CO_TRY(auto parsed, parse_token_form(call.request, form));
  // The digest outlives the text of the secret.
  const auto digest =
      parsed.client ? context.issuer.mint.digest(parsed.client->text.expose()) : crypto::Digest{};
  CO_TRY(const auto client, co_await authenticated_client(context, call, std::move(parsed.client)));
  auto want = std::move(parsed.want);
  want.source = call.caller.source;
  auto work = [id = client.credential.id, digest, want = std::move(want), &mint = context.issuer.mint,
               now = context.clock.now()](core::Tx& tx) {
    return credentials::mint_for_client(tx, id, digest, want, mint, now);
  };
  CO_TRY(const auto issued, co_await context.db.write(std::move(work)));
  co_return access_token_response(issued);
}

// An access token that this client minted, as it is stored; nothing for any other text.
io::awaitable<Result<Found>> own_token(Context& context, const OwnedCredential& client,
                                       const SecretString& token) {
  const auto parsed = credentials::parse_key_text(token.expose());
  if (!parsed || parsed->type != credentials::KeyType::api) co_return Found();
  auto read = [id = parsed->id](core::Tx& tx) -> Result<Found> {
    return tx.credentials().find_for_authentication(id);
  };
  CO_TRY(Found found, co_await context.db.read(std::move(read)));
  const auto digest = context.issuer.mint.digest(token.expose());
  if (!found || found->credential.minted_by != client.credential.id ||
      !crypto::constant_time_equal(found->credential.digest, digest)) {
    co_return Found();
  }
  co_return found;
}

struct OwnToken {
  OwnedCredential client;
  Found token;
};

io::awaitable<Result<OwnToken>> token_in_form(Context& context, Call& call) {
  CO_TRY(const auto form, form_of(call.request));
  CO_TRY(auto presented, presented_client(call.request, form));
  CO_TRY(auto text, form_value(form, "token"));
  if (!text) co_return malformed("token is required", "token");
  const SecretString token(*std::move(text));
  CO_TRY(auto client, co_await authenticated_client(context, call, std::move(presented)));
  CO_TRY(auto found, co_await own_token(context, client, token));
  co_return OwnToken{std::move(client), std::move(found)};
}

io::awaitable<Result<io::Response>> introspect(Context& context, Call& call) {
  CO_TRY(const auto own, co_await token_in_form(context, call));
  boost::json::object body;
  const bool active = own.token && !credentials::is_invalid(own.token->credential, context.clock.now());
  body["active"] = active;
  if (active) {
    const auto& token = own.token->credential;
    const auto grant = credentials::grant_of(token, own.client.credential);
    body["client_id"] = own.client.credential.id.str();
    body["token_type"] = "Bearer";
    body["scope"] = joined(credentials::scope_words_of(token, own.client.credential));
    body["tags"] = boost::json::array(grant.tags.begin(), grant.tags.end());
    body["iat"] = duration_cast<seconds>(token.created.time_since_epoch()).count();
    if (token.expires) body["exp"] = duration_cast<seconds>(token.expires->time_since_epoch()).count();
    body["jti"] = token.id.str();
  }
  co_return secret_response(body);
}

io::awaitable<Result<io::Response>> revoke(Context& context, Call& call) {
  CO_TRY(const auto own, co_await token_in_form(context, call));
  if (own.token) {
    auto work = [token = own.token->credential, client = own.client.credential, source = call.caller.source,
                 now = context.clock.now()](core::Tx& tx) -> Result<void> {
      credentials::revoke_access_token(tx, token, client, source, now);
      return {};
    };
    CO_TRY(co_await context.db.write(std::move(work)));
  }
  co_return empty_response();
}

using Endpoint = io::awaitable<Result<io::Response>> (*)(Context&, Call&);

Answer answered(Context& context, Call& call, Endpoint endpoint) {
  auto response = co_await endpoint(context, call);
  if (response) co_return response;
  if (!response.error().detail.empty()) co_return response;
  co_return refusal(response.error());
}

}  // namespace

io::Response access_token_response(const credentials::IssuedKey& issued) {
  const auto& token = issued.credential;
  boost::json::object body;
  body["access_token"] = issued.text.expose();
  body["token_type"] = "Bearer";
  body["expires_in"] = duration_cast<seconds>(*token.expires - token.created).count();
  body["scope"] = joined(token.scopes.names);
  auto response = secret_response(body);
  response.headers.push_back({"Pragma", "no-cache"});
  return response;
}

Answer mint_access_token(Context& context, Call& call) {
  return answered(context, call, mint);
}
Answer introspect_access_token(Context& context, Call& call) {
  return answered(context, call, introspect);
}
Answer revoke_access_token(Context& context, Call& call) {
  return answered(context, call, revoke);
}

}  // namespace latchkey::http
