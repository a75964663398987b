// Conformance cases of SCIM for users, through the real router.
#include <gtest/gtest.h>

#include <set>

#include "core/audit/audit_query.h"
#include "core/people/standing.h"
#include "testing/scim_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using identity::UserStatus;
using testing::header_of;
using testing::json_of;
using testing::ScimWorld;
using testing::text_at;

constexpr const char* kUser = R"("urn:ietf:params:scim:schemas:core:2.0:User")";

class ScimUsers : public ::testing::Test {
 protected:
  std::int64_t total(const std::string& filter) {
    const auto found = api_.scim("GET", "/Users?filter=" + filter);
    EXPECT_EQ(found.status, 200) << found.body;
    return found.status == 200 ? json_of(found).at("totalResults").to_number<std::int64_t>() : -1;
  }
  void expect_error(const io::Response& answer, int status, const std::string& scim_type) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.content_type, "application/scim+json");
    EXPECT_EQ(text_at(answer, "status"), std::to_string(status)) << answer.body;
    EXPECT_EQ(text_at(answer, "scimType"), scim_type) << answer.body;
    EXPECT_FALSE(text_at(answer, "detail").empty());
  }
  io::Response create(const std::string& members) {
    return api_.scim("POST", "/Users", std::string(R"({"schemas":[)") + kUser + "]," + members + "}");
  }
  std::size_t records(const std::string& event) {
    std::size_t count = 0;
    for (const auto& record : api_.world.log()) {
      count += event_name(record) == event && record.actor.type == audit::ActorType::scim ? 1 : 0;
    }
    return count;
  }

  ScimWorld api_;
};

