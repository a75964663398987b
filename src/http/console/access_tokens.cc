// POST /api/console/access-tokens: makes an API access token for the person who asks. Not for API tokens: a
// token must not be able to make its own successor.
#include "http/api/key_json.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {

Answer create_access_token(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<identity::Operation::create_api_token>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  credentials::NewApiToken want;
  CO_TRY(const auto description, body.text("description"));
  want.description = description.value_or("");
  CO_TRY(want.expiry_seconds, body.integer("expirySeconds"));
  const TimePoint now = context.clock.now();
  auto work = [may, want, now, &issuer = context.issuer](core::Tx& tx) {
    return credentials::issue_api_token(tx, may, want, issuer, now);
  };
  CO_TRY(const auto issued, co_await context.db.write(std::move(work)));
  auto json = key_json(issued.credential, KeyFields::upstream, now);
  json["key"] = issued.text.expose();
  co_return secret_response(json);
}

}  // namespace latchkey::http
