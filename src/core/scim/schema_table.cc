// The schemas. One row an attribute.
//
// Otherwise than in RFC 7643 section 8.7: there is no password; externalId is listed, since mappings name it;
// references ($ref) are read-only, those of members aside, and the service makes all of them from ids
// whatever a request says; a member needs its value; the name of a group is unique.
#include <array>

#include "core/scim/schema.h"

namespace latchkey::scim {
namespace {

using enum Type;
constexpr auto kReadOnly = Mutability::read_only;
constexpr auto kImmutable = Mutability::immutable;

using Words = std::string_view;
constexpr Words kUserReference[] = {"User"};
constexpr Words kGroupReference[] = {"Group"};
constexpr Words kMemberReference[] = {"User", "Group"};
constexpr Words kExternalReference[] = {"external"};
constexpr Words kUriReference[] = {"uri"};
constexpr Words kPlaceTypes[] = {"work", "home", "other"};
constexpr Words kPhoneTypes[] = {"work", "home", "mobile", "fax", "pager", "other"};
constexpr Words kImTypes[] = {"aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"};
constexpr Words kPhotoTypes[] = {"photo", "thumbnail"};
constexpr Words kMembershipTypes[] = {"direct", "indirect"};
constexpr Words kMemberTypes[] = {"User", "Group"};
constexpr Words kSchemeTypes[] = {"oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"};

constexpr Attribute kName[] = {
    {.name = "formatted", .description = "The full name as it is shown."},
    {.name = "familyName", .description = "The family name."},
    {.name = "givenName", .description = "The given name."},
    {.name = "middleName", .description = "The middle names."},
    {.name = "honorificPrefix", .description = "Titles before the name."},
    {.name = "honorificSuffix", .description = "Titles after the name."},
};

constexpr Attribute kDisplay{.name = "display", .description = "A name for people to read."};
constexpr Attribute kPrimary{
    .name = "primary", .type = boolean, .description = "Whether this is the preferred one; one at most."};
constexpr Attribute kTypeOfAny{.name = "type", .description = "What it is for."};

constexpr Attribute kEmails[] = {
    {.name = "value", .description = "The e-mail address.", .column = Column::email},
    kDisplay,
    {.name = "type", .description = "What it is for.", .canonical_values = kPlaceTypes},
    kPrimary,
};
constexpr Attribute kPhoneNumbers[] = {
    {.name = "value", .description = "The telephone number, as it was given."},
    kDisplay,
    {.name = "type", .description = "What it is for.", .canonical_values = kPhoneTypes},
    kPrimary,
};
constexpr Attribute kIms[] = {
    {.name = "value", .description = "The address for instant messages."},
    kDisplay,
    {.name = "type", .description = "The service.", .canonical_values = kImTypes},
    kPrimary,
};
constexpr Attribute kPhotos[] = {
    {.name = "value",
     .type = reference,
     .description = "The address of a picture.",
     .case_exact = true,
     .reference_types = kExternalReference},
    kDisplay,
    {.name = "type", .description = "Its size.", .canonical_values = kPhotoTypes},
    kPrimary,
};
constexpr Attribute kAddresses[] = {
    {.name = "formatted", .description = "The whole address as it is written on a letter."},
    {.name = "streetAddress", .description = "Street and number."},
    {.name = "locality", .description = "Town."},
    {.name = "region", .description = "State or region."},
    {.name = "postalCode", .description = "Postal code."},
    {.name = "country", .description = "Country."},
    {.name = "type", .description = "What it is for.", .canonical_values = kPlaceTypes},
    kPrimary,
};
constexpr Attribute kRoles[] = {
    {.name = "value", .description = "Kept and shown; gives no right here."}, kDisplay, kTypeOfAny, kPrimary};
constexpr Attribute kCertificates[] = {
    {.name = "value",
     .type = binary,
     .description = "A DER certificate in base64.",
     .case_exact = true,
     .max_bytes = 65536},
    kDisplay,
    kTypeOfAny,
    kPrimary,
};
constexpr Attribute kGroupsOfUser[] = {
    {.name = "value", .description = "The group's id.", .case_exact = true, .mutability = kReadOnly},
    {.name = "$ref",
     .type = reference,
     .description = "The group's address.",
     .case_exact = true,
     .mutability = kReadOnly,
     .reference_types = kGroupReference},
    {.name = "display", .description = "The group's name.", .mutability = kReadOnly},
    {.name = "type",
     .description = "How the user is in it.",
     .mutability = kReadOnly,
     .canonical_values = kMembershipTypes},
};

constexpr Attribute kUser[] = {
    {.name = "userName",
     .description = "The name with which the user signs in; unique without case.",
     .required = true,
     .uniqueness = Uniqueness::server,
     .max_bytes = 256,
     .column = Column::user_name},
    {.name = "name",
     .type = complex,
     .description = "The parts of the user's name.",
     .sub_attributes = kName},
    {.name = "displayName", .description = "The name that is shown."},
    {.name = "nickName", .description = "A casual name."},
    {.name = "profileUrl",
     .type = reference,
     .description = "The address of a page about the user.",
     .case_exact = true,
     .reference_types = kExternalReference},
    {.name = "title", .description = "The user's title, such as \"Vice President\"."},
    {.name = "userType", .description = "The user's relation to the organisation."},
    {.name = "preferredLanguage", .description = "The user's languages."},
    {.name = "locale", .description = "The user's locale."},
    {.name = "timezone", .description = "The user's time zone."},
    {.name = "active",
     .type = boolean,
     .description = "Whether the user may use the tailnet; absent counts as false.",
     .kept_when_omitted = true,
     .column = Column::active},
    {.name = "emails",
     .type = complex,
     .multi_valued = true,
     .description = "E-mail addresses.",
     .sub_attributes = kEmails},
    {.name = "phoneNumbers",
     .type = complex,
     .multi_valued = true,
     .description = "Telephone numbers.",
     .sub_attributes = kPhoneNumbers},
    {.name = "ims",
     .type = complex,
     .multi_valued = true,
     .description = "Addresses for instant messages.",
     .sub_attributes = kIms},
    {.name = "photos",
     .type = complex,
     .multi_valued = true,
     .description = "Addresses of pictures.",
     .sub_attributes = kPhotos},
    {.name = "addresses",
     .type = complex,
     .multi_valued = true,
     .description = "Postal addresses.",
     .sub_attributes = kAddresses},
    {.name = "groups",
     .type = complex,
     .multi_valued = true,
     .description = "The groups the user is in; changed through the groups.",
     .mutability = kReadOnly,
     .sub_attributes = kGroupsOfUser},
    {.name = "entitlements",
     .type = complex,
     .multi_valued = true,
     .description = "Kept and shown; they give no right here.",
     .sub_attributes = kRoles},
    {.name = "roles",
     .type = complex,
     .multi_valued = true,
     .description = "Kept and shown; they give no right here.",
     .sub_attributes = kRoles},
    {.name = "x509Certificates",
     .type = complex,
     .multi_valued = true,
     .description = "Certificates of the user.",
     .sub_attributes = kCertificates},
};

constexpr Attribute kManager[] = {
    {.name = "value", .description = "The manager's id, as it was given.", .case_exact = true},
    {.name = "$ref",
     .type = reference,
     .description = "The manager's address.",
     .case_exact = true,
     .mutability = kReadOnly,
     .reference_types = kUserReference},
    {.name = "displayName", .description = "The manager's name.", .mutability = kReadOnly},
};

constexpr Attribute kEnterpriseUser[] = {
    {.name = "employeeNumber", .description = "The number the organisation gave."},
    {.name = "costCenter", .description = "The cost centre."},
    {.name = "organization", .description = "The organisation."},
    {.name = "division", .description = "The division."},
    {.name = "department", .description = "The department."},
    {.name = "manager", .type = complex, .description = "The user's manager.", .sub_attributes = kManager},
};

constexpr Attribute kMembers[] = {
    {.name = "value",
     .description = "The member's id.",
     .required = true,
     .case_exact = true,
     .mutability = kImmutable,
     .max_bytes = 256},
    {.name = "$ref",
     .type = reference,
     .description = "The member's address.",
     .case_exact = true,
     .mutability = kImmutable,
     .reference_types = kMemberReference},
    {.name = "display", .description = "The member's name.", .mutability = kReadOnly},
    {.name = "type",
     .description = "What the member is; a user when it is not said.",
     .mutability = kImmutable,
     .canonical_values = kMemberTypes,
     .only_canonical_values = true},
};

constexpr Attribute kGroup[] = {
    {.name = "displayName",
     .description = "The group's name; unique without case.",
     .required = true,
     .uniqueness = Uniqueness::server,
     .max_bytes = 256,
     .column = Column::display_name},
    {.name = "members",
     .type = complex,
     .multi_valued = true,
     .description = "Who is in the group.",
     .sub_attributes = kMembers,
     .max_elements = 1'000'000,
     .kept_when_omitted = true},
};

// A row of the schemas that describe the service: read-only, whatever it is.
constexpr Attribute read_only(Attribute attribute) {
  attribute.mutability = kReadOnly;
  return attribute;
}
constexpr Attribute described(std::string_view name, Type type, std::string_view description,
                              bool required = true) {
  return read_only({.name = name, .type = type, .description = description, .required = required});
}
constexpr Attribute exact(std::string_view name, std::string_view description, bool required = true) {
  auto attribute = described(name, text, description, required);
  attribute.case_exact = true;
  return attribute;
}
constexpr Attribute address(std::string_view name, std::string_view description, std::span<const Words> of,
                            bool required) {
  auto attribute = described(name, reference, description, required);
  attribute.case_exact = true;
  attribute.reference_types = of;
  return attribute;
}
constexpr Attribute part(std::string_view name, bool multi_valued, std::string_view description,
                         std::span<const Attribute> parts, bool required = true) {
  auto attribute = described(name, complex, description, required);
  attribute.multi_valued = multi_valued;
  attribute.sub_attributes = parts;
  return attribute;
}

constexpr Attribute kSupported[] = {described("supported", boolean, "Whether the service does it.")};
constexpr Attribute kBulk[] = {
    described("supported", boolean, "Whether the service does it."),
    described("maxOperations", integer, "The most operations of one request."),
    described("maxPayloadSize", integer, "The most bytes of one request."),
};
constexpr Attribute kFilter[] = {
    described("supported", boolean, "Whether the service does it."),
    described("maxResults", integer, "The most resources of one answer."),
};
constexpr Attribute kPagination[] = {
    described("cursor", boolean, "Whether pages are asked for by cursor."),
    described("index", boolean, "Whether pages are asked for by index."),
    exact("defaultPaginationMethod", "How pages are asked for when it is not said.", false),
    described("defaultPageSize", integer, "Resources of a page when it is not said.", false),
    described("maxPageSize", integer, "The most resources of a page.", false),
};
constexpr Attribute scheme_type() {
  auto attribute = exact("type", "The kind of the scheme.");
  attribute.canonical_values = kSchemeTypes;
  return attribute;
}
constexpr Attribute kSchemes[] = {
    scheme_type(),
    exact("name", "The scheme's name."),
    exact("description", "What the scheme is."),
    address("specUri", "The address of its specification.", kExternalReference, false),
    address("documentationUri", "The address of its manual.", kExternalReference, false),
    described("primary", boolean, "Whether this is the preferred one; one at most.", false),
};
constexpr Attribute kServiceProviderConfig[] = {
    address("documentationUri", "The address of the manual.", kExternalReference, false),
    part("patch", false, "Changing parts of a resource.", kSupported),
    part("bulk", false, "Several operations in one request.", kBulk),
    part("filter", false, "Asking by a filter.", kFilter),
    part("changePassword", false, "Changing passwords.", kSupported),
    part("sort", false, "Asking for an order.", kSupported),
    part("etag", false, "Versions of resources.", kSupported),
    part("pagination", false, "Asking for pages.", kPagination, false),
    part("authenticationSchemes", true, "How a client proves itself.", kSchemes),
};

constexpr Attribute kSchemaExtensions[] = {
    address("schema", "The URN of the extension.", kUriReference, true),
    described("required", boolean, "Whether every resource has it."),
};
constexpr Attribute kResourceType[] = {
    exact("name", "The name of the type."),
    exact("description", "What the type is.", false),
    address("endpoint", "Where its resources are.", kUriReference, true),
    address("schema", "The URN of its schema.", kUriReference, true),
    part("schemaExtensions", true, "The extensions of the type.", kSchemaExtensions, false),
};

constexpr Attribute several(Attribute attribute) {
  attribute.multi_valued = true;
  return attribute;
}
constexpr Attribute kAttributeRow[] = {
    exact("name", "The attribute's name."),
    exact("type", "The attribute's type."),
    described("multiValued", boolean, "Whether it is a list."),
    exact("description", "What the attribute is.", false),
    described("required", boolean, "Whether every resource has it."),
    several(exact("canonicalValues", "Usual values.", false)),
    described("caseExact", boolean, "Whether letter case matters.", false),
    exact("mutability", "Whether and when it may be changed.", false),
    exact("returned", "When it is in an answer.", false),
    exact("uniqueness", "Among whom a value is unique.", false),
    several(exact("referenceTypes", "What a reference may refer to.", false)),
};
constexpr auto kAttributeRowWithParts = [] {
  constexpr std::size_t kCount = std::size(kAttributeRow);
  std::array<Attribute, kCount + 1> rows{};
  for (std::size_t i = 0; i < kCount; ++i) rows[i] = kAttributeRow[i];
  rows[kCount] = part("subAttributes", true, "The parts of a complex attribute.", kAttributeRow, false);
  return rows;
}();
constexpr Attribute kSchemaAttributes[] = {
    exact("name", "The schema's name."),
    exact("description", "What the schema is.", false),
    part("attributes", true, "The attributes.", kAttributeRowWithParts),
};

constexpr Attribute kMeta[] = {
    {.name = "resourceType", .case_exact = true, .mutability = kReadOnly},
    {.name = "created", .type = date_time, .mutability = kReadOnly},
    {.name = "lastModified", .type = date_time, .mutability = kReadOnly, .column = Column::last_modified},
    {.name = "location", .type = reference, .case_exact = true, .mutability = kReadOnly},
    {.name = "version", .case_exact = true, .mutability = kReadOnly},
};
constexpr Attribute kCommon[] = {
    {.name = "schemas",
     .multi_valued = true,
     .description = "The URNs of the resource's schemas.",
     .required = true,
     .returned = Returned::always,
     .advertised = false},
    {.name = "id",
     .description = "The id that this service gave.",
     .required = true,
     .case_exact = true,
     .mutability = kReadOnly,
     .returned = Returned::always,
     .uniqueness = Uniqueness::server,
     .column = Column::id,
     .advertised = false},
    {.name = "externalId",
     .description = "The client's own name for the resource; need not be unique.",
     .case_exact = true,
     .max_bytes = 1024,
     .column = Column::external_id},
    {.name = "meta", .type = complex, .mutability = kReadOnly, .sub_attributes = kMeta, .advertised = false},
};

constexpr Schema kSchemas[] = {
    {kUserUrn, "User", "A person of the tailnet.", kUser},
    {kEnterpriseUserUrn, "EnterpriseUser", "What an organisation says of a user; kept and shown.",
     kEnterpriseUser},
    {kGroupUrn, "Group", "Users by a name that the policy file can use.", kGroup},
    {"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig", "ServiceProviderConfig",
     "What the service can do.", kServiceProviderConfig},
    {"urn:ietf:params:scim:schemas:core:2.0:ResourceType", "ResourceType", "A type of resources.",
     kResourceType},
    {"urn:ietf:params:scim:schemas:core:2.0:Schema", "Schema", "A list of attributes.", kSchemaAttributes},
};

constexpr ResourceType kResourceTypes[] = {
    {"User", "/Users", "A person of the tailnet.", &kSchemas[0], &kSchemas[1], "password"},
    {"Group", "/Groups", "Users by a name that the policy file can use.", &kSchemas[2]},
};

}  // namespace

const ResourceType& user_type() {
  return kResourceTypes[0];
}
const ResourceType& group_type() {
  return kResourceTypes[1];
}
std::span<const ResourceType> resource_types() {
  return kResourceTypes;
}
std::span<const Schema> schemas() {
  return kSchemas;
}
std::span<const Attribute> common_attributes() {
  return kCommon;
}

}  // namespace latchkey::scim