TEST_F(ScimUsers, U1_ACreatedUserHasLocationVersionAndWhatWasSent) {
  const auto made = create(
      R"("userName":"Ines@Otter-Reef.example","externalId":"5b6a","displayName":"Ines Okoro","name":{"givenName":"Ines","familyName":"Okoro"},)"
      R"("emails":[{"value":"ines@otter-reef.example","type":"work","primary":true}],"title":null,"roles":[],)"
      R"("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Platform"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.content_type, "application/scim+json");
  const auto json = json_of(made).as_object();
  const std::string id(json.at("id").as_string());
  const auto& meta = json.at("meta").as_object();
  EXPECT_EQ(std::string(meta.at("location").as_string()), "https://latchkey.example/scim/v2/Users/" + id);
  EXPECT_EQ(header_of(made, "Location"), std::string(meta.at("location").as_string()));
  EXPECT_EQ(header_of(made, "ETag"), std::string(meta.at("version").as_string()));
  EXPECT_EQ(json.at("userName"), "Ines@Otter-Reef.example");
  EXPECT_EQ(json.at("active"), true);
  EXPECT_FALSE(json.contains("title"));
  EXPECT_FALSE(json.contains("roles"));
  EXPECT_EQ(api_.user(id).display_name, "Ines Okoro");
  EXPECT_EQ(api_.user(id).status, UserStatus::active);
  EXPECT_EQ(json_of(api_.scim("GET", "/Users/" + id)), json_of(made));
  EXPECT_EQ(records("USER.CREATE"), 1U);
}

TEST_F(ScimUsers, U3_U4_U5_RefusesWhatIsNoUser) {
  const auto plain = api_.call("POST", "/scim/v2/Users", api_.key, {{{"Content-Type", "text/plain"}}, "{}"});
  expect_error(plain, 415, "");
  expect_error(api_.scim("POST", "/Users", R"({"userName":"a"})"), 400, "invalidSyntax");
  expect_error(api_.scim("POST", "/Users", "[]"), 400, "invalidSyntax");
  expect_error(api_.scim("POST", "/Users", "{"), 400, "invalidSyntax");
  expect_error(create(R"("userName":"a","USERNAME":"b")"), 400, "invalidSyntax");
  expect_error(create(R"("displayName":"a")"), 400, "invalidValue");
  expect_error(create(R"("userName":"")"), 400, "invalidValue");
  expect_error(create(R"("userName":"a b")"), 400, "invalidValue");
}

TEST_F(ScimUsers, U6_U11_U12_ANameIsOnesOwnAndSomebodyKnownByLoginIsTakenOver) {
  const auto id = api_.make_user("ines@x.example");
  expect_error(create(R"("userName":"INES@x.example")"), 409, "uniqueness");
  const auto known = api_.world.user(Role::auditor);
  const auto taken = create("\"userName\":\"" + known.login_name + R"(","displayName":"Ann")");
  ASSERT_EQ(taken.status, 201) << taken.body;
  EXPECT_EQ(text_at(taken, "id"), known.id.str());
  EXPECT_EQ(api_.user(known.id.str()).role, Role::auditor);
  ASSERT_EQ(api_.scim("DELETE", "/Users/" + id).status, 204);
  EXPECT_EQ(api_.scim("DELETE", "/Users/" + id).status, 404);
  EXPECT_EQ(api_.scim("GET", "/Users/" + id).status, 404);
  const auto again = create(R"("userName":"ines@x.example")");
  ASSERT_EQ(again.status, 201) << again.body;
  EXPECT_NE(text_at(again, "id"), id);
}

TEST_F(ScimUsers, U7_APasswordIsKeptNowhere) {
  const auto made = create(R"("userName":"ines","password":"x9FqExample")");
  ASSERT_EQ(made.status, 201);
  EXPECT_EQ(made.body.find("password"), std::string::npos);
  EXPECT_EQ(api_.scim("GET", "/Users").body.find("x9FqExample"), std::string::npos);
  expect_error(api_.scim("GET", "/Users?filter=password+eq+%22x%22"), 400, "sensitive");
}

TEST_F(ScimUsers, G1_HiddenEqualsMissing) {
  const auto other = api_.call_locally("POST", "/api/local/tailnets",
                                       {{}, R"({"tailnet":"other.example","owner":"zoe@other.example"})"});
  ASSERT_EQ(other.status, 200) << other.body;
  const auto token = text_at(other, "apiToken");
  const auto foreign_key = text_at(api_.call("POST", "/api/console/provisioning/enable", token), "key");
  const auto id = api_.make_user("ines");
  const auto hidden = api_.call("GET", "/scim/v2/Users/" + id, foreign_key);
  const auto missing = api_.scim("GET", "/Users/u0NobodyCNTRL");
  expect_error(hidden, 404, "");
  EXPECT_EQ(hidden.body, missing.body);
  for (const char* method : {"PUT", "PATCH", "DELETE"}) {
    const std::string body =
        R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:api:messages:2.0:PatchOp"],"userName":"x","Operations":[]})";
    EXPECT_EQ(api_.call(method, "/scim/v2/Users/" + id, foreign_key, {{}, body}).status, 404) << method;
  }
  EXPECT_EQ(api_.user(id).login_name, "ines");
}

TEST_F(ScimUsers, G3_G4_G5_AnswersHaveWhatWasAskedFor) {
  const auto id = api_.make_user("ines", R"(,"displayName":"Ines")");
  const auto some = json_of(api_.scim("GET", "/Users/" + id + "?attributes=userName")).as_object();
  EXPECT_EQ(some.size(), 3U);
  const auto without =
      json_of(api_.scim("GET", "/Users/" + id + "?excludedAttributes=displayName,id")).as_object();
  EXPECT_FALSE(without.contains("displayName"));
  EXPECT_TRUE(without.contains("id"));
  expect_error(api_.scim("GET", "/Users/" + id + "?attributes=a&excludedAttributes=b"), 400, "invalidValue");
}

TEST_F(ScimUsers, F_FiltersFindByColumnsAndByEverythingElse) {
  api_.make_user("ines@x.example",
                 R"(,"externalId":"E-1","title":"Lead","emails":[{"value":"i@x.example","type":"work"}])");
  api_.make_user("tomas@x.example", R"(,"externalId":"E-2","active":false,"name":{"familyName":"Lind"})");
  EXPECT_EQ(total("userName+eq+%22INES@x.example%22"), 1);
  EXPECT_EQ(total("userName eq \"ines@x.example\""), 1);  // not escaped
  EXPECT_EQ(total("userName+eq+%22nobody%22"), 0);
  EXPECT_EQ(total("externalId+eq+%22e-1%22"), 0);
  EXPECT_EQ(total("externalId+eq+%22E-1%22"), 1);
  EXPECT_EQ(total("emails%5Btype+eq+%22work%22%5D.value+eq+%22i@x.example%22"), 1);
  EXPECT_EQ(total("active+eq+false"), 1);
  EXPECT_EQ(total("active+eq+false+and+name.familyName+eq+%22lind%22"), 1);
  EXPECT_EQ(total("not+(active+eq+true)+or+title+pr"), 2);
  EXPECT_EQ(total("userName+co+%22%25%22"), 0);
  EXPECT_EQ(total("userName+eq+%22'; DROP TABLE users; --%22"), 0);
  EXPECT_EQ(total("nonsense+eq+%22x%22"), 0);
  EXPECT_EQ(total("displayName+eq+%22olive%22"), 1);
  EXPECT_EQ(total("userName+eq+%22a%22+and+userName+eq+%22ines@x.example%22"), 0);
  EXPECT_EQ(total("meta.lastModified+gt+%222020-01-01T00:00:00Z%22+and+externalId+pr"), 2);
  for (const char* wrong : {"userName+zz+%22x%22", "userName+eq", "active+gt+true",
                            "userName+eq+%22a%5Cu0000%22", "userName+eq+a%00b", "title+co+%22%00%22"}) {
    expect_error(api_.scim("GET", std::string("/Users?filter=") + wrong), 400, "invalidFilter");
  }
}

TEST_F(ScimUsers, P1_P2_P3_PagesAreDisjointCompleteAndInOrder) {
  for (int i = 0; i < 12; ++i) {
    api_.clock.advance(seconds{1});
    api_.make_user("u" + std::to_string(i), R"(,"name":{"familyName":"F)" + std::to_string(i % 3) + R"("})");
  }
  std::set<std::string> seen;
  for (int start = 1; start < 14; start += 5) {
    const auto page =
        json_of(api_.scim("GET", "/Users?count=5&startIndex=" + std::to_string(start))).as_object();
    EXPECT_EQ(page.at("startIndex"), start);
    EXPECT_EQ(page.at("totalResults"), 13);  // with the owner
    EXPECT_EQ(page.at("itemsPerPage").to_number<std::size_t>(), page.at("Resources").as_array().size());
    for (const auto& each : page.at("Resources").as_array()) seen.emplace(each.at("id").as_string());
  }
  EXPECT_EQ(seen.size(), 13U);
  const auto none = json_of(api_.scim("GET", "/Users?count=0"));
  EXPECT_EQ(none.at("totalResults"), 13);
  EXPECT_TRUE(none.at("Resources").as_array().empty());
  EXPECT_EQ(json_of(api_.scim("GET", "/Users?count=-1")).at("itemsPerPage"), 0);
  EXPECT_EQ(json_of(api_.scim("GET", "/Users?startIndex=0")).at("startIndex"), 1);
  EXPECT_TRUE(json_of(api_.scim("GET", "/Users?startIndex=999")).at("Resources").as_array().empty());
  const auto sorted =
      json_of(api_.scim("GET", "/Users?sortBy=userName&sortOrder=descending&filter=userName+sw+%22u%22"));
  EXPECT_EQ(sorted.at("Resources").at(0).at("userName"), "u9");
  const auto searched =
      api_.scim("POST", "/Users/.search",
                R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"count":2})");
  EXPECT_EQ(json_of(searched).at("itemsPerPage"), 2);
  EXPECT_EQ(json_of(api_.scim("GET", "?filter=meta.resourceType+eq+%22User%22")).at("totalResults"), 13);
}

