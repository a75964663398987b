#include "core/scim/discovery.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "core/scim/refusal.h"
#include "core/scim/schema.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;

constexpr std::string_view kBase = "https://latchkey.example/scim/v2";

void expect_no_null(const json::value& value) {
  EXPECT_FALSE(value.is_null());
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) expect_no_null(member.value());
  }
  if (const auto* list = value.if_array()) {
    for (const auto& each : *list) expect_no_null(each);
  }
}

TEST(Discovery, D1ServiceProviderConfigHasItsRequiredMembers) {
  const auto config = service_provider_config(kBase, std::nullopt);
  for (const char* name : {"patch", "bulk", "filter", "changePassword", "sort", "etag"}) {
    EXPECT_TRUE(config.at(name).at("supported").is_bool()) << name;
  }
  EXPECT_EQ(config.at("schemas"), json::array{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"});
  EXPECT_EQ(config.at("authenticationSchemes").as_array().size(), 1U);
  EXPECT_EQ(config.at("authenticationSchemes").at(0).at("type"), "oauthbearertoken");
  EXPECT_EQ(config.at("meta").at("location"), json::value(std::string(kBase) + "/ServiceProviderConfig"));
  EXPECT_EQ(config.at("bulk"), json::parse(R"({"supported":false,"maxOperations":0,"maxPayloadSize":0})"));
  expect_no_null(config);
  const auto with_bulk = service_provider_config(kBase, BulkSupport{100, 1048576});
  EXPECT_EQ(with_bulk.at("bulk"),
            json::parse(R"({"supported":true,"maxOperations":100,"maxPayloadSize":1048576})"));
}

TEST(Discovery, D3FindsOneByItsNameAndNoneByAnother) {
  const auto user = one_resource_type(kBase, "User");
  ASSERT_TRUE(user);
  EXPECT_EQ(user->at("endpoint"), "/Users");
  EXPECT_EQ(user->at("id"), "User");
  EXPECT_EQ(user->at("schemaExtensions").at(0).at("schema"), json::value(kEnterpriseUserUrn));
  EXPECT_FALSE(user->at("schemaExtensions").at(0).at("required").as_bool());
  EXPECT_FALSE(one_resource_type(kBase, "6f1c0d52-5a52-4a2f-9d37-000000000000"));
  EXPECT_FALSE(one_resource_type(kBase, "user"));
  EXPECT_FALSE(one_schema(kBase, "nope"));
  ASSERT_TRUE(one_schema(kBase, kGroupUrn));
  EXPECT_EQ(one_schema(kBase, kGroupUrn)->at("id"), json::value(kGroupUrn));
  EXPECT_EQ(all_resource_types(kBase).size(), 2U);
}

TEST(Discovery, D4ListsSixSchemasWithoutNullAndWithEveryCharacteristic) {
  const auto list = all_schemas(kBase);
  std::set<std::string> names;
  for (const auto& schema : list) names.emplace(schema.at("name").as_string());
  EXPECT_EQ(names, (std::set<std::string>{"User", "EnterpriseUser", "Group", "ServiceProviderConfig",
                                          "ResourceType", "Schema"}));
  expect_no_null(list);
  const std::set<std::string> mutabilities{"readWrite", "readOnly", "immutable"};
  const std::set<std::string> types{"string", "boolean",   "integer", "dateTime",
                                    "binary", "reference", "complex"};
  const auto check = [&](const json::value& row, const auto& again) -> void {
    for (const char* name : {"name", "type", "multiValued", "description", "required", "caseExact",
                             "mutability", "returned", "uniqueness"}) {
      EXPECT_TRUE(row.as_object().contains(name)) << row;
    }
    EXPECT_FALSE(row.at("description").as_string().empty()) << row;
    EXPECT_TRUE(mutabilities.contains(std::string(row.at("mutability").as_string()))) << row;
    EXPECT_TRUE(types.contains(std::string(row.at("type").as_string()))) << row;
    EXPECT_EQ(row.at("type") == "complex", row.as_object().contains("subAttributes")) << row;
    EXPECT_EQ(row.at("type") == "reference", row.as_object().contains("referenceTypes")) << row;
    if (const auto* parts = row.as_object().if_contains("subAttributes")) {
      for (const auto& part : parts->as_array()) again(part, again);
    }
  };
  for (const auto& schema : list) {
    for (const auto& row : schema.at("attributes").as_array()) check(row, check);
  }
}

TEST(Discovery, D5ListsWhatMappingsName) {
  const auto names_of = [](std::string_view urn) {
    std::set<std::string> names;
    const auto schema = one_schema(kBase, urn);
    for (const auto& row : schema->at("attributes").as_array()) {
      names.emplace(row.at("name").as_string());
    }
    return names;
  };
  const auto user = names_of(kUserUrn);
  for (const char* name : {"userName", "externalId", "active", "displayName", "preferredLanguage", "name",
                           "emails", "groups", "x509Certificates", "timezone"}) {
    EXPECT_TRUE(user.contains(name)) << name;
  }
  for (const char* name : {"password", "id", "meta", "schemas"}) EXPECT_FALSE(user.contains(name)) << name;
  EXPECT_EQ(names_of(kGroupUrn), (std::set<std::string>{"displayName", "externalId", "members"}));
  EXPECT_EQ(names_of(kEnterpriseUserUrn),
            (std::set<std::string>{"employeeNumber", "costCenter", "organization", "division", "department",
                                   "manager"}));
}

TEST(Schema, FindsPathsInAnyLetterCaseAndSpellsThemItsOwnWay) {
  const std::pair<const char*, const char*> cases[] = {
      {"USERNAME", "userName"},
      {"name.FAMILYname", "name.familyName"},
      {"URN:ietf:params:scim:schemas:core:2.0:user:title", "title"},
      {"urn:ietf:params:scim:schemas:core:2.0:User:meta.version", "meta.version"},
      {"department", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"},
      {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:USER:manager.$REF",
       "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.$ref"},
      {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:user",
       "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"},
  };
  for (const auto& [text, spelled] : cases) {
    const auto path = find_path(user_type(), text);
    ASSERT_TRUE(path) << text;
    EXPECT_EQ(to_string(user_type(), *path), spelled);
  }
  for (const char* text : {"", ".", "name.", "name.x", "userName.x", "name.familyName.x", "nope",
                           "urn:ietf:params:scim:schemas:core:2.0:User:",
                           "urn:ietf:params:scim:schemas:core:2.0:User:department",
                           "urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department",
                           "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:title"}) {
    EXPECT_FALSE(find_path(user_type(), text)) << text;
  }
  EXPECT_FALSE(find_path(group_type(), "department"));
}

TEST(Refusal, E16ErrorBodiesHaveStatusAsTextAndAlwaysADetail) {
  const auto bad = refuse(ScimType::invalid_filter, "The filter ends after 'userName eq'.");
  EXPECT_EQ(json::serialize(error_body(bad, 400)),
            R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400",)"
            R"("scimType":"invalidFilter","detail":"The filter ends after 'userName eq'."})");
  const auto taken = refuse(ScimType::uniqueness, "userName is already taken.", "userName");
  EXPECT_EQ(taken.code, ErrorCode::conflict);
  EXPECT_EQ(error_body(taken, 409).at("scimType"), "uniqueness");
  EXPECT_FALSE(error_body(bad, 412).contains("scimType"));
  EXPECT_FALSE(error_body(not_found("No such user."), 404).contains("scimType"));
  EXPECT_FALSE(error_body(Error{}, 500).at("detail").as_string().empty());
}

}  // namespace
}  // namespace latchkey::scim
