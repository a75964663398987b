#include "core/scim/document.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/scim/strict_json.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;

const std::string kUserSchemas = R"("schemas":["urn:ietf:params:scim:schemas:core:2.0:User"])";
const std::string kGroupSchemas = R"("schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"])";

json::object body_of(const std::string& text) {
  auto read = read_json_object(text);
  if (!read.ok()) ADD_FAILURE() << read.error().message << text;
  return read.ok() ? std::move(*read) : json::object();
}

// What is read, or the scimType of the refusal.
std::string read_user(const std::string& members) {
  const auto made = read_resource(user_type(), body_of("{" + kUserSchemas + "," + members + "}"));
  if (!made.ok()) return std::string(made.error().protocol_code);
  auto shown = *made;
  shown.stable_erase("schemas");
  return json::serialize(shown);
}
std::string read_group(const std::string& members) {
  const auto made = read_resource(group_type(), body_of("{" + kGroupSchemas + "," + members + "}"));
  if (!made.ok()) return std::string(made.error().protocol_code);
  auto shown = *made;
  shown.stable_erase("schemas");
  return json::serialize(shown);
}

TEST(Document, U1E2ReadsAFullUserInTheSchemasSpellingAndOrder) {
  const auto made = read_resource(user_type(), body_of(R"({
      "SCHEMAS":["urn:ietf:params:scim:schemas:core:2.0:User",
                 "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","urn:example:mine"],
      "EXTERNALID":"5b6a","username":"Ines@Otter.example","Active":"True","displayName":"Ines Okoro",
      "emails":[{"Primary":"true","type":"work","value":"ines@otter.example","nope":1}],
      "meta":{"resourceType":"User"},"id":"mine","groups":[{"value":"g"}],"nope":{"a":[1]},
      "name":{"formatted":"Ines Okoro","familyName":"Okoro","givenName":"Ines"},"roles":[],"title":null,
      "addresses":null,"nickName":"",
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user":{"department":"Platform",
        "employeeNumber":4711,"manager":"u3"}})"));
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(json::serialize(*made),
            R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User",)"
            R"("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"5b6a",)"
            R"("userName":"Ines@Otter.example",)"
            R"("name":{"formatted":"Ines Okoro","familyName":"Okoro","givenName":"Ines"},)"
            R"("displayName":"Ines Okoro","active":true,)"
            R"("emails":[{"value":"ines@otter.example","type":"work","primary":true}],)"
            R"("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":)"
            R"({"employeeNumber":"4711","department":"Platform","manager":{"value":"u3"}}})");
}

TEST(Document, U4RefusesBodiesThatAreNotWellFormed) {
  for (const char* body : {"", "{", "nonsense", R"({"a":1} x)", R"({"a":1}{"b":2})", R"({"a":1,"A":2})",
                           R"({"a":{"b":1,"B":1}})", "{\"a\":\"\xff\"}", R"({"a":"\ud800"})", R"({'a':1})",
                           R"({"a":01})", R"({"a":1,})", "[]", "\"x\"", "null"}) {
    const auto read = read_json_object(body);
    ASSERT_FALSE(read.ok()) << body;
    EXPECT_EQ(read.error().protocol_code, "invalidSyntax") << body;
  }
  EXPECT_TRUE(read_json_object(" {\"a\":[{\"b\":1},{\"b\":1}],\"\\u0062\":2} \n").ok());
  EXPECT_FALSE(read_json_object(R"({"b":1,"\u0062":2})").ok());
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_TRUE(read_json_object(nested(32)).ok());
  EXPECT_FALSE(read_json_object(nested(33)).ok());
  EXPECT_FALSE(read_json_object(std::string(1'000'000, '[')).ok());
}

TEST(Document, U4RefusesAResourceWithoutItsSchema) {
  for (const char* body : {R"({"userName":"a"})", R"({"schemas":[],"userName":"a"})",
                           R"({"schemas":"urn:ietf:params:scim:schemas:core:2.0:User","userName":"a"})",
                           R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"userName":"a"})",
                           R"({"not":"a scim resource"})"}) {
    const auto made = read_resource(user_type(), body_of(body));
    ASSERT_FALSE(made.ok()) << body;
    EXPECT_EQ(made.error().protocol_code, "invalidSyntax") << body;
  }
}