TEST_F(ScimUsers, Okta1_EveryListedUserHasNamesAndAnAddress) {
  const auto first =
      json_of(api_.scim("GET", "/Users?count=1&startIndex=1")).at("Resources").at(0).as_object();
  EXPECT_TRUE(first.at("name").as_object().contains("givenName"));
  EXPECT_TRUE(first.at("name").as_object().contains("familyName"));
  EXPECT_EQ(first.at("emails").at(0).at("value"), "olive@otter-reef.example");
  EXPECT_EQ(first.at("active"), true);
}

TEST_F(ScimUsers, X1_X2_WhoIsNotActiveIsSuspendedAndHisTokensSleep) {
  const auto id = api_.world.user(Role::admin).id.str();
  const auto token = api_.token(Role::admin);
  ASSERT_EQ(api_.call("GET", "/api/v2/whoami", token).status, 200);
  const char* forms[] = {R"([{"op":"Replace","path":"active","value":"False"}])",
                         R"([{"op":"replace","value":{"active":false}}])"};
  for (const auto* form : forms) {
    const auto answer = api_.patch("/Users/" + id, form);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(json_of(answer).at("active"), false);
    EXPECT_EQ(api_.user(id).status, UserStatus::suspended);
    EXPECT_EQ(api_.call("GET", "/api/v2/whoami", token).status, 401);
    EXPECT_EQ(json_of(api_.scim("GET", "/Users/" + id)).at("active"), false);
    ASSERT_EQ(api_.patch("/Users/" + id, R"([{"op":"replace","path":"active","value":true}])").status, 200);
    EXPECT_EQ(api_.user(id).status, UserStatus::active);
    EXPECT_EQ(api_.call("GET", "/api/v2/whoami", token).status, 200);
  }
  EXPECT_EQ(records("USER.SUSPEND"), 2U);
  EXPECT_EQ(records("USER.RESTORE"), 2U);
}

