#include "testing/sign_on_world.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "base/text.h"
#include "crypto/random.h"
#include "http/form_body.h"

namespace latchkey::testing {
namespace {

std::map<std::string, std::string> pairs_of(std::string_view text) {
  std::map<std::string, std::string> pairs;
  const auto form = http::parse_form(text, "query");
  for (const auto& [name, value] : *form) pairs[name] = value;
  return pairs;
}

io::OutboundAnswer json_answer(int status, const boost::json::object& body) {
  io::OutboundAnswer answer;
  answer.status = status;
  answer.whole = true;
  answer.body = boost::json::serialize(body);
  return answer;
}

std::string header_in(const io::OutboundRequest& request, std::string_view wanted) {
  for (const auto& [name, value] : request.headers) {
    if (equals_ignore_case(name, wanted)) return value;
  }
  return {};
}

// By its secret: in the header, or in the body where there is no header.
bool is_client(const std::string& id, const io::OutboundRequest& request,
               const std::map<std::string, std::string>& form) {
  const auto header = header_in(request, "Authorization");
  if (!header.empty()) return header == "Basic " + to_base64(percent_encode(id) + ":client-secret");
  return form.contains("client_id") && form.at("client_id") == id && form.contains("client_secret") &&
         form.at("client_secret") == "client-secret";
}

}  // namespace

void FakeProvider::publish(ApiWorld& api) {
  boost::json::object found{{"issuer", url_},
                            {"authorization_endpoint", url_ + "/auth"},
                            {"token_endpoint", url_ + "/token"},
                            {"userinfo_endpoint", url_ + "/me"},
                            {"jwks_uri", url_ + "/jwks"},
                            {"response_types_supported", {"code"}},
                            {"subject_types_supported", {"public"}},
                            {"id_token_signing_alg_values_supported", {"RS256", "ES256"}},
                            {"code_challenge_methods_supported", {"S256"}},
                            {"authorization_response_iss_parameter_supported", true}};
  for (const auto& [name, value] : document) found[name] = value;
  const auto place = url_ + "/.well-known/openid-configuration";
  api.elsewhere[place] = {boost::json::serialize(found), seconds{60}};
  api.elsewhere[url_ + "/jwks"] = {key_set_text({signer_->jwk()}), seconds{60}};
}

std::string FakeProvider::sign_in(const AuthorizationRequest& request) {
  auto code = crypto::random_hex(16);
  codes_[code] = {request["client_id"], request["code_challenge"], request["nonce"], request["redirect_uri"]};
  return code;
}

std::optional<io::OutboundAnswer> FakeProvider::answer(const io::OutboundRequest& request, TimePoint now) {
  if (!request.url.starts_with(url_ + "/")) return std::nullopt;
  asked.push_back(request);
  if (request.url == url_ + "/token") return redeem(request, now);
  if (request.url == url_ + "/me" && !user_info.empty() &&
      header_in(request, "Authorization") == "Bearer access-token") {
    return json_answer(200, user_info);
  }
  return json_answer(404, {});
}

io::OutboundAnswer FakeProvider::redeem(const io::OutboundRequest& request, TimePoint now) {
  const auto form = pairs_of(request.body);
  const auto grant = codes_.extract(form.at("code"));
  const auto hash = crypto::sha256(form.at("code_verifier"));
  const auto challenge = to_base64url({reinterpret_cast<const char*>(hash.data()), hash.size()});
  if (!grant || grant.mapped().challenge != challenge || grant.mapped().redirect != form.at("redirect_uri") ||
      !is_client(grant.mapped().client, request, form)) {
    return json_answer(400, {{"error", "invalid_grant"}});
  }
  const auto time = to_micros(now) / 1'000'000;
  boost::json::object claims = person;
  claims["iss"] = url_;
  claims["aud"] = grant.mapped().client;
  claims["nonce"] = grant.mapped().nonce;
  claims["iat"] = time;
  claims["exp"] = time + 300;
  if (lie) lie(claims);
  auto answer = json_answer(
      200, {{"id_token", signer_->sign(claims)}, {"access_token", "access-token"}, {"token_type", "Bearer"}});
  if (bend) bend(answer);
  return answer;
}

SignOnWorld::SignOnWorld(http::ApplicationSettings settings) : api(std::move(settings)) {
  api.provider = [this](const io::OutboundRequest& request) {
    for (auto* provider : providers_) {
      if (auto answer = provider->answer(request, api.clock.now())) return *std::move(answer);
    }
    io::OutboundAnswer nobody;
    nobody.error = "nobody answers";
    return nobody;
  };
  add_provider(idp, "idp");
}

void SignOnWorld::add_provider(FakeProvider& provider, const std::string& id,
                               const std::function<void(signon::NewProvider&)>& with, identity::Role by) {
  provider.publish(api);
  providers_.push_back(&provider);
  signon::NewProvider want;
  want.id = id;
  want.settings.name = "Provider " + id;
  want.settings.issuer = provider.url();
  want.settings.client_id = "latchkey at " + id;
  want.settings.domains = {"otter-reef.example"};
  want.client_secret = SecretString(std::string("client-secret"));
  if (with) with(want);
  const auto may = *identity::authorize<identity::Operation::write_sign_on>(api.world.caller(by));
  const auto made = api.world.db().write_now([&](core::Tx& tx) {
    return signon::create_provider(tx, may, want, api.sign_on_rules(), api.world.now);
  });
  if (!made) throw std::runtime_error(made.error().message);
}

io::Response SignOnWorld::Browser::get(const std::string& target) {
  return send("GET", target, {.headers = {{"Sec-Fetch-Site", "none"}}});
}

io::Response SignOnWorld::Browser::post(const std::string& target, const std::string& form,
                                        const std::string& site) {
  CallOptions options;
  options.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  if (!site.empty()) options.headers.push_back({"Sec-Fetch-Site", site});
  options.body = form;
  return send("POST", target, std::move(options));
}

io::Response SignOnWorld::Browser::change(const std::string& method, const std::string& target,
                                          const std::string& body) {
  return send(method, target,
              {.headers = {{"Content-Type", "application/json"},
                           {"X-Latchkey-CSRF", "1"},
                           {"Sec-Fetch-Site", "same-origin"}},
               .body = body});
}

io::Response SignOnWorld::Browser::send(const std::string& method, const std::string& target,
                                        CallOptions options) {
  std::string shown;
  for (const auto& [name, value] : cookies) shown += (shown.empty() ? "" : "; ") + name + "=" + value;
  if (!shown.empty()) options.headers.push_back({"Cookie", shown});
  options.address = address;
  auto response = api.call(method, target, {}, std::move(options));
  for (const auto& header : response.headers) {
    if (header.name != "Set-Cookie") continue;
    const auto equals = header.value.find('=');
    const auto end = header.value.find(';');
    const auto name = header.value.substr(0, equals);
    cookies.erase(name);
    if (header.value.find("Max-Age=0") == std::string::npos) {
      cookies[name] = header.value.substr(equals + 1, end - equals - 1);
    }
  }
  return response;
}

std::string SignOnWorld::Browser::proof(const std::string& target) {
  const auto page = get(target);
  constexpr std::string_view kBefore = "name=\"proof\" value=\"";
  const auto at = page.body.find(kBefore);
  if (at == std::string::npos) return {};
  const auto from = at + kBefore.size();
  return page.body.substr(from, page.body.find('"', from) - from);
}

AuthorizationRequest SignOnWorld::authorization(const io::Response& redirect) {
  const auto location = header_of(redirect, "Location");
  if (redirect.status != 303) throw std::runtime_error("no redirect: " + redirect.body);
  const auto mark = location.find('?');
  return {location.substr(0, mark), pairs_of(std::string_view(location).substr(mark + 1))};
}

AuthorizationRequest SignOnWorld::begin(Browser& browser, const std::string& query) {
  return authorization(browser.get("/auth/login?" + query));
}

io::Response SignOnWorld::sign_in(Browser& browser, FakeProvider& with, const std::string& query) {
  const auto request = begin(browser, query);
  return browser.get(callback(with.sign_in(request), request["state"], with.url()));
}

std::string SignOnWorld::callback(const std::string& code, const std::string& state,
                                  const std::string& issuer) {
  auto target = "/auth/callback?state=" + percent_encode(state);
  if (!code.empty()) target += "&code=" + percent_encode(code);
  if (!issuer.empty()) target += "&iss=" + percent_encode(issuer);
  return target;
}

std::string header_of(const io::Response& response, std::string_view name) {
  for (const auto& header : response.headers) {
    if (equals_ignore_case(header.name, name)) return header.value;
  }
  return {};
}

}  // namespace latchkey::testing
