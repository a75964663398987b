// GET /auth/login, GET /auth/callback: a person's way to an identity provider and back (OpenID Connect
// Core 1.0 section 3.1, with PKCE, RFC 7636, and the issuer in the answer, RFC 9207).
#include "core/signon/sign_on.h"

#include <fmt/format.h>

#include "base/text.h"
#include "core/provisioning/provisioning_store.h"
#include "core/signon/next_path.h"
#include "http/console/page_parts.h"
#include "http/console/provider_client.h"
#include "http/cookies.h"
#include "http/handlers.h"
#include "http/html.h"
#include "http/sign_on_guard.h"

namespace latchkey::http {
namespace {

using signon::LinkRefusal;
using signon::Provider;
using signon::SignOnKeys;
using signon::TakenAttempt;
using signon::TextKind;

constexpr std::string_view kScopes = "openid email profile";

const SignOnKeys& keys_of(const Context& context) {
  return context.sign_on.rules->keys;
}

std::string authorization_address(const Context& context, const Provider& provider,
                                  const signon::Discovery& discovery, const SecretString& state) {
  std::string scope(kScopes);
  for (const auto& more : provider.settings.scopes) scope += " " + more;
  const auto& keys = keys_of(context);
  const std::pair<std::string_view, std::string> members[] = {
      {"response_type", "code"},
      {"client_id", provider.settings.client_id},
      {"redirect_uri", callback_address(context)},
      {"scope", scope},
      {"state", state.expose()},
      {"nonce", keys.nonce_of(state.expose())},
      {"code_challenge", signon::challenge_of(keys.verifier_of(state.expose()))},
      {"code_challenge_method", "S256"}};
  auto address = discovery.authorization_endpoint;
  char separator = address.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : members) {
    address += fmt::format("{}{}={}", separator, name, percent_encode(value));
    separator = '&';
  }
  return address;
}

std::optional<crypto::Digest> browser_of(const Context& context, const io::Request& request) {
  const auto text = cookie_of(request, kLoginCookie);
  if (!text || !SignOnKeys::is_text(*text)) return std::nullopt;
  return keys_of(context).digest(TextKind::browser, *text);
}

// Writes down why a sign-on failed, if this address has not filled the log with it.
io::awaitable<Result<void>> record_failure(Context& context, const Call& call, const Provider& provider,
                                           std::string reason) {
  const auto now = context.clock.now();
  context.log.warn("sign-on failed", {{"request", call.request.id},
                                      {"provider", provider.id},
                                      {"address", call.caller.source.address},
                                      {"reason", redact_keys(reason)}});
  if (!call.sign_on_guard->may_record(call.caller.source.address, now)) co_return Result<void>();
  auto record = [tailnet = provider.tailnet, id = provider.id, reason = std::move(reason),
                 source = call.caller.source, now](core::Tx& tx) {
    return signon::record_failed_sign_on(tx, tailnet, id, reason, source, now);
  };
  co_return co_await context.db.write(std::move(record));
}

io::Response failed_page(const Context& context, const Call& call, int status) {
  return sign_on_page(
      context, status, "Signing in failed",
      fmt::format("<p>Try again, or ask your administrator for the sign-on with the number {}.</p>\n"
                  "<p><a href=\"/\">Go to the first page</a></p>\n",
                  html_text(call.request.id)));
}

// The answer belongs to no login that this browser began: the same page whatever the reason.
io::Response unknown_answer_page(const Context& context) {
  return sign_on_page(context, 400, "This sign-on is over",
                      "<p>It was used already, took longer than ten minutes, or was begun in another "
                      "browser.</p>\n<p><a href=\"/\">Begin again</a></p>\n");
}

// In our own words: what the provider says goes to the log alone.
std::string sentence_of(std::string_view error) {
  if (error == "access_denied") return "the provider did not let you in, or you stopped it";
  if (error == "login_required" || error == "interaction_required")
    return "the provider wants you to sign in there";
  if (error == "temporarily_unavailable" || error == "server_error")
    return "the provider has a fault; try again later";
  return "the provider refused the sign-on: its administrator must look at how this server is set up there";
}

// The identity is proved by now, so the reason may be said.
io::Response refused_page(const Context& context, LinkRefusal refusal) {
  constexpr const char* kAsk = "<p>Ask an administrator of the tailnet.</p>\n";
  switch (refusal) {
    case LinkRefusal::needs_approval:
      return sign_on_page(context, 403, "Waiting for approval",
                          "<p>You are known now, and an administrator of the tailnet must approve you before "
                          "you can go on. Sign in again afterwards.</p>\n");
    case LinkRefusal::suspended:
      return sign_on_page(context, 403, "Suspended",
                          std::string("<p>Your account is suspended.</p>\n") + kAsk);
    case LinkRefusal::not_provisioned:
      return sign_on_page(
          context, 403, "Not provisioned",
          std::string("<p>Your organisation has not assigned you to this tailnet.</p>\n") + kAsk);
    case LinkRefusal::group:
      return sign_on_page(context, 403, "Not in an allowed group",
                          std::string("<p>You are in none of the groups that may sign in.</p>\n") + kAsk);
    case LinkRefusal::no_login:
    case LinkRefusal::unverified:
    case LinkRefusal::foreign_domain:
    case LinkRefusal::taken:
    case LinkRefusal::outranked:
      break;
  }
  return sign_on_page(context, 403, "Nobody here has this identity",
                      std::string("<p>The provider knows you, and this tailnet does not: ") +
                          html_text(to_string(refusal)) + ".</p>\n" + kAsk);
}

struct CallbackAnswer {
  std::string code;
  std::string state;
  std::string issuer;
  std::string error;
  std::string error_description;
};

// A member that stands twice is nobody's answer.
std::optional<CallbackAnswer> read_answer(const Call& call) {
  CallbackAnswer answer;
  const std::pair<const char*, std::string*> members[] = {{"code", &answer.code},
                                                          {"state", &answer.state},
                                                          {"iss", &answer.issuer},
                                                          {"error", &answer.error},
                                                          {"error_description", &answer.error_description}};
  for (const auto& [name, into] : members) {
    const auto values = call.query_values(name);
    if (values.size() > 1) return std::nullopt;
    if (!values.empty()) *into = values.front();
  }
  if (!SignOnKeys::is_text(answer.state)) return std::nullopt;
  return answer;
}

Result<void> judge_answer(const CallbackAnswer& answer, const Provider& provider,
                          const signon::Discovery& discovery) {
  if (!answer.issuer.empty() && answer.issuer != provider.settings.issuer) {
    return malformed("the answer is from another issuer");
  }
  if (answer.issuer.empty() && discovery.names_issuer) {
    return malformed("the answer does not name its issuer, although the provider says that it does");
  }
  if (answer.code.empty() && answer.error.empty()) return malformed("the answer has no code");
  return {};
}

io::awaitable<Result<signon::Asserted>> prove(Context& context, Call& call, const Provider& provider,
                                              const CallbackAnswer& answer) {
  const auto now = context.clock.now();
  const auto& issuer = provider.settings.issuer;
  if (!call.sign_on_guard->may_ask(issuer, now)) {
    co_return unavailable("the identity provider failed a moment ago", "the provider failed a moment ago");
  }
  CO_TRY(const auto discovery, co_await discover_provider(context, issuer));
  if (const auto judged = judge_answer(answer, provider, discovery); !judged) {
    auto error = forbidden("the answer was not accepted");
    error.detail = judged.error().message;
    co_return error;
  }
  auto asserted = co_await redeem_code(context, provider, discovery, answer.code, answer.state);
  if (!asserted && asserted.error().code == ErrorCode::unavailable) {
    call.sign_on_guard->note_provider_failure(issuer, now);
  }
  co_return asserted;
}

Answer let_in(Context& context, Call& call, TakenAttempt taken, signon::Asserted asserted) {
  const auto now = context.clock.now();
  signon::SignOnRequest request;
  request.asserted = std::move(asserted);
  request.source = call.caller.source;
  if (call.session) request.previous = call.session->session.digest;
  if (auto code = cookie_of(call.request, kInviteCookie)) request.invite = SecretString(*std::move(code));
  auto work = [provider = taken.provider, request, &rules = *context.sign_on.rules,
               now](core::Tx& tx) mutable {
    request.provisioning = tx.provisioning().state(provider.tailnet).enabled;
    return signon::complete_sign_on(tx, provider, request, rules, now);
  };
  const auto outcome = co_await context.db.write(std::move(work));
  if (!outcome) {
    CO_TRY(co_await record_failure(context, call, taken.provider, outcome.error().message));
    co_return error_page(context, outcome.error());
  }
  if (!outcome->session) co_return refused_page(context, *outcome->refusal);
  auto response = enter(call, *outcome->session, taken.attempt.next);
  response.headers.push_back(drop_cookie(kLoginCookie));
  if (request.invite) response.headers.push_back(drop_cookie(kInviteCookie));
  co_return response;
}

}  // namespace

