// POST /api/console/login-links makes a one-time link; GET and POST /auth/link use it. Looking at the page
// does not: programs that preview links would use it up. GET /invite/{code}: the link of an invite.
#include "core/signon/login_link.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/signon/sign_on.h"
#include "http/console/page_parts.h"
#include "http/cookies.h"
#include "http/handlers.h"
#include "http/html.h"
#include "http/responses.h"
#include "http/same_origin.h"
#include "http/sign_on_guard.h"

namespace latchkey::http {
namespace {

constexpr const char* kPath = "/auth/link?code=";

// What a cookie may hold; whether it is an invite's is judged when it is accepted.
bool may_be_code(std::string_view text) {
  constexpr std::size_t kLongest = 128;
  return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  });
}

io::Response used_up(const Context& context) {
  return sign_on_page(context, 400, "This link is over",
                      "<p>It was used already, or is older than ten minutes. On the server's machine, get "
                      "another one:</p>\n<pre>latchkey login-link --data-dir DIR</pre>\n");
}

}  // namespace

Answer create_login_link(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<identity::Operation::create_login_link>(call.caller));
  auto work = [may, &rules = *context.sign_on.rules, now = context.clock.now()](core::Tx& tx) {
    return signon::create_login_link(tx, may, rules, now);
  };
  CO_TRY(const auto made, co_await context.db.write(std::move(work)));
  const auto path = kPath + made.text.expose();
  boost::json::object body{
      {"loginName", made.login_name}, {"path", path}, {"expires", to_rfc3339(whole_second(made.expires))}};
  if (!context.public_url.empty()) body["url"] = context.public_url + path;
  co_return secret_response(body);
}

Answer show_login_link(Context& context, Call& call) {
  const auto code = call.query_value("code").value_or("");
  if (!signon::SignOnKeys::is_text(code)) co_return used_up(context);
  auto page = sign_on_page(
      context, 200, "Sign in to Latchkey",
      fmt::format("<p>This link lets you in once, as the person for whom it was made.</p>\n"
                  "<form method=\"post\" action=\"/auth/link\">"
                  "<input type=\"hidden\" name=\"code\" value=\"{}\"><button>Sign in</button></form>\n",
                  html_text(code)));
  page.sensitive = true;
  co_return page;
}

// The code waits in a cookie until the identity is proved.
Answer show_invite(Context& context, Call& call) {
  if (call.session) {
    co_return sign_on_page(context, 200, "You are here already",
                           "<p>You are signed in. To accept an invite as somebody else, sign out first.</p>\n"
                           "<p><a href=\"/\">Go to the first page</a></p>\n");
  }
  const auto& code = call.path_element("code");
  if (!may_be_code(code)) co_return error_page(context, not_found("this is no invite"));
  auto read = [tailnet = call.query_value("tailnet")](core::Tx& tx) { return ways_in(tx, tailnet); };
  CO_TRY(const auto ways, co_await context.db.read(std::move(read)));
  auto page = sign_on_page(context, 200, "You are invited",
                           "<p>Sign in within ten minutes to accept.</p>\n" + sign_in_links(ways, "/"));
  page.headers.push_back(set_cookie(kInviteCookie, code, signon::kAttemptLife));
  page.sensitive = true;
  co_return page;
}

Answer use_login_link(Context& context, Call& call) {
  const auto now = context.clock.now();
  const auto& address = call.caller.source.address;
  if (const auto checked = call.sign_on_guard->may_answer(address, now); !checked) {
    co_return error_page(context, checked.error());
  }
  // Else another site could sign a person in as somebody else, who then reads what they do.
  if (const auto checked = check_same_origin(call.request, context.public_url); !checked) {
    co_return error_page(context, checked.error());
  }
  const auto form = form_of(call.request);
  if (!form) co_return error_page(context, form.error());
  const auto code = form_value(*form, "code");
  const auto previous = call.session ? std::optional(call.session->session.digest) : std::nullopt;
  auto work = [text = SecretString(code && *code ? **code : std::string()), previous,
               source = call.caller.source, &rules = *context.sign_on.rules, now](core::Tx& tx) {
    return signon::use_login_link(tx, text.expose(), previous, source, rules, now);
  };
  CO_TRY(const auto started, co_await context.db.write(std::move(work)));
  if (!started) {
    call.sign_on_guard->note_failure(address, now);
    co_return used_up(context);
  }
  co_return enter(call, *started, "/");
}

}  // namespace latchkey::http
