// Conformance cases of SCIM for groups, and what groups do here: they are names in the policy file, and may
// give roles.
#include <gtest/gtest.h>

#include <set>

#include "core/identity/group_store.h"
#include "core/policy/manage.h"
#include "core/policy/ownership.h"
#include "testing/scim_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::header_of;
using testing::json_of;
using testing::ScimWorld;
using testing::text_at;

class ScimGroups : public ::testing::Test {
 protected:
  std::vector<std::string> members(const std::string& id) {
    std::vector<std::string> ids;
    const auto json = json_of(api_.scim("GET", "/Groups/" + id)).as_object();
    if (const auto* list = json.if_contains("members")) {
      for (const auto& each : list->as_array()) ids.emplace_back(each.at("value").as_string());
    }
    return ids;
  }
  std::vector<std::string> sorted(std::vector<std::string> ids) {
    std::ranges::sort(ids);
    return ids;
  }
  io::Response map_role(const std::string& group, const std::string& role, const std::string& token) {
    return api_.call("PUT", "/api/console/provisioning/role-mappings/" + group, token,
                     {{}, R"({"role":)" + role + "}"});
  }

  ScimWorld api_;
  const std::string a_ = api_.make_user("a@x.example");
  const std::string b_ = api_.make_user("b@x.example");
};

TEST_F(ScimGroups, B1_B2_AGroupIsMadeWithoutMembersAndItsNameIsItsOwn) {
  const auto made = api_.scim(
      "POST", "/Groups",
      R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],)"
      R"("externalId":"0f0e","displayName":"Sec Ops","meta":{"resourceType":"Group"}})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(header_of(made, "Location"), "https://latchkey.example/scim/v2/Groups/" + text_at(made, "id"));
  const auto twice =
      api_.scim("POST", "/Groups",
                R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"SEC OPS"})");
  EXPECT_EQ(twice.status, 409);
  EXPECT_EQ(text_at(twice, "scimType"), "uniqueness");
  const auto found =
      json_of(api_.scim("GET", "/Groups?excludedAttributes=members&filter=displayName+eq+%22sec%20ops%22"));
  EXPECT_EQ(found.at("totalResults"), 1);
}

TEST_F(ScimGroups, R39_ThePreviewOfAnOffboardingNamesThem) {
  const auto id = api_.make_group("ops");
  api_.patch("/Groups/" + id, R"([{"op":"add","path":"members","value":[{"value":")" + a_ + R"("}]}])");
  const auto preview =
      api_.call("GET", "/api/console/users/" + a_ + "/offboarding", api_.token(identity::Role::owner));
  ASSERT_EQ(preview.status, 200) << preview.body;
  const auto holdings = json_of(preview).at("holdings").as_array();
  ASSERT_EQ(holdings.size(), 1U);
  EXPECT_EQ(holdings[0].at("kind"), "group");
  EXPECT_EQ(holdings[0].at("name"), "ops");
  EXPECT_EQ(holdings[0].at("ifSuspended"), "remains");
}

TEST_F(ScimGroups, B3_B4_OnlyTheNamedMembersComeAndGo) {
  const auto id = api_.make_group("ops");
  const std::string path = "/Groups/" + id;
  const auto added = api_.patch(path, R"([{"op":"Add","path":"members","value":[{"$ref":null,"value":")" +
                                          a_ + R"("},{"$ref":null,"value":")" + b_ + R"("}]}])");
  ASSERT_EQ(added.status, 200) << added.body;
  EXPECT_EQ(members(id), sorted({a_, b_}));
  ASSERT_EQ(
      api_.patch(path, R"([{"op":"Remove","path":"members","value":[{"value":")" + a_ + R"("}]}])").status,
      200);
  EXPECT_EQ(members(id), std::vector{b_});
  api_.patch(path, R"([{"op":"add","path":"members","value":[{"value":")" + a_ + R"("}]}])");
  ASSERT_EQ(api_.patch(path, R"([{"op":"remove","path":"members[value eq \")" + b_ + R"(\"]"}])").status,
            200);
  EXPECT_EQ(members(id), std::vector{a_});
  ASSERT_EQ(api_.patch(path, R"([{"op":"remove","path":"members","value":[]}])").status, 200);
  EXPECT_EQ(members(id), std::vector{a_});
  ASSERT_EQ(api_.patch(path, R"([{"op":"remove","path":"members"}])").status, 200);
  EXPECT_TRUE(members(id).empty());
}

