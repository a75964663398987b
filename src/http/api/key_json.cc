#include "http/api/key_json.h"

#include <boost/json/array.hpp>

namespace latchkey::http {
namespace {

boost::json::array list_json(const std::vector<std::string>& list) {
  return boost::json::array(list.begin(), list.end());
}

void add_own_fields(boost::json::object& json, const credentials::Credential& key, TimePoint now) {
  json["state"] = to_string(credentials::state_of(key, std::nullopt, now));
  json["uses"] = key.usage.uses;
  if (key.usage.last_used) json["lastUsed"] = to_rfc3339(*key.usage.last_used);
  if (!key.usage.last_address.empty()) json["lastUsedFrom"] = key.usage.last_address;
  json["refusedUses"] = key.usage.refused;
  if (key.usage.last_refused) json["lastRefused"] = to_rfc3339(*key.usage.last_refused);
  if (!key.creator.empty()) json["creatorId"] = key.creator.str();
  if (!key.minted_by.empty()) json["mintedBy"] = key.minted_by.str();
  if (key.last_refusal) {
    json["lastError"] = key.last_refusal->reason;
    json["lastErrorAt"] = to_rfc3339(whole_second(key.last_refusal->at));
  }
  if (key.type == credentials::KeyType::federated) json["deviceTagsOnly"] = key.bound_to_tags;
  if (key.type == credentials::KeyType::client) {
    json["deviceTagsOnly"] = key.bound_to_tags;
    if (key.old_secret && now < key.old_secret->until) {
      json["oldSecretUntil"] = to_rfc3339(key.old_secret->until);
      if (key.old_secret->last_used) json["oldSecretLastUsed"] = to_rfc3339(*key.old_secret->last_used);
    }
  }
  if (key.type != credentials::KeyType::auth) return;
  if (key.spent) json["spent"] = to_rfc3339(*key.spent);
  if (key.grant.max_uses) json["maxUses"] = *key.grant.max_uses;
  json["allowedHostnames"] = list_json(key.grant.allowed_hostnames);
}

}  // namespace

boost::json::object key_json(const credentials::Credential& key, KeyFields fields, TimePoint now) {
  boost::json::object json;
  json["id"] = key.id.str();
  json["keyType"] = to_string(key.type);
  json["description"] = key.description;
  json["created"] = to_rfc3339(key.created);
  if (key.expires) {
    json["expires"] = to_rfc3339(*key.expires);
    json["expirySeconds"] = std::chrono::floor<seconds>(*key.expires - key.created).count();
  }
  if (key.revoked) json["revoked"] = to_rfc3339(whole_second(*key.revoked));
  json["invalid"] = credentials::is_invalid(key, now);
  // A trust credential belongs to the tailnet; upstream names who made it here.
  const bool is_trust =
      key.type == credentials::KeyType::client || key.type == credentials::KeyType::federated;
  const auto& user = is_trust ? key.creator : key.owner;
  if (!user.empty()) json["userId"] = user.str();
  if (key.updated) json["updated"] = to_rfc3339(*key.updated);
  if (!key.scopes.names.empty()) {
    json["scopes"] = list_json(key.scopes.names);
    if (!key.grant.tags.empty()) json["tags"] = list_json(key.grant.tags);
  }
  if (key.type == credentials::KeyType::auth) {
    const auto& grant = key.grant;
    boost::json::object create;
    create["reusable"] = grant.reusable;
    create["ephemeral"] = grant.ephemeral;
    create["preauthorized"] = grant.preauthorized;
    create["tags"] = list_json(grant.tags);
    boost::json::object devices;
    devices["create"] = std::move(create);
    boost::json::object capabilities;
    capabilities["devices"] = std::move(devices);
    json["capabilities"] = std::move(capabilities);
  }
  if (key.federation) {
    json["issuer"] = key.federation->issuer;
    json["audience"] = key.federation->audience;
    json["subject"] = key.federation->subject;
    boost::json::object rules;
    for (const auto& [claim, pattern] : key.federation->claim_rules) rules[claim] = pattern;
    json["customClaimRules"] = std::move(rules);
  }
  if (fields == KeyFields::all) add_own_fields(json, key, now);
  return json;
}

}  // namespace latchkey::http
