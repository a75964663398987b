// GET, POST /tailnet/{tailnet}/webhooks; GET, PATCH, DELETE /webhooks/{endpointId}; POST .../test,
// .../rotate.
#include "core/webhooks/manage.h"

#include <boost/json/array.hpp>

#include "http/api/webhook_json.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;

Result<WebhookFields> wanted_fields(const Call& call) {
  const auto fields = call.query_value("fields").value_or("default");
  if (fields == "all") return WebhookFields::all;
  if (fields == "default") return WebhookFields::upstream;
  return malformed("fields must be default or all", "fields");
}

EndpointId endpoint_of(const Call& call) {
  return EndpointId(call.path_element("endpointId"));
}

Result<webhooks::NewEndpoint> parse_new_endpoint(const JsonBody& body) {
  webhooks::NewEndpoint want;
  TRY(const auto url, body.text("endpointUrl"));
  if (!url) return malformed("endpointUrl is required", "endpointUrl");
  want.url = *url;
  TRY(const auto provider, body.text("providerType"));
  want.provider = provider.value_or("");
  TRY(want.subscriptions, body.texts("subscriptions"));
  return want;
}

io::Response with_secret(const webhooks::EndpointWithSecret& made, const Call& call, WebhookFields fields,
                         TimePoint now) {
  auto json = webhook_json(made.endpoint, call.caller, fields, now);
  json["secret"] = made.secret.expose();
  return secret_response(json);
}

}  // namespace

Answer list_webhooks(Context& context, Call& call) {
  CO_TRY(const auto fields, wanted_fields(call));
  CO_TRY(auto may, identity::authorize<Operation::list_webhooks>(call.caller));
  auto work = [may](core::Tx& tx) -> Result<std::vector<webhooks::WebhookEndpoint>> {
    return webhooks::list_endpoints(tx, may);
  };
  CO_TRY(const auto endpoints, co_await context.db.read(std::move(work)));
  boost::json::array list;
  list.reserve(endpoints.size());
  for (const auto& endpoint : endpoints) {
    list.push_back(webhook_json(endpoint, call.caller, fields, context.clock.now()));
  }
  boost::json::object body;
  body["webhooks"] = std::move(list);
  co_return json_response(body);
}

Answer create_webhook(Context& context, Call& call) {
  CO_TRY(const auto fields, wanted_fields(call));
  CO_TRY(auto may, identity::authorize<Operation::create_webhook>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(auto want, parse_new_endpoint(body));
  const auto now = context.clock.now();
  auto work = [may, want, &hooks = context.webhook_context, now](core::Tx& tx) {
    return webhooks::create_endpoint(tx, may, want, hooks, now);
  };
  CO_TRY(const auto made, co_await context.db.write(std::move(work)));
  co_return with_secret(made, call, fields, now);
}

Answer get_webhook(Context& context, Call& call) {
  CO_TRY(const auto fields, wanted_fields(call));
  CO_TRY(auto may, identity::authorize<Operation::read_webhook>(call.caller));
  CO_TRY(auto may_look, identity::authorize<Operation::read_webhook_deliveries>(call.caller));
  auto work = [may, may_look, id = endpoint_of(call), caller = call.caller, fields,
               now = context.clock.now()](core::Tx& tx) -> Result<boost::json::object> {
    TRY(const auto endpoint, webhooks::read_endpoint(tx, may, id));
    auto json = webhook_json(endpoint, caller, fields, now);
    if (fields == WebhookFields::all) {
      TRY(const auto attempts, webhooks::recent_attempts(tx, may_look, id));
      json["recentAttempts"] = attempts_json(attempts);
    }
    return json;
  };
  CO_TRY(const auto json, co_await context.db.read(std::move(work)));
  co_return json_response(json);
}

Answer update_webhook(Context& context, Call& call) {
  CO_TRY(const auto fields, wanted_fields(call));
  CO_TRY(auto may, identity::authorize<Operation::update_webhook>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  for (const char* fixed : {"endpointUrl", "providerType"}) {
    if (body.value(fixed) == nullptr) continue;
    co_return malformed(std::string(fixed) + " cannot be changed: make another endpoint", fixed);
  }
  CO_TRY(auto subscriptions, body.texts("subscriptions"));
  const auto now = context.clock.now();
  auto work = [may, id = endpoint_of(call), subscriptions, now](core::Tx& tx) {
    return webhooks::change_subscriptions(tx, may, id, subscriptions, now);
  };
  CO_TRY(const auto endpoint, co_await context.db.write(std::move(work)));
  co_return json_response(webhook_json(endpoint, call.caller, fields, now));
}

Answer delete_webhook(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::delete_webhook>(call.caller));
  auto work = [may, id = endpoint_of(call), &hooks = context.webhook_context, now = context.clock.now()](
                  core::Tx& tx) { return webhooks::delete_endpoint(tx, may, id, hooks, now); };
  CO_TRY(co_await context.db.write(std::move(work)));
  co_return empty_response();
}

Answer test_webhook(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::test_webhook>(call.caller));
  auto work = [may, id = endpoint_of(call), now = context.clock.now()](core::Tx& tx) {
    return webhooks::request_test(tx, may, id, now);
  };
  CO_TRY(co_await context.db.write(std::move(work)));
  auto response = empty_response();
  response.status = 202;  // queued, not sent yet
  co_return response;
}

Answer rotate_webhook_secret(Context& context, Call& call) {
  CO_TRY(const auto fields, wanted_fields(call));
  CO_TRY(auto may, identity::authorize<Operation::rotate_webhook>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(const auto overlap, body.integer("overlapSeconds"));
  const auto now = context.clock.now();
  auto work = [may, id = endpoint_of(call), overlap = seconds{overlap.value_or(0)},
               &hooks = context.webhook_context,
               now](core::Tx& tx) { return webhooks::rotate_secret(tx, may, id, overlap, hooks, now); };
  CO_TRY(const auto made, co_await context.db.write(std::move(work)));
  co_return with_secret(made, call, overlap ? WebhookFields::all : fields, now);
}

}  // namespace latchkey::http