TEST_F(ScimGroups, B5_AnUnknownMemberIsLeftOutOrRefusedByTheSetting) {
  const auto id = api_.make_group("ops", {a_});
  const std::string body =
      R"([{"op":"add","path":"members","value":[{"value":"fake-member-id"},{"value":")" + b_ + R"("}]}])";
  ASSERT_EQ(api_.patch("/Groups/" + id, body).status, 200);
  EXPECT_EQ(members(id), sorted({a_, b_}));
  EXPECT_NE(api_.world.log().back().details.find("do not exist: 1"), std::string::npos);
  api_.context().sync_rules.strict_members = true;
  EXPECT_EQ(text_at(api_.patch("/Groups/" + id, body), "scimType"), "invalidValue");
}

TEST_F(ScimGroups, AGroupIsNoMemberOfItself) {
  const auto id = api_.make_group("ops", {a_});
  const std::string itself = R"([{"op":"add","path":"members","value":[{"value":")" + id + R"("}]}])";
  ASSERT_EQ(api_.patch("/Groups/" + id, itself).status, 200);
  EXPECT_EQ(members(id), std::vector{a_});
  api_.context().sync_rules.strict_members = true;
  EXPECT_EQ(text_at(api_.patch("/Groups/" + id, itself), "scimType"), "invalidValue");
}

TEST_F(ScimGroups, AMemberOfAnotherTailnetDoesNotExist) {
  const auto other = api_.call_locally("POST", "/api/local/tailnets",
                                       {{}, R"({"tailnet":"other.example","owner":"zoe@other.example"})"});
  const auto foreign_key =
      text_at(api_.call("POST", "/api/console/provisioning/enable", text_at(other, "apiToken")), "key");
  const auto made = api_.call(
      "POST", "/scim/v2/Groups", foreign_key,
      {{},
       R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"theirs","members":)" +
           ScimWorld::members_json({a_, api_.make_group("ours")}) + "}"});
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_FALSE(json_of(made).as_object().contains("members")) << made.body;
}

TEST_F(ScimGroups, V1_V2_VersionsGuardGroupsToo) {
  const auto id = api_.make_group("ops", {a_});
  const std::string path = "/Groups/" + id;
  const auto tag = header_of(api_.scim("GET", path), "ETag");
  EXPECT_EQ(api_.scim("GET", path, "", {{"If-None-Match", tag}}).status, 304);
  const auto changed =
      api_.patch(path, R"([{"op":"add","path":"members","value":[{"value":")" + b_ + R"("}]}])");
  ASSERT_NE(header_of(changed, "ETag"), tag);
  const std::string body =
      R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","urn:ietf:params:scim:api:messages:2.0:PatchOp"],"displayName":"late","members":[],"Operations":[{"op":"remove","path":"members"}]})";
  for (const char* method : {"PUT", "PATCH", "DELETE"}) {
    EXPECT_EQ(api_.scim(method, path, body, {{"If-Match", tag}}).status, 412) << method;
  }
  EXPECT_EQ(members(id), sorted({a_, b_}));
  EXPECT_EQ(api_.scim("DELETE", path, "", {{"If-Match", header_of(changed, "ETag")}}).status, 204);
}

TEST_F(ScimGroups, H14_ATakenNameIsRefusedInChangesToo) {
  api_.make_group("ops");
  const auto id = api_.make_group("security");
  const auto patched =
      api_.patch("/Groups/" + id, R"([{"op":"replace","path":"displayName","value":"OPS"}])");
  EXPECT_EQ(patched.status, 409) << patched.body;
  EXPECT_EQ(text_at(patched, "scimType"), "uniqueness");
  EXPECT_EQ(text_at(api_.scim("GET", "/Groups/" + id), "displayName"), "security");
  EXPECT_EQ(
      api_.patch("/Groups/" + id, R"([{"op":"replace","path":"displayName","value":"Security"}])").status,
      200)
      << "its own name";
}

TEST_F(ScimGroups, P2_AListOfBothKindsIsPagedAsOne) {
  std::set<std::string> all{a_, b_, api_.world.tailnet().owner.id.str(), api_.make_group("one"),
                            api_.make_group("two")};
  for (const int count : {1, 2, 3, 4, 5, 9}) {
    std::vector<std::string> seen;
    for (int start = 1; start <= 5; start += count) {
      const auto page = json_of(
          api_.scim("GET", "?count=" + std::to_string(count) + "&startIndex=" + std::to_string(start)));
      EXPECT_EQ(page.at("totalResults"), 5);
      EXPECT_LE(page.at("Resources").as_array().size(), static_cast<std::size_t>(count));
      for (const auto& each : page.at("Resources").as_array()) seen.emplace_back(each.at("id").as_string());
    }
    EXPECT_EQ(seen.size(), all.size()) << count;
    EXPECT_EQ(std::set(seen.begin(), seen.end()), all) << count;
  }
}

