#include "core/people/offboard_plan.h"

#include <gtest/gtest.h>

#include <set>

namespace latchkey::people {
namespace {

using enum HoldingKind;

constexpr HoldingKind kKinds[] = {device,   tagged_device, api_token, auth_key, client, identity, invite,
                                  scim_key, webhook,       session,   group,    policy, contact,  ownership};

// The table of what becomes of a person's things: stops and comes back, ends, or goes on without him.
TEST(OffboardHolding, R39_SuspensionStopsTokensKeysAndDevicesAndDeletionEndsThemAndNothingElse) {
  for (const auto kind : kKinds) {
    const bool his =
        kind == device || kind == api_token || kind == auth_key || kind == invite || kind == session;
    const bool made =
        kind == tagged_device || kind == client || kind == identity || kind == scim_key || kind == webhook;
    const auto suspended = fate_of(kind, Leaving::suspended);
    const auto deleted = fate_of(kind, Leaving::deleted);
    EXPECT_EQ(suspended == Fate::stops, his) << to_string(kind);
    EXPECT_EQ(deleted == Fate::ends, his || kind == group) << to_string(kind);
    EXPECT_EQ(suspended == Fate::goes_on && deleted == Fate::goes_on, made) << to_string(kind);
  }
}

TEST(OffboardHolding, EveryKindHasAWordAndSaysWhatBreaksAndWhatToDo) {
  std::set<std::string_view> words;
  for (const auto kind : kKinds) {
    EXPECT_TRUE(words.insert(to_string(kind)).second);
    EXPECT_FALSE(breakage_of({.kind = kind}).empty());
    EXPECT_FALSE(advice_on({.kind = kind}).empty());
  }
}

TEST(OffboardHolding, WhatWasNeverUsedNeedsNoSuccessor) {
  Holding key{.kind = auth_key};
  EXPECT_NE(advice_on(key).find("never used"), std::string::npos);
  key.users = 1;
  EXPECT_NE(advice_on(key).find("replace it"), std::string::npos);
  Holding token{.kind = api_token, .last_used = TimePoint{}};
  EXPECT_NE(advice_on(token).find("OAuth client"), std::string::npos);
}

class OffboardPlanTest : public ::testing::Test {
 protected:
  OffboardPlanTest() {
    for (const auto kind : kKinds) {
      if (kind != ownership)
        preview_.holdings.push_back({.kind = kind, .id = std::string(to_string(kind)) + "1"});
    }
    preview_.holdings.push_back({.kind = client, .id = "client2"});
  }
  static std::set<std::string> ids(const std::vector<Holding>& list) {
    std::set<std::string> names;
    for (const auto& holding : list) names.insert(holding.id);
    return names;
  }
  std::string refusal(const OffboardChoices& choices) {
    const auto plan = plan_offboarding(preview_, choices);
    return plan ? "" : plan.error().message;
  }
  OffboardPreview preview_;
};

using Ids = std::set<std::string>;

TEST_F(OffboardPlanTest, WithoutChoicesNothingElseIsTouchedAndWhatGoesOnIsNamed) {
  const auto plan = plan_offboarding(preview_, {}).value();
  EXPECT_TRUE(plan.devices.empty() && plan.revoke.empty() && plan.rotate.empty());
  EXPECT_EQ(ids(plan.going_on), (Ids{"taggedDevice1", "client1", "client2", "identity1", "scimKey1",
                                     "webhook1", "group1", "policy1", "contact1"}));
}

TEST_F(OffboardPlanTest, KindsAndIdsAreChosenOnceEach) {
  const auto plan =
      plan_offboarding(preview_, {.revoke = {"clients", "client2", "scim-key"}, .rotate = {"webhook1"}})
          .value();
  EXPECT_EQ(plan.revoke.size(), 3U);
  EXPECT_EQ(ids(plan.revoke), (Ids{"client1", "client2", "scimKey1"}));
  EXPECT_EQ(ids(plan.rotate), (Ids{"webhook1"}));
  EXPECT_EQ(ids(plan.going_on),
            (Ids{"taggedDevice1", "identity1", "webhook1", "group1", "policy1", "contact1"}));
}

TEST_F(OffboardPlanTest, HisOwnDevicesMoveAndTaggedOnesStay) {
  const auto plan =
      plan_offboarding(preview_, {.leaving = Leaving::deleted, .hand_over_to = "ben@example.com"}).value();
  EXPECT_EQ(ids(plan.devices), (Ids{"device1"}));
  EXPECT_TRUE(ids(plan.going_on).contains("device1"));
}

TEST_F(OffboardPlanTest, RefusesWhatDoesNotFitWithEachReason) {
  const std::pair<OffboardChoices, const char*> rows[] = {
      {{.hand_over_to = "ben", .tags = {"tag:x"}}, "handed over or tagged"},
      {{.revoke = {"keys"}}, "revoke takes clients, identities"},
      {{.revoke = {"device1"}}, "revoke takes clients, identities"},
      {{.rotate = {"client9"}}, "rotate takes clients, identities"},
      {{.rotate = {"identities"}}, "has no secret to rotate"},
      {{.rotate = {"scim-key"}}, "latchkey scim generate-key"},
      {{.revoke = {"clients"}, .rotate = {"client2"}}, "client2 is to be revoked and rotated"},
      {{.new_owner = "ben"}, "newOwner is for the tailnet's owner"},
  };
  for (const auto& [choices, why] : rows) EXPECT_NE(refusal(choices).find(why), std::string::npos) << why;
  const auto several = refusal({.revoke = {"keys"}, .rotate = {"identities"}, .new_owner = "ben"});
  for (const auto* why : {"nothing was changed: ", "revoke takes", "no secret", "newOwner"}) {
    EXPECT_NE(several.find(why), std::string::npos) << several;
  }
}

TEST_F(OffboardPlanTest, AnOwnerLeavesOnlyWhenAnHeirIsNamed) {
  preview_.user.role = identity::Role::owner;
  preview_.holdings.push_back({.kind = ownership, .id = "T1"});
  EXPECT_NE(refusal({}).find("name a new one"), std::string::npos);
  EXPECT_EQ(refusal({.new_owner = "ben@example.com"}), "");
}

TEST_F(OffboardPlanTest, AKindOfWhichThereIsNothingMeansNothing) {
  preview_.holdings.clear();
  EXPECT_EQ(refusal({.revoke = {"clients", "identities", "webhooks", "scim-key"}}), "");
}

TEST(OffboardErrors, AMissingRightComesFirst) {
  const auto error = all_of({conflict("a"), forbidden("b"), malformed("c", "x")});
  EXPECT_EQ(error.code, ErrorCode::forbidden);
  EXPECT_EQ(error.message, "nothing was changed: b; a; c");
  EXPECT_EQ(all_of({conflict("a")}).message, "a");
}

}  // namespace
}  // namespace latchkey::people
