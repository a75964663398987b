#include "core/scim/patch.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/scim/patch_under_test.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;

std::string after_expansion(const std::string& text) {
  return json::serialize(parse_object(text));
}

struct Case {
  const char* name;
  std::string before;  // members of a user
  std::string operations;
  std::string after;  // members, or a scimType
};

void check(const std::vector<Case>& cases) {
  for (const auto& each : cases) {
    const auto expected = each.after.starts_with('{') ? after_expansion(each.after) : each.after;
    EXPECT_EQ(patched(user(each.before), each.operations), expected) << each.name;
  }
}

const std::string kWork = R"("emails":[{"value":"a@x","type":"work","primary":true}])";

TEST(Patch, H1TakesOperationsInEveryLetterCase) {
  for (const char* op : {"replace", "Replace", "REPLACE", "add", "Add", "aDD"}) {
    const std::string text = std::string(R"([{"OP":")") + op + R"(","Path":"TITLE","Value":"x"}])";
    EXPECT_EQ(patched(user(""), text), R"({"title":"x"})") << op;
  }
  EXPECT_EQ(patched(user(R"("title":"x")"), R"([{"op":"Remove","path":"title"}])"), "{}");
  EXPECT_EQ(patched(user(""), R"([{"op":"set","path":"title","value":"x"}])"), "invalidSyntax");
}

TEST(Patch, E3E4E5E6TakesWhatEntraSends) {
  check({
      {"E3 flag off", R"("active":true)", R"([{"op":"Replace","path":"active","value":"False"}])",
       R"({"active":false})"},
      {"E3 flag on", R"("active":true)", R"([{"op":"replace","path":"active","value":false}])",
       R"({"active":false})"},
      {"H2, E4", kWork,
       R"([{"op":"replace","path":"emails[type eq \"work\"].value","value":"b@x"},
           {"op":"replace","value":{"displayName":"Ines O.","name.givenName":"Inês","E:employeeNumber":"4712"}}])",
       R"({"name":{"givenName":"Inês"},"displayName":"Ines O.",
           "emails":[{"value":"b@x","type":"work","primary":true}],"E":{"employeeNumber":"4712"}})"},
      {"H3, E5 the element is made", "",
       R"([{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+351 900"}])",
       R"({"phoneNumbers":[{"value":"+351 900","type":"mobile"}]})"},
      {"replace makes it too", R"("emails":[{"value":"h@x","type":"home"}])",
       R"([{"op":"Replace","path":"emails[type eq \"work\"].value","value":"w@x"}])",
       R"({"emails":[{"value":"h@x","type":"home"},{"value":"w@x","type":"work"}]})"},
      {"a path as member name makes it too", "",
       R"([{"op":"replace","value":{"emails[type eq \"work\"].value":"w@x","U:title":"t"}}])",
       R"({"title":"t","emails":[{"value":"w@x","type":"work"}]})"},
      {"H5, E6 text", "", R"([{"op":"Add","path":"E:manager","value":"u3"}])",
       R"({"E":{"manager":{"value":"u3"}}})"},
      {"H5, E6 list", "",
       R"([{"op":"Add","path":"manager","value":[{"$ref":"https://x/Users/u3","value":"u3"}]}])",
       R"({"E":{"manager":{"value":"u3"}}})"},
      {"H5, E6 object", R"("E":{"manager":{"value":"u2"},"division":"d"})",
       R"([{"op":"replace","path":"E:manager","value":{"value":"u3"}}])",
       R"({"E":{"division":"d","manager":{"value":"u3"}}})"},
      {"H5, E6 empty", R"("E":{"manager":{"value":"u2"}})",
       R"([{"op":"Replace","path":"E:manager","value":""}])", "{}"},
      {"manager.value", "", R"([{"op":"add","path":"E:manager.value","value":"u3"}])",
       R"({"E":{"manager":{"value":"u3"}}})"},
      {"roles by a text for a boolean", "",
       R"([{"op":"Add","path":"roles[primary eq \"True\"].value","value":"{\"id\":\"1\"}"}])",
       R"({"roles":[{"value":"{\"id\":\"1\"}","primary":true}]})"},
      {"a qualified core path", "", R"([{"op":"Add","path":"U:userName","value":"neu"}])",
       R"({"userName":"neu"})"},
      {"the whole extension", R"("E":{"division":"d"})",
       R"([{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "value":{"department":"p","nope":1}}])",
       R"({"E":{"division":"d","department":"p"}})"},
      {"the whole extension goes", R"("E":{"division":"d"})",
       R"([{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}])", "{}"},
      {"the extension as a member", "",
       R"([{"op":"replace","value":{"E":{"department":"p"},"U:title":"t"}}])",
       R"({"title":"t","E":{"department":"p"}})"},
  });
}

