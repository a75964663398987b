#include "core/scim/list_query.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "core/scim/rendering.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;

json::object parse_object(std::string_view text) {
  auto value = json::parse(json::string_view(text.data(), text.size()));
  return value.get_object();
}

std::string refusal(const Error& error) {
  return std::string(error.protocol_code);
}

TEST(ListQuery, P2KeepsNumbersWithinTheirBounds) {
  struct Case {
    const char* query;
    std::uint64_t start_index;
    std::uint64_t count;
  };
  const Case cases[] = {
      {"", 1, 100},
      {"count=0", 1, 0},
      {"count=-1", 1, 0},
      {"startIndex=0", 1, 100},
      {"startIndex=-7", 1, 100},
      {"startIndex=999&count=5000", 999, 1000},
      {"STARTINDEX=6&Count=5&aadOptscim062020", 6, 5},
      {"startIndex=99999999999999999999999", std::uint64_t{1} << 53, 100},
      {"count=-99999999999999999999999", 1, 0},
      {"&&x=1&=&count=%35", 1, 5},
  };
  for (const auto& each : cases) {
    const auto query = ListQuery::from_address(each.query);
    ASSERT_TRUE(query.ok()) << each.query;
    EXPECT_EQ(query->start_index, each.start_index) << each.query;
    EXPECT_EQ(query->count, each.count) << each.query;
  }
  for (const char* query : {"startIndex=x", "count=", "count=1.5", "count=1x", "startIndex=1&startIndex=2",
                            "filter=a%20pr&FILTER=b%20pr", "filter=%ff"}) {
    const auto parsed = ListQuery::from_address(query);
    ASSERT_FALSE(parsed.ok()) << query;
    EXPECT_EQ(refusal(parsed.error()), "invalidValue") << query;
  }
}

TEST(ListQuery, E7F9ReadsAddressesLeniently) {
  const auto entra = ListQuery::from_address(
      "excludedAttributes=members&filter=displayName+eq+%22Sec%20Ops%22&aadOptscim062020");
  ASSERT_TRUE(entra.ok());
  EXPECT_EQ(entra->filter, R"(displayName eq "Sec Ops")");
  EXPECT_EQ(entra->excluded_attributes, std::vector<std::string>{"members"});
  EXPECT_EQ(ListQuery::from_address(R"(filter=emails[type eq "work"].value eq "a%2Bb")")->filter,
            R"(emails[type eq "work"].value eq "a+b")");
  EXPECT_EQ(ListQuery::from_address("filter=a+eq+%22100%%22&sortBy")->filter, R"(a eq "100%")");
  EXPECT_EQ(ListQuery::from_address("filter=a=b")->filter, "a=b");
  EXPECT_FALSE(ListQuery::from_address("attributes=id")->filter);
}

TEST(ListQuery, S1ReadsSearchRequests) {
  const auto search = [](const std::string& members) {
    return ListQuery::from_search(parse_object(
        R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"])" + members + "}"));
  };
  const auto query =
      search(R"(,"attributes":["userName","name.familyName"],"filter":"title pr","sortBy":"userName",
                                "sortOrder":"descending","startIndex":2,"COUNT":7,"excludedAttributes":null,"x":1)");
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->attributes, (std::vector<std::string>{"userName", "name.familyName"}));
  EXPECT_EQ(query->filter, "title pr");
  EXPECT_EQ(query->sort_by, "userName");
  EXPECT_EQ(query->sort_order, "descending");
  EXPECT_EQ(query->start_index, 2U);
  EXPECT_EQ(query->count, 7U);
  EXPECT_EQ(search(R"(,"count":-3,"startIndex":"4")")->count, 0U);
  EXPECT_EQ(search(R"(,"count":-3,"startIndex":"4")")->start_index, 4U);
  for (const char* members : {R"(,"filter":1)", R"(,"filter":["a"])", R"(,"count":1.5)", R"(,"count":true)",
                              R"(,"attributes":[1])", R"(,"attributes":{})", R"(,"sortBy":3)"}) {
    ASSERT_FALSE(search(members).ok()) << members;
    EXPECT_EQ(refusal(search(members).error()), "invalidValue") << members;
  }
  EXPECT_EQ(refusal(ListQuery::from_search(json::object()).error()), "invalidSyntax");
}

TEST(ListQuery, PlansForOneTypeAndRefusesWhatDoesNotFit) {
  const auto plan = [](const char* query) { return plan_list(user_type(), *ListQuery::from_address(query)); };
  const auto made = plan("filter=userName%20pr&sortBy=userName&sortOrder=Descending&count=3");
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(made->filter);
  EXPECT_TRUE(made->sort && made->sort->is_descending());
  EXPECT_EQ(made->count, 3U);
  EXPECT_EQ(refusal(plan("filter=userName").error()), "invalidFilter");
  EXPECT_EQ(refusal(plan("filter=").error()), "invalidFilter");
  EXPECT_EQ(refusal(plan("sortBy=userName&sortOrder=up").error()), "invalidValue");
  EXPECT_EQ(refusal(plan("attributes=id&excludedAttributes=name").error()), "invalidValue");
}

