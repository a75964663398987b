// The pages of a person: GET / (who is signed in, with which sessions; or how to sign in), POST /auth/logout,
// POST /auth/sessions (end one, or all others), GET /auth/signed-out.
#include <fmt/format.h>

#include "base/text.h"
#include "core/signon/sessions.h"
#include "http/console/page_parts.h"
#include "http/cookies.h"
#include "http/handlers.h"
#include "http/html.h"
#include "http/same_origin.h"

namespace latchkey::http {
namespace {

using identity::Operation;

std::string button(const Context& context, const Call& call, std::string_view action,
                   std::string_view members, std::string_view text) {
  return fmt::format("<form method=\"post\" action=\"{}\">{}{}<button>{}</button></form>", action,
                     form_proof(context, call), members, text);
}

std::string session_row(const Context& context, const Call& call, const signon::Session& session) {
  const bool present = session.id == call.session->session.id;
  const auto member =
      fmt::format("<input type=\"hidden\" name=\"session\" value=\"{}\">", html_text(session.id));
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", html_text(clip(session.user_agent, 60)),
      html_text(session.address), html_text(to_rfc3339(whole_second(session.last_seen))),
      present ? std::string("this one") : button(context, call, "/auth/sessions", member, "End"));
}

io::Response signed_in_page(const Context& context, const Call& call,
                            const std::vector<signon::ListedSession>& sessions) {
  const auto& user = call.session->user;
  std::string rows;
  for (const auto& each : sessions) rows += session_row(context, call, each.session);
  const auto all = "<input type=\"hidden\" name=\"session\" value=\"others\">";
  return sign_on_page(
      context, 200, "Latchkey",
      fmt::format("<p>Signed in as <strong>{}</strong> ({}), {}.</p>\n<h2>Your sessions</h2>\n"
                  "<table><tr><th>Browser</th><th>Address</th><th>Last used</th><th></th></tr>\n{}</table>\n"
                  "<p>{} {}</p>\n",
                  html_text(user.login_name), html_text(user.display_name), to_string(user.role), rows,
                  button(context, call, "/auth/logout", "", "Sign out"),
                  sessions.size() > 1 ? button(context, call, "/auth/sessions", all, "End all others") : ""));
}

// Ended, or there was none: the browser forgets it either way.
io::Response signed_out() {
  auto response = see_other("/auth/signed-out");
  response.headers.push_back(drop_cookie(kSessionCookie));
  response.headers.push_back({"Clear-Site-Data", "\"cache\", \"storage\""});
  return response;
}

}  // namespace

Answer show_home(Context& context, Call& call) {
  const auto now = context.clock.now();
  if (!call.session) {
    auto read = [tailnet = call.query_value("tailnet")](core::Tx& tx) { return ways_in(tx, tailnet); };
    CO_TRY(const auto ways, co_await context.db.read(std::move(read)));
    co_return sign_on_page(context, 200, "Sign in to Latchkey",
                           sign_in_links(ways, call.query_value("next").value_or("")));
  }
  CO_TRY(auto may, identity::authorize<Operation::list_sessions>(call.caller));
  auto read = [may, login = call.session->user.login_name, limits = context.sign_on.rules->limits,
               now](core::Tx& tx) { return signon::list_sessions(tx, may, login, limits, now); };
  CO_TRY(const auto sessions, co_await context.db.read(std::move(read)));
  co_return signed_in_page(context, call, sessions);
}

Answer sign_out(Context& context, Call& call) {
  // A form of another site comes without the cookie, and must not have it dropped either.
  if (const auto here = check_same_origin(call.request, context.public_url); !here) {
    co_return error_page(context, here.error());
  }
  if (!call.session) co_return signed_out();
  if (const auto form = proved_form(context, call); !form) co_return error_page(context, form.error());
  auto work = [owner = *call.session, source = call.caller.source, now = context.clock.now()](core::Tx& tx) {
    return signon::sign_out(tx, owner, source, now);
  };
  CO_TRY(co_await context.db.write(std::move(work)));
  co_return signed_out();
}

Answer end_own_sessions(Context& context, Call& call) {
  const auto form = proved_form(context, call);
  if (!form) co_return error_page(context, form.error());
  CO_TRY(auto may, identity::authorize<Operation::end_session>(call.caller));
  const auto wanted = form_value(*form, "session");
  if (!wanted || !*wanted) co_return error_page(context, malformed("no session was named", "session"));
  auto work = [may, id = **wanted, own = *call.session,
               now = context.clock.now()](core::Tx& tx) -> Result<void> {
    if (id != "others") return signon::end_session(tx, may, id, now);
    TRY(signon::end_sessions(tx, may, own.user.login_name, own.session.id, now));
    return {};
  };
  if (const auto ended = co_await context.db.write(std::move(work)); !ended) {
    co_return error_page(context, ended.error());
  }
  co_return see_other("/");
}

Answer show_signed_out(Context& context, Call&) {
  co_return sign_on_page(context, 200, "Signed out",
                         "<p>Your session here has ended. You may still be signed in at your identity "
                         "provider.</p>\n<p><a href=\"/\">Sign in again</a></p>\n");
}

}  // namespace latchkey::http