TEST_F(ScimGroups, B6_B7_WhatDoesNotSpeakOfMembersKeepsThem) {
  const auto id = api_.make_group("oncall", {a_, b_});
  const auto before = sorted({a_, b_});
  const auto renamed = api_.patch(
      "/Groups/" + id, R"([{"op":"replace","value":{"id":")" + id + R"(","displayName":"on-call"}}])");
  ASSERT_EQ(renamed.status, 200) << renamed.body;
  EXPECT_EQ(members(id), before);
  const std::string put =
      R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"on-call")";
  ASSERT_EQ(api_.scim("PUT", "/Groups/" + id, put + "}").status, 200);
  EXPECT_EQ(members(id), before);
  ASSERT_EQ(
      api_.scim("PUT", "/Groups/" + id, put + R"(,"members":[{"value":")" + a_ + R"(","display":null}]})")
          .status,
      200);
  EXPECT_EQ(members(id), std::vector{a_});
  ASSERT_EQ(api_.scim("PUT", "/Groups/" + id, put + R"(,"members":[]})").status, 200);
  EXPECT_TRUE(members(id).empty());
}

TEST_F(ScimGroups, B8_MembersAreLeftOutWhereTheyAreExcluded) {
  const auto id = api_.make_group("ops", {a_});
  for (const auto& path :
       {"/Groups/" + id + "?excludedAttributes=members", std::string("/Groups?excludedAttributes=members")}) {
    const auto answer = api_.scim("GET", path);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body.find("members"), std::string::npos) << answer.body;
  }
}

TEST_F(ScimGroups, B10_B11_AMemberGoesWithHisUserAndAGroupGoesOnce) {
  const auto id = api_.make_group("ops", {a_, b_});
  ASSERT_EQ(api_.scim("DELETE", "/Users/" + a_).status, 204);
  EXPECT_EQ(members(id), std::vector{b_});
  EXPECT_EQ(std::string(json_of(api_.scim("GET", "/Users/" + b_)).at("groups").at(0).at("value").as_string()),
            id);
  EXPECT_EQ(api_.scim("DELETE", "/Groups/" + id).status, 204);
  EXPECT_EQ(api_.scim("DELETE", "/Groups/" + id).status, 404);
  EXPECT_FALSE(json_of(api_.scim("GET", "/Users/" + b_)).as_object().contains("groups"));
}

TEST_F(ScimGroups, AGroupInAGroupIsShownAndItsPeopleAreNotTheOuterOnes) {
  const auto inner = api_.make_group("inner", {a_});
  const auto outer = api_.make_group("outer", {inner, b_});
  const auto json = json_of(api_.scim("GET", "/Groups/" + outer));
  for (const auto& each : json.at("members").as_array()) {
    EXPECT_EQ(std::string(each.at("type").as_string()),
              each.at("value").as_string() == inner ? "Group" : "User");
  }
  const auto logins = api_.world.db().read_now([&](core::Tx& tx) -> Result<std::vector<std::string>> {
    return *tx.groups().logins_of(api_.world.tailnet().tailnet.id, {"outer", "otter-reef.example", {}});
  });
  EXPECT_EQ(*logins, std::vector<std::string>{"b@x.example"});
}

TEST_F(ScimGroups, AreNamesInThePolicyFileByNameAndById) {
  const auto id = api_.make_group("Sec Ops", {a_});
  api_.world.store_policy(
      R"({"tagOwners": {"tag:a": ["group:sec ops@otter-reef.example"], "tag:b": ["group:)" + id +
      R"("], "tag:c": ["group:nobody@otter-reef.example"], "tag:d": ["group:sec ops@other.example"]}})");
  const auto owns = [&](const char* tag) {
    return *api_.world.db().read_now([&](core::Tx& tx) -> Result<bool> {
      const auto policy = policy::current_policy(tx, api_.world.tailnet().tailnet.id);
      return policy::owns_tag(policy, {.login = "A@x.example", .role = Role::member}, tag);
    });
  };
  EXPECT_TRUE(owns("tag:a"));
  EXPECT_TRUE(owns("tag:b"));
  EXPECT_FALSE(owns("tag:c"));
  EXPECT_FALSE(owns("tag:d"));
  api_.patch("/Groups/" + id, R"([{"op":"remove","path":"members"}])");
  EXPECT_FALSE(owns("tag:a"));
  const auto warned = *api_.world.db().read_now([&](core::Tx& tx) -> Result<std::vector<std::string>> {
    TRY(const auto may,
        identity::authorize<identity::Operation::read_policy>(api_.world.caller(Role::owner)));
    return policy::warnings(tx, may, policy::read_policy(tx, may));
  });
  ASSERT_EQ(warned.size(), 2U);
  EXPECT_NE(warned[0].find("not syncing from SCIM"), std::string::npos);
}

