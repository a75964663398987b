#include "core/scim/projection.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "core/scim/refusal.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxPaths = 256;

Result<std::vector<AttributePath>> parse_paths(const ResourceType& type,
                                               const std::vector<std::string>& lists) {
  std::vector<AttributePath> paths;
  std::size_t names = 0;
  for (const auto& list : lists) {
    for (const auto name : split(list, ',')) {
      if (++names > kMaxPaths) {
        return refuse(ScimType::invalid_value,
                      "At most " + std::to_string(kMaxPaths) + " attributes can be named.");
      }
      if (const auto path = find_path(type, trim(name))) paths.push_back(*path);
    }
  }
  return paths;
}

bool has_names(const std::vector<std::string>& lists) {
  return std::ranges::any_of(lists, [](const std::string& list) { return !trim(list).empty(); });
}

template <class Keeps>
json::object filter_parts(const json::object& object, Keeps keeps) {
  json::object made;
  for (const auto& part : object) {
    if (keeps(std::string_view(part.key()))) made[part.key()] = part.value();
  }
  return made;
}

// The value with only some parts; nothing when none is left.
template <class Keeps>
std::optional<json::value> with_parts(const json::value& value, Keeps keeps) {
  if (const auto* object = value.if_object()) {
    auto made = filter_parts(*object, keeps);
    return made.empty() ? std::nullopt : std::optional<json::value>(std::move(made));
  }
  const auto* list = value.if_array();
  if (list == nullptr) return value;
  json::array made;
  for (const auto& element : *list) {
    if (auto kept = with_parts(element, keeps)) made.push_back(std::move(*kept));
  }
  return made.empty() ? std::nullopt : std::optional<json::value>(std::move(made));
}

}  // namespace

Result<Projection> Projection::make(const ResourceType& type, const std::vector<std::string>& attributes,
                                    const std::vector<std::string>& excluded_attributes) {
  Projection made(type);
  if (has_names(attributes) && has_names(excluded_attributes)) {
    return refuse(ScimType::invalid_value, "Give either attributes or excludedAttributes, not both.");
  }
  if (has_names(attributes)) {
    made.mode_ = Mode::only;
    TRY(made.paths_, parse_paths(type, attributes));
  } else if (has_names(excluded_attributes)) {
    made.mode_ = Mode::without;
    TRY(made.paths_, parse_paths(type, excluded_attributes));
  }
  return made;
}

bool Projection::keeps_whole(const AttributePath& path) const {
  if (path.attribute->returned == Returned::always) return true;
  const bool is_named = std::ranges::any_of(paths_, [&](const AttributePath& named) {
    if (named.schema != path.schema) return false;
    if (named.attribute == nullptr) return true;
    return named.attribute == path.attribute && (named.sub == nullptr || named.sub == path.sub);
  });
  return mode_ == Mode::only ? is_named : !is_named;
}

bool Projection::keeps_something(const Schema& schema, const Attribute& attribute) const {
  if (keeps_whole({&schema, &attribute, nullptr})) return true;
  return std::ranges::any_of(attribute.sub_attributes,
                             [&](const Attribute& sub) { return keeps_whole({&schema, &attribute, &sub}); });
}

bool Projection::wants(std::string_view attribute) const {
  if (mode_ == Mode::everything) return true;
  const auto path = find_path(*type_, attribute);
  return path && path->attribute != nullptr && keeps_something(*path->schema, *path->attribute);
}

json::object Projection::attributes_of(const Schema& schema, std::span<const Attribute> attributes,
                                       const json::object& from) const {
  json::object made;
  for (const auto& attribute : attributes) {
    const auto* value = from.if_contains(attribute.name);
    if (value == nullptr || !keeps_something(schema, attribute)) continue;
    auto kept = with_parts(*value, [&](std::string_view part) {
      return keeps_whole({&schema, &attribute, attribute.sub(part)});
    });
    if (kept) made[attribute.name] = std::move(*kept);
  }
  return made;
}

json::object Projection::apply(const json::object& document) const {
  if (mode_ == Mode::everything) return document;
  // `meta` goes last.
  auto made = attributes_of(*type_->core, common_attributes(), document);
  const auto* meta = made.if_contains("meta");
  auto kept_meta = meta == nullptr ? std::nullopt : std::optional<json::value>(*meta);
  made.erase("meta");
  for (auto& member : attributes_of(*type_->core, type_->core->attributes, document)) {
    made[member.key()] = std::move(member.value());
  }
  const auto* extension = type_->extension == nullptr ? nullptr : document.if_contains(type_->extension->urn);
  if (extension != nullptr && extension->is_object()) {
    auto parts = attributes_of(*type_->extension, type_->extension->attributes, extension->get_object());
    if (!parts.empty()) made[type_->extension->urn] = std::move(parts);
  }
  if (kept_meta) made["meta"] = std::move(*kept_meta);
  return made;
}

}  // namespace latchkey::scim
