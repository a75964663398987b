// The events of the lives of keys and secrets.
#include <boost/json/array.hpp>

#include "base/text.h"
#include "core/credentials/credential_store.h"
#include "core/webhooks/derive_events.h"
#include "core/webhooks/event_sources.h"
#include "core/webhooks/webhook_store.h"

namespace latchkey::webhooks {
namespace {

using boost::json::object;
using credentials::Credential;
using credentials::KeyType;

std::string name_of(const audit::Actor& actor) {
  if (!actor.login_name.empty()) return actor.login_name;
  return actor.display_name.empty() ? actor.id : actor.display_name;
}

// On the wire: fixed.
std::string_view type_name(KeyType type) {
  switch (type) {
    case KeyType::api:
      return "apiAccessToken";
    case KeyType::auth:
      return "authKey";
    case KeyType::client:
      return "oauthClient";
    case KeyType::federated:
      return "federatedIdentity";
    case KeyType::scim:
      return "scimKey";
    case KeyType::webhook:
      return "webhookSecret";
  }
  return "";
}

// "Auth key", at the beginning of a sentence.
std::string spoken_name(KeyType type) {
  std::string name(credentials::name_of(type));
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return name;
}

std::string_view page_of(KeyType type) {
  switch (type) {
    case KeyType::api:
    case KeyType::auth:
      return "/settings/keys";
    case KeyType::client:
    case KeyType::federated:
      return "/settings/trust-credentials";
    case KeyType::scim:
      return "/settings/user-management";
    case KeyType::webhook:
      return "/settings/webhooks";
  }
  return "/settings/keys";
}

bool differs(const audit::Record& record, std::string_view name) {
  const auto of = [&](const std::optional<boost::json::value>& value) -> boost::json::value {
    const auto* members = value ? value->if_object() : nullptr;
    const auto* member = members == nullptr ? nullptr : members->if_contains(name);
    return member == nullptr ? boost::json::value() : *member;
  };
  return of(record.old_value) != of(record.new_value);
}

// What an update changed, in words: "scopes, description".
std::string changes_in(const audit::Record& record) {
  std::string changed;
  for (const std::string_view name : {"scopes", "tags", "deviceTagsOnly", "description", "issuer", "audience",
                                      "subject", "customClaimRules", "expires"}) {
    if (!differs(record, name)) continue;
    if (!changed.empty()) changed += ", ";
    changed += name;
  }
  // A new secret changes nothing that the log may show.
  return changed.empty() ? "secret" : changed;
}

}  // namespace

std::optional<Credential> EventSources::credential_of(const std::string& id) {
  return tx_.credentials().find(change_.tailnet, CredentialId(id));
}

std::optional<EventSources::Told> EventSources::credential_told(const Credential& key,
                                                                const std::string& description,
                                                                std::string_view what,
                                                                const std::string& actor,
                                                                const object& more) {
  if (!key.minted_by.empty()) return std::nullopt;
  object data;
  data["credentialType"] = type_name(key.type);
  data["credentialID"] = key.id.str();
  data["description"] = description;
  data["owner"] = login_of(key.owner);
  data["actor"] = actor;
  if (key.expires) data["expiration"] = to_rfc3339(*key.expires);
  for (const auto& [name, value] : more) data[name] = value;
  data["url"] = url(page_of(key.type));
  std::string message = spoken_name(key.type) + " " + key.id.str();
  if (!description.empty()) message += " (" + description + ")";
  return Told{message + " " + std::string(what), std::move(data)};
}

std::optional<EventSources::Told> EventSources::key(const audit::Record& record, std::string_view what) {
  const auto found = credential_of(record.target.id);
  if (!found) return std::nullopt;
  const auto& view = record.new_value ? record.new_value : record.old_value;
  return credential_told(*found, text_in(view, "description"), what, name_of(record.actor), {});
}

std::optional<EventSources::Told> EventSources::updated_key(const audit::Record& record) {
  const auto changed = changes_in(record);
  auto told = key(record, changed == "secret" ? "updated: secret rotated" : "updated: " + changed);
  if (told) told->data.get_object()["change"] = changed;
  return told;
}

// Whoever revokes for another reason than somebody's wish says so in the record: new_value.reason.
std::optional<EventSources::Told> EventSources::revoked_key(const audit::Record& record) {
  const auto found = credential_of(record.target.id);
  if (!found) return std::nullopt;
  const auto said = text_in(record.new_value, "reason");
  const object more{{"reason", said.empty() ? std::string("revoked") : said}};
  return credential_told(*found, found->description, "revoked", name_of(record.actor), more);
}

std::optional<EventSources::Told> EventSources::used_up_key(const audit::Record& record) {
  const auto found = credential_of(record.target.id);
  if (!found) return std::nullopt;
  const object more{{"deviceName", full_name(record.actor.display_name)}};
  return credential_told(*found, found->description, "used up", name_of(record.actor), more);
}

std::optional<EventSources::Told> EventSources::credential(std::string_view what) {
  auto found = credential_of(change_.subject);
  if (!found) {
    const auto endpoint = tx_.webhooks().find_by_secret(CredentialId(change_.subject));
    if (!endpoint || endpoint->tailnet != change_.tailnet) return std::nullopt;
    found.emplace();
    found->type = KeyType::webhook;
    found->id = endpoint->secrets.id;
    found->description = masked_url(*endpoint);
  }
  return credential_told(*found, found->description, what, std::string(kCredentialMarker), {});
}

std::optional<EventSources::Told> EventSources::used(std::string_view what) {
  const auto found = credential_of(change_.subject);
  if (!found) return std::nullopt;
  object more;
  if (found->usage.last_used) more["lastUsed"] = to_rfc3339(*found->usage.last_used);
  if (!found->usage.last_address.empty()) more["lastUsedFrom"] = found->usage.last_address;
  return credential_told(*found, found->description, what, login_of(found->owner), more);
}

std::optional<EventSources::Told> EventSources::refused(std::string_view what) {
  const auto found = credential_of(change_.subject);
  if (!found) return std::nullopt;
  object more{{"refusedUses", std::to_string(found->usage.refused)}};
  if (found->usage.last_refused) more["lastRefused"] = to_rfc3339(*found->usage.last_refused);
  return credential_told(*found, found->description, what, "", more);
}

std::optional<EventSources::Told> EventSources::webhook_secret(const audit::Record& record,
                                                               std::string_view what, const object& more) {
  const auto& view = record.new_value ? record.new_value : record.old_value;
  Credential key;
  key.type = KeyType::webhook;
  key.id = CredentialId(text_in(view, "secretId"));
  std::string description = text_in(view, "endpointUrl");
  // The record of a rotation shows nothing.
  if (const auto present = tx_.webhooks().find(change_.tailnet, EndpointId(record.target.id))) {
    key.id = present->secrets.id;
    description = masked_url(*present);
  }
  return credential_told(key, description, what, name_of(record.actor), more);
}

}  // namespace latchkey::webhooks
