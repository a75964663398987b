#include "http/console/provider_client.h"

#include "base/text.h"
#include "core/signon/id_token.h"
#include "core/signon/manage_providers.h"

namespace latchkey::http {
namespace {

using federation::text_of;

constexpr std::string_view kFailed = "the identity provider could not be asked";
constexpr std::string_view kRefused = "the identity provider's answer was not accepted";
constexpr std::size_t kMostAnswer = 256UL * 1024;
constexpr std::size_t kMostTokenText = 16UL * 1024;

Error failed(std::string reason) {
  return unavailable(std::string(kFailed), std::move(reason));
}
Error refused(std::string reason) {
  auto error = forbidden(std::string(kRefused));
  error.detail = std::move(reason);
  return error;
}

std::string form_of(const std::vector<std::pair<std::string_view, std::string_view>>& members) {
  std::string form;
  for (const auto& [name, value] : members) {
    form.append(form.empty() ? "" : "&").append(name).append("=").append(percent_encode(value));
  }
  return form;
}

// RFC 6749 section 4.1.3, with RFC 7636 section 4.5.
io::OutboundRequest token_request(const Context& context, const signon::Provider& provider,
                                  const signon::Discovery& discovery, const std::string& code,
                                  const std::string& state) {
  const auto& rules = *context.sign_on.rules;
  const auto secret = signon::client_secret_of(provider, rules);
  const auto& client = provider.settings.client_id;
  const auto verifier = rules.keys.verifier_of(state);
  const auto callback = callback_address(context);
  io::OutboundRequest request;
  request.method = "POST";
  request.url = discovery.token_endpoint;
  request.most_bytes = kMostAnswer;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  request.body = form_of({{"grant_type", "authorization_code"},
                          {"code", code},
                          {"redirect_uri", callback},
                          {"code_verifier", verifier.expose()}});
  if (discovery.basic_authentication) {
    // Both are form-encoded first (RFC 6749 section 2.3.1).
    request.headers.emplace_back("Authorization", "Basic " + to_base64(percent_encode(client) + ":" +
                                                                       percent_encode(secret.expose())));
  } else {
    request.body += "&" + form_of({{"client_id", client}, {"client_secret", secret.expose()}});
  }
  return request;
}

struct Tokens {
  std::string id_token;
  SecretString access_token;
};

Result<Tokens> read_tokens(const io::OutboundAnswer& answer) {
  if (answer.status == 0 || !answer.whole) return failed("token endpoint: " + answer.error);
  const auto body = federation::parse_strict_object(answer.body, "the token endpoint's answer");
  if (answer.status != 200) {
    // Its own word is from a short list; more of what it says is not repeated.
    const auto word = body ? text_of(*body, "error") : std::string();
    const auto reason = "token endpoint: status " + std::to_string(answer.status) +
                        (word.empty() ? "" : ", " + std::string(clip(redact_keys(word), 64)));
    return answer.status >= 500 ? failed(reason) : refused(reason);
  }
  if (!body) return refused(body.error().message);
  Tokens tokens{text_of(*body, "id_token"), SecretString(text_of(*body, "access_token"))};
  if (tokens.id_token.empty()) return refused("the token endpoint sent no id_token");
  if (tokens.access_token.expose().size() > kMostTokenText) return refused("the access token is too long");
  return tokens;
}

io::awaitable<Result<void>> check_signature(Context& context, const signon::Provider& provider,
                                            const federation::Jws& token) {
  const auto& issuer = provider.settings.issuer;
  const auto keys = co_await context.issuer_keys->keys_of(issuer);
  if (!keys) co_return failed("key set: " + keys.error().message);
  auto signature = federation::check_signature(token, **keys);
  if (signature == federation::Signature::unknown_key) {
    // It may have changed its keys since they were read.
    const auto newer = co_await context.issuer_keys->keys_of(issuer, *keys);
    if (newer && *newer != *keys) signature = federation::check_signature(token, **newer);
  }
  if (signature == federation::Signature::good) co_return Result<void>();
  co_return refused(signature == federation::Signature::bad
                        ? "the ID token is not signed by the provider"
                        : "the ID token is signed by a key that the provider does not have");
}

io::awaitable<Result<boost::json::object>> ask_user_info(Context& context, std::string address,
                                                         const SecretString& access_token) {
  io::OutboundRequest request;
  request.url = std::move(address);
  request.most_bytes = kMostAnswer;
  request.headers = {{"Authorization", "Bearer " + access_token.expose()}, {"Accept", "application/json"}};
  const auto answer = co_await context.sign_on.send(std::move(request));
  if (answer.status != 200 || !answer.whole) {
    co_return failed("UserInfo: " +
                     (answer.error.empty() ? "status " + std::to_string(answer.status) : answer.error));
  }
  auto parsed = federation::parse_strict_object(answer.body, "UserInfo");
  if (!parsed) co_return refused(parsed.error().message);
  co_return parsed;
}

}  // namespace

std::string callback_address(const Context& context) {
  return context.public_url + "/auth/callback";
}

io::awaitable<signon::DiscoveryReport> check_provider(Context& context, std::string issuer) {
  const auto document = co_await context.issuer_keys->document_of(issuer);
  if (!document) {
    signon::DiscoveryReport report;
    report.findings.push_back({"discovery document and key set", false, document.error().message});
    co_return report;
  }
  co_return signon::read_discovery(**document, issuer, context.sign_on.rules->allow_http);
}

io::awaitable<Result<signon::Discovery>> discover_provider(Context& context, std::string issuer) {
  auto report = co_await check_provider(context, std::move(issuer));
  if (!report.good()) co_return failed(report.first_fault());
  co_return std::move(report.discovery);
}

io::awaitable<Result<signon::Asserted>> redeem_code(Context& context, const signon::Provider& provider,
                                                    const signon::Discovery& discovery, std::string code,
                                                    std::string state) {
  auto request = token_request(context, provider, discovery, code, state);
  const auto answer = co_await context.sign_on.send(std::move(request));
  CO_TRY(const auto tokens, read_tokens(answer));
  const auto token = federation::parse_jws(tokens.id_token);
  if (!token) co_return refused(token.error().message);
  const signon::IdTokenExpectation expected{provider.settings.issuer, provider.settings.client_id,
                                            context.sign_on.rules->keys.nonce_of(state),
                                            discovery.algorithms};
  const auto judged =
      signon::judge_id_token(*token, expected, tokens.access_token.expose(), context.clock.now());
  if (!judged) co_return refused(judged.error().message);
  CO_TRY(co_await check_signature(context, provider, *token));

  auto claims = token->claims;
  const bool ask = signon::lacks_claims(claims, provider) && !discovery.userinfo_endpoint.empty() &&
                   !tokens.access_token.expose().empty();
  if (ask) {
    CO_TRY(const auto more,
           co_await ask_user_info(context, discovery.userinfo_endpoint, tokens.access_token));
    auto joined = signon::with_user_info(std::move(claims), more);
    if (!joined) co_return refused(joined.error().message);
    claims = *std::move(joined);
  }
  co_return signon::read_asserted(claims, provider);
}

}  // namespace latchkey::http
