#include "core/scim/coerce.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "core/scim/refusal.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;
using Coerced = Result<std::optional<json::value>>;

Error wrong(const std::string& path, std::string_view wanted) {
  return refuse(ScimType::invalid_value, path + " must be " + std::string(wanted) + ".", path);
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

Coerced checked_text(const Attribute& attribute, std::string_view text, const std::string& path) {
  if (text.size() > attribute.max_bytes) {
    return wrong(path, "at most " + std::to_string(attribute.max_bytes) + " bytes long");
  }
  // No database keeps a byte of zero.
  if (text.find('\0') != std::string_view::npos) return wrong(path, "text without bytes of zero");
  if (attribute.uniqueness == Uniqueness::server && std::ranges::any_of(text, is_control)) {
    return wrong(path, "text without control characters");
  }
  if (attribute.type == Type::binary && !from_base64(text)) return wrong(path, "base64");
  if (!attribute.only_canonical_values) return std::optional<json::value>(text);
  for (const auto canonical : attribute.canonical_values) {
    if (equals_ignore_case(canonical, text)) return std::optional<json::value>(canonical);
  }
  std::string choices;
  for (const auto canonical : attribute.canonical_values) {
    choices += (choices.empty() ? "" : " or ") + std::string(canonical);
  }
  return wrong(path, choices);
}

Coerced coerce_text(const Attribute& attribute, const json::value& value, const std::string& path) {
  if (value.is_string()) return checked_text(attribute, value.get_string(), path);
  if (value.is_object() || value.is_array()) return wrong(path, "text");
  return checked_text(attribute, json::serialize(value), path);
}

Coerced coerce_boolean(const json::value& value, const std::string& path) {
  if (value.is_bool()) return std::optional<json::value>(value);
  if (value.is_string()) {
    const std::string_view text = value.get_string();
    if (equals_ignore_case(text, "true")) return std::optional<json::value>(true);
    if (equals_ignore_case(text, "false")) return std::optional<json::value>(false);
  }
  return wrong(path, "true or false");
}

Coerced coerce_complex(const Attribute& attribute, const json::value& value, const std::string& path) {
  TRY(const auto given, as_object(attribute, value, path));
  // In the order of the schema, so that equal values print alike.
  json::object made;
  for (const auto& sub : attribute.sub_attributes) {
    if (sub.mutability == Mutability::read_only) continue;
    for (const auto& member : given) {
      if (!equals_ignore_case(sub.name, std::string_view(member.key()))) continue;
      TRY(auto part, coerce(sub, member.value(), path + "." + std::string(sub.name)));
      if (part) made[sub.name] = std::move(*part);
    }
  }
  if (made.empty()) return std::optional<json::value>();
  for (const auto& sub : attribute.sub_attributes) {
    if (sub.required && !made.contains(sub.name)) {
      return refuse(ScimType::invalid_value, path + " needs '" + std::string(sub.name) + "'.",
                    path + "." + std::string(sub.name));
    }
  }
  return std::optional<json::value>(std::move(made));
}

Coerced coerce_list(const Attribute& attribute, const json::value& value, const std::string& path) {
  json::array list;
  const auto add = [&](const json::value& element) -> Result<void> {
    if (element.is_array()) return wrong(path, "a list without lists in it");
    TRY(auto made, coerce_element(attribute, element, path));
    if (made) list.push_back(std::move(*made));
    return {};
  };
  if (const auto* elements = value.if_array()) {
    if (elements->size() > attribute.max_elements) {
      return refuse(ScimType::too_many,
                    path + " takes at most " + std::to_string(attribute.max_elements) + " elements.", path);
    }
    for (const auto& element : *elements) TRY(add(element));
  } else {
    TRY(add(value));
  }
  if (list.empty()) return std::optional<json::value>();
  return std::optional<json::value>(std::move(list));
}

}  // namespace

bool is_empty(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return true;
    case json::kind::string:
      return value.get_string().empty();
    case json::kind::array:
      return value.get_array().empty();
    case json::kind::object:
      return value.get_object().empty();
    default:
      return false;
  }
}

Result<json::object> as_object(const Attribute& attribute, const json::value& value,
                               const std::string& path) {
  if (is_empty(value)) return json::object();
  if (const auto* object = value.if_object()) return *object;
  if (const auto* list = value.if_array()) {
    if (list->size() == 1 && !list->front().is_array()) return as_object(attribute, list->front(), path);
    return wrong(path, "one object");
  }
  if (value.is_string() && attribute.sub("value") != nullptr) {
    json::object made;
    made["value"] = value;
    return made;
  }
  return wrong(path, "an object");
}

Result<std::optional<json::value>> coerce_element(const Attribute& attribute, const json::value& value,
                                                  const std::string& path) {
  if (is_empty(value)) return std::optional<json::value>();
  switch (attribute.type) {
    case Type::text:
    case Type::binary:
    case Type::reference:
      return coerce_text(attribute, value, path);
    case Type::boolean:
      return coerce_boolean(value, path);
    // No row that a request may set has these types.
    case Type::integer:
    case Type::date_time:
      return wrong(path, "left to the service");
    case Type::complex:
      return coerce_complex(attribute, value, path);
  }
  return wrong(path, "left to the service");
}

Result<std::optional<json::value>> coerce(const Attribute& attribute, const json::value& value,
                                          const std::string& path) {
  return attribute.multi_valued ? coerce_list(attribute, value, path)
                                : coerce_element(attribute, value, path);
}

}  // namespace latchkey::scim
