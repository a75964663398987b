// GET /api/console/session; GET, DELETE /api/console/sessions; DELETE /api/console/sessions/{sessionId}.
#include "core/signon/sessions.h"

#include <boost/json/array.hpp>

#include "http/handlers.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;

boost::json::object session_json(const signon::Session& session, const std::string& login_name,
                                 const Call& call, const signon::SessionLimits& limits) {
  boost::json::object json{{"id", session.id},
                           {"userId", session.user.str()},
                           {"loginName", login_name},
                           {"created", to_rfc3339(whole_second(session.created))},
                           {"lastSeen", to_rfc3339(whole_second(session.last_seen))},
                           {"idleEnds", to_rfc3339(whole_second(session.last_seen + limits.idle))},
                           {"ends", to_rfc3339(whole_second(session.ends))},
                           {"address", session.address},
                           {"userAgent", session.user_agent},
                           {"present", call.session && call.session->session.id == session.id}};
  if (!session.provider.empty()) json["provider"] = session.provider;
  return json;
}

}  // namespace

Answer get_session(Context& context, Call& call) {
  if (!call.session) co_return not_found("this request has no session: it shows a credential");
  const auto& user = call.session->user;
  auto json = session_json(call.session->session, user.login_name, call, context.sign_on.rules->limits);
  json["displayName"] = user.display_name;
  json["role"] = to_string(user.role);
  json["tailnetId"] = user.tailnet.str();
  co_return json_response(json);
}

Answer list_sessions(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::list_sessions>(call.caller));
  const auto& limits = context.sign_on.rules->limits;
  auto work = [may, login = call.query_value("user"), limits, now = context.clock.now()](core::Tx& tx) {
    return signon::list_sessions(tx, may, login, limits, now);
  };
  CO_TRY(const auto sessions, co_await context.db.read(std::move(work)));
  boost::json::array list;
  for (const auto& each : sessions) {
    list.emplace_back(session_json(each.session, each.login_name, call, limits));
  }
  boost::json::object body;
  body["sessions"] = std::move(list);
  co_return json_response(body);
}

Answer end_sessions(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::end_session>(call.caller));
  auto work = [may, login = call.query_value("user").value_or(""),
               present = call.session ? call.session->session.id : std::string(), now = context.clock.now()](
                  core::Tx& tx) { return signon::end_sessions(tx, may, login, present, now); };
  CO_TRY(const auto ended, co_await context.db.write(std::move(work)));
  co_return json_response({{"ended", ended}});
}

Answer end_session(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::end_session>(call.caller));
  auto work = [may, id = call.path_element("sessionId"), now = context.clock.now()](core::Tx& tx) {
    return signon::end_session(tx, may, id, now);
  };
  CO_TRY(co_await context.db.write(std::move(work)));
  co_return empty_response();
}

}  // namespace latchkey::http
