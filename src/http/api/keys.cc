// GET, POST /tailnet/{tailnet}/keys; GET, DELETE /tailnet/{tailnet}/keys/{keyId}.
#include <boost/json/array.hpp>

#include "core/credentials/manage.h"
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

// Refuses types that this operation does not make, each with what to do instead.
Result<void> check_key_type(const std::string& type) {
  if (type == "auth") return {};
  if (type == "api") {
    return malformed(
        "API access tokens are not made over the API: use the admin console, or on the server "
        "latchkey keys create --type api",
        "keyType");
  }
  if (type == "client" || type == "federated") {
    return malformed("keyType " + type + " is not supported by this server", "keyType");
  }
  return malformed("keyType must be auth", "keyType");
}

}  // namespace

Answer list_keys(Context& context, Call& call) {
  CO_TRY(const KeyFields fields, wanted_fields(call));
  CO_TRY(const auto scope, wanted_scope(call));
  CO_TRY(auto may, identity::authorize<Operation::list_keys>(call.caller));
  const TimePoint now = context.clock.now();
  auto work = [may, scope, now](core::Tx& tx) { return credentials::list_keys(tx, may, scope, now); };
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
  CO_TRY(const auto type, body.text("keyType"));
  CO_TRY(check_key_type(type.value_or("auth")));
  CO_TRY(auto may, identity::authorize<Operation::create_auth_key>(call.caller));
  CO_TRY(auto want, parse_new_auth_key(body));
  const TimePoint now = context.clock.now();
  // Own fields show when the caller asked for one of them.
  const bool asked = want.grant.max_uses || !want.grant.allowed_hostnames.empty();
  CO_TRY(KeyFields fields, wanted_fields(call));
  if (asked) fields = KeyFields::all;
  auto work = [may, want, now, &issuer = context.issuer](core::Tx& tx) {
    return credentials::issue_auth_key(tx, may, want, issuer, now);
  };
  CO_TRY(const auto issued, co_await context.db.write(std::move(work)));
  auto json = key_json(issued.credential, fields, now);
  json["key"] = issued.text.expose();
  co_return secret_response(json);
}

Answer get_key(Context& context, Call& call) {
  CO_TRY(const KeyFields fields, wanted_fields(call));
  const CredentialId id(call.path_element("keyId"));
  const TimePoint now = context.clock.now();
  if (id == call.caller.source.credential) {
    auto own = [caller = call.caller](core::Tx& tx) { return credentials::read_own_key(tx, caller); };
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
