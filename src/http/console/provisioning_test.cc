// The SCIM key and the guard, through the real router.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "testing/scim_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using identity::UserStatus;
using testing::ApiWorld;
using testing::header_of;
using testing::json_of;
using testing::ScimWorld;
using testing::text_at;

constexpr const char* kDoor = "/api/console/provisioning";

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

class Provisioning : public ::testing::Test {
 protected:
  int scim_with(const std::string& key) { return api_.call("GET", "/scim/v2/Users", key).status; }
  boost::json::object status() { return json_of(api_.call("GET", kDoor, api_.owner)).as_object(); }
  io::Response post(const std::string& path, const std::string& body = "{}") {
    return api_.call("POST", kDoor + path, api_.owner, {{}, body});
  }

  ScimWorld api_;
};

TEST_F(Provisioning, R24_R25_ProvisioningMustBeEnabledAndEnablingShowsTheKeyOnce) {
  ApiWorld fresh;
  tailnet::SettingsChange approval;
  approval.users_approval = true;
  fresh.world.change_settings(approval);
  const auto owner = fresh.token(Role::owner);
  EXPECT_EQ(fresh.call("POST", std::string(kDoor) + "/key", owner).status, 409);
  const auto made = fresh.call("POST", std::string(kDoor) + "/enable", owner);
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_TRUE(made.sensitive);
  const auto key = text_at(made, "key");
  EXPECT_TRUE(key.starts_with("tskey-scim-k"));
  EXPECT_EQ(text_at(made, "keyType"), "scim");
  EXPECT_EQ(fresh.call("GET", "/scim/v2/Users", key).status, 200) << "at once";
  const auto random = key.substr(key.rfind('-') + 1);
  for (const char* later : {kDoor, "/api/v2/tailnet/-/keys?all=true"}) {
    EXPECT_EQ(fresh.call("GET", later, owner).body.find(random), std::string::npos) << later;
  }
  EXPECT_EQ(fresh.call("POST", std::string(kDoor) + "/enable", owner).status, 409);
  const auto settings = json_of(fresh.call("GET", "/api/v2/tailnet/-/settings", owner));
  EXPECT_EQ(settings.at("usersApprovalOn"), false);
  // One act, one group of records; no secret in any.
  std::vector<std::string> events;
  std::set<std::string> groups;
  for (const auto& record : fresh.world.log()) {
    const auto name = event_name(record);
    if (name != "TAILNET.ENABLE.SCIM" && name != "TAILNET.DISABLE.USER_APPROVAL_REQUIRED" &&
        record.target.name != "SCIM key") {
      continue;
    }
    events.push_back(name);
    groups.insert(record.group_id);
  }
  EXPECT_EQ(events, (std::vector<std::string>{"TAILNET.ENABLE.SCIM", "TAILNET.DISABLE.USER_APPROVAL_REQUIRED",
                                              "API_KEY.CREATE"}));
  EXPECT_EQ(groups.size(), 1U);
}

TEST_F(Provisioning, R21_TheKeyOpensScimAndNothingElseAndNothingElseOpensScim) {
  EXPECT_EQ(scim_with(api_.key), 200);
  EXPECT_EQ(api_.call("GET", "/api/v2/whoami", api_.key).status, 401);
  EXPECT_EQ(api_.call("GET", kDoor, api_.key).status, 401);
  const auto wrong = api_.call("GET", "/scim/v2/Users", api_.owner);
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(header_of(wrong, "WWW-Authenticate"), "Bearer realm=\"scim\"");
  auto bent = api_.key;
  auto& letter = bent[bent.size() - 20];
  letter = letter == 'a' ? 'b' : 'a';
  for (const auto& other : {std::string(), std::string("non-token"), api_.owner, bent}) {
    EXPECT_EQ(api_.call("GET", "/scim/v2/Users", other).body, wrong.body) << other.size();
  }
  // A2, A3
  EXPECT_EQ(api_.call("GET", "/scim/v2/Users", "", {{{"Authorization", api_.key}}, ""}).status, 200);
  EXPECT_EQ(api_.call("GET", "/scim/v2/Users?key=" + api_.key).status, 401);
  EXPECT_EQ(api_.call("GET", "/scim/v2/Users", "",
                      {{{"Authorization", "Bearer " + api_.key}, {"Authorization", "x"}}, ""})
                .status,
            401);
}

TEST_F(Provisioning, R11_ALetterInTheOtherCaseIsRefused) {
  auto flipped = api_.key;
  const auto letter = std::find_if(flipped.begin() + 12, flipped.end(), is_letter);
  ASSERT_NE(letter, flipped.end());
  *letter = static_cast<char>(*letter ^ 0x20);
  EXPECT_EQ(scim_with(flipped), 401);
  EXPECT_EQ(scim_with(api_.key), 200);
}

TEST_F(Provisioning, R6_TheKeyStillWorksAfterTenYears) {
  EXPECT_FALSE(status().at("key").as_object().contains("expires"));
  api_.clock.advance(std::chrono::days(3653));
  EXPECT_EQ(scim_with(api_.key), 200);
}