TEST(Patch, E14TakesWhatOktaSends) {
  check({
      {"deactivate", R"("active":true)", R"([{"op":"replace","value":{"active":false}}])",
       R"({"active":false})"},
      {"its own copy of the resource", R"("title":"t")",
       R"([{"op":"replace","value":{"id":"u1","meta":{"resourceType":"User"},"groups":[{"value":"g"}],
            "schemas":["x"],"password":"p","nickName":"n"}}])",
       R"({"nickName":"n","title":"t"})"},
      {"another's id", "", R"([{"op":"replace","value":{"id":"u2","title":"t"}}])", "mutability"},
      {"a password", "", R"([{"op":"replace","path":"password","value":"p"}])", "{}"},
      {"a password, qualified", "", R"([{"op":"replace","path":"U:password","value":"p"}])", "{}"},
  });
}

TEST(Patch, SetsMergesAndUnassignsSingleValues) {
  check({
      {"replace merges parts", R"("name":{"familyName":"O","givenName":"I"})",
       R"([{"op":"replace","path":"name","value":{"givenName":"J"}}])",
       R"({"name":{"familyName":"O","givenName":"J"}})"},
      {"add merges parts", R"("name":{"familyName":"O"})",
       R"([{"op":"add","path":"name","value":{"GIVENNAME":"J","nope":1}}])",
       R"({"name":{"familyName":"O","givenName":"J"}})"},
      {"a part given empty goes", R"("name":{"familyName":"O","givenName":"I"})",
       R"([{"op":"add","path":"name","value":{"givenName":null}}])", R"({"name":{"familyName":"O"}})"},
      {"the last part goes", R"("name":{"familyName":"O"})", R"([{"op":"remove","path":"name.familyName"}])",
       "{}"},
      {"a part that is not there", R"("name":{"familyName":"O"})",
       R"([{"op":"remove","path":"name.givenName"}])", R"({"name":{"familyName":"O"}})"},
      {"of what is not there", "", R"([{"op":"remove","path":"name.givenName"}])", "{}"},
      {"all parts go", R"("name":{"familyName":"O"})", R"([{"op":"remove","path":"name"}])", "{}"},
      {"numbers as texts", "", R"([{"op":"add","path":"E:employeeNumber","value":4711}])",
       R"({"E":{"employeeNumber":"4711"}})"},
      {"X5 active goes", R"("active":true)", R"([{"op":"remove","path":"active"}])", "{}"},
      {"X4", R"("active":true)", R"([{"op":"replace","path":"active","value":"maybe"}])", "invalidValue"},
      {"X4 number", R"("active":true)", R"([{"op":"replace","path":"active","value":1}])", "invalidValue"},
      {"an object for a text", "", R"([{"op":"add","path":"title","value":{"a":1}}])", "invalidValue"},
      {"a list for a text", "", R"([{"op":"add","path":"title","value":["a"]}])", "invalidValue"},
      {"two for one", "", R"([{"op":"add","path":"manager","value":["a","b"]}])", "invalidValue"},
      {"a text for a name", "", R"([{"op":"add","path":"name","value":"Ines"}])", "invalidValue"},
      {"no value", "", R"([{"op":"add","path":"title"}])", "invalidValue"},
      {"no object", "", R"([{"op":"add","value":"x"}])", "invalidValue"},
      {"each sees the one before", "",
       R"([{"op":"add","path":"title","value":"a"},{"op":"remove","path":"title"},
           {"op":"add","path":"emails","value":{"value":"e","type":"work"}},
           {"op":"replace","path":"emails[type eq \"work\"].value","value":"f"}])",
       R"({"emails":[{"value":"f","type":"work"}]})"},
  });
}

