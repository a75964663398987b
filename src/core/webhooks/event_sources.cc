#include "core/webhooks/event_sources.h"

#include <algorithm>
#include <boost/json/array.hpp>

#include "base/text.h"
#include "core/identity/user_store.h"
#include "core/policy/policy_store.h"
#include "core/tailnet/device_store.h"
#include "core/tailnet/magic_dns.h"
#include "core/tailnet/tailnet.h"
#include "core/webhooks/derive_events.h"
#include "core/webhooks/webhook_store.h"

namespace latchkey::webhooks {
namespace {

using boost::json::object;

const object* object_in(const std::optional<boost::json::value>& value) {
  return value ? value->if_object() : nullptr;
}

// Whom people know: a login name where there is one.
std::string name_of(const audit::Actor& actor) {
  if (!actor.login_name.empty()) return actor.login_name;
  return actor.display_name.empty() ? actor.id : actor.display_name;
}

std::string joined(const boost::json::array& list) {
  std::string text;
  for (const auto& item : list) {
    if (!item.is_string()) continue;
    if (!text.empty()) text += ", ";
    text += std::string_view(item.get_string());
  }
  return text;
}

std::string joined(const std::vector<std::string>& list) {
  return joined(boost::json::array(list.begin(), list.end()));
}

std::string_view display_name(identity::Role role) {
  using identity::Role;
  switch (role) {
    case Role::owner:
      return "Owner";
    case Role::admin:
      return "Admin";
    case Role::network_admin:
      return "Network admin";
    case Role::it_admin:
      return "IT admin";
    case Role::billing_admin:
      return "Billing admin";
    case Role::auditor:
      return "Auditor";
    case Role::member:
      return "Member";
  }
  return "";
}

// A role as the records of different acts have it: its name, or an object with it.
boost::json::array roles_in(const std::optional<boost::json::value>& value) {
  boost::json::array roles;
  std::string text = text_in(value, "role");
  if (value && value->is_string()) text = std::string_view(value->get_string());
  if (const auto role = identity::role_from(text)) roles.emplace_back(display_name(*role));
  return roles;
}

}  // namespace

bool flag_in(const std::optional<boost::json::value>& value, std::string_view name, bool otherwise) {
  const auto* members = object_in(value);
  const auto* member = members == nullptr ? nullptr : members->if_contains(name);
  return member != nullptr && member->is_bool() ? member->get_bool() : otherwise;
}

std::string text_in(const std::optional<boost::json::value>& value, std::string_view name) {
  const auto* members = object_in(value);
  const auto* member = members == nullptr ? nullptr : members->if_contains(name);
  if (member == nullptr || !member->is_string()) return {};
  return std::string(std::string_view(member->get_string()));
}

std::string EventSources::full_name(std::string_view label) {
  const auto found = tx_.tailnets().find(change_.tailnet);
  return found ? tailnet::magic_dns_name(label, *found) : std::string(label);
}

std::string EventSources::login_of(const UserId& user) {
  if (user.empty()) return {};
  const auto found = tx_.users().find(change_.tailnet, user);
  return found ? found->login_name : user.str();
}

// What the record says of the device; of one that still is there the rest.
EventSources::NodeFacts EventSources::facts_of(const audit::Record& record) {
  const auto& view =
      record.old_value && record.action == audit::Action::delete_ ? record.old_value : record.new_value;
  NodeFacts facts;
  if (const auto present = tx_.devices().find(change_.tailnet, DeviceId(record.target.id))) {
    facts = facts_of(*present);
  }
  facts.name = record.target.name;
  const auto* members = object_in(view);
  if (members == nullptr) return facts;
  const auto* addresses = members->if_contains("addresses");
  if (addresses != nullptr && addresses->is_array() && !addresses->get_array().empty() &&
      addresses->get_array()[0].is_string()) {
    facts.ipv4 = std::string_view(addresses->get_array()[0].get_string());
  }
  const auto* tags = members->if_contains("tags");
  const auto user = text_in(view, "user");
  if (tags != nullptr && tags->is_array()) {
    facts.managed_by = joined(tags->get_array());
  } else if (auto login = text_in(view, "login"); !login.empty()) {
    facts.managed_by = std::move(login);  // the user went with the device
  } else if (!user.empty()) {
    facts.managed_by = login_of(UserId(user));
  }
  return facts;
}

EventSources::NodeFacts EventSources::facts_of(const tailnet::Device& device) {
  return {device.name, device.ipv4, tailnet::is_tagged(device) ? joined(device.tags) : login_of(device.user)};
}

EventSources::Told EventSources::node_told(const std::string& id, const NodeFacts& facts,
                                           std::string_view what, const std::string& actor) {
  const auto name = full_name(facts.name);
  object data;
  data["nodeID"] = id;
  data["deviceName"] = name;
  data["managedBy"] = facts.managed_by;
  data["actor"] = actor;
  data["url"] = url("/machines/" + facts.ipv4);
  return {"Node " + name + " " + std::string(what), std::move(data)};
}

std::optional<EventSources::Told> EventSources::node(const audit::Record& record, std::string_view what) {
  return node_told(record.target.id, facts_of(record), what, name_of(record.actor));
}

std::optional<EventSources::Told> EventSources::expired_node(const audit::Record& record) {
  auto told =
      node_told(record.target.id, facts_of(record), "key recently expired", std::string(kNodeKeyMarker));
  const auto present = device();
  const auto expired = present && present->key_expires ? *present->key_expires : record.at;
  told.data.get_object()["expiration"] = to_rfc3339(std::min(expired, record.at));
  return told;
}

std::optional<tailnet::Device> EventSources::device() {
  return tx_.devices().find(change_.tailnet, DeviceId(change_.subject));
}

std::optional<EventSources::Told> EventSources::expiring_node(std::string_view within) {
  const auto present = device();
  if (!present || !tailnet::effective_expiry(*present)) return std::nullopt;
  auto told = node_told(present->id.str(), facts_of(*present),
                        "key expiring in less than one " + std::string(within), std::string(kNodeKeyMarker));
  told.data.get_object()["expiration"] = to_rfc3339(*present->key_expires);
  return told;
}

std::optional<EventSources::Told> EventSources::present_node(std::string_view what) {
  const auto present = device();
  if (!present) return std::nullopt;
  return node_told(present->id.str(), facts_of(*present), what, full_name(present->name));
}

std::optional<EventSources::Told> EventSources::user(const audit::Record& record, std::string_view what) {
  const auto& login = record.target.name;
  object data;
  data["user"] = login;
  data["url"] = url("/users?q=" + percent_encode(login));
  data["actor"] = name_of(record.actor);
  return Told{"User " + login + " " + std::string(what), std::move(data)};
}

std::optional<EventSources::Told> EventSources::role_change(const audit::Record& record) {
  auto told = user(record, "role changed");
  auto& data = told->data.get_object();
  data["oldRoles"] = roles_in(record.old_value);
  data["newRoles"] = roles_in(record.new_value);
  return told;
}

// As the record says; where it says nothing, as it is now.
bool EventSources::waits_for_approval(const audit::Record& record) {
  constexpr auto kWaits = identity::UserStatus::needs_approval;
  const auto said = text_in(record.new_value, "status");
  if (!said.empty()) return identity::user_status_from(said) == kWaits;
  const auto present = tx_.users().find(change_.tailnet, UserId(record.target.id));
  return present && present->status == kWaits;
}

std::optional<EventSources::Told> EventSources::policy(const audit::Record& record) {
  const auto text_of = [](const std::optional<boost::json::value>& value) {
    return value && value->is_string() ? std::string(std::string_view(value->get_string())) : std::string();
  };
  policy::PolicyStore::ChangedTexts texts{text_of(record.old_value), text_of(record.new_value)};
  if (auto kept = tx_.policies().kept_texts(change_.tailnet, record.group_id)) texts = *std::move(kept);
  object data;
  data["newPolicy"] = texts.new_text;
  data["oldPolicy"] = texts.old_text;
  data["url"] = url("/acls");
  data["actor"] = name_of(record.actor);
  return Told{"Tailnet policy file updated", std::move(data)};
}

std::optional<EventSources::Told> EventSources::held_sync(const audit::Record& record) {
  if (!record.new_value || *record.new_value != "holding") return std::nullopt;
  object data;
  data["actor"] = name_of(record.actor);
  data["details"] = record.details;
  data["url"] = url("/settings/user-management");
  return Told{"The identity provider's sync is held: it would take away more people than the guard lets pass",
              std::move(data)};
}

EventSources::Told EventSources::updated_endpoint(const audit::Record& record) {
  const bool is_secret = record.target.property == "SECRET";
  object data;
  data["endpointID"] = record.target.id;
  data["change"] = is_secret ? "secret" : "subscriptions";
  data["actor"] = name_of(record.actor);
  data["url"] = url("/settings/webhooks");
  return {"Webhook endpoint " + record.target.id +
              " updated: " + (is_secret ? "secret rotated" : "subscriptions changed"),
          std::move(data)};
}

std::optional<EventSources::Told> EventSources::failing_endpoint() {
  const auto endpoint = tx_.webhooks().find(change_.tailnet, EndpointId(change_.subject));
  if (!endpoint) return std::nullopt;
  object data;
  data["endpointID"] = endpoint->id.str();
  data["endpointURL"] = masked_url(*endpoint);
  const auto& health = endpoint->health;
  if (health.failing_since) data["failingSince"] = to_rfc3339(*health.failing_since);
  if (health.last_status) data["lastStatus"] = std::to_string(*health.last_status);
  if (!health.last_error.empty()) data["lastError"] = health.last_error;
  data["url"] = url("/settings/webhooks");
  return Told{"Webhook endpoint " + endpoint->id.str() + " has been failing since " +
                  to_rfc3339(health.failing_since.value_or(change_.at)),
              std::move(data)};
}

}  // namespace latchkey::webhooks