TEST_F(ScimUsers, X3_ASuspensionByAnAdministratorIsNotLiftedByTheSync) {
  const auto id = api_.make_user("ines");
  ASSERT_EQ(api_.patch("/Users/" + id, R"([{"op":"replace","path":"active","value":false}])").status, 200);
  ASSERT_EQ(api_.patch("/Users/" + id, R"([{"op":"replace","path":"active","value":true}])").status, 200);
  ASSERT_EQ(api_.user(id).status, UserStatus::active);
  const auto suspended = api_.world.db().write_now([&](core::Tx& tx) -> Result<void> {
    TRY(const auto may,
        identity::authorize<identity::Operation::suspend_user>(api_.world.caller(Role::owner)));
    TRY(people::suspend(tx, may, UserId(id), api_.world.now));
    return {};
  });
  ASSERT_TRUE(suspended.ok());
  const auto answer = api_.patch("/Users/" + id, R"([{"op":"replace","path":"active","value":true}])");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(json_of(answer).at("active"), false);
  EXPECT_EQ(api_.user(id).status, UserStatus::suspended);
  // Nor by saying first that he is not active.
  api_.patch("/Users/" + id, R"([{"op":"replace","path":"active","value":false}])");
  api_.patch("/Users/" + id, R"([{"op":"replace","path":"active","value":true}])");
  EXPECT_EQ(api_.user(id).status, UserStatus::suspended);
}

