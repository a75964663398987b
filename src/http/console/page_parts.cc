#include "http/console/page_parts.h"

#include <fmt/format.h>

#include "base/text.h"
#include "core/signon/sign_on_store.h"
#include "core/tailnet/tailnet.h"
#include "http/cookies.h"
#include "http/html.h"
#include "http/responses.h"
#include "http/same_origin.h"

namespace latchkey::http {
namespace {

constexpr std::string_view kProof = "proof";

std::optional<tailnet::Tailnet> tailnet_meant(core::Tx& tx, const std::optional<std::string>& name) {
  if (name) return tailnet::check_name(*name) ? tx.tailnets().find_by_name(*name) : std::nullopt;
  const auto all = tx.tailnets().list();
  if (all.size() == 1) return all.front();
  return std::nullopt;
}

}  // namespace

io::Response sign_on_page(const Context& context, int status, std::string title, std::string body) {
  return html_page({status, std::move(title), std::move(body), context.public_url.starts_with("https://")});
}

Result<WaysIn> ways_in(core::Tx& tx, const std::optional<std::string>& tailnet) {
  WaysIn ways;
  ways.several = tx.tailnets().list().size() > 1;
  ways.named = tailnet.has_value();
  const auto meant = tailnet_meant(tx, tailnet);
  if (!meant) return ways;
  ways.tailnet = meant->id;
  ways.tailnet_name = meant->name;
  for (const auto& provider : tx.sign_on().providers(meant->id)) {
    if (provider.settings.enabled) ways.providers.push_back({provider.id, provider.settings.name});
  }
  return ways;
}

std::string sign_in_links(const WaysIn& ways, std::string_view next) {
  std::string links;
  for (const auto& way : ways.providers) {
    std::string address = "/auth/login?provider=" + percent_encode(way.id);
    if (ways.several) address += "&tailnet=" + percent_encode(ways.tailnet_name);
    if (!next.empty()) address += "&next=" + percent_encode(next);
    links += fmt::format("<p><a class=\"button\" href=\"{}\">Sign in with {}</a></p>\n", html_text(address),
                         html_text(way.name));
  }
  if (!links.empty()) return links;
  if (ways.several && !ways.named) {
    return "<form method=\"get\" action=\"/\"><p><label>Tailnet <input name=\"tailnet\" required></label> "
           "<button>Go on</button></p></form>\n";
  }
  return "<p>No identity provider is set up. Whoever administers this server's machine gets a link "
         "with:</p>\n<pre>latchkey login-link --data-dir DIR</pre>\n";
}

std::string form_proof(const Context& context, const Call& call) {
  return fmt::format("<input type=\"hidden\" name=\"{}\" value=\"{}\">", kProof,
                     context.sign_on.rules->keys.form_token(call.session_text.expose()));
}

Result<FormPairs> proved_form(const Context& context, const Call& call) {
  if (!call.session) return unauthenticated("sign in first: there is no session, or it has ended");
  TRY(check_same_origin(call.request, context.public_url));
  TRY(auto form, form_of(call.request));
  TRY(const auto proof, form_value(form, kProof));
  const auto wanted = context.sign_on.rules->keys.form_token(call.session_text.expose());
  if (!proof || !crypto::constant_time_equal(*proof, wanted)) {
    return forbidden("this page is out of date: load it again and repeat");
  }
  return form;
}

io::Response enter(Call& call, const signon::StartedSession& started, std::string_view path) {
  auto response = see_other(path);
  response.headers.push_back(set_cookie(kSessionCookie, started.text.expose()));
  response.sensitive = true;
  // A renewal on the way here would put the cookie of the session before back.
  call.cookies.clear();
  return response;
}

io::Response error_page(const Context& context, const Error& error) {
  return sign_on_page(context, status_of(error.code), "That did not work",
                      fmt::format("<p>{}</p>\n<p><a href=\"/\">Go to the first page</a></p>\n",
                                  html_text(redact_keys(error.message))));
}

}  // namespace latchkey::http