TEST(Document, U5NeedsAUserName) {
  EXPECT_EQ(read_user(R"("title":"x")"), "invalidValue");
  EXPECT_EQ(read_user(R"("userName":"")"), "invalidValue");
  EXPECT_EQ(read_user(R"("userName":null)"), "invalidValue");
  EXPECT_EQ(read_user(R"("userName":"a\nb")"), "invalidValue");
  EXPECT_EQ(read_user("\"userName\":\"" + std::string(257, 'x') + "\""), "invalidValue");
  const std::string longest(256, 'x');
  EXPECT_EQ(read_user("\"userName\":\"" + longest + "\""), "{\"userName\":\"" + longest + "\"}");
  EXPECT_EQ(read_group(R"("members":[])"), "invalidValue");
}

TEST(Document, U7DropsAPasswordBeforeAnythingElseSeesIt) {
  const auto read = read_json(R"({"a":[{"passWord":"s3cret-long-long-long"}],"password":"s3cret","b":"kept",
                                  "c":{"password":{"x":"1"},"d":"kept"}})");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(json::serialize(*read),
            R"({"a":[{"passWord":null}],"password":null,"b":"kept","c":{"password":{"x":"1"},"d":"kept"}})");
  EXPECT_EQ(read_user(R"("userName":"a","password":"s3cret","nickName":"n")"),
            R"({"userName":"a","nickName":"n"})");
}

TEST(Document, U8U9LeavesOutWhatIsEmpty) {
  EXPECT_EQ(read_user(R"("userName":"a","addresses":null,"roles":[],"name":{},"title":"","emails":[{}],
                         "phoneNumbers":[null,""],"externalId":null)"),
            R"({"userName":"a"})");
}

TEST(Document, CoercesWhatCanOnlyMeanOneThing) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("active":"FALSE")", R"("active":false)"},
      {R"("title":7)", R"("title":"7")"},
      {R"("title":true)", R"("title":"true")"},
      {R"("emails":"a@x")", R"("emails":[{"value":"a@x"}])"},
      {R"("emails":{"value":"a@x"})", R"("emails":[{"value":"a@x"}])"},
      {R"("emails":["a@x",{"value":"b@x"},"A@X"])", R"("emails":[{"value":"A@X"},{"value":"b@x"}])"},
      {R"("name":[{"givenName":"I"}])", R"("name":{"givenName":"I"})"},
      {R"("roles":[{"value":"r","primary":"True"}])", R"("roles":[{"value":"r","primary":true}])"},
      {R"("x509Certificates":[{"value":"MAo="}])", R"("x509Certificates":[{"value":"MAo="}])"},
      {R"("locale":"not-a-locale","timezone":"x")", R"("locale":"not-a-locale","timezone":"x")"},
  };
  for (const auto& [given, made] : cases) {
    EXPECT_EQ(read_user(std::string(R"("userName":"a",)") + given),
              std::string(R"({"userName":"a",)") + made + "}");
  }
}

TEST(Document, X4RefusesOtherTypesNamingTheAttributeAndNotTheValue) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("active":"maybe")", "active"},
      {R"("active":1)", "active"},
      {R"("active":[true])", "active"},
      {R"("title":{"a":"zzz"})", "title"},
      {R"("title":["zzz"])", "title"},
      {R"("name":"zzz")", "name"},
      {R"("name":[{"givenName":"a"},{"givenName":"b"}])", "name"},
      {R"("name":{"givenName":["zzz"]})", "name.givenName"},
      {R"("emails":[["zzz"]])", "emails"},
      {R"("addresses":"zzz")", "addresses"},
      {R"("emails":[{"primary":"zzz"}])", "emails.primary"},
      {R"("emails":[7])", "emails"},
      {R"("x509Certificates":[{"value":"zzz zzz"}])", "x509Certificates.value"},
      {R"("title":"a\u0000b")", "title"},
  };
  for (const auto& [given, attribute] : cases) {
    const auto made =
        read_resource(user_type(), body_of("{" + kUserSchemas + R"(,"userName":"a",)" + given + "}"));
    ASSERT_FALSE(made.ok()) << given;
    EXPECT_EQ(made.error().protocol_code, "invalidValue") << given;
    EXPECT_EQ(made.error().fields, std::vector<std::string>{attribute}) << given;
    EXPECT_TRUE(made.error().message.starts_with(attribute)) << made.error().message;
    EXPECT_EQ(made.error().message.find("zzz"), std::string::npos) << made.error().message;
  }
}