TEST_F(Provisioning, R22_R28_ANewKeyEndsTheOldOneInTheVeryNextRequest) {
  ASSERT_EQ(scim_with(api_.key), 200);
  ASSERT_GT(api_.cache().size(), 0U);
  const auto made = post("/key");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(scim_with(api_.key), 401);
  EXPECT_EQ(scim_with(text_at(made, "key")), 200);
}

TEST_F(Provisioning, R27_RevokedAndDisabledMeanRefusedAndPeopleStay) {
  ASSERT_EQ(api_.call("DELETE", std::string(kDoor) + "/key", api_.owner).status, 200);
  EXPECT_EQ(scim_with(api_.key), 401);
  EXPECT_EQ(api_.call("DELETE", std::string(kDoor) + "/key", api_.owner).body, "{}");
  const auto second = text_at(post("/key"), "key");
  EXPECT_EQ(scim_with(second), 200);
  const auto id = [&] {
    api_.key = second;
    return api_.make_user("ines");
  }();
  EXPECT_EQ(post("/disable").status, 400);  // the question is not left open
  ASSERT_EQ(post("/disable", R"({"revokeKey":false})").status, 200);
  EXPECT_EQ(scim_with(second), 401);
  EXPECT_EQ(post("/disable", R"({"revokeKey":true})").status, 409);
  EXPECT_EQ(api_.user(id).status, UserStatus::active);  // what was synced stays
  EXPECT_TRUE(status().contains("key"));
  const auto third = text_at(post("/enable"), "key");
  EXPECT_EQ(scim_with(second), 401);
  EXPECT_EQ(scim_with(third), 200);
  ASSERT_EQ(post("/disable", R"({"revokeKey":true})").status, 200);
  EXPECT_FALSE(status().contains("key"));
}

TEST_F(Provisioning, R27_ABulkRequestIsRefusedAsAWhole) {
  ASSERT_EQ(post("/disable", R"({"revokeKey":false})").status, 200);
  const auto bulk = api_.scim(
      "POST", "/Bulk",
      R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"DELETE","path":"/Users/u1"}]})");
  EXPECT_EQ(bulk.status, 401) << bulk.body;
}

TEST_F(Provisioning, R1_TheKeyIsListedWithTheOthersAndBelongsToTheTailnet) {
  const auto keys =
      json_of(api_.call("GET", "/api/v2/tailnet/-/keys?all=true", api_.owner)).at("keys").as_array();
  const auto mine = std::ranges::find_if(keys, [](const auto& key) { return key.at("keyType") == "scim"; });
  ASSERT_NE(mine, keys.end());
  EXPECT_FALSE(mine->as_object().contains("userId"));
  EXPECT_FALSE(mine->as_object().contains("expires"));
  // Its maker's state does not count.
  api_.world.set_status(Role::owner, UserStatus::suspended);
  EXPECT_EQ(scim_with(api_.key), 200);
}

TEST_F(Provisioning, R26_TheStatusSaysWhenNobodySyncs) {
  EXPECT_EQ(status().at("quiet"), false);
  EXPECT_EQ(status().at("baseUrl"), "https://latchkey.example/scim/v2");
  api_.owner = api_.token(Role::owner);
  api_.clock.advance(std::chrono::hours(24 * 8));
  EXPECT_EQ(status().at("quiet"), true);
}

TEST_F(Provisioning, R24_WhereItIsNotAvailableNothingOfItIsThere) {
  api_.context().scim_available = false;
  const auto nothing = api_.call("GET", "/nothing/here", api_.owner);
  for (const char* path : {"/scim/v2/Users", "/scim/v2", "/scim/v2/nonsense", "/%73cim/v2/Users", kDoor,
                           "/api/console/%70rovisioning"}) {
    const auto answer = api_.call("GET", path, api_.owner);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(answer.body, nothing.body) << path;
  }
}

class MassChangeGuard : public Provisioning {
 protected:
  MassChangeGuard() {
    for (int i = 0; i < 12; ++i) ids_.push_back(api_.make_user("p" + std::to_string(i)));
  }
  io::Response suspend(int i) {
    return api_.patch("/Users/" + ids_.at(static_cast<std::size_t>(i)),
                      R"([{"op":"replace","path":"active","value":false}])");
  }
  boost::json::object guard() { return status().at("guard").as_object(); }

  std::vector<std::string> ids_;
};

