// What the service says of itself (RFC 7643 sections 5 to 7): printed from the schema tables.
//
// `base_url` is the absolute address of the SCIM service without a trailing slash, such as
// "https://latchkey.example/scim/v2", made from the configured public address.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string_view>

namespace latchkey::scim {

struct BulkSupport {
  std::uint64_t max_operations = 0;
  std::uint64_t max_payload_bytes = 0;
};

// Without `bulk` it is not supported.
boost::json::object service_provider_config(std::string_view base_url, std::optional<BulkSupport> bulk);

// The resources of a ListResponse.
boost::json::array all_resource_types(std::string_view base_url);
boost::json::array all_schemas(std::string_view base_url);

// One of them, by its name or URN in exact spelling; nothing when there is none.
std::optional<boost::json::object> one_resource_type(std::string_view base_url, std::string_view name);
std::optional<boost::json::object> one_schema(std::string_view base_url, std::string_view urn);

}  // namespace latchkey::scim
