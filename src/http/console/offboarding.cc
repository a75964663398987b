// GET, POST /api/console/users/{userId}/offboarding: what rests on a person, and his leaving;
// GET .../offboarding-report: what that ended, from the audit log.
#include <boost/json/array.hpp>

#include "core/people/offboard.h"
#include "core/people/offboard_report.h"
#include "core/signon/sessions.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;
using people::Leaving;

UserId user_of(const Call& call) {
  return UserId(call.path_element("userId"));
}

boost::json::object holding_json(const people::Holding& holding) {
  boost::json::object json;
  json["kind"] = to_string(holding.kind);
  json["id"] = holding.id;
  json["name"] = holding.name;
  json["detail"] = holding.detail;
  if (holding.last_used) json["lastUsed"] = to_rfc3339(whole_second(*holding.last_used));
  if (!holding.last_used_from.empty()) json["lastUsedFrom"] = holding.last_used_from;
  json["usedBy"] = boost::json::array(holding.used_by.begin(), holding.used_by.end());
  json["users"] = holding.users;
  json["ifSuspended"] = to_string(people::fate_of(holding.kind, Leaving::suspended));
  json["ifDeleted"] = to_string(people::fate_of(holding.kind, Leaving::deleted));
  json["breaks"] = people::breakage_of(holding);
  json["advice"] = people::advice_on(holding);
  return json;
}

// They come and go, so the fingerprint knows nothing of them.
Result<void> add_sessions(core::Tx& tx, const signon::MayListSessions& may,
                          const signon::SessionLimits& limits, TimePoint now,
                          people::OffboardPreview& preview) {
  TRY(const auto sessions, signon::list_sessions(tx, may, preview.user.login_name, limits, now));
  for (const auto& [session, login_name] : sessions) {
    people::Holding holding;
    holding.kind = people::HoldingKind::session;
    holding.id = session.id;
    holding.name = session.user_agent;
    holding.detail = session.provider.empty() ? "by a one-time link" : "by " + session.provider;
    holding.last_used = session.last_seen;
    holding.last_used_from = session.address;
    preview.holdings.push_back(std::move(holding));
  }
  return {};
}

boost::json::object preview_json(const people::OffboardPreview& preview) {
  boost::json::array holdings;
  for (const auto& holding : preview.holdings) holdings.push_back(holding_json(holding));
  boost::json::object json;
  json["userId"] = preview.user.id.str();
  json["loginName"] = preview.user.login_name;
  json["displayName"] = preview.user.display_name;
  json["role"] = to_string(preview.user.role);
  json["status"] = to_string(preview.user.status);
  json["fingerprint"] = preview.fingerprint;
  json["holdings"] = std::move(holdings);
  return json;
}

Result<people::Offboarding> parse_offboarding(const JsonBody& body) {
  people::Offboarding want;
  auto& choices = want.choices;
  TRY(const auto end, body.text("end"));
  if (end != "suspend" && end != "delete") return malformed("end must be suspend or delete", "end");
  choices.leaving = end == "delete" ? Leaving::deleted : Leaving::suspended;
  TRY(const auto hand_over_to, body.text("handOverTo"));
  choices.hand_over_to = hand_over_to.value_or("");
  TRY(choices.tags, body.texts("tags"));
  TRY(choices.revoke, body.texts("revoke"));
  TRY(choices.rotate, body.texts("rotate"));
  TRY(const auto new_owner, body.text("newOwner"));
  choices.new_owner = new_owner.value_or("");
  TRY(const auto reason, body.text("reason"));
  choices.reason = reason.value_or("");
  TRY(const auto fingerprint, body.text("fingerprint"));
  if (!fingerprint) return malformed("fingerprint is required: it comes from the preview", "fingerprint");
  want.fingerprint = *fingerprint;
  return want;
}

boost::json::object record_json(const audit::NumberedRecord& numbered) {
  const auto& record = numbered.record;
  boost::json::object json;
  json["record"] = numbered.number;
  json["eventTime"] = to_rfc3339(record.at);
  json["eventGroupID"] = record.group_id;
  json["event"] = audit::event_name(record);
  json["target"] = {
      {"id", record.target.id}, {"name", record.target.name}, {"type", to_string(record.target.type)}};
  if (!record.details.empty()) json["actionDetails"] = record.details;
  return json;
}

boost::json::object report_json(const people::OffboardReport& report) {
  boost::json::array records;
  for (const auto& record : report.records) records.push_back(record_json(record));
  boost::json::object json;
  json["userId"] = report.user.str();
  json["loginName"] = report.login_name;
  json["eventGroupID"] = report.group;
  json["eventTime"] = to_rfc3339(report.at);
  json["actor"] = {{"id", report.by.id}, {"loginName", report.by.login_name}};
  json["reason"] = report.reason;
  json["choices"] = report.choices;
  json["goingOn"] = report.going_on;
  json["goingOnCount"] = report.going_on_count;
  json["records"] = std::move(records);
  if (report.chain) {
    json["auditLog"] = {{"whole", report.chain->first_broken == 0}, {"records", report.chain->checked}};
  }
  json["markdown"] = people::markdown_of(report);
  return json;
}

}  // namespace

Answer preview_offboarding(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::preview_offboarding>(call.caller));
  // A trust credential knows no sessions.
  const auto sight = identity::authorize<Operation::list_sessions>(call.caller);
  auto work = [may, sight, limits = context.sign_on.rules->limits, id = user_of(call),
               now = context.clock.now()](core::Tx& tx) -> Result<people::OffboardPreview> {
    TRY(auto preview, people::preview_offboarding(tx, may, id, now));
    if (sight) TRY(add_sessions(tx, *sight, limits, now, preview));
    return preview;
  };
  CO_TRY(const auto preview, co_await context.db.read(std::move(work)));
  co_return json_response(preview_json(preview));
}

Answer offboard_user(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::offboard>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(const auto want, parse_offboarding(body));
  auto work = [may, id = user_of(call), want, &context, now = context.clock.now()](core::Tx& tx) {
    return people::offboard(tx, may, id, want, {context.issuer, context.webhook_context}, now);
  };
  CO_TRY(const auto done, co_await context.db.write(std::move(work)));
  boost::json::array secrets;
  for (const auto& rotated : done.secrets) {
    secrets.push_back(boost::json::object{
        {"kind", to_string(rotated.kind)}, {"id", rotated.id}, {"secret", rotated.secret.expose()}});
  }
  boost::json::object json;
  json["eventGroupID"] = done.group;
  json["repeated"] = done.repeated;
  json["secrets"] = std::move(secrets);
  co_return secret_response(json);
}

Answer report_offboarding(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::preview_offboarding>(call.caller));
  const auto verify = call.query_value("verify").value_or("false");
  if (verify != "true" && verify != "false") co_return malformed("verify must be true or false", "verify");
  const auto format = call.query_value("format").value_or("json");
  if (format != "json" && format != "markdown") {
    co_return malformed("format must be json or markdown", "format");
  }
  auto work = [may, id = user_of(call), group = call.query_value("group").value_or(""),
               verify = verify == "true"](core::Tx& tx) {
    return people::report_offboarding(tx, may, id, group, verify);
  };
  CO_TRY(const auto report, co_await context.db.read(std::move(work)));
  if (format == "json") co_return json_response(report_json(report));
  io::Response page;
  page.content_type = "text/markdown; charset=utf-8";
  page.body = people::markdown_of(report);
  co_return page;
}

}  // namespace latchkey::http
