// The SCIM schemas as data (RFC 7643): everything the engine does with an attribute (read, compare, patch,
// project, sort, advertise) follows from its row in schema_table.cc, and nothing asks for an attribute by
// name.
//
// The tables are constants of the program; pointers and views into them live as long as it does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace latchkey::scim {

// On the wire.
inline constexpr std::string_view kUserUrn = "urn:ietf:params:scim:schemas:core:2.0:User";
inline constexpr std::string_view kEnterpriseUserUrn =
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
inline constexpr std::string_view kGroupUrn = "urn:ietf:params:scim:schemas:core:2.0:Group";
inline constexpr std::string_view kErrorUrn = "urn:ietf:params:scim:api:messages:2.0:Error";
inline constexpr std::string_view kListResponseUrn = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
inline constexpr std::string_view kPatchOpUrn = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
inline constexpr std::string_view kSearchRequestUrn = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
inline constexpr std::string_view kBulkRequestUrn = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
inline constexpr std::string_view kBulkResponseUrn = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

enum class Type { text, boolean, integer, date_time, binary, reference, complex };
enum class Mutability { read_write, read_only, immutable };
enum class Returned { always, by_default };
enum class Uniqueness { none, server };

// Attributes that have a column of their own in the store, by which a filter can be narrowed in SQL.
enum class Column { none, id, user_name, external_id, display_name, email, active, last_modified };

struct Attribute {
  std::string_view name;  // the spelling of answers
  Type type = Type::text;
  bool multi_valued = false;
  std::string_view description{};
  bool required = false;
  // Only for texts: otherwise they are equal without case (ASCII).
  bool case_exact = false;
  Mutability mutability = Mutability::read_write;
  Returned returned = Returned::by_default;
  // By `server` texts are also names: 1 to 256 bytes without control characters.
  Uniqueness uniqueness = Uniqueness::none;
  std::span<const Attribute> sub_attributes{};
  std::span<const std::string_view> canonical_values{};
  bool only_canonical_values = false;
  std::span<const std::string_view> reference_types{};
  std::size_t max_bytes = 8192;     // of one text
  std::size_t max_elements = 1000;  // of a list
  // Whether a change that does not speak of the attribute leaves it as it is, also by PUT.
  bool kept_when_omitted = false;
  Column column = Column::none;
  // In /Schemas. The common attributes that every resource has by RFC 7643 section 3.1 are not.
  bool advertised = true;

  // The sub-attribute of that name in any letter case; null when there is none.
  const Attribute* sub(std::string_view sub_name) const;
};

struct Schema {
  std::string_view urn;
  std::string_view name;
  std::string_view description;
  std::span<const Attribute> attributes;

  const Attribute* find(std::string_view attribute_name) const;
};

struct ResourceType {
  std::string_view name;      // "User"
  std::string_view endpoint;  // "/Users"
  std::string_view description;
  const Schema* core;
  const Schema* extension = nullptr;  // one at most
  // An attribute that clients may set and that is not kept.
  std::string_view not_kept{};
};

const ResourceType& user_type();
const ResourceType& group_type();
std::span<const ResourceType> resource_types();
// All that are advertised.
std::span<const Schema> schemas();

// Of every resource: schemas, id, externalId; and meta, which stands last.
std::span<const Attribute> common_attributes();

// What a path such as "name.familyName" or "urn:...:User:manager.value" names in a resource.
struct AttributePath {
  const Schema* schema = nullptr;        // the extension's when it is part of that
  const Attribute* attribute = nullptr;  // null: the whole schema, named by its URN alone
  const Attribute* sub = nullptr;

  bool operator==(const AttributePath&) const = default;
};

// Names and URNs in any letter case. A name without URN that is no core attribute is looked up in the
// extension. Nothing when it names no attribute.
std::optional<AttributePath> find_path(const ResourceType& type, std::string_view text);

// The path in the schema's spelling; with the URN only where it is needed.
std::string to_string(const ResourceType& type, const AttributePath& path);

}  // namespace latchkey::scim
