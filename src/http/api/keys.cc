// GET, POST /tailnet/{tailnet}/keys; GET, PUT, DELETE /tailnet/{tailnet}/keys/{keyId}, and beyond upstream
// POST
// .../rotate: another secret for the same OAuth client.
#include <boost/json/array.hpp>
#include <functional>

#include "core/credentials/manage.h"
#include "core/credentials/trust_credential.h"
#include "http/api/key_json.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;

Result<KeyFields> wanted_fields(const Call& call) {
  const auto fields = call.query_value("fields").value_or("default");
  if (fields == "all") return KeyFields::all;
  if (fields == "default") return KeyFields::upstream;
  return malformed("fields must be default or all", "fields");
}

Result<credentials::ListScope> wanted_scope(const Call& call) {
  const auto all = call.query_value("all").value_or("false");
  if (all == "true" || all == "1") return credentials::ListScope::everything;
  if (all == "false" || all == "0" || all.empty()) return credentials::ListScope::own;
  return malformed("all must be true or false", "all");
}

Result<credentials::NewAuthKey> parse_new_auth_key(const JsonBody& body) {
  credentials::NewAuthKey want;
  TRY(const auto description, body.text("description"));
  want.description = description.value_or("");
  TRY(want.expiry_seconds, body.integer("expirySeconds"));
  TRY(const auto capabilities, body.object("capabilities"));
  if (!capabilities) return malformed("capabilities.devices is required for an auth key", "capabilities");
  TRY(const auto devices, capabilities->object("devices"));
  if (!devices) return malformed("capabilities.devices is required for an auth key", "capabilities.devices");
  TRY(const auto create, devices->object("create"));
  if (create) {
    TRY(const auto reusable, create->flag("reusable"));
    TRY(const auto ephemeral, create->flag("ephemeral"));
    TRY(const auto preauthorized, create->flag("preauthorized"));
    want.grant.reusable = reusable.value_or(false);
    want.grant.ephemeral = ephemeral.value_or(false);
    want.grant.preauthorized = preauthorized.value_or(false);
    TRY(want.grant.tags, create->texts("tags"));
  }
  TRY(want.grant.max_uses, body.integer("maxUses"));
  TRY(want.grant.allowed_hostnames, body.texts("allowedHostnames"));
  return want;
}

Result<credentials::TrustTerms> parse_terms(const JsonBody& body) {
  credentials::TrustTerms terms;
  TRY(const auto description, body.text("description"));
  terms.description = description.value_or("");
  TRY(terms.scopes, body.texts("scopes"));
  TRY(terms.tags, body.texts("tags"));
  TRY(const auto bound, body.flag("deviceTagsOnly"));
  terms.bound_to_tags = bound.value_or(false);
  return terms;
}

Error unknown_type(std::string_view type) {
  if (type == "api") {
    return malformed(
        "API access tokens are not made over the API: use the admin console, or on the server "
        "latchkey keys create --type api",
        "keyType");
  }
  return malformed("keyType must be auth, client or federated", "keyType");
}

Result<federation::Trust> parse_trust(const JsonBody& body) {
  federation::Trust trust;
  TRY(const auto issuer, body.text("issuer"));
  TRY(const auto audience, body.text("audience"));
  TRY(const auto subject, body.text("subject"));
  trust.issuer = issuer.value_or("");
  trust.audience = audience.value_or("");
  trust.subject = subject.value_or("");
  TRY(const auto rules, body.object("customClaimRules"));
  if (!rules) return trust;
  for (const auto& claim : rules->names()) {
    TRY(const auto pattern, rules->text(claim));
    if (pattern) trust.claim_rules.emplace(claim, *pattern);
  }
  return trust;
}

// The work of making a key of one type, once its wishes were understood.
using Issue = std::function<Result<credentials::IssuedKey>(core::Tx&)>;

Result<Issue> parse_auth_key(const Call& call, const JsonBody& body, Context& context, KeyFields& fields) {
  TRY(auto may, identity::authorize<Operation::create_auth_key>(call.caller));
  TRY(auto want, parse_new_auth_key(body));
  // Own fields show when the caller asked for one of them.
  if (want.grant.max_uses || !want.grant.allowed_hostnames.empty()) fields = KeyFields::all;
  return Issue([may, want, now = context.clock.now(), &issuer = context.issuer](core::Tx& tx) {
    return credentials::issue_auth_key(tx, may, want, issuer, now);
  });
}

Result<Issue> parse_client(const Call& call, const JsonBody& body, Context& context, KeyFields& fields) {
  TRY(auto may, identity::authorize<Operation::create_trust_credential>(call.caller));
  credentials::NewClient want;
  TRY(want.terms, parse_terms(body));
  TRY(want.expiry_seconds, body.integer("expirySeconds"));
  if (want.terms.bound_to_tags) fields = KeyFields::all;
  return Issue([may, want, now = context.clock.now(), &issuer = context.issuer](core::Tx& tx) {
    return credentials::create_client(tx, may, want, issuer, now);
  });
}

Result<Issue> parse_federated(const Call& call, const JsonBody& body, Context& context, KeyFields& fields) {
  TRY(auto may, identity::authorize<Operation::create_trust_credential>(call.caller));
  TRY(auto want, parse_terms(body));
  TRY(want.federation, parse_trust(body));
  if (want.bound_to_tags) fields = KeyFields::all;
  return Issue([may, want, now = context.clock.now(),
                &issuer = context.issuer](core::Tx& tx) -> Result<credentials::IssuedKey> {
    TRY(auto identity, credentials::create_federated_identity(tx, may, want, issuer, now));
    return credentials::IssuedKey{std::move(identity), {}};
  });
}

