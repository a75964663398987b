#include "core/credentials/audit_view.h"

#include <boost/json/array.hpp>

namespace latchkey::credentials {
namespace {

std::string_view target_name(KeyType type) {
  switch (type) {
    case KeyType::api:
      return "Control API key";
    case KeyType::auth:
      return "Auth key";
    case KeyType::client:
      return "OAuth client";
    case KeyType::federated:
      return "Federated identity";
    case KeyType::scim:
      return "SCIM key";
    case KeyType::webhook:
      return "Webhook secret";
  }
  return "";
}

boost::json::array capabilities(const Credential& credential) {
  boost::json::array names;
  if (credential.type == KeyType::api && credential.minted_by.empty()) {
    names.emplace_back("CONTROL_API_SCOPE_ALL_READ");
    names.emplace_back("CONTROL_API_SCOPE_ALL");
  }
  if (credential.type == KeyType::auth) {
    names.emplace_back(credential.grant.reusable ? "REUSABLE_NODE_AUTH" : "ONE_OFF_NODE_AUTH");
    if (credential.grant.ephemeral) names.emplace_back("EPHEMERAL");
    if (credential.grant.preauthorized) names.emplace_back("PREAUTHORIZED");
  }
  return names;
}

}  // namespace

audit::Target audit_target(const Credential& credential) {
  audit::Target target;
  target.id = credential.id.str();
  target.name = target_name(credential.type);
  target.type = audit::TargetType::api_key;
  if (!credential.minted_by.empty()) {
    target.name = "OAuth access token";
    target.type = audit::TargetType::oauth_access_token;
  }
  return target;
}

boost::json::object audit_view(const Credential& credential) {
  boost::json::object view;
  view["capabilities"] = capabilities(credential);
  view["domainLevel"] = credential.owner.empty();
  if (!credential.description.empty()) view["description"] = credential.description;
  if (credential.expires) view["expires"] = to_go_time(*credential.expires);
  if (credential.type == KeyType::auth) {
    const auto& grant = credential.grant;
    view["authTags"] = boost::json::array(grant.tags.begin(), grant.tags.end());
    if (grant.max_uses) view["maxUses"] = *grant.max_uses;
    if (!grant.allowed_hostnames.empty()) {
      view["allowedHostnames"] =
          boost::json::array(grant.allowed_hostnames.begin(), grant.allowed_hostnames.end());
    }
  }
  const auto& scopes = credential.scopes.names;
  if (!scopes.empty()) {
    const auto& tags = credential.grant.tags;
    view["scopes"] = boost::json::array(scopes.begin(), scopes.end());
    view["tags"] = boost::json::array(tags.begin(), tags.end());
    if (credential.bound_to_tags) view["deviceTagsOnly"] = true;
    if (!credential.minted_by.empty()) view["mintedBy"] = credential.minted_by.str();
  }
  if (credential.federation) {
    const auto& trust = *credential.federation;
    view["issuer"] = trust.issuer;
    view["audience"] = trust.audience;
    view["subject"] = trust.subject;
    boost::json::object rules;
    for (const auto& [claim, pattern] : trust.claim_rules) rules[claim] = pattern;
    view["customClaimRules"] = std::move(rules);
  }
  return view;
}

audit::Act act_on(const Credential& credential, const identity::Caller& caller, audit::Action action,
                  audit::ChangeKind change, TimePoint now) {
  audit::Act act;
  act.record = identity::record_by(caller, action, audit_target(credential), now);
  if (action == audit::Action::create) {
    act.record.new_value = audit_view(credential);
  } else {
    act.record.old_value = audit_view(credential);
  }
  act.change.kind = change;
  act.change.tailnet = credential.tailnet;
  act.change.subject = credential.id.str();
  act.change.at = now;
  return act;
}

}  // namespace latchkey::credentials