TEST(Patch, H10UnassignsEveryOptionalAttributeByEmptyTextAndNull) {
  const auto check_attribute = [](const std::string& path, const std::string& before) {
    for (const char* verb : {"add", "replace"}) {
      for (const char* empty : {R"("")", "null"}) {
        const bool keeps = std::string(verb) == "add" && before.find('[') != std::string::npos;
        const auto operation =
            std::string(R"([{"op":")") + verb + R"(","path":")" + path + R"(","value":)" + empty + "}]";
        EXPECT_EQ(patched(user(before), operation), keeps ? after_expansion("{" + before + "}") : "{}")
            << operation;
      }
    }
  };
  for (const auto& attribute : user_type().core->attributes) {
    if (attribute.required || attribute.mutability == Mutability::read_only) continue;
    const std::string name(attribute.name);
    std::string value = R"("x")";
    if (attribute.type == Type::boolean) value = "true";
    if (attribute.type == Type::complex)
      value = "{\"" + std::string(attribute.sub_attributes[0].name) + "\":\"eA==\"}";
    if (attribute.multi_valued) value = "[" + value + "]";
    check_attribute(name, "\"" + name + "\":" + value);
  }
  check_attribute("externalId", R"("externalId":"x")");
  check_attribute("E:costCenter", R"("E":{"costCenter":"x"})");
  check_attribute("name.givenName", R"("name":{"givenName":"x"})");
  EXPECT_EQ(patched(user(kWork), R"([{"op":"replace","path":"emails[type eq \"work\"].value","value":""}])"),
            R"({"emails":[{"type":"work","primary":true}]})");
  EXPECT_EQ(patched(user(""), R"([{"op":"replace","path":"emails[type eq \"work\"].value","value":null}])"),
            "{}");
  EXPECT_EQ(patched(user(kWork), R"([{"op":"replace","path":"emails[type eq \"work\"]","value":null}])"),
            "{}");
}

// A value of an attribute, as JSON; two different ones by `which`.
std::string sample(const Attribute& attribute, int which) {
  std::string value = which == 0 ? R"("eA==")" : R"("eQ==")";
  if (attribute.type == Type::boolean) value = which == 0 ? "true" : "false";
  if (attribute.type == Type::complex) {
    std::string parts;
    for (const auto& sub : attribute.sub_attributes) {
      if (sub.mutability == Mutability::read_only) continue;
      parts += (parts.empty() ? "" : ",") + ("\"" + std::string(sub.name) + "\":") + sample(sub, which);
    }
    value = "{" + parts + "}";
  }
  return attribute.multi_valued ? "[" + value + "]" : value;
}

// Adds, replaces and removes what `path` names; a document that holds a value of it is `begin`, the value,
// `end`.
void check_every_operation(const Attribute& attribute, const std::string& path, const std::string& begin,
                           const std::string& end) {
  const auto operation = [&](const char* verb, const std::string& value) {
    const auto with_value = value.empty() ? value : ",\"value\":" + value;
    return std::string(R"([{"op":")") + verb + R"(","path":")" + path + "\"" + with_value + "}]";
  };
  const auto holding = [&](int which) {
    return after_expansion("{" + begin + sample(attribute, which) + end + "}");
  };
  const auto before = user(begin + sample(attribute, 0) + end);
  EXPECT_EQ(patched(user(""), operation("add", sample(attribute, 0))), holding(0)) << path;
  EXPECT_EQ(patched(user(""), operation("replace", sample(attribute, 0))), holding(0)) << path;
  EXPECT_EQ(patched(before, operation("add", sample(attribute, 0))), holding(0)) << path;
  EXPECT_EQ(patched(before, operation("replace", sample(attribute, 1))), holding(1)) << path;
  EXPECT_EQ(patched(before, operation("remove", "")), "{}") << path;
}

