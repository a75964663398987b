// The doors to identity providers, /api/console/sso/providers, and to what they are linked with,
// /api/console/users/{userId}/identities.
#include <boost/json/array.hpp>

#include "core/signon/audit_view.h"
#include "core/signon/manage_providers.h"
#include "core/signon/sign_on.h"
#include "http/console/provider_client.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;
using signon::Provider;

// Never the secret, sealed or not.
boost::json::object provider_json(const Context& context, const Provider& provider) {
  auto json = signon::audit_view(provider);
  json["created"] = to_rfc3339(whole_second(provider.created));
  json["modified"] = to_rfc3339(whole_second(provider.modified));
  if (!context.public_url.empty()) json["redirectUri"] = callback_address(context);
  return json;
}

boost::json::object report_json(const signon::DiscoveryReport& report) {
  boost::json::array lines;
  for (const auto& finding : report.findings) {
    lines.push_back({{"name", finding.name}, {"good", finding.good}, {"says", finding.says}});
  }
  boost::json::object json;
  json["good"] = report.good();
  json["checks"] = std::move(lines);
  return json;
}

Result<std::optional<signon::LoginClaim>> read_login_claim(const JsonBody& body) {
  TRY(const auto text, body.text("loginClaim"));
  if (!text) return std::optional<signon::LoginClaim>();
  const auto claim = signon::login_claim_from(*text);
  if (!claim) return malformed("loginClaim must be email, preferred_username or upn", "loginClaim");
  return claim;
}

Result<std::optional<std::vector<std::string>>> read_list(const JsonBody& body, std::string_view name) {
  if (body.value(name) == nullptr) return std::optional<std::vector<std::string>>();
  TRY(auto texts, body.texts(name));
  return std::optional(std::move(texts));
}

Result<signon::ProviderChange> read_change(const JsonBody& body) {
  signon::ProviderChange change;
  TRY(change.name, body.text("name"));
  TRY(change.client_id, body.text("clientId"));
  TRY(auto secret, body.text("clientSecret"));
  if (secret) change.client_secret = SecretString(*std::move(secret));
  TRY(change.login_claim, read_login_claim(body));
  TRY(change.login_is_verified, body.flag("loginIsVerified"));
  TRY(change.domains, read_list(body, "domains"));
  TRY(change.scopes, read_list(body, "scopes"));
  TRY(change.groups_claim, body.text("groupsClaim"));
  TRY(change.allowed_groups, read_list(body, "allowedGroups"));
  TRY(change.enabled, body.flag("enabled"));
  return change;
}

Result<signon::NewProvider> read_new(const JsonBody& body) {
  TRY(auto members, read_change(body));
  TRY(const auto id, body.text("id"));
  TRY(const auto issuer, body.text("issuer"));
  signon::NewProvider want;
  want.id = id.value_or("");
  want.client_secret = std::move(members.client_secret).value_or(SecretString());
  auto& settings = want.settings;
  settings.name = members.name.value_or(want.id);
  settings.issuer = issuer.value_or("");
  settings.client_id = members.client_id.value_or("");
  settings.login_claim = members.login_claim.value_or(settings.login_claim);
  settings.login_is_verified = members.login_is_verified.value_or(false);
  settings.domains = std::move(members.domains).value_or(std::vector<std::string>());
  settings.scopes = std::move(members.scopes).value_or(std::vector<std::string>());
  settings.groups_claim = members.groups_claim.value_or(settings.groups_claim);
  settings.allowed_groups = std::move(members.allowed_groups).value_or(std::vector<std::string>());
  settings.enabled = members.enabled.value_or(true);
  return want;
}

// What a save finds wrong with the provider itself, naming every line.
Result<void> judge_report(const signon::DiscoveryReport& report) {
  if (report.good()) return {};
  std::string faults;
  for (const auto& finding : report.findings) {
    if (!finding.good) faults += (faults.empty() ? "" : "; ") + finding.name + ": " + finding.says;
  }
  return malformed("the provider cannot be used: " + faults, "issuer");
}

}  // namespace

