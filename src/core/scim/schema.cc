#include "core/scim/schema.h"

#include "base/text.h"

namespace latchkey::scim {
namespace {

const Attribute* find_in(std::span<const Attribute> attributes, std::string_view name) {
  for (const auto& attribute : attributes) {
    if (equals_ignore_case(attribute.name, name)) return &attribute;
  }
  return nullptr;
}

// "name" or "name.sub" in one list of attributes.
std::optional<AttributePath> find_name(const Schema& schema, std::span<const Attribute> attributes,
                                       std::string_view text) {
  const auto dot = text.find('.');
  const auto* attribute = find_in(attributes, text.substr(0, dot));
  if (attribute == nullptr) return std::nullopt;
  if (dot == std::string_view::npos) return AttributePath{&schema, attribute, nullptr};
  const auto* sub = attribute->sub(text.substr(dot + 1));
  if (sub == nullptr) return std::nullopt;
  return AttributePath{&schema, attribute, sub};
}

std::optional<AttributePath> find_core(const ResourceType& type, std::string_view text) {
  if (auto found = find_name(*type.core, common_attributes(), text)) return found;
  return find_name(*type.core, type.core->attributes, text);
}

// What follows "URN:"; nothing when the text does not begin so.
std::optional<std::string_view> after_urn(std::string_view text, std::string_view urn) {
  if (text.size() <= urn.size() || text[urn.size()] != ':') return std::nullopt;
  if (!equals_ignore_case(text.substr(0, urn.size()), urn)) return std::nullopt;
  return text.substr(urn.size() + 1);
}

}  // namespace

const Attribute* Attribute::sub(std::string_view sub_name) const {
  return find_in(sub_attributes, sub_name);
}

const Attribute* Schema::find(std::string_view attribute_name) const {
  return find_in(attributes, attribute_name);
}

std::optional<AttributePath> find_path(const ResourceType& type, std::string_view text) {
  if (equals_ignore_case(text, type.core->urn)) return AttributePath{type.core, nullptr, nullptr};
  if (const auto rest = after_urn(text, type.core->urn)) return find_core(type, *rest);
  if (type.extension == nullptr) return find_core(type, text);
  const auto& extension = *type.extension;
  if (equals_ignore_case(text, extension.urn)) return AttributePath{&extension, nullptr, nullptr};
  if (const auto rest = after_urn(text, extension.urn)) {
    return find_name(extension, extension.attributes, *rest);
  }
  if (auto found = find_core(type, text)) return found;
  return find_name(extension, extension.attributes, text);
}

std::string to_string(const ResourceType& type, const AttributePath& path) {
  if (path.attribute == nullptr) return std::string(path.schema->urn);
  std::string text;
  if (path.schema == type.extension) text = std::string(path.schema->urn) + ":";
  text += path.attribute->name;
  if (path.sub != nullptr) text += "." + std::string(path.sub->name);
  return text;
}

}  // namespace latchkey::scim
