// POST /api/local/tailnets: a tailnet with its owner and the owner's first API access token. What `latchkey
// init` asks for.
#include "core/tailnet/create_tailnet.h"
#include "http/api/key_json.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;

struct FirstSteps {
  tailnet::CreatedTailnet made;
  credentials::IssuedKey token;
};

Result<FirstSteps> take_first_steps(core::Tx& tx, const identity::Permit<Operation::create_tailnet>& may,
                                    const tailnet::NewTailnet& want, const credentials::Issuer& issuer,
                                    TimePoint now) {
  TRY(auto made, tailnet::create_tailnet(tx, may, want, now));
  identity::Caller owner = may.caller();
  owner.tailnet = made.tailnet.id;
  owner.user = made.owner.id;
  owner.login_name = made.owner.login_name;
  owner.display_name = made.owner.display_name;
  owner.role = made.owner.role;
  TRY(const auto may_issue, identity::authorize<Operation::create_api_token>(owner));
  TRY(auto token, credentials::issue_api_token(tx, may_issue, {"first token", std::nullopt}, issuer, now));
  return FirstSteps{std::move(made), std::move(token)};
}

}  // namespace

Answer create_tailnet(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::create_tailnet>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  tailnet::NewTailnet want;
  CO_TRY(const auto name, body.text("tailnet"));
  CO_TRY(const auto owner, body.text("owner"));
  want.name = name.value_or("");
  want.owner_login = owner.value_or("");
  auto work = [may, want, now = context.clock.now(), &issuer = context.issuer](core::Tx& tx) {
    return take_first_steps(tx, may, want, issuer, now);
  };
  CO_TRY(const auto done, co_await context.db.write(std::move(work)));
  boost::json::object json;
  json["tailnet"] = done.made.tailnet.name;
  json["tailnetId"] = done.made.tailnet.id.str();
  json["owner"] = done.made.owner.login_name;
  json["apiToken"] = done.token.text.expose();
  json["expires"] = to_rfc3339(*done.token.credential.expires);
  co_return secret_response(json);
}

}  // namespace latchkey::http