TEST_F(ScimUsers, X4_X5_X6_OddWordsAboutActive) {
  const auto id = api_.make_user("ines");
  expect_error(api_.patch("/Users/" + id, R"([{"op":"replace","path":"active","value":"maybe"}])"), 400,
               "invalidValue");
  const auto removed = api_.patch("/Users/" + id, R"([{"op":"remove","path":"active"}])");
  ASSERT_EQ(removed.status, 200) << removed.body;
  EXPECT_FALSE(json_of(removed).as_object().contains("active"));
  EXPECT_EQ(api_.user(id).status, UserStatus::suspended);
  const auto put =
      api_.scim("PUT", "/Users/" + id, std::string(R"({"schemas":[)") + kUser + R"(],"userName":"ines2"})");
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(api_.user(id).status, UserStatus::suspended);
  EXPECT_EQ(api_.user(id).login_name, "ines2");
}

TEST_F(ScimUsers, X7_TheOwnerIsNeitherSuspendedNorRemoved) {
  const auto owner = api_.world.tailnet().owner.id.str();
  expect_error(api_.patch("/Users/" + owner, R"([{"op":"replace","path":"active","value":false}])"), 403, "");
  expect_error(api_.scim("DELETE", "/Users/" + owner), 403, "");
  EXPECT_EQ(api_.user(owner).status, UserStatus::active);
}

TEST_F(ScimUsers, H8_H11_APatchIsAllOrNothing) {
  const auto id = api_.make_user("ines", R"(,"displayName":"Ines")");
  expect_error(
      api_.patch(
          "/Users/" + id,
          R"([{"op":"replace","path":"displayName","value":"X"},{"op":"add","path":"nope","value":1}])"),
      400, "invalidPath");
  EXPECT_EQ(json_of(api_.scim("GET", "/Users/" + id)).at("displayName"), "Ines");
}

TEST_F(ScimUsers, H14_ATakenNameIsRefusedInChangesToo) {
  api_.make_user("ines");
  const auto id = api_.make_user("tomas");
  expect_error(api_.patch("/Users/" + id, R"([{"op":"replace","value":{"userName":"INES"}}])"), 409,
               "uniqueness");
  expect_error(
      api_.scim("PUT", "/Users/" + id, std::string(R"({"schemas":[)") + kUser + R"(],"userName":"ines"})"),
      409, "uniqueness");
}

TEST_F(ScimUsers, V1_V2_VersionsGuardAndStayWhereNothingChanges) {
  const auto id = api_.make_user("ines", R"(,"displayName":"Ines")");
  const auto before = api_.scim("GET", "/Users/" + id);
  const auto tag = header_of(before, "ETag");
  EXPECT_EQ(api_.scim("GET", "/Users/" + id, "", {{"If-None-Match", tag}}).status, 304);
  const std::string same = R"([{"op":"replace","path":"displayName","value":"Ines"}])";
  api_.clock.advance(seconds{60});
  EXPECT_EQ(header_of(api_.patch("/Users/" + id, same), "ETag"), tag);
  EXPECT_EQ(json_of(api_.scim("GET", "/Users/" + id)), json_of(before));
  ASSERT_EQ(api_.patch("/Users/" + id, R"([{"op":"replace","path":"displayName","value":"I"}])").status, 200);
  EXPECT_NE(header_of(api_.scim("GET", "/Users/" + id), "ETag"), tag);
  const std::string late =
      R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:api:messages:2.0:PatchOp"],"userName":"late","Operations":[{"op":"remove","path":"displayName"}]})";
  for (const char* method : {"PUT", "PATCH", "DELETE"}) {
    expect_error(api_.scim(method, "/Users/" + id, late, {{"If-Match", tag}}), 412, "");
  }
  EXPECT_EQ(text_at(api_.scim("GET", "/Users/" + id), "displayName"), "I");
  EXPECT_EQ(api_.scim("GET", "/Users/" + id, "", {{"If-None-Match", tag}}).status, 200);
  EXPECT_EQ(api_.scim("DELETE", "/Users/" + id, "", {{"If-Match", "*"}}).status, 204);
}