TEST(Patch, H12AddsReplacesAndRemovesEveryAdvertisedAttribute) {
  int count = 0;
  const auto check_attribute = [&](const Attribute& attribute, const std::string& urn, std::string begin,
                                   std::string end) {
    if (attribute.required || attribute.mutability == Mutability::read_only) return;
    const auto name = std::string(attribute.name);
    begin += "\"" + name + "\":";
    check_every_operation(attribute, urn + name, begin, end);
    ++count;
    for (const auto& sub : attribute.sub_attributes) {
      if (sub.mutability == Mutability::read_only) continue;
      const auto sub_begin =
          begin + (attribute.multi_valued ? "[{\"" : "{\"") + std::string(sub.name) + "\":";
      check_every_operation(sub, urn + name + "." + std::string(sub.name), sub_begin,
                            (attribute.multi_valued ? "}]" : "}") + end);
      ++count;
    }
  };
  for (const auto& attribute : user_type().core->attributes) check_attribute(attribute, "", "", "");
  for (const auto& attribute : user_type().core->attributes) check_attribute(attribute, "U:", "", "");
  for (const auto& attribute : user_type().extension->attributes) {
    check_attribute(attribute, "E:", "\"E\":{", "}");
  }
  EXPECT_GT(count, 100);
}

TEST(Patch, AddsReplacesAndRemovesElements) {
  check({
      {"H6 the same e-mail", kWork,
       R"([{"op":"add","path":"emails","value":[{"value":"a@x","type":"work"}]}])", "{" + kWork + "}"},
      {"H6 the same without its type", kWork, R"([{"op":"add","path":"emails","value":"a@x"}])",
       "{" + kWork + "}"},
      {"another type is another element", kWork,
       R"([{"op":"add","path":"emails","value":{"value":"a@x","type":"home"}}])",
       R"({"emails":[{"value":"a@x","type":"work","primary":true},{"value":"a@x","type":"home"}]})"},
      {"twice in one", "", R"([{"op":"add","path":"emails","value":["a@x","a@x"]}])",
       R"({"emails":[{"value":"a@x"}]})"},
      {"H7 primary", kWork, R"([{"op":"add","path":"emails","value":[{"value":"b@x","primary":true}]}])",
       R"({"emails":[{"value":"a@x","type":"work","primary":false},{"value":"b@x","primary":true}]})"},
      {"H7 primary by a filter", R"("emails":[{"value":"a","primary":true},{"value":"b"}])",
       R"([{"op":"replace","path":"emails[value eq \"b\"].primary","value":"True"}])",
       R"({"emails":[{"value":"a","primary":false},{"value":"b","primary":true}]})"},
      {"H7 primary of a known one", R"("emails":[{"value":"a","primary":true},{"value":"b"}])",
       R"([{"op":"add","path":"emails","value":{"value":"b","primary":true}}])",
       R"({"emails":[{"value":"a","primary":false},{"value":"b","primary":true}]})"},
      {"not primary", kWork, R"([{"op":"replace","path":"emails[type eq \"work\"].primary","value":false}])",
       R"({"emails":[{"value":"a@x","type":"work","primary":false}]})"},
      {"two primary", "",
       R"([{"op":"replace","path":"emails","value":[{"value":"a","primary":true},{"value":"b","primary":true}]}])",
       "invalidValue"},
      {"two primary by a filter", R"("emails":[{"value":"a"},{"value":"b"}])",
       R"([{"op":"replace","path":"emails[value pr].primary","value":true}])", "invalidValue"},
      {"the whole list", kWork, R"([{"op":"replace","path":"emails","value":[{"value":"n@x"}]}])",
       R"({"emails":[{"value":"n@x"}]})"},
      {"the list becomes empty", kWork, R"([{"op":"replace","path":"emails","value":[]}])", "{}"},
      {"nothing is added", kWork, R"([{"op":"add","path":"emails","value":[]}])", "{" + kWork + "}"},
      {"an element by a filter", kWork,
       R"([{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"n@x","display":"N"}}])",
       R"({"emails":[{"value":"n@x","type":"work","primary":true,"display":"N"}]})"},
      {"several elements by a filter", R"("emails":[{"value":"a"},{"value":"b"},{"value":"c"}])",
       R"([{"op":"add","path":"emails[value eq \"a\" or value eq \"c\"].type","value":"home"}])",
       R"({"emails":[{"value":"a","type":"home"},{"value":"b"},{"value":"c","type":"home"}]})"},
      {"a part of every element", R"("emails":[{"value":"a"},{"value":"b"}])",
       R"([{"op":"replace","path":"emails.type","value":"home"}])",
       R"({"emails":[{"value":"a","type":"home"},{"value":"b","type":"home"}]})"},
      {"a part of no element", "", R"([{"op":"add","path":"emails.value","value":"a"}])",
       R"({"emails":[{"value":"a"}]})"},
      {"an element is made with several parts", "",
       R"([{"op":"add","path":"addresses[type eq \"work\" and country eq \"PT\"]","value":{"locality":"Faro"}}])",
       R"({"addresses":[{"locality":"Faro","country":"PT","type":"work"}]})"},
      {"H4", kWork,
       R"([{"op":"replace","path":"emails[type eq \"home\" or primary eq false].value","value":"n"}])",
       "noTarget"},
      {"H4 by ne", kWork, R"([{"op":"replace","path":"emails[type ne \"work\"].value","value":"n"}])",
       "noTarget"},
      {"H4 by add", kWork, R"([{"op":"add","path":"emails[value co \"zz\"].value","value":"n"}])",
       "noTarget"},
      {"removed by a filter", R"("emails":[{"value":"a"},{"value":"b"},{"value":"c"}])",
       R"([{"op":"remove","path":"emails[value eq \"a\" or value eq \"c\"]"}])",
       R"({"emails":[{"value":"b"}]})"},
      {"the last one", kWork, R"([{"op":"remove","path":"emails[type eq \"work\"]"}])", "{}"},
      {"none", kWork, R"([{"op":"remove","path":"emails[type eq \"home\"]"}])", "{" + kWork + "}"},
      {"a part by a filter", kWork, R"([{"op":"remove","path":"emails[type eq \"work\"].primary"}])",
       R"({"emails":[{"value":"a@x","type":"work"}]})"},
      {"the only part by a filter", R"("emails":[{"value":"a"},{"value":"b"}])",
       R"([{"op":"remove","path":"emails[value eq \"a\"].value"}])", R"({"emails":[{"value":"b"}]})"},
      {"all", kWork, R"([{"op":"remove","path":"emails"}])", "{}"},
      {"listed ones by their parts", R"("addresses":[{"locality":"F","type":"work"},{"locality":"L"}])",
       R"([{"op":"remove","path":"addresses","value":[{"type":"work"}]}])",
       R"({"addresses":[{"locality":"L"}]})"},
      {"base64", "", R"([{"op":"add","path":"x509Certificates","value":[{"value":"not base64!"}]}])",
       "invalidValue"},
  });
}

