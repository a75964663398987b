// GET /tailnet/{tailnet}/logging/configuration.
#include <boost/json/array.hpp>

#include "base/text.h"
#include "core/audit/audit_store.h"
#include "core/identity/authorize.h"
#include "http/handlers.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

constexpr std::size_t kMaxFilters = 100;

Result<TimePoint> window_end(const Call& call, std::string_view name) {
  const auto text = call.query_value(name);
  const std::string wanted =
      std::string(name) + " is required, as an RFC 3339 time such as 2026-01-05T00:00:00Z";
  if (!text || text->empty()) return malformed(wanted, std::string(name));
  const auto time = from_rfc3339(*text);
  if (!time) return malformed(wanted, std::string(name));
  return *time;
}

Result<audit::AuditQuery> parse_audit_query(const Call& call) {
  audit::AuditQuery query;
  TRY(query.start, window_end(call, "start"));
  TRY(query.end, window_end(call, "end"));
  if (query.end < query.start) return malformed("end must not be before start", "end");
  query.actors = call.query_values("actor");
  query.targets = call.query_values("target");
  query.events = call.query_values("event");
  if (query.actors.size() + query.targets.size() + query.events.size() > kMaxFilters) {
    return malformed("at most " + std::to_string(kMaxFilters) + " filters are allowed");
  }
  for (const auto& event : query.events) {
    if (!audit::is_event_name(event)) {
      return malformed(
          "'" + std::string(clip(event, 64)) + "' is not the name of an event such as API_KEY.CREATE",
          "event");
    }
  }
  return query;
}

boost::json::object record_json(const audit::Record& record, bool own_fields) {
  boost::json::object json;
  json["eventTime"] = to_rfc3339(record.at);
  json["type"] = "CONFIG";
  json["deferredAt"] = "0001-01-01T00:00:00Z";  // "not deferred", as upstream writes it
  json["eventGroupID"] = record.group_id;
  json["origin"] = to_string(record.source.origin);
  json["actor"] = {{"id", record.actor.id},
                   {"type", to_string(record.actor.type)},
                   {"loginName", record.actor.login_name},
                   {"displayName", record.actor.display_name}};
  boost::json::object target{
      {"id", record.target.id}, {"name", record.target.name}, {"type", to_string(record.target.type)}};
  if (!record.target.property.empty()) target["property"] = record.target.property;
  json["target"] = std::move(target);
  json["action"] = to_string(record.action);
  if (record.old_value) json["old"] = *record.old_value;
  if (record.new_value) json["new"] = *record.new_value;
  if (!record.details.empty()) json["actionDetails"] = record.details;
  if (!record.error.empty()) json["error"] = record.error;
  if (own_fields) {
    json["source"] = {{"credential", record.source.credential.str()},
                      {"address", record.source.address},
                      {"userAgent", record.source.user_agent},
                      {"requestId", record.source.request_id}};
  }
  return json;
}

}  // namespace

Answer list_audit_log(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<identity::Operation::read_audit_log>(call.caller));
  CO_TRY(auto query, parse_audit_query(call));
  const bool own_fields = call.query_value("fields") == "all";
  auto work = [may, query](core::Tx& tx) -> Result<std::vector<audit::Record>> {
    return tx.audit().find(may.tailnet(), query);
  };
  CO_TRY(const auto records, co_await context.db.read(std::move(work)));
  boost::json::array logs;
  logs.reserve(records.size());
  for (const auto& record : records) logs.push_back(record_json(record, own_fields));
  boost::json::object body;
  body["version"] = "1.1";
  body["tailnetId"] = may.tailnet().str();
  body["tailnet"] = may.tailnet().str();
  body["logs"] = std::move(logs);
  co_return json_response(body);
}

}  // namespace latchkey::http
