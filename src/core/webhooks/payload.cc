#include "core/webhooks/payload.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace latchkey::webhooks {

std::string event_json(const Event& event, std::string_view tailnet_name) {
  boost::json::object json;
  json["timestamp"] = to_rfc3339(event.at);
  json["version"] = 1;
  json["type"] = to_string(event.type);
  json["tailnet"] = tailnet_name;
  json["message"] = event.message;
  json["data"] = event.data;
  return boost::json::serialize(json);
}

std::string batch_json(std::span<const std::string> events) {
  std::string body = "[";
  for (const auto& event : events) {
    if (body.size() > 1) body += ',';
    body += event;
  }
  body += ']';
  return body;
}

std::size_t fitting(std::span<const std::size_t> sizes) {
  std::size_t bytes = 1;
  std::size_t count = 0;
  for (const auto size : sizes.first(std::min(sizes.size(), kMaxBatchEvents))) {
    bytes += size + 1;
    if (count > 0 && bytes > kMaxBatchBytes) break;
    ++count;
  }
  return count;
}

}  // namespace latchkey::webhooks
