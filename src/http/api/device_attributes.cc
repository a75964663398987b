// GET /device/{deviceId}/attributes; POST, DELETE .../{attributeKey}; PATCH
// /tailnet/{tailnet}/device-attributes.
#include "core/tailnet/change_attributes.h"

#include <boost/json.hpp>

#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;
using tailnet::Attribute;
using tailnet::AttributeChange;
using tailnet::AttributeValue;
using tailnet::WhenAbsent;

constexpr std::size_t kMaxChanges = 10'000;  // of one batch

Result<AttributeValue> parse_value(const JsonBody& body) {
  const auto* value = body.value("value");
  if (value != nullptr && value->is_string()) return AttributeValue(std::string(value->get_string()));
  if (value != nullptr && value->is_int64()) return AttributeValue(value->get_int64());
  if (value != nullptr && value->is_bool()) return AttributeValue(value->get_bool());
  return malformed("value is required: a text, a whole number, or true or false", "value");
}

Result<std::optional<TimePoint>> parse_expiry(const JsonBody& body) {
  TRY(const auto text, body.text("expiry"));
  // The year 1 is how Go writes that no time is set.
  if (!text || text->empty() || text->starts_with("0001-01-01T00:00:00")) return std::optional<TimePoint>{};
  const auto time = from_rfc3339(*text);
  if (!time) return malformed("expiry must be an RFC 3339 time such as 2026-06-01T00:00:00Z", "expiry");
  return std::optional<TimePoint>(*time);
}

Result<AttributeChange> parse_change(std::string device, std::string key, const JsonBody& body) {
  AttributeChange change{std::move(device), std::move(key), std::nullopt, std::nullopt};
  TRY(change.value, parse_value(body));
  TRY(change.expires, parse_expiry(body));
  return change;
}

Result<std::vector<AttributeChange>> parse_batch(const JsonBody& body) {
  TRY(const auto nodes, body.object("nodes"));
  if (!nodes) return malformed("nodes is required", "nodes");
  std::vector<AttributeChange> changes;
  for (const auto& device : nodes->names()) {
    TRY(const auto attributes, nodes->object(device));
    if (!attributes) return malformed("nodes takes an object of attributes for each device", "nodes");
    for (const auto& key : attributes->names()) {
      TRY(const auto attribute, attributes->object(key));
      if (!attribute) {
        changes.push_back({device, key, std::nullopt, std::nullopt});
        continue;
      }
      TRY(auto change, parse_change(device, key, *attribute));
      changes.push_back(std::move(change));
    }
  }
  if (changes.size() <= kMaxChanges) return changes;
  return malformed("at most " + std::to_string(kMaxChanges) + " attributes can be changed at once", "nodes");
}

boost::json::object attributes_json(const std::vector<Attribute>& attributes) {
  boost::json::object values;
  boost::json::object expiries;
  for (const auto& attribute : attributes) {
    values[attribute.key] =
        std::visit([](const auto& held) { return boost::json::value(held); }, attribute.value);
    if (attribute.expires) expiries[attribute.key] = to_rfc3339(*attribute.expires);
  }
  boost::json::object json;
  json["attributes"] = std::move(values);
  json["expiries"] = std::move(expiries);
  return json;
}

struct Wanted {
  std::vector<AttributeChange> changes;
  std::string comment;
  WhenAbsent when_absent = WhenAbsent::nothing;
};

// The attributes of the first device that was named are read back in the same transaction.
io::awaitable<Result<std::vector<Attribute>>> change(Context& context, Call& call, Wanted wanted) {
  CO_TRY(auto sight, identity::authorize<Operation::read_device_attributes>(call.caller));
  CO_TRY(auto may, identity::authorize<Operation::write_device_attributes>(call.caller));
  auto work = [may, sight, wanted = std::move(wanted),
               now = context.clock.now()](core::Tx& tx) -> Result<std::vector<Attribute>> {
    TRY(tailnet::change_attributes(tx, may, wanted.changes, wanted.comment, wanted.when_absent, now));
    if (wanted.changes.empty()) return std::vector<Attribute>{};
    return tailnet::read_attributes(tx, sight, wanted.changes.front().device, now);
  };
  co_return co_await context.db.write(std::move(work));
}

}  // namespace

Answer get_device_attributes(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_device_attributes>(call.caller));
  auto work = [may, id = call.path_element("deviceId"), now = context.clock.now()](core::Tx& tx) {
    return tailnet::read_attributes(tx, may, id, now);
  };
  CO_TRY(const auto attributes, co_await context.db.read(std::move(work)));
  co_return json_response(attributes_json(attributes));
}

Answer set_device_attribute(Context& context, Call& call) {
  CO_TRY(identity::authorize<Operation::write_device_attributes>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  Wanted wanted;
  CO_TRY(auto one, parse_change(call.path_element("deviceId"), call.path_element("attributeKey"), body));
  CO_TRY(const auto comment, body.text("comment"));
  wanted.comment = comment.value_or("");
  wanted.changes.push_back(std::move(one));
  CO_TRY(const auto attributes, co_await change(context, call, std::move(wanted)));
  co_return json_response(attributes_json(attributes));
}

Answer delete_device_attribute(Context& context, Call& call) {
  Wanted wanted;
  wanted.when_absent = WhenAbsent::not_found;
  wanted.changes.push_back(
      {call.path_element("deviceId"), call.path_element("attributeKey"), std::nullopt, std::nullopt});
  CO_TRY(const auto attributes, co_await change(context, call, std::move(wanted)));
  static_cast<void>(attributes);
  co_return empty_response();
}

Answer update_device_attributes(Context& context, Call& call) {
  CO_TRY(identity::authorize<Operation::write_device_attributes>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  Wanted wanted;
  CO_TRY(wanted.changes, parse_batch(body));
  CO_TRY(const auto comment, body.text("comment"));
  wanted.comment = comment.value_or("");
  CO_TRY(const auto attributes, co_await change(context, call, std::move(wanted)));
  static_cast<void>(attributes);
  io::Response response;
  response.body = "null";  // upstream's answer
  co_return response;
}

}  // namespace latchkey::http