Answer begin_sign_on(Context& context, Call& call) {
  const auto now = context.clock.now();
  if (const auto checked = call.sign_on_guard->may_start(call.caller.source.address, now); !checked) {
    co_return error_page(context, checked.error());
  }
  auto find = [id = call.query_value("provider").value_or(""),
               tailnet = call.query_value("tailnet")](core::Tx& tx) -> Result<std::optional<Provider>> {
    TRY(const auto ways, ways_in(tx, tailnet));
    if (ways.tailnet.empty()) return std::optional<Provider>();
    return signon::usable_provider(tx, ways.tailnet, id);
  };
  CO_TRY(const auto provider, co_await context.db.read(std::move(find)));
  if (!provider) co_return error_page(context, not_found("there is no such way to sign in"));
  const auto discovery = co_await discover_provider(context, provider->settings.issuer);
  if (!discovery) {
    CO_TRY(co_await record_failure(context, call, *provider, discovery.error().detail));
    co_return error_page(context, discovery.error());
  }

  const auto state = SignOnKeys::new_text();
  auto browser = cookie_of(call.request, kLoginCookie).value_or("");
  if (!SignOnKeys::is_text(browser)) browser = SignOnKeys::new_text().expose();
  const auto& keys = keys_of(context);
  auto begin = [provider = *provider, state = keys.digest(TextKind::state, state.expose()),
                digest = keys.digest(TextKind::browser, browser),
                next = signon::safe_next(call.query_value("next").value_or("/")),
                now](core::Tx& tx) { return signon::begin_sign_on(tx, provider, state, digest, next, now); };
  if (const auto begun = co_await context.db.write(std::move(begin)); !begun) {
    co_return error_page(context, begun.error());
  }
  auto response = see_other(authorization_address(context, *provider, *discovery, state));
  response.headers.push_back(set_cookie(kLoginCookie, browser, signon::kAttemptLife));
  co_return response;
}

