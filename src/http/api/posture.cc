// The doors to posture integrations: /tailnet/{tailnet}/posture/integrations, /posture/integrations/{id}.
#include <boost/json/array.hpp>

#include "core/posture/manage.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;
using posture::Integration;

// Never the secret, sealed or not.
boost::json::object integration_json(const Integration& integration) {
  boost::json::object json{{"id", integration.id.str()},
                           {"provider", to_string(integration.provider)},
                           {"cloudId", integration.account.cloud_id},
                           {"clientId", integration.account.client_id},
                           {"configUpdated", to_rfc3339(integration.updated)}};
  if (!integration.account.tenant_id.empty()) json["tenantId"] = integration.account.tenant_id;
  json["status"] = {{"error", "this server keeps the configuration of providers and does not ask them"},
                    {"providerHostCount", 0},
                    {"matchedCount", 0},
                    {"possibleMatchedCount", 0}};
  return json;
}

Result<posture::NewIntegration> parse_new(const JsonBody& body) {
  posture::NewIntegration want;
  TRY(const auto provider, body.text("provider"));
  if (!provider) return malformed("provider is required", "provider");
  want.provider = *provider;
  TRY(const auto cloud_id, body.text("cloudId"));
  TRY(const auto client_id, body.text("clientId"));
  TRY(const auto tenant_id, body.text("tenantId"));
  want.account = {cloud_id.value_or(""), client_id.value_or(""), tenant_id.value_or("")};
  TRY(auto secret, body.text("clientSecret"));
  if (!secret) return malformed("clientSecret is required", "clientSecret");
  want.client_secret = SecretString(*std::move(secret));
  return want;
}

Result<posture::IntegrationChange> parse_change(const JsonBody& body) {
  posture::IntegrationChange change;
  TRY(change.provider, body.text("provider"));
  TRY(change.cloud_id, body.text("cloudId"));
  TRY(change.client_id, body.text("clientId"));
  TRY(change.tenant_id, body.text("tenantId"));
  TRY(auto secret, body.text("clientSecret"));
  if (secret) change.client_secret = SecretString(*std::move(secret));
  return change;
}

}  // namespace

Answer list_posture_integrations(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_posture>(call.caller));
  auto work = [may](core::Tx& tx) -> Result<std::vector<Integration>> {
    return posture::list_integrations(tx, may);
  };
  CO_TRY(const auto integrations, co_await context.db.read(std::move(work)));
  boost::json::array list;
  for (const auto& integration : integrations) list.emplace_back(integration_json(integration));
  boost::json::object body;
  body["integrations"] = std::move(list);
  co_return json_response(body);
}

Answer create_posture_integration(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::write_posture>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(auto want, parse_new(body));
  auto work = [may, want = std::move(want), sealer = context.sealer, now = context.clock.now()](
                  core::Tx& tx) { return posture::create_integration(tx, may, want, *sealer, now); };
  CO_TRY(const auto made, co_await context.db.write(std::move(work)));
  co_return json_response(integration_json(made));
}

Answer get_posture_integration(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_posture>(call.caller));
  auto work = [may, id = call.path_element("integrationId")](core::Tx& tx) {
    return posture::read_integration(tx, may, id);
  };
  CO_TRY(const auto integration, co_await context.db.read(std::move(work)));
  co_return json_response(integration_json(integration));
}

Answer update_posture_integration(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::write_posture>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(auto change, parse_change(body));
  auto work = [may, id = call.path_element("integrationId"), change = std::move(change),
               sealer = context.sealer, now = context.clock.now()](core::Tx& tx) {
    return posture::change_integration(tx, may, id, change, *sealer, now);
  };
  CO_TRY(const auto integration, co_await context.db.write(std::move(work)));
  co_return json_response(integration_json(integration));
}

Answer delete_posture_integration(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::write_posture>(call.caller));
  auto work = [may, id = call.path_element("integrationId"), now = context.clock.now()](core::Tx& tx) {
    return posture::remove_integration(tx, may, id, now);
  };
  CO_TRY(co_await context.db.write(std::move(work)));
  co_return empty_response();
}

}  // namespace latchkey::http