TEST(Document, TakesOnePrimaryElementAndLimitedLists) {
  EXPECT_EQ(
      read_user(R"("userName":"a","emails":[{"value":"a","primary":true},{"value":"b","primary":true}])"),
      "invalidValue");
  std::string many = "\"x\"";
  for (int i = 0; i < 1000; ++i) many += ",\"x" + std::to_string(i) + "\"";
  EXPECT_EQ(read_user(R"("userName":"a","emails":[)" + many + "]"), "tooMany");
  std::string members = "\"x\"";
  for (int i = 0; i < 20'000; ++i) members += ",\"x" + std::to_string(i) + "\"";
  EXPECT_EQ(read_group(R"("displayName":"g","members":[)" + members + "]"), "tooMany");
}

TEST(Document, E8E15ReadsMembersAsEntraAndOktaSendThem) {
  EXPECT_EQ(
      read_group(R"("displayName":"Sec Ops","members":[{"$ref":null,"value":"u7"},
                          {"value":"u8","display":null},{"value":"u9","displayName":"x","type":"user"},{"value":"u7"}])"),
      R"({"displayName":"Sec Ops","members":[{"value":"u7"},{"value":"u8"},{"value":"u9","type":"User"}]})");
  EXPECT_EQ(read_group(R"("displayName":"g","members":[{"display":"x"}])"), R"({"displayName":"g"})");
  EXPECT_EQ(read_group(R"("displayName":"g","members":[{"type":"User"}])"), "invalidValue");
}

std::string replaced(const ResourceType& type, const std::string& stored, const std::string& body) {
  const auto& schemas = &type == &user_type() ? kUserSchemas : kGroupSchemas;
  const auto made = replace_resource(type, finish_document(type, body_of(stored)),
                                     body_of("{" + schemas + "," + body + "}"));
  if (!made.ok()) return std::string(made.error().protocol_code);
  auto shown = *made;
  shown.stable_erase("schemas");
  return json::serialize(shown);
}

TEST(Document, X6B7ClearsByPutWhatIsOmittedExceptActiveAndMembers) {
  const std::string stored = R"({"id":"u1","userName":"a","title":"t","active":false,"groups":[{"value":"g"}],
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"division":"d"},"meta":{"version":"1"}})";
  EXPECT_EQ(replaced(user_type(), stored, R"("userName":"b")"),
            R"({"id":"u1","userName":"b","active":false,"groups":[{"value":"g"}],"meta":{"version":"1"}})");
  EXPECT_EQ(replaced(user_type(), stored, R"("userName":"b","ACTIVE":null)"),
            R"({"id":"u1","userName":"b","groups":[{"value":"g"}],"meta":{"version":"1"}})");
  EXPECT_EQ(replaced(user_type(), stored, R"("userName":"b","active":true,"id":"other","groups":[])"),
            R"({"id":"u1","userName":"b","active":true,"groups":[{"value":"g"}],"meta":{"version":"1"}})");
  EXPECT_EQ(replaced(user_type(), stored, R"("title":"t")"), "invalidValue");
  const std::string group = R"({"id":"g1","displayName":"g","members":[{"value":"u1"}]})";
  EXPECT_EQ(replaced(group_type(), group, R"("displayName":"h")"),
            R"({"id":"g1","displayName":"h","members":[{"value":"u1"}]})");
  EXPECT_EQ(replaced(group_type(), group, R"("displayName":"h","members":[])"),
            R"({"id":"g1","displayName":"h"})");
  EXPECT_EQ(replaced(group_type(), group, R"("displayName":"h","members":[{"value":"u2"}])"),
            R"({"id":"g1","displayName":"h","members":[{"value":"u2"}]})");
}

}  // namespace
}  // namespace latchkey::scim