// Nothing for types that this operation does not make.
using Parse = Result<Issue> (*)(const Call&, const JsonBody&, Context&, KeyFields&);
Parse parser_of(std::string_view type) {
  if (type == "auth") return parse_auth_key;
  if (type == "client") return parse_client;
  if (type == "federated") return parse_federated;
  return nullptr;
}

}  // namespace

Answer list_keys(Context& context, Call& call) {
  CO_TRY(const KeyFields fields, wanted_fields(call));
  CO_TRY(const auto scope, wanted_scope(call));
  CO_TRY(auto may, identity::authorize<Operation::list_keys>(call.caller));
  const TimePoint now = context.clock.now();
  std::optional<credentials::KeyQuery> query;
  if (const auto text = call.query_value("matching")) {
    CO_TRY(query, credentials::parse_key_query(*text, now));
  }
  auto work = [may, scope, now, query](core::Tx& tx) {
    return credentials::list_keys(tx, may, scope, now, query);
  };
  CO_TRY(const auto keys, co_await context.db.read(std::move(work)));
  boost::json::array list;
  list.reserve(keys.size());
  for (const auto& key : keys) list.push_back(key_json(key, fields, now));
  boost::json::object body;
  body["keys"] = std::move(list);
  co_return json_response(body);
}

Answer create_key(Context& context, Call& call) {
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(const auto named_type, body.text("keyType"));
  CO_TRY(KeyFields fields, wanted_fields(call));
  const auto type = named_type.value_or("auth");
  const auto parse = parser_of(type);
  if (parse == nullptr) co_return unknown_type(type);
  CO_TRY(auto issue, parse(call, body, context, fields));
  CO_TRY(const auto issued, co_await context.db.write(std::move(issue)));
  auto json = key_json(issued.credential, fields, context.clock.now());
  if (!issued.text.expose().empty()) json["key"] = issued.text.expose();
  co_return secret_response(json);
}

Answer replace_key(Context& context, Call& call) {
  CO_TRY(KeyFields fields, wanted_fields(call));
  CO_TRY(auto may, identity::authorize<Operation::update_trust_credential>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(const auto named_type, body.text("keyType"));
  const auto type = credentials::key_type_from(named_type.value_or("client"));
  if (type != credentials::KeyType::client && type != credentials::KeyType::federated) {
    co_return malformed("keyType must be client or federated: other keys cannot be changed", "keyType");
  }
  CO_TRY(auto terms, parse_terms(body));
  if (type == credentials::KeyType::federated) {
    CO_TRY(terms.federation, parse_trust(body));
  }
  if (terms.bound_to_tags) fields = KeyFields::all;
  const auto now = context.clock.now();
  auto work = [may, id = CredentialId(call.path_element("keyId")), type = *type, terms,
               &issuer = context.issuer, now](core::Tx& tx) {
    return credentials::replace_terms(tx, may, id, type, terms, issuer, now);
  };
  CO_TRY(const auto key, co_await context.db.write(std::move(work)));
  co_return json_response(key_json(key, fields, now));
}

Answer rotate_key(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::update_trust_credential>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(const auto overlap, body.integer("overlapSeconds"));
  const auto now = context.clock.now();
  auto work = [may, id = CredentialId(call.path_element("keyId")), overlap = seconds{overlap.value_or(0)},
               &issuer = context.issuer,
               now](core::Tx& tx) { return credentials::rotate_secret(tx, may, id, overlap, issuer, now); };
  CO_TRY(const auto issued, co_await context.db.write(std::move(work)));
  auto json = key_json(issued.credential, KeyFields::all, now);
  json["key"] = issued.text.expose();
  co_return secret_response(json);
}

Answer get_key(Context& context, Call& call) {
  CO_TRY(const KeyFields fields, wanted_fields(call));
  const CredentialId id(call.path_element("keyId"));
  const TimePoint now = context.clock.now();
  if (credentials::is_own_key(call.caller, id)) {
    auto own = [caller = call.caller, id](core::Tx& tx) { return credentials::read_own_key(tx, caller, id); };
    CO_TRY(const auto key, co_await context.db.read(std::move(own)));
    co_return json_response(key_json(key, fields, now));
  }
  CO_TRY(auto may, identity::authorize<Operation::read_key>(call.caller));
  auto work = [may, id, fields, now](core::Tx& tx) -> Result<boost::json::object> {
    TRY(const auto key, credentials::read_key(tx, may, id));
    auto json = key_json(key, fields, now);
    const bool lets_in = key.type == credentials::KeyType::auth;
    if (fields == KeyFields::all && lets_in) json["devices"] = credentials::count_devices(tx, key);
    return json;
  };
  CO_TRY(const auto json, co_await context.db.read(std::move(work)));
  co_return json_response(json);
}

Answer delete_key(Context& context, Call& call) {
  CO_TRY(auto sight, identity::authorize<Operation::read_key>(call.caller));
  CO_TRY(auto may, identity::authorize<Operation::revoke_key>(call.caller));
  const CredentialId id(call.path_element("keyId"));
  auto work = [may, sight, id, now = context.clock.now()](core::Tx& tx) {
    return credentials::revoke_key(tx, may, sight, id, now);
  };
  CO_TRY(const auto revoked, co_await context.db.write(std::move(work)));
  static_cast<void>(revoked);
  co_return empty_response();
}

}  // namespace latchkey::http
