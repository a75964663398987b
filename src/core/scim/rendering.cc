#include "core/scim/rendering.h"

#include <utility>

#include "base/text.h"
#include "core/scim/document.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;

std::string_view opaque(std::string_view tag) {
  tag = trim(tag);
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  return tag;
}

// The type of resources that this word names; a user's for none.
const ResourceType& type_named(const json::object& element) {
  const auto* type = element.if_contains("type");
  if (type != nullptr && type->is_string()) {
    for (const auto& each : resource_types()) {
      if (each.name == std::string_view(type->get_string())) return each;
    }
  }
  return user_type();
}

// Puts type and address into an element that refers to a resource by its id.
void link(json::object& element, const ResourceType& type, std::string_view base_url) {
  const auto* id = element.if_contains("value");
  if (id == nullptr || !id->is_string()) return;
  element["$ref"] = resource_location(base_url, type, std::string_view(id->get_string()));
}

}  // namespace

std::string resource_location(std::string_view base_url, const ResourceType& type, std::string_view id) {
  return std::string(base_url) + std::string(type.endpoint) + "/" + std::string(id);
}

std::string version_text(std::uint64_t revision) {
  return "W/\"" + std::to_string(revision) + "\"";
}

bool names_version(std::string_view header, std::string_view version) {
  for (const auto tag : split(header, ',')) {
    if (trim(tag) == "*" || opaque(tag) == opaque(version)) return true;
  }
  return false;
}

json::object complete_document(const ResourceType& type, json::object document, const ResourceState& state,
                               std::string_view base_url) {
  document["id"] = state.id;
  json::object meta;
  meta["resourceType"] = type.name;
  meta["created"] = to_rfc3339(state.created);
  meta["lastModified"] = to_rfc3339(state.last_modified);
  meta["location"] = resource_location(base_url, type, state.id);
  meta["version"] = version_text(state.revision);
  document["meta"] = std::move(meta);
  if (auto* members = document.if_contains("members"); members != nullptr && members->is_array()) {
    for (auto& each : members->get_array()) {
      auto& member = each.as_object();
      const auto& member_type = type_named(member);
      member["type"] = member_type.name;
      link(member, member_type, base_url);
    }
  }
  if (auto* groups = document.if_contains("groups"); groups != nullptr && groups->is_array()) {
    for (auto& each : groups->get_array()) link(each.as_object(), group_type(), base_url);
  }
  return finish_document(type, std::move(document));
}

}  // namespace latchkey::scim