TEST(Patch, H9H11RefusesPathsThatCannotBe) {
  check({
      {"H9 no path", kWork, R"([{"op":"remove"}])", "noTarget"},
      {"H9 no path but a value", kWork, R"([{"op":"remove","value":{"emails":null}}])", "noTarget"},
      {"H9 userName", "", R"([{"op":"remove","path":"userName"}])", "mutability"},
      {"userName empty", "", R"([{"op":"replace","path":"userName","value":""}])", "invalidValue"},
      {"userName null", "", R"([{"op":"replace","value":{"userName":null}}])", "invalidValue"},
      {"H9 id", "", R"([{"op":"remove","path":"id"}])", "mutability"},
      {"id", "", R"([{"op":"replace","path":"id","value":"u2"}])", "mutability"},
      {"meta", "", R"([{"op":"replace","path":"meta.version","value":"x"}])", "mutability"},
      {"groups", "", R"([{"op":"add","path":"groups","value":"g1"}])", "mutability"},
      {"groups by a filter", "", R"([{"op":"remove","path":"groups[value eq \"g1\"]"}])", "mutability"},
      {"manager.displayName", "", R"([{"op":"add","path":"manager.displayName","value":"x"}])", "mutability"},
      {"schemas", "", R"([{"op":"remove","path":"schemas"}])", "mutability"},
      {"schemas follow", "", R"([{"op":"add","path":"schemas","value":["x"]}])", "{}"},
      {"the whole core schema", "",
       R"([{"op":"remove","path":"urn:ietf:params:scim:schemas:core:2.0:User"}])", "mutability"},
      {"H11", "", R"([{"op":"add","path":"nope","value":"x"}])", "invalidPath"},
      {"H11 part", "", R"([{"op":"add","path":"name.nope","value":"x"}])", "invalidPath"},
      {"H11 URN", "", R"([{"op":"add","path":"urn:x:User:title","value":"x"}])", "invalidPath"},
      {"H11 part of an element", "", R"([{"op":"add","path":"emails[type eq \"work\"].nope","value":"x"}])",
       "invalidPath"},
      {"a filter on one value", "",
       R"([{"op":"add","path":"name[familyName eq \"x\"].givenName","value":"x"}])", "invalidPath"},
      {"a filter on a text", "", R"([{"op":"add","path":"title[value eq \"x\"]","value":"x"}])",
       "invalidPath"},
      {"no end", "", R"([{"op":"add","path":"emails[type eq \"work\"","value":"x"}])", "invalidPath"},
      {"something behind", "", R"([{"op":"add","path":"emails[type eq \"work\"]value","value":"x"}])",
       "invalidPath"},
      {"a filter that is none", "", R"([{"op":"add","path":"emails[type zz \"work\"].value","value":"x"}])",
       "invalidFilter"},
      {"a bracket in a text", R"("emails":[{"value":"]\"["}])",
       R"([{"op":"remove","path":"emails[value eq \"]\\\"[\"]"}])", "{}"},
      {"no text", "", R"([{"op":"add","path":1,"value":"x"}])", "invalidPath"},
      {"blank", "", R"([{"op":"add","path":" ","value":"x"}])", "invalidPath"},
  });
}