TEST(ListQuery, AnswersWithNumbersAndAlwaysWithResources) {
  EXPECT_EQ(
      json::serialize(list_response({}, 0, 1)),
      R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"startIndex":1,)"
      R"("itemsPerPage":0,"Resources":[]})");
  json::array two;
  two.emplace_back(json::object());
  two.emplace_back(json::object());
  const auto body = list_response(two, 31, 6);
  EXPECT_EQ(body.at("totalResults"), 31);
  EXPECT_EQ(body.at("startIndex"), 6);
  EXPECT_EQ(body.at("itemsPerPage"), 2);
}

const json::object& ines() {
  static const auto kUser = parse_object(R"({
    "schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"u1","externalId":"e","userName":"Ines",
    "name":{"familyName":"Okoro","givenName":"Ines"},"active":true,
    "emails":[{"value":"a@x","type":"work"},{"value":"b@x","primary":true},{"type":"home"}],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"division":"D","manager":{"value":"u3"}},
    "meta":{"resourceType":"User","version":"W/\"1\""}})");
  return kUser;
}

std::string projected(const std::vector<std::string>& only, const std::vector<std::string>& without) {
  const auto projection = Projection::make(user_type(), only, without);
  if (!projection.ok()) return refusal(projection.error());
  auto made = projection->apply(ines());
  EXPECT_TRUE(made.contains("schemas"));
  EXPECT_TRUE(made.contains("id"));
  made.stable_erase("schemas");
  made.stable_erase("id");
  return json::serialize(made);
}

TEST(Projection, G3GivesOnlyWhatIsAskedFor) {
  const std::string enterprise(kEnterpriseUserUrn);
  EXPECT_EQ(projected({"userName"}, {}), R"({"userName":"Ines"})");
  EXPECT_EQ(projected({"USERNAME, externalID"}, {}), R"({"externalId":"e","userName":"Ines"})");
  EXPECT_EQ(projected({"id"}, {}), "{}");
  EXPECT_EQ(projected({"nope"}, {}), "{}");
  EXPECT_EQ(projected({"name.familyName", "emails.value"}, {}),
            R"({"name":{"familyName":"Okoro"},"emails":[{"value":"a@x"},{"value":"b@x"}]})");
  EXPECT_EQ(projected({"urn:ietf:params:scim:schemas:core:2.0:User:active"}, {}), R"({"active":true})");
  EXPECT_EQ(projected({enterprise}, {}),
            "{\"" + enterprise + R"(":{"division":"D","manager":{"value":"u3"}}})");
  EXPECT_EQ(projected({"manager.value"}, {}), "{\"" + enterprise + R"(":{"manager":{"value":"u3"}}})");
  EXPECT_EQ(projected({"meta.version", "active"}, {}), R"({"active":true,"meta":{"version":"W/\"1\""}})");
  EXPECT_EQ(
      projected({"urn:ietf:params:scim:schemas:core:2.0:User"}, {}),
      R"({"externalId":"e","userName":"Ines","name":{"familyName":"Okoro","givenName":"Ines"},"active":true,)"
      R"("emails":[{"value":"a@x","type":"work"},{"value":"b@x","primary":true},{"type":"home"}],)"
      R"("meta":{"resourceType":"User","version":"W/\"1\""}})");
}

TEST(Projection, G4LeavesOutWhatIsExcludedExceptIdAndSchemas) {
  const std::string enterprise(kEnterpriseUserUrn);
  EXPECT_EQ(
      projected({}, {"emails,id", "schemas", enterprise, "meta"}),
      R"({"externalId":"e","userName":"Ines","name":{"familyName":"Okoro","givenName":"Ines"},"active":true})");
  EXPECT_EQ(
      projected({}, {"emails.value", "emails.primary", "division", "name.givenName", "meta", "externalId"}),
      R"({"userName":"Ines","name":{"familyName":"Okoro"},"active":true,)"
      R"("emails":[{"type":"work"},{"type":"home"}],")" +
          enterprise + R"(":{"manager":{"value":"u3"}}})");
  EXPECT_EQ(Projection::make(user_type(), {""}, {" "})->apply(ines()), ines());
}

TEST(Projection, G5RefusesBothLists) {
  EXPECT_EQ(projected({"id"}, {"name"}), "invalidValue");
  std::string many = "id";
  for (int i = 0; i < 256; ++i) many += ",id";
  EXPECT_EQ(projected({many}, {}), "invalidValue");
}

