#include "app/commands/device_table.h"

#include <fmt/format.h>

#include "app/commands/json_fields.h"
#include "app/commands/when.h"

namespace latchkey::app::commands {
namespace {

// Warned about from here on, as clients warn their users.
constexpr days kSoon{1};

std::string dated(TimePoint time, TimePoint now) {
  return fmt::format("{} ({})", relative_time(time, now), date_of(time));
}

bool is_expired(const boost::json::object& device, TimePoint now) {
  const auto expires = time_of(device, "expires");
  return expires && !flag_of(device, "keyExpiryDisabled") && *expires <= now;
}

Table::Cell state(const boost::json::object& device, TimePoint now) {
  if (!flag_of(device, "authorized")) return {"needs approval", Style::warning};
  if (is_expired(device, now)) return {"key expired", Style::bad};
  if (flag_of(device, "connectedToControl")) return {"connected", Style::good};
  return {"offline", Style::faint};
}

Table::Cell key_expiry(const boost::json::object& device, TimePoint now) {
  const auto expires = time_of(device, "expires");
  if (!expires || flag_of(device, "keyExpiryDisabled")) return {"never"};
  if (*expires <= now) return {dated(*expires, now), Style::bad};
  if (*expires - now > kSoon) return {dated(*expires, now)};
  return {dated(*expires, now) + ", soon", Style::warning};
}

std::string last_seen(const boost::json::object& device, TimePoint now) {
  if (flag_of(device, "connectedToControl")) return "now";
  const auto seen = time_of(device, "lastSeen");
  return seen ? relative_time(*seen, now) : "never";
}

// Who it belongs to: its tags, or its user.
std::string owner(const boost::json::object& device) {
  const auto tags = texts_of(device, "tags");
  return tags.empty() ? text_of(device, "user") : tags;
}

std::string first_address(const boost::json::object& device) {
  const auto all = texts_of(device, "addresses");
  return all.substr(0, all.find(','));
}

std::string or_none(std::string text) {
  return text.empty() ? "none" : text;
}

}  // namespace

std::vector<std::string> device_headings() {
  return {"NAME", "ID", "ADDRESS", "OWNER", "STATE", "LAST SEEN", "KEY EXPIRES"};
}

std::vector<Table::Cell> device_row(const boost::json::object& device, TimePoint now) {
  return {device_label(device), text_of(device, "nodeId"), first_address(device),  owner(device),
          state(device, now),   last_seen(device, now),    key_expiry(device, now)};
}

Table device_details(const boost::json::object& device, TimePoint now) {
  Table table({});
  table.add({"name", text_of(device, "name")});
  table.add({"id", text_of(device, "nodeId")});
  table.add({"number", text_of(device, "id")});
  table.add({"state", state(device, now)});
  table.add({"owner", owner(device)});
  table.add({"addresses", texts_of(device, "addresses")});
  table.add({"host name", text_of(device, "hostname")});
  table.add({"system", text_of(device, "os")});
  table.add({"client", text_of(device, "clientVersion")});
  if (const auto created = time_of(device, "created")) table.add({"joined", dated(*created, now)});
  table.add({"last seen", last_seen(device, now)});
  table.add({"key expires", key_expiry(device, now)});
  table.add({"ephemeral", flag_of(device, "isEphemeral") ? "yes" : "no"});
  const auto key = text_of(device, "authKeyId");
  table.add({"in by", key.empty() ? "a person" : "auth key " + key});
  table.add({"routes advertised", or_none(texts_of(device, "advertisedRoutes"))});
  table.add({"routes enabled", or_none(texts_of(device, "enabledRoutes"))});
  return table;
}

std::string device_label(const boost::json::object& device) {
  const auto name = text_of(device, "name");
  return name.substr(0, name.find('.'));
}

std::string device_name(const boost::json::object& device) {
  return fmt::format("{} ({})", printable(device_label(device)), text_of(device, "nodeId"));
}

}  // namespace latchkey::app::commands