TEST_F(ScimUsers, Z5_OneRecordForEachChangeAndNoneWhereNothingChanged) {
  const auto id = api_.make_user("ines");
  const auto before = api_.world.log().size();
  ASSERT_EQ(api_.patch("/Users/" + id, R"([{"op":"add","path":"title","value":"Lead"}])").status, 200);
  ASSERT_EQ(api_.patch("/Users/" + id, R"([{"op":"add","path":"title","value":"Lead"}])").status, 200);
  const auto log = api_.world.log();
  ASSERT_EQ(log.size(), before + 1);
  EXPECT_EQ(event_name(log.back()), "USER.PUSH_USER.ATTRIBUTES");
  EXPECT_EQ(log.back().actor.type, audit::ActorType::scim);
  EXPECT_EQ(log.back().source.origin, audit::Origin::identity_provider);
}

TEST_F(ScimUsers, D_DiscoveryNeedsTheKeyAndTakesNoFilterAndNoOtherMethod) {
  for (const char* path : {"/ServiceProviderConfig", "/Schemas", "/ResourceTypes"}) {
    EXPECT_EQ(api_.scim("GET", path).status, 200) << path;
    EXPECT_EQ(api_.call("GET", std::string("/scim/v2") + path).status, 401) << path;
    const auto wrong = api_.scim("POST", path, "{}");
    expect_error(wrong, 405, "");
    EXPECT_EQ(header_of(wrong, "Allow"), "GET");
  }
  expect_error(api_.scim("GET", "/Schemas?filter=id+pr"), 403, "");
  expect_error(api_.scim("GET", "/Schemas/nope"), 404, "");
  expect_error(api_.scim("GET", "/ResourceTypes/nope"), 404, "");
  expect_error(api_.scim("GET", "/5b6a2c1e-9f0d-4c47-8f6a-2f1f6b7c8d90"), 404, "");
  expect_error(api_.scim("GET", "/Me"), 501, "");
  EXPECT_EQ(json_of(api_.scim("GET", "/Schemas")).at("totalResults"), 6);
}

TEST_F(ScimUsers, S2_ABulkRequestCarriesOutItsOperationsInOrder) {
  const auto answer = api_.scim(
      "POST", "/Bulk",
      R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[)"
      R"({"method":"POST","path":"/Groups","bulkId":"g","data":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Ops","members":[{"value":"bulkId:u"}]}},)"
      R"({"method":"POST","path":"/Users","bulkId":"u","data":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ines"}},)"
      R"({"method":"DELETE","path":"/Users/u0NobodyCNTRL"}]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto results = json_of(answer).at("Operations").as_array();
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].at("status"), "201") << answer.body;
  EXPECT_EQ(results[1].at("status"), "201");
  EXPECT_EQ(results[2].at("status"), "404");
  const auto groups = json_of(api_.scim("GET", "/Groups")).at("Resources").as_array();
  EXPECT_EQ(groups.at(0).at("members").as_array().size(), 1U);
}

TEST_F(ScimUsers, S2_ABulkRequestStopsAfterAsManyErrorsAsItNames) {
  const std::string fails = R"({"method":"DELETE","path":"/Users/u0NobodyCNTRL"})";
  const auto answer = api_.scim(
      "POST", "/Bulk",
      R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"failOnErrors":2,"Operations":[)" +
          fails + "," + fails + R"(,{"method":"POST","path":"/Users","bulkId":"u","data":)" +
          R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"late"}}]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(json_of(answer).at("Operations").as_array().size(), 2U);
  EXPECT_EQ(total("userName+eq+%22late%22"), 0);
}

TEST_F(ScimUsers, S2_ABulkOperationOnAnIdThatNoIdCanBeIsRefused) {
  for (const char* id : {"", "/", "a/b", "a\\u0000b"}) {
    const auto answer = api_.scim(
        "POST", "/Bulk",
        std::string(
            R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"DELETE","path":"/Users/)") +
            id + R"("}]})");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(json_of(answer).at("Operations").at(0).at("status"), "400") << id;
  }
}

}  // namespace
}  // namespace latchkey::http