TEST(Projection, B8SaysWhichAttributesNeedNotBeRead) {
  const auto wants = [](std::vector<std::string> only, std::vector<std::string> without) {
    return Projection::make(group_type(), std::move(only), std::move(without))->wants("members");
  };
  EXPECT_TRUE(wants({}, {}));
  EXPECT_FALSE(wants({}, {"MEMBERS"}));
  EXPECT_FALSE(wants({}, {"urn:ietf:params:scim:schemas:core:2.0:Group:members"}));
  EXPECT_TRUE(wants({}, {"members.display"}));
  EXPECT_FALSE(wants({"displayName"}, {}));
  EXPECT_TRUE(wants({"members.value"}, {}));
  EXPECT_TRUE(wants({"urn:ietf:params:scim:schemas:core:2.0:Group"}, {}));
}

std::string sorted(const char* by, const char* order) {
  std::vector<json::object> users;
  for (
      const char* text : {
          R"({"id":"1","userName":"bob","name":{"familyName":"Zed"},"active":true,"meta":{"created":"2026-01-02T00:00:00Z"}})",
          R"({"id":"2","userName":"Alice","meta":{"created":"2026-01-02T01:00:00+02:00"}})",
          R"({"id":"3","userName":"carl","name":{"familyName":"abel"},"active":false,
               "emails":[{"value":"z"},{"value":"A","primary":true}],
               "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"m"}}})",
          R"({"id":"4","userName":"dora","name":{"givenName":"x"},"emails":[{"value":"b"}],
               "meta":{"created":"1969-12-31T00:00:00Z"}})",
      }) {
    users.push_back(parse_object(text));
  }
  const auto sort = Sort::make(user_type(), by, order);
  if (!sort.ok()) return refusal(sort.error());
  if (!*sort) return "unsorted";
  std::ranges::sort(users, [&](const auto& a, const auto& b) {
    const auto one = (*sort)->key(a);
    const auto other = (*sort)->key(b);
    if ((*sort)->before(one, other) || (*sort)->before(other, one)) return (*sort)->before(one, other);
    return a.at("id").as_string() < b.at("id").as_string();
  });
  std::string ids;
  for (const auto& user : users) ids += std::string_view(user.at("id").as_string());
  return ids;
}

TEST(Sort, P3OrdersWithoutCaseAndPutsAbsentValuesLastOrFirst) {
  EXPECT_EQ(sorted("userName", ""), "2134");
  EXPECT_EQ(sorted("username", "DESCENDING"), "4312");
  EXPECT_EQ(sorted("name.familyName", "ascending"), "3124");
  EXPECT_EQ(sorted("name.familyName", "descending"), "2413");
  EXPECT_EQ(sorted("active", ""), "3124");
  EXPECT_EQ(sorted("emails", ""), "3412");
  EXPECT_EQ(sorted("emails.value", ""), "3412");
  EXPECT_EQ(sorted("manager", "descending"), "1243");
  EXPECT_EQ(sorted("meta.created", ""), "4213");
  for (const char* by : {"", "nope", "name", "urn:ietf:params:scim:schemas:core:2.0:User"}) {
    EXPECT_EQ(sorted(by, ""), "unsorted") << by;
  }
  EXPECT_EQ(sorted("userName", "up"), "invalidValue");
}

TEST(Rendering, AddsMetaAndAddresses) {
  const ResourceState state{"g2", *from_rfc3339("2026-03-02T09:14:05Z"),
                            *from_rfc3339("2026-03-03T09:14:05Z"), 3};
  const auto group = complete_document(
      group_type(),
      parse_object(R"({"displayName":"Ops","members":[{"value":"u1"},{"value":"g3","type":"Group"}]})"),
      state, "https://l/scim/v2");
  EXPECT_EQ(
      json::serialize(group),
      R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"g2","displayName":"Ops",)"
      R"("members":[{"value":"u1","type":"User","$ref":"https://l/scim/v2/Users/u1"},)"
      R"({"value":"g3","type":"Group","$ref":"https://l/scim/v2/Groups/g3"}],)"
      R"("meta":{"resourceType":"Group","created":"2026-03-02T09:14:05Z","lastModified":"2026-03-03T09:14:05Z",)"
      R"("location":"https://l/scim/v2/Groups/g2","version":"W/\"3\""}})");
  const auto user = complete_document(
      user_type(), parse_object(R"({"userName":"a","groups":[{"value":"g2"}]})"), state, "https://l/scim/v2");
  EXPECT_EQ(user.at("groups").at(0).at("$ref"), "https://l/scim/v2/Groups/g2");
}

TEST(Rendering, V1ComparesVersions) {
  EXPECT_TRUE(names_version("W/\"3\"", version_text(3)));
  EXPECT_TRUE(names_version("\"3\"", version_text(3)));
  EXPECT_TRUE(names_version(" W/\"1\" , W/\"3\"", version_text(3)));
  EXPECT_TRUE(names_version("*", version_text(3)));
  EXPECT_FALSE(names_version("W/\"2\"", version_text(3)));
  EXPECT_FALSE(names_version("", version_text(3)));
  EXPECT_FALSE(names_version("W/\"33\"", version_text(3)));
}

}  // namespace
}  // namespace latchkey::scim
