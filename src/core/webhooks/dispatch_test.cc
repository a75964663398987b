#include "core/webhooks/dispatch.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <set>

#include "core/webhooks/payload.h"
#include "core/webhooks/retry.h"
#include "core/webhooks/signature.h"
#include "core/webhooks/webhook_store.h"
#include "testing/webhook_world.h"

namespace latchkey::webhooks {
namespace {

using testing::WebhookWorld;

class DispatchWebhooks : public ::testing::Test {
 protected:
  EndpointId add(const std::string& url = "https://ops.example/hook", const std::string& provider = {}) {
    return world_.add_endpoint({"nodeCreated"}, url, provider).endpoint.id;
  }
  void queue(const EndpointId& id, int count) {
    for (int i = 0; i < count; ++i) world_.test(id);
    world_.read_feed();
  }
  std::vector<std::int64_t> numbers(std::int64_t from, std::int64_t to) {
    std::vector<std::int64_t> all;
    for (auto n = from; n <= to; ++n) all.push_back(n);
    return all;
  }

  WebhookWorld world_;
};

TEST_F(DispatchWebhooks, WaitingEventsShareOneBodyInOrder) {
  const auto id = add();
  queue(id, 3);
  ASSERT_EQ(world_.due(), std::vector{world_.ref(id)});
  const auto sent = world_.take_up(id);
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->deliveries, numbers(1, 3));
  EXPECT_EQ(boost::json::parse(sent->body).as_array().size(), 3U);
  EXPECT_EQ(sent->url.expose(), "https://ops.example/hook");
  const auto settled = world_.settle(*sent);
  EXPECT_TRUE(settled.taken);
  EXPECT_TRUE(world_.due().empty());
  EXPECT_EQ(world_.deliveries(id, DeliveryState::delivered).size(), 3U);
}

TEST_F(DispatchWebhooks, ABodyHoldsAHundredAtMost) {
  const auto id = add();
  queue(id, 130);
  const auto first = *world_.take_up(id);
  EXPECT_EQ(first.deliveries, numbers(1, 100));
  EXPECT_TRUE(world_.settle(first).more);
  EXPECT_EQ(world_.take_up(id)->deliveries, numbers(101, 130));
}

TEST_F(DispatchWebhooks, R29_ChatProvidersGetOneMessageAnEvent) {
  const auto id = add("https://chat.example/x", "mattermost");
  queue(id, 2);
  for (const std::int64_t number : {1, 2}) {
    const auto sent = *world_.take_up(id);
    EXPECT_EQ(sent.deliveries, std::vector<std::int64_t>{number});
    EXPECT_EQ(sent.body, R"({"username":"Latchkey","text":"[otter-reef.example] This is a test event"})");
    EXPECT_EQ(sent.masked_url, "https://chat.example/***");
    world_.settle(sent);
  }
  EXPECT_FALSE(world_.take_up(id));
}

TEST_F(DispatchWebhooks, OneSenderAtATimeAndACrashedOnesClaimLapses) {
  const auto id = add();
  queue(id, 1);
  const auto east = world_.take_up(id, "east");
  ASSERT_TRUE(east);
  EXPECT_TRUE(world_.due().empty());
  EXPECT_FALSE(world_.take_up(id, "west"));
  world_.now += kClaimLease;  // east crashed
  EXPECT_EQ(world_.due().size(), 1U);
  const auto west = world_.take_up(id, "west");
  ASSERT_TRUE(west);
  EXPECT_EQ(west->deliveries, east->deliveries) << "at least once";
  // East was only slow: what it says of the endpoint no longer counts, what was taken does.
  EXPECT_TRUE(world_.settle(*east, 500).lapsed);
  EXPECT_EQ(world_.endpoint(id).health.failures, 0);
  EXPECT_FALSE(world_.settle(*west).lapsed);
  EXPECT_EQ(world_.deliveries(id).at(0).state, DeliveryState::delivered);
}

TEST_F(DispatchWebhooks, ALateAnswerThatItWasTakenIsNotSentAThirdTime) {
  const auto id = add();
  queue(id, 1);
  const auto east = *world_.take_up(id, "east");
  world_.now += kClaimLease;
  const auto west = *world_.take_up(id, "west");
  EXPECT_TRUE(world_.settle(east, 200).lapsed);
  world_.settle(west, 500);
  world_.now += hours{2};
  EXPECT_TRUE(world_.due().empty());
}

TEST_F(DispatchWebhooks, EachAttemptIsSignedWithItsOwnTime) {
  const auto made = world_.add_endpoint({"nodeCreated"});
  queue(made.endpoint.id, 1);
  const auto first = *world_.take_up(made.endpoint.id);
  world_.settle(first, 503);
  world_.now += hours{3};
  const auto second = *world_.take_up(made.endpoint.id);
  EXPECT_EQ(second.body, first.body) << "the event and its time stay";
  EXPECT_NE(second.signature, first.signature);
  EXPECT_EQ(verify(second.signature, made.secret, second.body, world_.now), Verdict::genuine);
}

TEST_F(DispatchWebhooks, ADeadReceiverWaitsAndNobodyElse) {
  const auto dead = add();
  const auto well = add("https://other.example/");
  queue(dead, 2);
  queue(well, 1);
  const auto settled = world_.settle(*world_.take_up(dead), std::nullopt);
  EXPECT_FALSE(settled.taken);
  EXPECT_EQ(settled.next_attempt, world_.now + seconds{10});
  EXPECT_FALSE(world_.take_up(dead));
  EXPECT_EQ(world_.due(), std::vector{world_.ref(well)});
  EXPECT_TRUE(world_.settle(*world_.take_up(well)).taken);
  world_.now += seconds{10};
  const auto probe = *world_.take_up(dead);
  EXPECT_EQ(probe.deliveries, numbers(1, 1)) << "one alone while it fails";
  EXPECT_EQ(world_.settle(probe, 500).next_attempt, world_.now + seconds{30});
  world_.now += seconds{30};
  world_.settle(*world_.take_up(dead));
  EXPECT_EQ(world_.take_up(dead)->deliveries, numbers(2, 2)) << "in the old order";
  const auto first = world_.deliveries(dead).at(0);
  EXPECT_EQ(first.attempts, 3);
  const auto health = world_.endpoint(dead).health;
  EXPECT_EQ(health.failures, 0);
  EXPECT_FALSE(health.failing_since);
}

TEST_F(DispatchWebhooks, ABodyThatIsRefusedStepsAsideAndLaterOnesPass) {
  const auto id = add();
  queue(id, 3);
  auto sent = *world_.take_up(id);
  ASSERT_EQ(sent.deliveries, numbers(1, 3));
  EXPECT_FALSE(world_.settle(sent, 400).next_attempt) << "first it is found out which";
  sent = *world_.take_up(id);
  ASSERT_EQ(sent.deliveries, numbers(1, 1));
  const auto aside = world_.settle(sent, 400);
  EXPECT_TRUE(aside.more);
  EXPECT_GT(*aside.next_attempt, world_.now);
  sent = *world_.take_up(id);
  EXPECT_EQ(sent.deliveries, numbers(2, 2));
  world_.settle(sent);
  world_.settle(*world_.take_up(id));
  EXPECT_FALSE(world_.take_up(id));
  world_.now = *aside.next_attempt;
  EXPECT_EQ(world_.take_up(id)->deliveries, numbers(1, 1));
}

TEST_F(DispatchWebhooks, RedirectsAreFailures) {
  const auto id = add();
  queue(id, 1);
  EXPECT_FALSE(world_.settle(*world_.take_up(id), 302).taken);
  EXPECT_EQ(world_.deliveries(id).at(0).state, DeliveryState::waiting);
}

TEST_F(DispatchWebhooks, AfterADayItIsGivenUp) {
  const auto id = add();
  queue(id, 2);
  std::int64_t attempts = 0;
  std::int64_t given_up = 0;
  const auto began = world_.now;
  while (given_up == 0) {
    const auto sent = world_.take_up(id);
    ASSERT_TRUE(sent);
    const auto settled = world_.settle(*sent, 500);
    given_up = settled.given_up;
    world_.now = *settled.next_attempt;
    ASSERT_LT(++attempts, 100);
  }
  EXPECT_EQ(given_up, 2) << "those behind it had the same receiver";
  EXPECT_GE(world_.now - began, hours{24});
  EXPECT_LE(world_.now - began, hours{26});
  EXPECT_GE(attempts, 24);
  EXPECT_EQ(world_.deliveries(id, DeliveryState::given_up).size(), 2U);
  EXPECT_TRUE(world_.due().empty());
}

TEST_F(DispatchWebhooks, WhatWaitedWhileTheServerWasDownIsStillSent) {
  const auto id = add();
  queue(id, 1);
  world_.now += days{2};
  const auto sent = world_.take_up(id);
  ASSERT_TRUE(sent);
  EXPECT_TRUE(world_.settle(*sent).taken);
}

TEST_F(DispatchWebhooks, LastingFailureIsWarnedOfOnceAndToldToOthers) {
  const auto failing = add("https://hooks.slack.com/services/T0/B0/hush");
  const auto other = world_.add_endpoint({"categoryTailnetManagement"}, "https://other.example/").endpoint.id;
  world_.told(other);
  queue(failing, 1);
  int warnings = 0;
  for (int attempt = 0; attempt < 9; ++attempt) {
    const auto settled = world_.settle(*world_.take_up(failing), std::nullopt);
    const bool is_long = world_.now - *world_.endpoint(failing).health.failing_since >= kPersistentFailure;
    if (settled.warn) ++warnings;
    EXPECT_EQ(warnings, is_long ? 1 : 0) << attempt;
    world_.now = *settled.next_attempt;
  }
  EXPECT_EQ(warnings, 1);
  const auto told = world_.told(other);
  ASSERT_EQ(testing::types_of(told), std::vector<std::string>{"webhookFailing"});
  EXPECT_EQ(testing::data_in(told[0], "endpointID"), failing.str());
  EXPECT_EQ(testing::data_in(told[0], "endpointURL"), "https://hooks.slack.com/***");
  EXPECT_EQ(testing::data_in(told[0], "lastError"), "connection refused");
  EXPECT_EQ(world_.deliveries(failing).size(), 1U) << "not told of itself";
  world_.settle(*world_.take_up(failing));
  EXPECT_FALSE(world_.endpoint(failing).health.warned);
}

TEST_F(DispatchWebhooks, AnswersAreCutCleanedAndFreeOfKeys) {
  const auto id = add();
  queue(id, 1);
  const std::string key = std::string("tskey-") + "auth-kSecretCNTRL-hushhush";
  world_.settle(*world_.take_up(id), 200, 1.0, "\xff<html>" + key + std::string(5000, 'x'));
  const auto log = *identity::authorize<identity::Operation::read_webhook_deliveries>(
      world_.caller(identity::Role::owner));
  const auto attempts = *world_.db().read_now([&](core::Tx& tx) { return recent_attempts(tx, log, id); });
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_LE(attempts[0].answer.size(), kMaxAnswer);
  EXPECT_TRUE(attempts[0].answer.starts_with("\xef\xbf\xbd<html>"));
  EXPECT_EQ(attempts[0].answer.find("hushhush"), std::string::npos);
}

TEST_F(DispatchWebhooks, NextDueIsTheEndOfThePause) {
  const auto id = add();
  const auto next = [&] {
    return *world_.db().read_now(
        [&](core::Tx& tx) -> Result<std::optional<TimePoint>> { return next_due(tx, world_.now); });
  };
  EXPECT_FALSE(next());
  queue(id, 1);
  EXPECT_EQ(next(), world_.now);
  const auto settled = world_.settle(*world_.take_up(id), 503);
  EXPECT_EQ(next(), settled.next_attempt);
}

TEST_F(DispatchWebhooks, TheLogForgetsAfterItsTimeAndKeepsWhatWaits) {
  const auto id = add();
  const auto dead = add("https://dead.example/");
  queue(id, 1);
  world_.settle(*world_.take_up(id));
  queue(dead, 1);
  const auto forget = [&] {
    return *world_.db().write_now(
        [&](core::Tx& tx) -> Result<std::int64_t> { return forget_deliveries(tx, world_.now, 100); });
  };
  world_.now += kDeliveryRetention;
  EXPECT_EQ(forget(), 0);
  world_.now += seconds{1};
  EXPECT_EQ(forget(), 1);
  EXPECT_TRUE(world_.deliveries(id).empty());
  EXPECT_EQ(world_.deliveries(dead).size(), 1U);
  EXPECT_TRUE(world_.take_up(dead));
  EXPECT_EQ(forget(), 0);
}

}  // namespace
}  // namespace latchkey::webhooks
