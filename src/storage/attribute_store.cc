#include "storage/attribute_store.h"

#include "base/text.h"
#include "storage/columns.h"

namespace latchkey::storage {
namespace {

const Statement kList{
    "SELECT key, type, value, expires_at FROM device_attributes WHERE tailnet_id = $1 AND device_id = $2"
    " AND (expires_at IS NULL OR expires_at > $3) ORDER BY key_folded"};
const Statement kTypeOf{
    "SELECT type FROM device_attributes WHERE tailnet_id = $1 AND key_folded = $2 LIMIT 1"};
const Statement kSet{
    "INSERT INTO device_attributes (tailnet_id, device_id, key, key_folded, type, value, expires_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tailnet_id, device_id, key_folded) DO UPDATE SET"
    " key = excluded.key, type = excluded.type, value = excluded.value, expires_at = excluded.expires_at"};
const Statement kRemove{
    "DELETE FROM device_attributes WHERE tailnet_id = $1 AND device_id = $2 AND key_folded = $3"};
const Statement kRemoveExpired{"DELETE FROM device_attributes WHERE tailnet_id = $1 AND expires_at <= $2"};

std::string text_of(const tailnet::AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  return std::get<bool>(value) ? "true" : "false";
}

tailnet::AttributeValue value_of(const std::string& type, const std::string& text) {
  if (type == "string") return text;
  if (type == "boolean" && (text == "true" || text == "false")) return text == "true";
  if (type == "number") return static_cast<std::int64_t>(std::stoll(text));
  throw DatabaseError("an attribute of a device has an unknown type");
}

}  // namespace

std::vector<tailnet::Attribute> SqlAttributeStore::list(const TailnetId& tailnet, const DeviceId& device,
                                                        TimePoint now) {
  std::vector<tailnet::Attribute> attributes;
  for (const auto& row : work_.connection().run(kList, {tailnet.str(), device.str(), time_value(now)})) {
    attributes.push_back(
        {row[0].text(), value_of(row.at(1).text(), row.at(2).text()), maybe_time_of(row.at(3))});
  }
  return attributes;
}

std::optional<std::string> SqlAttributeStore::type_of(const TailnetId& tailnet, std::string_view key) {
  const auto rows = work_.connection().run(kTypeOf, {tailnet.str(), to_lower(key)});
  if (rows.empty()) return std::nullopt;
  return rows[0][0].text();
}

void SqlAttributeStore::set(const TailnetId& tailnet, const DeviceId& device,
                            const tailnet::Attribute& attribute, const audit::Act& act) {
  work_.connection().run(kSet, {tailnet.str(), device.str(), attribute.key, to_lower(attribute.key),
                                std::string(tailnet::type_name(attribute.value)), text_of(attribute.value),
                                time_value(attribute.expires)});
  work_.record(act);
}

bool SqlAttributeStore::remove(const TailnetId& tailnet, const DeviceId& device, std::string_view key,
                               const audit::Act& act) {
  auto& connection = work_.connection();
  connection.run(kRemove, {tailnet.str(), device.str(), to_lower(key)});
  if (connection.changed() == 0) return false;
  work_.record(act);
  return true;
}

void SqlAttributeStore::remove_expired(const TailnetId& tailnet, TimePoint now) {
  work_.connection().run(kRemoveExpired, {tailnet.str(), time_value(now)});
}

}  // namespace latchkey::storage
