// GET, PATCH /tailnet/{tailnet}/settings.
#include "core/tailnet/settings.h"

#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;

// The settings that the caller may read.
boost::json::object settings_json(const tailnet::TailnetSettings& settings, const identity::Caller& caller) {
  boost::json::object json;
  json["aclsExternallyManagedOn"] = settings.acls_externally_managed;
  json["aclsExternalLink"] = settings.acls_external_link;
  json["devicesApprovalOn"] = settings.devices_approval;
  json["devicesAutoUpdatesOn"] = settings.devices_auto_updates;
  json["devicesKeyDurationDays"] = settings.devices_key_duration_days;
  json["usersApprovalOn"] = settings.users_approval;
  json["usersRoleAllowedToJoinExternalTailnets"] = to_string(settings.users_join_external);
  json["networkFlowLoggingOn"] = settings.network_flow_logging;
  json["regionalRoutingOn"] = settings.regional_routing;
  json["postureIdentityCollectionOn"] = settings.posture_identity_collection;
  json["httpsEnabled"] = settings.https;
  for (auto at = json.begin(); at != json.end();) {
    if (tailnet::may_reach_setting(caller, at->key(), identity::ScopeAccess::read)) {
      ++at;
    } else {
      at = json.erase(at);
    }
  }
  return json;
}

Result<tailnet::SettingsChange> parse_settings_change(const JsonBody& body) {
  tailnet::SettingsChange change;
  TRY(change.acls_externally_managed, body.flag("aclsExternallyManagedOn"));
  TRY(change.acls_external_link, body.text("aclsExternalLink"));
  TRY(change.devices_approval, body.flag("devicesApprovalOn"));
  TRY(change.devices_auto_updates, body.flag("devicesAutoUpdatesOn"));
  TRY(change.devices_key_duration_days, body.integer("devicesKeyDurationDays"));
  TRY(change.users_approval, body.flag("usersApprovalOn"));
  TRY(change.users_join_external, body.text("usersRoleAllowedToJoinExternalTailnets"));
  TRY(change.network_flow_logging, body.flag("networkFlowLoggingOn"));
  TRY(change.regional_routing, body.flag("regionalRoutingOn"));
  TRY(change.posture_identity_collection, body.flag("postureIdentityCollectionOn"));
  TRY(change.https, body.flag("httpsEnabled"));
  TRY(change.route_selection, body.text("routeSelection"));
  return change;
}

}  // namespace

Answer get_settings(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_settings>(call.caller));
  auto work = [may](core::Tx& tx) -> Result<tailnet::TailnetSettings> {
    return tailnet::read_settings(tx, may);
  };
  CO_TRY(const auto settings, co_await context.db.read(std::move(work)));
  co_return json_response(settings_json(settings, call.caller));
}

Answer update_settings(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::write_settings>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(const auto change, parse_settings_change(body));
  auto work = [may, change, now = context.clock.now()](core::Tx& tx) {
    return tailnet::change_settings(tx, may, change, now);
  };
  CO_TRY(const auto settings, co_await context.db.write(std::move(work)));
  co_return json_response(settings_json(settings, call.caller));
}

}  // namespace latchkey::http
