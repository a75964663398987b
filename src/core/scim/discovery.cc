#include "core/scim/discovery.h"

#include <string>

#include "core/scim/list_query.h"
#include "core/scim/schema.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;

std::string_view type_name(Type type) {
  switch (type) {
    case Type::text:
      return "string";
    case Type::boolean:
      return "boolean";
    case Type::integer:
      return "integer";
    case Type::date_time:
      return "dateTime";
    case Type::binary:
      return "binary";
    case Type::reference:
      return "reference";
    case Type::complex:
      return "complex";
  }
  return "string";
}

std::string_view mutability_name(Mutability mutability) {
  switch (mutability) {
    case Mutability::read_write:
      return "readWrite";
    case Mutability::read_only:
      return "readOnly";
    case Mutability::immutable:
      return "immutable";
  }
  return "readOnly";
}

json::array words(std::span<const std::string_view> list) {
  json::array array;
  for (const auto word : list) array.emplace_back(word);
  return array;
}

json::object meta(std::string_view type, const std::string& location) {
  json::object object;
  object["resourceType"] = type;
  object["location"] = location;
  return object;
}

// Attributes nest once: sub-attributes have none.
json::object print(const Attribute& attribute) {
  json::object row;
  row["name"] = attribute.name;
  row["type"] = type_name(attribute.type);
  row["multiValued"] = attribute.multi_valued;
  row["description"] = attribute.description;
  row["required"] = attribute.required;
  row["caseExact"] = attribute.case_exact;
  row["mutability"] = mutability_name(attribute.mutability);
  row["returned"] = attribute.returned == Returned::always ? "always" : "default";
  row["uniqueness"] = attribute.uniqueness == Uniqueness::server ? "server" : "none";
  if (!attribute.canonical_values.empty()) row["canonicalValues"] = words(attribute.canonical_values);
  if (!attribute.reference_types.empty()) row["referenceTypes"] = words(attribute.reference_types);
  if (!attribute.sub_attributes.empty()) {
    json::array parts;
    for (const auto& sub : attribute.sub_attributes) parts.emplace_back(print(sub));
    row["subAttributes"] = std::move(parts);
  }
  return row;
}

bool is_of_a_resource(const Schema& schema) {
  for (const auto& type : resource_types()) {
    if (type.core == &schema) return true;
  }
  return false;
}

json::object print(const Schema& schema, std::string_view base_url) {
  json::object row;
  row["schemas"] = json::array{"urn:ietf:params:scim:schemas:core:2.0:Schema"};
  row["id"] = schema.urn;
  row["name"] = schema.name;
  row["description"] = schema.description;
  json::array attributes;
  if (is_of_a_resource(schema)) {
    for (const auto& attribute : common_attributes()) {
      if (attribute.advertised) attributes.emplace_back(print(attribute));
    }
  }
  for (const auto& attribute : schema.attributes) attributes.emplace_back(print(attribute));
  row["attributes"] = std::move(attributes);
  row["meta"] = meta("Schema", std::string(base_url) + "/Schemas/" + std::string(schema.urn));
  return row;
}

json::object print(const ResourceType& type, std::string_view base_url) {
  json::object row;
  row["schemas"] = json::array{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"};
  row["id"] = type.name;
  row["name"] = type.name;
  row["description"] = type.description;
  row["endpoint"] = type.endpoint;
  row["schema"] = type.core->urn;
  json::array extensions;
  if (type.extension != nullptr) {
    json::object extension;
    extension["schema"] = type.extension->urn;
    extension["required"] = false;
    extensions.emplace_back(std::move(extension));
  }
  row["schemaExtensions"] = std::move(extensions);
  row["meta"] = meta("ResourceType", std::string(base_url) + "/ResourceTypes/" + std::string(type.name));
  return row;
}

json::object supported(bool is_supported) {
  json::object object;
  object["supported"] = is_supported;
  return object;
}

}  // namespace

json::object service_provider_config(std::string_view base_url, std::optional<BulkSupport> bulk) {
  json::object config;
  config["schemas"] = json::array{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"};
  config["patch"] = supported(true);
  auto bulk_row = supported(bulk.has_value());
  bulk_row["maxOperations"] = bulk ? bulk->max_operations : 0;
  bulk_row["maxPayloadSize"] = bulk ? bulk->max_payload_bytes : 0;
  config["bulk"] = std::move(bulk_row);
  auto filter = supported(true);
  filter["maxResults"] = kMaxPageSize;
  config["filter"] = std::move(filter);
  config["changePassword"] = supported(false);
  config["sort"] = supported(true);
  config["etag"] = supported(true);
  // RFC 9865 section 4.
  json::object pagination;
  pagination["cursor"] = false;
  pagination["index"] = true;
  pagination["defaultPaginationMethod"] = "index";
  pagination["defaultPageSize"] = kDefaultPageSize;
  pagination["maxPageSize"] = kMaxPageSize;
  config["pagination"] = std::move(pagination);
  json::object scheme;
  scheme["type"] = "oauthbearertoken";
  scheme["name"] = "SCIM key";
  scheme["description"] = "The SCIM key of the tailnet, as a bearer token.";
  scheme["specUri"] = "https://www.rfc-editor.org/info/rfc6750";
  scheme["primary"] = true;
  config["authenticationSchemes"] = json::array{std::move(scheme)};
  config["meta"] = meta("ServiceProviderConfig", std::string(base_url) + "/ServiceProviderConfig");
  return config;
}

json::array all_resource_types(std::string_view base_url) {
  json::array list;
  for (const auto& type : resource_types()) list.emplace_back(print(type, base_url));
  return list;
}

json::array all_schemas(std::string_view base_url) {
  json::array list;
  for (const auto& schema : schemas()) list.emplace_back(print(schema, base_url));
  return list;
}

std::optional<json::object> one_resource_type(std::string_view base_url, std::string_view name) {
  for (const auto& type : resource_types()) {
    if (type.name == name) return print(type, base_url);
  }
  return std::nullopt;
}

std::optional<json::object> one_schema(std::string_view base_url, std::string_view urn) {
  for (const auto& schema : schemas()) {
    if (schema.urn == urn) return print(schema, base_url);
  }
  return std::nullopt;
}

}  // namespace latchkey::scim