Answer finish_sign_on(Context& context, Call& call) {
  const auto now = context.clock.now();
  const auto& address = call.caller.source.address;
  if (const auto checked = call.sign_on_guard->may_answer(address, now); !checked) {
    co_return error_page(context, checked.error());
  }
  const auto answer = read_answer(call);
  if (!answer) {
    call.sign_on_guard->note_failure(address, now);
    co_return unknown_answer_page(context);
  }
  auto take = [state = keys_of(context).digest(TextKind::state, answer->state),
               browser = browser_of(context, call.request),
               now](core::Tx& tx) { return signon::take_attempt(tx, state, browser, now); };
  CO_TRY(const auto taken, co_await context.db.write(std::move(take)));
  if (!taken) {
    call.sign_on_guard->note_failure(address, now);
    co_return unknown_answer_page(context);
  }
  if (!answer->error.empty() &&
      (answer->issuer.empty() || answer->issuer == taken->provider.settings.issuer)) {
    constexpr std::size_t kMostSaid = 200;
    CO_TRY(co_await record_failure(context, call, taken->provider,
                                   "the provider answered " + std::string(clip(answer->error, 64)) + ": " +
                                       std::string(clip(answer->error_description, kMostSaid))));
    co_return error_page(context, forbidden(sentence_of(answer->error)));
  }
  auto asserted = co_await prove(context, call, taken->provider, *answer);
  if (!asserted) {
    call.sign_on_guard->note_failure(address, now);
    CO_TRY(co_await record_failure(context, call, taken->provider, asserted.error().detail));
    co_return failed_page(context, call, asserted.error().code == ErrorCode::unavailable ? 503 : 403);
  }
  co_return co_await let_in(context, call, *taken, *std::move(asserted));
}

}  // namespace latchkey::http
