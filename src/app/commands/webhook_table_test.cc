#include "app/commands/webhook_table.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <sstream>

namespace latchkey::app::commands {
namespace {

const TimePoint kNow = *from_rfc3339("2026-01-05T10:00:00Z");

boost::json::object endpoint(const std::string& more) {
  return boost::json::parse(
             R"({"endpointId":"w1CNTRL","endpointUrl":"https://ops.example/hook?key=1","providerType":"",)"
             R"("creatorLoginName":"mira@x.example","subscriptions":["nodeCreated","userDeleted"])" +
             more + "}")
      .get_object();
}

std::string shown(const Table& table) {
  std::istringstream in;
  std::ostringstream out;
  Screen screen(in, out, out, {});
  table.print(screen);
  return out.str();
}

TEST(WebhookTable, ALineTellsWhetherItWorks) {
  const auto row = webhook_row(endpoint(R"(,"health":{"failures":0})"), kNow);
  ASSERT_EQ(row.size(), webhook_headings().size());
  EXPECT_EQ(row[1].text, "https://ops.example/hook?***");
  EXPECT_EQ(row[2].text, "not called yet");
  EXPECT_EQ(row[3].text, "never");
  EXPECT_EQ(row[4].text, "nodeCreated, userDeleted");
  const auto works =
      webhook_row(endpoint(R"(,"health":{"failures":0,"lastAttempt":"2026-01-05T09:59:00Z"})"), kNow);
  EXPECT_EQ(works[2].text, "works");
  EXPECT_EQ(works[3].text, "60 seconds ago");
  const auto fails = webhook_row(endpoint(R"(,"health":{"failures":9,"lastAttempt":"2026-01-05T09:59:00Z",)"
                                          R"("failingSince":"2026-01-05T07:00:00Z"})"),
                                 kNow);
  EXPECT_EQ(fails[2].text, "failing for 3 hours");
  EXPECT_EQ(fails[2].style, Style::bad);
}

TEST(WebhookTable, TheAddressOfAChatIsMaskedWhetherItIsNamedOrNot) {
  auto chat = endpoint("");
  chat["endpointUrl"] = "https://hooks.slack.com/services/T0/B0/secret";
  EXPECT_EQ(webhook_address(chat), "https://hooks.slack.com/***");
  auto named = endpoint("");
  named["providerType"] = "mattermost";
  EXPECT_EQ(webhook_address(named), "https://ops.example/***");
}

TEST(WebhookTable, DetailsTellWhyItFails) {
  const auto text = shown(webhook_details(
      endpoint(R"(,"format":"slack","oldSecretUntil":"2026-01-06T10:00:00Z","health":{"failures":2,)"
               R"("lastAttempt":"2026-01-05T09:59:00Z","failingSince":"2026-01-05T07:00:00Z",)"
               R"("lastStatus":500,"pausedUntil":"2026-01-05T10:05:00Z"})"),
      kNow));
  for (const char* part :
       {"slack", "old secret ends", "in 24 hours", "500", "failures in a row", "in 5 minutes"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  const auto plain = shown(webhook_details(endpoint(""), kNow));
  EXPECT_NE(plain.find("generic"), std::string::npos) << plain;
}

TEST(WebhookTable, DeliveriesAndAttemptsTellTheirOutcome) {
  const auto delivery = boost::json::parse(R"({"number":7,"type":"nodeCreated","message":"Node a created",
      "state":"givenUp","queued":"2026-01-04T10:00:00Z","attemptCount":40,"replayOf":3,"event":{"type":"x"}})")
                            .get_object();
  const auto row = delivery_row(delivery, kNow);
  ASSERT_EQ(row.size(), delivery_headings().size());
  EXPECT_EQ(row[0].text, "7");
  EXPECT_EQ(row[1].text, "given up");
  EXPECT_EQ(row[1].style, Style::bad);
  EXPECT_EQ(row[3].text, "40");
  const auto details = shown(delivery_details(delivery, kNow));
  EXPECT_NE(details.find("sent again from"), std::string::npos) << details;
  EXPECT_NE(details.find(R"({"type":"x"})"), std::string::npos) << details;
  const auto attempts = shown(attempt_table(
      boost::json::parse(R"([{"at":"2026-01-05T09:00:00Z","tookMs":12,"status":500,"answer":"a\u001bb"},
                             {"at":"2026-01-05T09:30:00Z","tookMs":1,"error":"connection refused"}])")
          .get_array(),
      kNow));
  EXPECT_NE(attempts.find("a?b"), std::string::npos) << "an answer must not steer the terminal: " << attempts;
  EXPECT_NE(attempts.find("connection refused"), std::string::npos) << attempts;
}

}  // namespace
}  // namespace latchkey::app::commands
