#include "core/webhooks/subscription.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "core/webhooks/payload.h"

namespace latchkey::webhooks {
namespace {

WebhookEndpoint endpoint_with(std::vector<std::string> subscriptions) {
  WebhookEndpoint endpoint;
  endpoint.id = EndpointId("wOneCNTRL");
  endpoint.tailnet = TailnetId("TOneCNTRL");
  endpoint.subscriptions = std::move(subscriptions);
  endpoint.created = TimePoint{seconds{1000}};
  return endpoint;
}

Event event_of(EventType type) {
  Event event;
  event.type = type;
  event.tailnet = TailnetId("TOneCNTRL");
  event.at = TimePoint{seconds{1000}};
  return event;
}

TEST(Subscriptions, UpstreamsEventsCategoriesAndDeprecatedNamesAreTaken) {
  const std::vector<std::string> upstream{"nodeCreated",
                                          "nodeNeedsApproval",
                                          "nodeApproved",
                                          "nodeKeyExpiringInOneDay",
                                          "nodeKeyExpired",
                                          "nodeDeleted",
                                          "nodeSigned",
                                          "nodeNeedsSignature",
                                          "policyUpdate",
                                          "userCreated",
                                          "userNeedsApproval",
                                          "userSuspended",
                                          "userRestored",
                                          "userDeleted",
                                          "userApproved",
                                          "userRoleUpdated",
                                          "subnetIPForwardingNotEnabled",
                                          "exitNodeIPForwardingNotEnabled"};
  ASSERT_EQ(upstream.size(), 18U);
  EXPECT_EQ(*check_subscriptions(upstream), upstream) << "in the order given";
  EXPECT_TRUE(check_subscriptions({"categoryTailnetManagement", "categoryDeviceMisconfigurations",
                                   "categoryKeyActivity", "nodeAuthorized", "nodeNeedsAuthorization"})
                  .ok());
  const auto all = endpoint_with({"categoryTailnetManagement", "categoryDeviceMisconfigurations"});
  for (const auto& name : upstream) EXPECT_TRUE(wants(all, event_of(*event_type_from(name)))) << name;
}

TEST(Subscriptions, WhatIsSentAnywayOrUnknownCannotBeChosen) {
  for (const char* name : {"test", "webhookUpdated", "webhookDeleted", "nodecreated", "", "category"}) {
    const auto checked = check_subscriptions({"nodeCreated", name});
    ASSERT_FALSE(checked.ok()) << name;
    EXPECT_EQ(checked.error().fields, std::vector<std::string>{"subscriptions"});
    EXPECT_NE(checked.error().message.find(std::string("\"") + name + "\""), std::string::npos);
  }
  EXPECT_FALSE(check_subscriptions({}).ok());
  EXPECT_EQ(check_subscriptions({"nodeCreated", "userCreated", "nodeCreated"})->size(), 2U);
}

TEST(Subscriptions, R36_KeyActivityGoesByItsCategoryByTailnetManagementAndByName) {
  for (const auto& row : event_catalogue()) {
    if (!row.name.starts_with("credential")) continue;
    EXPECT_TRUE(wants(endpoint_with({"categoryKeyActivity"}), event_of(row.type))) << row.name;
    EXPECT_TRUE(wants(endpoint_with({"categoryTailnetManagement"}), event_of(row.type))) << row.name;
    EXPECT_TRUE(wants(endpoint_with({std::string(row.name)}), event_of(row.type))) << row.name;
    EXPECT_FALSE(wants(endpoint_with({"nodeCreated"}), event_of(row.type))) << row.name;
  }
  EXPECT_FALSE(wants(endpoint_with({"categoryKeyActivity"}), event_of(EventType::node_created)));
}

TEST(Subscriptions, DeprecatedNamesReachOnlyThoseWhoChoseThem) {
  EXPECT_TRUE(wants(endpoint_with({"nodeAuthorized"}), event_of(EventType::node_authorized)));
  EXPECT_FALSE(wants(endpoint_with({"nodeAuthorized"}), event_of(EventType::node_approved)));
  EXPECT_FALSE(wants(endpoint_with({"categoryTailnetManagement"}), event_of(EventType::node_authorized)));
}

TEST(Subscriptions, EveryEndpointIsToldOfTestsAndOfItself) {
  auto event = event_of(EventType::webhook_updated);
  event.only = EndpointId("wOneCNTRL");
  EXPECT_TRUE(wants(endpoint_with({"policyUpdate"}), event));
  event.only = EndpointId("wTwoCNTRL");
  EXPECT_FALSE(wants(endpoint_with({"policyUpdate"}), event));
  auto about_it = event_of(EventType::credential_updated);
  about_it.except = EndpointId("wOneCNTRL");
  EXPECT_FALSE(wants(endpoint_with({"categoryKeyActivity"}), about_it));
}

TEST(Subscriptions, NothingOfOtherTailnetsAndNothingFromBeforeItWasThere) {
  auto event = event_of(EventType::node_created);
  const auto endpoint = endpoint_with({"nodeCreated"});
  EXPECT_TRUE(wants(endpoint, event));
  event.at -= std::chrono::microseconds{1};
  EXPECT_FALSE(wants(endpoint, event));
  event = event_of(EventType::test);
  event.tailnet = TailnetId("TTwoCNTRL");
  EXPECT_FALSE(wants(endpoint, event));
}

TEST(EventCatalogue, NamesAreUniqueAndComeBack) {
  std::set<std::string_view> names;
  for (const auto& row : event_catalogue()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(event_type_from(row.name), row.type);
    EXPECT_EQ(&row_of(row.type), &row);
    EXPECT_FALSE(row.tells.empty());
    EXPECT_FALSE(category_from(row.name));
  }
}

TEST(EventCatalogue, TheDocumentHasEveryTypeWithWhatItTells) {
  std::ifstream file(LATCHKEY_SOURCE_DIR "/docs/webhooks.md");
  std::stringstream text;
  text << file.rdbuf();
  const auto document = text.str();
  for (const auto& row : event_catalogue()) {
    const auto begin = document.find("| `" + std::string(row.name) + "` |");
    ASSERT_NE(begin, std::string::npos) << row.name;
    const auto line = document.substr(begin, document.find('\n', begin) - begin);
    EXPECT_NE(line.find(row.tells), std::string::npos) << line;
    for (const auto& category : category_catalogue()) {
      EXPECT_EQ(line.find("`" + std::string(category.name) + "`") != std::string::npos,
                is_in(row, category.category))
          << line;
    }
  }
}

TEST(WebhookPayload, ABodyHoldsUpToAHundredEventsAndAQuarterMebibyte) {
  EXPECT_EQ(fitting(std::vector<std::size_t>(150, 2)), 100U);
  EXPECT_EQ(fitting(std::vector<std::size_t>(3, kMaxBatchBytes / 2 - 10)), 2U);
  EXPECT_EQ(fitting(std::vector<std::size_t>(2, kMaxBatchBytes * 4)), 1U) << "one alone may be longer";
  EXPECT_EQ(fitting({}), 0U);
  const std::string two[] = {"1", "2"};
  EXPECT_EQ(batch_json(two), "[1,2]");
}

}  // namespace
}  // namespace latchkey::webhooks
