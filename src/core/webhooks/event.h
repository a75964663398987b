// What endpoints are told: the one list of all types of event, their categories, and an event itself.
//
// Names are on the wire and in the database: add rows to event_catalogue.cc, never change one. The first
// eighteen, the deprecated and the ones that are always on are upstream's (https://tailscale.com/kb/1213);
// the others are this server's own.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

namespace latchkey::webhooks {

enum class EventType : std::uint8_t {
  node_created,
  node_needs_approval,
  node_approved,
  node_needs_authorization,  // deprecated: node_needs_approval
  node_authorized,           // deprecated: node_approved
  node_key_expiring_in_one_day,
  node_key_expired,
  node_deleted,
  node_needs_signature,
  node_signed,
  policy_update,
  user_created,
  user_needs_approval,
  user_approved,
  user_role_updated,
  user_suspended,
  user_restored,
  user_deleted,
  subnet_ip_forwarding_not_enabled,
  exit_node_ip_forwarding_not_enabled,
  test,
  webhook_updated,
  webhook_deleted,
  node_key_expiring_in_one_week,
  credential_created,
  credential_updated,
  credential_used_up,
  credential_expiring_in_one_week,
  credential_expiring_in_one_day,
  credential_expired,
  credential_revoked,
  credential_first_used,
  credential_used_after_silence,
  credential_refused_repeatedly,
  credential_leaked,
  webhook_failing,
  provisioning_held,
};

// "categoryTailnetManagement": subscribes to every type in it, those of later releases too.
enum class Category : std::uint8_t { tailnet_management, device_misconfigurations, key_activity };

struct EventTypeRow {
  EventType type;
  std::string_view name;  // "nodeCreated"
  // Any of these subscribes to it; bits by Category. None: by its own name alone, or always on.
  std::uint8_t categories;
  bool always_on = false;   // sent without subscription, and cannot be chosen
  bool deprecated = false;  // chosen by its own name only
  std::string_view tells;   // for documents and screens
};
std::span<const EventTypeRow> event_catalogue();
const EventTypeRow& row_of(EventType type);
inline std::string_view to_string(EventType type) {
  return row_of(type).name;
}
std::optional<EventType> event_type_from(std::string_view name);

struct CategoryRow {
  Category category;
  std::string_view name;
  std::string_view tells;
};
std::span<const CategoryRow> category_catalogue();
std::optional<Category> category_from(std::string_view name);
bool is_in(const EventTypeRow& type, Category category);

struct Event {
  EventType type = EventType::test;
  TailnetId tailnet;
  TimePoint at{};
  std::string message;      // one sentence for people
  boost::json::value data;  // an object, or null; holds no secret
  // Of the endpoints: this one alone is told, or everybody but this one.
  EndpointId only{};
  EndpointId except{};
};

// The message of `test`, as upstream has it.
inline constexpr std::string_view kTestMessage = "This is a test event";

}  // namespace latchkey::webhooks