TEST_F(ScimGroups, ARoleFollowsTheGroupAndIsRecordedAsTheSyncs) {
  const auto id = api_.make_group("auditors", {a_});
  ASSERT_EQ(map_role(id, R"("auditor")", api_.owner).status, 200);
  EXPECT_EQ(api_.user(a_).role, Role::auditor);  // who is in it already
  EXPECT_EQ(api_.user(b_).role, Role::member);
  api_.patch("/Groups/" + id, R"([{"op":"add","path":"members","value":[{"value":")" + b_ + R"("}]}])");
  EXPECT_EQ(api_.user(b_).role, Role::auditor);
  const auto log = api_.world.log();
  EXPECT_EQ(event_name(log.back()), "USER.UPDATE.USER_ROLE");
  EXPECT_EQ(log.back().actor.type, audit::ActorType::scim);
  api_.patch("/Groups/" + id, R"([{"op":"remove","path":"members","value":[{"value":")" + b_ + R"("}]}])");
  EXPECT_EQ(api_.user(b_).role, Role::member);
  ASSERT_EQ(api_.scim("DELETE", "/Groups/" + id).status, 204);
  EXPECT_EQ(api_.user(a_).role, Role::member);
}

TEST_F(ScimGroups, NobodyIsMadeOwnerAndNobodyPromotesHimself) {
  const auto it = api_.world.user(Role::it_admin).id.str();
  const auto id = api_.make_group("it", {it, api_.world.tailnet().owner.id.str()});
  EXPECT_EQ(map_role(id, R"("owner")", api_.owner).status, 400);
  EXPECT_EQ(map_role(id, R"("admin")", api_.owner).status, 403);                       // he is in it
  EXPECT_EQ(map_role(id, R"("admin")", api_.token(Role::it_admin)).status, 403);       // so is he
  EXPECT_EQ(map_role(id, R"("admin")", api_.token(Role::network_admin)).status, 403);  // no right
  ASSERT_EQ(map_role(id, R"("admin")", api_.token(Role::admin)).status, 200);
  EXPECT_EQ(api_.user(it).role, Role::admin);
  EXPECT_EQ(api_.user(api_.world.tailnet().owner.id.str()).role, Role::owner);
  EXPECT_EQ(map_role("gNoneCNTRL", R"("admin")", api_.owner).status, 404);
}

TEST_F(ScimGroups, PeopleListThemAndSeeTheirMembers) {
  const auto id = api_.make_group("Sec Ops", {a_});
  const auto listed = json_of(api_.call("GET", "/api/console/groups", api_.owner)).at("groups").as_array();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].at("memberCount"), 1);
  for (const auto& reference : {id, std::string("sec%20OPS")}) {
    const auto shown = json_of(api_.call("GET", "/api/console/groups/" + reference, api_.owner));
    EXPECT_EQ(shown.at("members").at(0).at("loginName"), "a@x.example");
  }
  EXPECT_EQ(api_.call("GET", "/api/console/groups/none", api_.owner).status, 404);
}

// The list of a large group is not sent back for every member that comes; and none is lost.
TEST_F(ScimGroups, B9_ManyMembersInOneRequestAreAllTakenAndNotSentBack) {
  std::vector<std::string> ids;
  for (int i = 0; i < 1500; ++i) ids.push_back(api_.make_user("m" + std::to_string(i)));
  const auto id = api_.make_group("all");
  const auto added = api_.patch(
      "/Groups/" + id, R"([{"op":"add","path":"members","value":)" + ScimWorld::members_json(ids) + "}]");
  EXPECT_EQ(added.status, 204) << added.body;
  EXPECT_EQ(members(id).size(), ids.size());
}

}  // namespace
}  // namespace latchkey::http