TEST(Patch, H8ChangesNothingWhenOneOperationIsRefused) {
  const auto before = user(kWork);
  const auto copy = before;
  const auto result =
      patch(user_type(), before, R"([{"op":"remove","path":"emails"},{"op":"add","path":"nope","value":1}])");
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(before, copy);
}

TEST(Patch, H13V2SaysWhetherAnythingChanged) {
  const auto changes = [](const std::string& before, const std::string& operations) {
    const auto result = patch(user_type(), user(before), operations);
    return result.ok() && result->changed;
  };
  EXPECT_FALSE(changes(kWork, "[]"));
  EXPECT_FALSE(changes(R"("title":"t")", R"([{"op":"replace","path":"title","value":"t"}])"));
  EXPECT_FALSE(changes(R"("title":"t")",
                       R"([{"op":"remove","path":"title"},{"op":"add","path":"title","value":"t"}])"));
  EXPECT_TRUE(changes(R"("title":"t")", R"([{"op":"replace","path":"title","value":"T"}])"));
  EXPECT_TRUE(changes("", R"([{"op":"add","path":"E:division","value":"d"}])"));
}

TEST(Patch, ListsTheExtensionsSchemaWhileItHasAttributes) {
  const auto with = patch(user_type(), user(""), R"([{"op":"add","path":"E:division","value":"d"}])");
  ASSERT_TRUE(with.ok());
  EXPECT_EQ(with->document.at("schemas"), (json::array{kUserUrn, kEnterpriseUserUrn}));
  const auto without = patch(user_type(), with->document, R"([{"op":"remove","path":"E:division"}])");
  ASSERT_TRUE(without.ok());
  EXPECT_EQ(without->document.at("schemas"), json::array{kUserUrn});
  EXPECT_EQ(without->document, user(""));
}

TEST(Patch, RefusesAnotherEnvelope) {
  for (const char* body :
       {R"({"Operations":[]})", R"({"schemas":[],"Operations":[]})",
        R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]})",
        R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":{}})",
        R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[1]})",
        R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{}]})"}) {
    const auto read = read_patch(json::parse(body).get_object());
    ASSERT_FALSE(read.ok()) << body;
    EXPECT_EQ(read.error().protocol_code, "invalidSyntax") << body;
  }
}

}  // namespace
}  // namespace latchkey::scim
