#include "http/json_body.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"

namespace latchkey::http {

Result<JsonBody> JsonBody::parse(const std::string& body) {
  if (trim(body).empty()) return JsonBody({}, {});
  boost::json::error_code failed;
  auto value = boost::json::parse(body, failed);
  if (failed) return malformed("the request body is not valid JSON: " + failed.message());
  if (!value.is_object()) return malformed("the request body must be a JSON object");
  return JsonBody(std::move(value.get_object()), {});
}

Result<std::vector<JsonBody>> JsonBody::parse_list(const std::string& body) {
  boost::json::error_code failed;
  auto value = boost::json::parse(body, failed);
  if (failed) return malformed("the request body is not valid JSON: " + failed.message());
  const bool objects = value.is_array() && std::ranges::all_of(value.get_array(), [](const auto& item) {
                         return item.is_object();
                       });
  if (!objects) return malformed("the request body must be a list of JSON objects");
  std::vector<JsonBody> list;
  for (auto& item : value.get_array()) list.push_back(JsonBody(std::move(item.get_object()), {}));
  return list;
}

Result<std::optional<std::string>> JsonBody::text(std::string_view name) const {
  const auto* value = find(name);
  if (value == nullptr) return std::optional<std::string>{};
  if (!value->is_string()) return wrong_type(name, "text");
  std::optional<std::string> found(std::in_place, value->get_string());
  return found;
}

Result<std::optional<bool>> JsonBody::flag(std::string_view name) const {
  const auto* value = find(name);
  if (value == nullptr) return std::optional<bool>{};
  if (!value->is_bool()) return wrong_type(name, "true or false");
  return std::optional<bool>(value->get_bool());
}

Result<std::optional<std::int64_t>> JsonBody::integer(std::string_view name) const {
  const auto* value = find(name);
  if (value == nullptr) return std::optional<std::int64_t>{};
  if (!value->is_int64()) return wrong_type(name, "a whole number");
  return std::optional<std::int64_t>(value->get_int64());
}

Result<std::vector<std::string>> JsonBody::texts(std::string_view name) const {
  std::vector<std::string> list;
  const auto* value = find(name);
  if (value == nullptr) return list;
  if (!value->is_array()) return wrong_type(name, "a list of texts");
  for (const auto& item : value->get_array()) {
    if (!item.is_string()) return wrong_type(name, "a list of texts");
    list.emplace_back(item.get_string());
  }
  return list;
}

Result<std::vector<std::int64_t>> JsonBody::integers(std::string_view name) const {
  std::vector<std::int64_t> list;
  const auto* value = find(name);
  if (value == nullptr) return list;
  if (!value->is_array()) return wrong_type(name, "a list of whole numbers");
  for (const auto& item : value->get_array()) {
    if (!item.is_int64()) return wrong_type(name, "a list of whole numbers");
    list.push_back(item.get_int64());
  }
  return list;
}

Result<std::optional<JsonBody>> JsonBody::object(std::string_view name) const {
  const auto* value = find(name);
  if (value == nullptr) return std::optional<JsonBody>{};
  if (!value->is_object()) return wrong_type(name, "an object");
  return std::optional<JsonBody>(JsonBody(value->get_object(), path_ + std::string(name) + "."));
}

Result<std::vector<JsonBody>> JsonBody::objects(std::string_view name) const {
  std::vector<JsonBody> list;
  const auto* value = find(name);
  if (value == nullptr) return list;
  if (!value->is_array()) return wrong_type(name, "a list of objects");
  for (const auto& item : value->get_array()) {
    if (!item.is_object()) return wrong_type(name, "a list of objects");
    list.push_back(JsonBody(item.get_object(), path_ + std::string(name) + "."));
  }
  return list;
}

std::vector<std::string> JsonBody::names() const {
  std::vector<std::string> names;
  for (const auto& member : members_) names.emplace_back(member.key());
  return names;
}

const boost::json::value* JsonBody::find(std::string_view name) const {
  const auto* value = members_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Error JsonBody::wrong_type(std::string_view name, std::string_view wanted) const {
  constexpr std::size_t kMaxShown = 64;  // names may be data
  const std::string path = path_ + std::string(clip(name, kMaxShown));
  return malformed(path + " must be " + std::string(wanted), path);
}

}  // namespace latchkey::http