Answer list_sso_providers(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_sign_on>(call.caller));
  auto work = [may](core::Tx& tx) -> Result<std::vector<Provider>> {
    return signon::list_providers(tx, may);
  };
  CO_TRY(const auto providers, co_await context.db.read(std::move(work)));
  boost::json::array list;
  for (const auto& provider : providers) list.emplace_back(provider_json(context, provider));
  boost::json::object body;
  body["providers"] = std::move(list);
  co_return json_response(body);
}

Answer create_sso_provider(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::write_sign_on>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(auto want, read_new(body));
  // Asked before it is kept, and only where it is well-formed.
  CO_TRY(signon::check_new_provider(want, *context.sign_on.rules));
  const auto report = co_await check_provider(context, want.settings.issuer);
  CO_TRY(judge_report(report));
  auto work = [may, want = std::move(want), &rules = *context.sign_on.rules, now = context.clock.now()](
                  core::Tx& tx) { return signon::create_provider(tx, may, want, rules, now); };
  CO_TRY(const auto made, co_await context.db.write(std::move(work)));
  co_return json_response(provider_json(context, made));
}

Answer get_sso_provider(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_sign_on>(call.caller));
  auto work = [may, id = call.path_element("providerId")](core::Tx& tx) {
    return signon::read_provider(tx, may, id);
  };
  CO_TRY(const auto provider, co_await context.db.read(std::move(work)));
  co_return json_response(provider_json(context, provider));
}

Answer update_sso_provider(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::write_sign_on>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  if (body.value("issuer") != nullptr) {
    co_return malformed("the issuer cannot be changed: remove the provider and make another", "issuer");
  }
  CO_TRY(auto change, read_change(body));
  auto work = [may, id = call.path_element("providerId"), change = std::move(change),
               &rules = *context.sign_on.rules, now = context.clock.now()](core::Tx& tx) {
    return signon::change_provider(tx, may, id, change, rules, now);
  };
  CO_TRY(const auto provider, co_await context.db.write(std::move(work)));
  co_return json_response(provider_json(context, provider));
}

Answer delete_sso_provider(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::write_sign_on>(call.caller));
  auto work = [may, id = call.path_element("providerId"), now = context.clock.now()](core::Tx& tx) {
    return signon::remove_provider(tx, may, id, now);
  };
  CO_TRY(co_await context.db.write(std::move(work)));
  co_return empty_response();
}

Answer check_sso_provider(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_sign_on>(call.caller));
  auto work = [may, id = call.path_element("providerId")](core::Tx& tx) {
    return signon::read_provider(tx, may, id);
  };
  CO_TRY(const auto provider, co_await context.db.read(std::move(work)));
  const auto report = co_await check_provider(context, provider.settings.issuer);
  co_return json_response(report_json(report));
}

Answer list_user_identities(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_identities>(call.caller));
  auto work = [may, id = UserId(call.path_element("userId"))](core::Tx& tx) {
    return signon::list_identities(tx, may, id);
  };
  CO_TRY(const auto links, co_await context.db.read(std::move(work)));
  boost::json::array list;
  for (const auto& link : links) {
    list.push_back({{"issuer", link.issuer},
                    {"subject", link.subject},
                    {"rule", to_string(link.rule)},
                    {"created", to_rfc3339(whole_second(link.created))}});
  }
  boost::json::object body;
  body["identities"] = std::move(list);
  co_return json_response(body);
}

Answer unlink_user_identities(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::unlink_identity>(call.caller));
  auto work = [may, id = UserId(call.path_element("userId")), now = context.clock.now()](core::Tx& tx) {
    return signon::unlink_identities(tx, may, id, now);
  };
  CO_TRY(const auto count, co_await context.db.write(std::move(work)));
  co_return json_response({{"unlinked", count}});
}

}  // namespace latchkey::http
