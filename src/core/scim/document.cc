#include "core/scim/document.h"

#include <algorithm>
#include <utility>

#include "core/scim/coerce.h"
#include "core/scim/patch_elements.h"
#include "core/scim/refusal.h"
#include "core/scim/strict_json.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;

// Puts what a request may set of these attributes from `body` into `made`.
Result<void> read_attributes(std::span<const Attribute> attributes, const json::object& body,
                             const std::string& prefix, json::object& made) {
  for (const auto& attribute : attributes) {
    if (attribute.mutability == Mutability::read_only || attribute.returned == Returned::always) continue;
    const auto* value = find_member(body, attribute.name);
    if (value == nullptr) continue;
    TRY(auto coerced, coerce(attribute, *value, prefix + std::string(attribute.name)));
    if (!coerced) continue;
    if (const auto* list = coerced->if_array()) {
      // Each once.
      json::array once;
      TRY(add_elements(attribute, *list, std::string(attribute.name), once));
      *coerced = std::move(once);
    }
    made[attribute.name] = std::move(*coerced);
  }
  return {};
}

Result<json::object> read_body(const ResourceType& type, const json::object& body) {
  if (count_elements(body) > kMaxRequestElements) {
    return refuse(ScimType::too_many,
                  "A request takes at most " + std::to_string(kMaxRequestElements) + " elements of lists.");
  }
  if (!lists_schema(body, type.core->urn)) {
    return refuse(ScimType::invalid_syntax, "'schemas' must contain " + std::string(type.core->urn) + ".",
                  "schemas");
  }
  json::object made;
  TRY(read_attributes(common_attributes(), body, {}, made));
  TRY(read_attributes(type.core->attributes, body, {}, made));
  if (type.extension == nullptr) return made;
  const auto* extension = find_member(body, type.extension->urn);
  if (extension == nullptr || is_empty(*extension)) return made;
  if (!extension->is_object()) {
    return refuse(ScimType::invalid_value, std::string(type.extension->urn) + " must be an object.");
  }
  json::object parts;
  TRY(read_attributes(type.extension->attributes, extension->get_object(),
                      std::string(type.extension->urn) + ":", parts));
  if (!parts.empty()) made[type.extension->urn] = std::move(parts);
  return made;
}

Result<void> check_list(const Attribute& attribute, const json::array& list) {
  const std::string name(attribute.name);
  if (list.size() > attribute.max_elements) {
    return refuse(ScimType::too_many,
                  name + " takes at most " + std::to_string(attribute.max_elements) + " elements.", name);
  }
  if (attribute.sub("primary") == nullptr) return {};
  const auto is_primary = [](const json::value& element) {
    const auto* primary = element.get_object().if_contains("primary");
    return primary != nullptr && primary->is_bool() && primary->get_bool();
  };
  if (std::ranges::count_if(list, is_primary) <= 1) return {};
  return refuse(ScimType::invalid_value, "Only one element of " + name + " can be primary.", name);
}

bool is_nothing(const json::value& value) {
  return (value.is_array() && value.get_array().empty()) || (value.is_object() && value.get_object().empty());
}

void move_in_order(std::span<const Attribute> attributes, json::object& from, json::object& to) {
  for (const auto& attribute : attributes) {
    auto* value = from.if_contains(attribute.name);
    if (value != nullptr && !is_nothing(*value)) to[attribute.name] = std::move(*value);
  }
}

}  // namespace

std::string text_in(const json::object& document, std::string_view name) {
  const auto* value = document.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::size_t count_elements(const json::value& value) {
  std::size_t count = 0;
  if (const auto* list = value.if_array()) {
    count = list->size();
    for (const auto& element : *list) count += count_elements(element);
  } else if (const auto* object = value.if_object()) {
    for (const auto& member : *object) count += count_elements(member.value());
  }
  return count;
}

Result<json::object> read_resource(const ResourceType& type, const json::object& body) {
  TRY(auto made, read_body(type, body));
  TRY(check_document(type, made));
  return finish_document(type, std::move(made));
}

Result<json::object> replace_resource(const ResourceType& type, const json::object& stored,
                                      const json::object& body) {
  TRY(auto made, read_body(type, body));
  const auto keep = [&](const Attribute& attribute) {
    const auto* value = stored.if_contains(attribute.name);
    if (value == nullptr) return;
    const bool is_omitted = attribute.kept_when_omitted && find_member(body, attribute.name) == nullptr;
    if (attribute.mutability == Mutability::read_only || is_omitted) made[attribute.name] = *value;
  };
  for (const auto& attribute : common_attributes()) keep(attribute);
  for (const auto& attribute : type.core->attributes) keep(attribute);
  TRY(check_document(type, made));
  return finish_document(type, std::move(made));
}

Result<void> check_document(const ResourceType& type, const json::object& document) {
  for (const auto& attribute : type.core->attributes) {
    const auto* value = document.if_contains(attribute.name);
    if (value == nullptr && attribute.required) {
      const std::string name(attribute.name);
      return refuse(ScimType::invalid_value, name + " is required.", name);
    }
    if (value != nullptr && value->is_array()) TRY(check_list(attribute, value->get_array()));
  }
  return {};
}

json::object finish_document(const ResourceType& type, json::object document) {
  json::object made;
  json::array urns{type.core->urn};
  // Taken out first: a document that grows moves its members.
  json::object extension;
  if (type.extension != nullptr) {
    auto* value = document.if_contains(type.extension->urn);
    if (value != nullptr && value->is_object()) {
      move_in_order(type.extension->attributes, value->get_object(), extension);
    }
  }
  if (!extension.empty()) urns.emplace_back(type.extension->urn);
  document["schemas"] = std::move(urns);
  json::value meta;
  if (auto* kept = document.if_contains("meta")) meta = std::exchange(*kept, json::object());
  move_in_order(common_attributes(), document, made);
  move_in_order(type.core->attributes, document, made);
  if (!extension.empty()) made[type.extension->urn] = std::move(extension);
  if (meta.is_object()) made["meta"] = std::move(meta);
  return made;
}

}  // namespace latchkey::scim
