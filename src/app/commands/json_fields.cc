#include "app/commands/json_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace latchkey::app::commands {
namespace {

constexpr const char* kStrange =
    "the server's answer is not what a Latchkey server sends: is the address right?";

}  // namespace

Result<const boost::json::object*> object_of(const boost::json::value& answer) {
  if (!answer.is_object()) return unavailable(kStrange);
  return &answer.get_object();
}

Result<const boost::json::array*> list_of(const boost::json::value& answer, std::string_view name) {
  TRY(const auto* object, object_of(answer));
  const auto* list = object->if_contains(name);
  if (list == nullptr || !list->is_array()) return unavailable(kStrange);
  return &list->get_array();
}

std::string text_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string());
}

std::string text_of(const boost::json::object& object, std::string_view outer, std::string_view name) {
  const auto* inner = member_of(object, outer);
  return inner == nullptr ? std::string() : text_of(*inner, name);
}

std::optional<TimePoint> time_of(const boost::json::object& object, std::string_view name) {
  return from_rfc3339(text_of(object, name));
}

std::int64_t number_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

bool flag_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::string texts_of(const boost::json::object& object, std::string_view name) {
  return fmt::format("{}", fmt::join(list_of_texts(object, name), ", "));
}

std::vector<std::string> list_of_texts(const boost::json::object& object, std::string_view name) {
  std::vector<std::string> texts;
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return texts;
  for (const auto& each : value->get_array()) {
    if (each.is_string()) texts.emplace_back(each.get_string());
  }
  return texts;
}

const boost::json::object* member_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

boost::json::array list_json(const std::vector<std::string>& list) {
  return boost::json::array(list.begin(), list.end());
}

}  // namespace latchkey::app::commands