TEST_F(MassChangeGuard, HoldsWhatIsTooMuchUntilAPersonDecides) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(suspend(i).status, 200) << i;
  const auto held = suspend(5);
  EXPECT_EQ(held.status, 429) << held.body;
  EXPECT_EQ(text_at(held, "status"), "429");
  EXPECT_FALSE(header_of(held, "Retry-After").empty());
  EXPECT_EQ(api_.user(ids_[5]).status, UserStatus::active);
  EXPECT_EQ(api_.scim("DELETE", "/Users/" + ids_[6]).status, 429);
  EXPECT_EQ(guard().at("state"), "holding");
  EXPECT_EQ(guard().at("heldRequests"), 2);
  // Nothing else is held.
  EXPECT_EQ(api_.patch("/Users/" + ids_[7], R"([{"op":"add","path":"title","value":"x"}])").status, 200);
  EXPECT_EQ(api_.patch("/Users/" + ids_[0], R"([{"op":"replace","path":"active","value":true}])").status,
            200);
  // Time alone does not release it.
  api_.clock.advance(std::chrono::hours(48));
  EXPECT_EQ(suspend(5).status, 429);
  const auto log = api_.world.log();
  const auto began = std::ranges::count_if(
      log, [](const auto& record) { return event_name(record) == "TAILNET.UPDATE.SCIM_REMOVALS"; });
  EXPECT_EQ(began, 1);

  ASSERT_EQ(post("/guard/release", R"({"seconds":600})").status, 200);
  EXPECT_EQ(guard().at("state"), "released");
  EXPECT_EQ(suspend(5).status, 200);
  EXPECT_EQ(api_.scim("DELETE", "/Users/" + ids_[6]).status, 204);
  api_.clock.advance(std::chrono::minutes(11));
  EXPECT_EQ(guard().at("state"), "watching");
  EXPECT_EQ(suspend(7).status, 200);
}

TEST_F(MassChangeGuard, WhatAPersonRefusedIsNotTriedAgain) {
  EXPECT_EQ(post("/guard/refuse").status, 409);
  for (int i = 0; i < 6; ++i) suspend(i);
  ASSERT_EQ(post("/guard/refuse").status, 200);
  EXPECT_EQ(suspend(6).status, 403);
  EXPECT_EQ(guard().at("state"), "refused");
  EXPECT_EQ(guard().at("decidedBy"), "olive@otter-reef.example");
  for (const char* seconds : {"59", "86401"}) {
    EXPECT_EQ(post("/guard/release", std::string(R"({"seconds":)") + seconds + "}").status, 400);
  }
  ASSERT_EQ(post("/guard/release").status, 200);
  EXPECT_EQ(suspend(6).status, 200);
}

TEST_F(MassChangeGuard, CountsWithinItsWindowOnly) {
  for (int i = 0; i < 5; ++i) ASSERT_EQ(suspend(i).status, 200);
  api_.clock.advance(std::chrono::minutes(61));
  for (int i = 5; i < 10; ++i) EXPECT_EQ(suspend(i).status, 200) << i;
  EXPECT_EQ(suspend(10).status, 429);
}

TEST_F(MassChangeGuard, AfterAReleaseItCountsAnew) {
  for (int i = 0; i < 5; ++i) ASSERT_EQ(suspend(i).status, 200);
  ASSERT_EQ(suspend(5).status, 429);
  ASSERT_EQ(post("/guard/release", R"({"seconds":600})").status, 200);
  for (int i = 5; i < 10; ++i) EXPECT_EQ(suspend(i).status, 200) << i;
  api_.clock.advance(std::chrono::minutes(11));
  EXPECT_EQ(guard().at("removedLately"), 0) << "neither those before nor those whom it let pass";
  EXPECT_EQ(suspend(10).status, 200);
  EXPECT_EQ(guard().at("removedLately"), 1);
}

TEST_F(MassChangeGuard, EndsWithTheProvisioningThatItGuards) {
  for (int i = 0; i < 6; ++i) suspend(i);
  ASSERT_EQ(guard().at("state"), "holding");
  ASSERT_EQ(post("/disable", R"({"revokeKey":false})").status, 200);
  EXPECT_EQ(post("/guard/release").status, 409);
  EXPECT_EQ(post("/guard/refuse").status, 409);
  ASSERT_EQ(post("/enable").status, 200);
  EXPECT_EQ(guard().at("state"), "watching");
  EXPECT_EQ(guard().at("heldRequests"), 0);
}

TEST_F(MassChangeGuard, CountsEachPersonOnce) {
  for (int i = 0; i < 5; ++i) ASSERT_EQ(suspend(i).status, 200);
  EXPECT_EQ(api_.scim("DELETE", "/Users/" + ids_[0]).status, 204) << "he is among the five";
  ASSERT_EQ(api_.patch("/Users/" + ids_[1], R"([{"op":"replace","path":"active","value":true}])").status,
            200);
  EXPECT_EQ(suspend(1).status, 200) << "he too";
  EXPECT_EQ(guard().at("removedLately"), 5);
  EXPECT_EQ(guard().at("activePeople"), 8) << "with the owner, without the suspended";
  EXPECT_EQ(suspend(5).status, 429) << "the sixth";
}

TEST_F(MassChangeGuard, APutAndABulkRequestAreHeldAlike) {
  for (int i = 0; i < 5; ++i) ASSERT_EQ(suspend(i).status, 200);
  const auto put = api_.scim(
      "PUT", "/Users/" + ids_[5],
      R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"p5","active":false})");
  EXPECT_EQ(put.status, 429);
  const auto bulk = api_.scim(
      "POST", "/Bulk",
      R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"DELETE","path":"/Users/)" +
          ids_[6] + R"("}]})");
  EXPECT_EQ(json_of(bulk).at("Operations").at(0).at("status"), "429") << bulk.body;
}

}  // namespace
}  // namespace latchkey::http
