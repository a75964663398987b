// What endpoints were sent, over the API: the log, one delivery, and sending again.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/webhook_api_world.h"

namespace latchkey::http {
namespace {

namespace json = boost::json;
using identity::Role;
using testing::json_of;
using testing::message_of;

class WebhookDeliveries : public testing::WebhookApiWorld {
 protected:
  WebhookDeliveries() { path_ = path_of(make()); }

  // So many that were delivered, one a minute.
  void deliver(int count) {
    for (int i = 0; i < count; ++i) {
      queue_test(path_);
      const auto sent = take_up(path_);
      ASSERT_TRUE(sent);
      settle(*sent, 200, "ok");
      api_.clock.advance(minutes{1});
    }
  }
  std::vector<std::int64_t> listed(const std::string& query = {}) {
    const auto answer = api_.call("GET", path_ + "/deliveries" + query, owner());
    EXPECT_EQ(answer.status, 200) << answer.body;
    return numbers_in(answer);
  }
  static std::vector<std::int64_t> numbers_in(const io::Response& answer) {
    std::vector<std::int64_t> numbers;
    const auto body = json_of(answer);
    for (const auto& delivery : body.at("deliveries").as_array()) {
      numbers.push_back(delivery.at("number").as_int64());
    }
    return numbers;
  }
  io::Response replay(const std::string& body) { return post(path_ + "/deliveries/replay", body); }

  std::string path_;
};

using Numbers = std::vector<std::int64_t>;

TEST_F(WebhookDeliveries, AreListedNewestFirstByPageAndState) {
  deliver(4);
  queue_test(path_);
  EXPECT_EQ(listed(), (Numbers{5, 4, 3, 2, 1}));
  EXPECT_EQ(listed("?limit=2"), (Numbers{5, 4}));
  EXPECT_EQ(listed("?limit=2&before=4"), (Numbers{3, 2}));
  EXPECT_EQ(listed("?state=waiting"), (Numbers{5}));
  EXPECT_EQ(listed("?state=delivered&before=3"), (Numbers{2, 1}));
  EXPECT_EQ(listed("?state=givenUp"), Numbers{});
  const auto first = json_of(api_.call("GET", path_ + "/deliveries?state=delivered&limit=1", owner()));
  const auto& one = first.at("deliveries").at(0).as_object();
  EXPECT_EQ(one.at("type"), "test");
  EXPECT_EQ(one.at("state"), "delivered");
  EXPECT_EQ(one.at("attemptCount"), 1);
  EXPECT_EQ(one.at("timestamp"), "2026-01-05T09:03:00Z");
  EXPECT_TRUE(one.contains("ended"));
  EXPECT_FALSE(one.contains("nextAttempt"));
  EXPECT_FALSE(one.contains("event"));
}

TEST_F(WebhookDeliveries, OneTellsWhatWasSentAndEveryAttempt) {
  queue_test(path_);
  auto sent = take_up(path_);
  ASSERT_TRUE(sent);
  settle(*sent, 503, "later");
  api_.clock.advance(minutes{1});
  sent = take_up(path_);
  ASSERT_TRUE(sent);
  settle(*sent, 200, "ok");
  const auto answer = api_.call("GET", path_ + "/deliveries/1", owner());
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto delivery = json_of(answer).as_object();
  EXPECT_EQ(json::value(json::array{delivery.at("event")}), json::parse(sent->body));
  EXPECT_EQ(delivery.at("attemptCount"), 2);
  const auto& attempts = delivery.at("attempts").as_array();
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[0].at("status"), 503);
  EXPECT_EQ(attempts[0].at("answer"), "later");
  EXPECT_EQ(attempts[1].at("status"), 200);
  EXPECT_EQ(attempts[1].at("tookMs"), 12);
  EXPECT_EQ(json::serialize(attempts[1].at("deliveries")), "[1]");
}

TEST_F(WebhookDeliveries, AreSentAgainByNumberOrByWindowEachEventOnce) {
  deliver(3);
  const auto some = replay(R"({"numbers":[3,1,3]})");
  ASSERT_EQ(some.status, 200) << some.body;
  EXPECT_EQ(numbers_in(some), (Numbers{4, 5}));
  const auto queued = json_of(some).at("deliveries").as_array();
  EXPECT_EQ(queued[0].at("replayOf"), 1);
  EXPECT_EQ(queued[1].at("replayOf"), 3);
  EXPECT_EQ(queued[0].at("state"), "waiting");
  // What waits already is not sent twice.
  EXPECT_EQ(numbers_in(replay(R"({"numbers":[4]})")), Numbers{});

  const auto window =
      replay(R"({"from":"2026-01-05T09:01:00Z","to":"2026-01-05T09:01:00Z","state":"delivered"})");
  ASSERT_EQ(window.status, 200) << window.body;
  EXPECT_EQ(json_of(window).at("deliveries").at(0).at("replayOf"), 2);
  EXPECT_EQ(
      numbers_in(replay(R"({"from":"2026-01-05T09:01:00Z","to":"2026-01-05T09:02:00Z","state":"givenUp"})")),
      Numbers{});
  const auto sent = take_up(path_);
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->deliveries.size(), 3U);
}

TEST_F(WebhookDeliveries, EveryBadWishIsRefused) {
  deliver(1);
  for (const char* query :
       {"?state=late", "?limit=0", "?limit=501", "?limit=x", "?before=0", "?before=1.5"}) {
    EXPECT_EQ(api_.call("GET", path_ + "/deliveries" + query, owner()).status, 400) << query;
  }
  EXPECT_EQ(api_.call("GET", path_ + "/deliveries/first", owner()).status, 400);
  EXPECT_EQ(api_.call("GET", path_ + "/deliveries/0", owner()).status, 400);
  EXPECT_EQ(api_.call("GET", path_ + "/deliveries/9", owner()).status, 404);
  for (const char* body :
       {"", "{}", R"({"numbers":[]})", R"({"numbers":["1"]})", R"({"numbers":1})", R"({"from":"yesterday"})",
        R"({"from":"2026-01-05T09:00:00Z"})", R"({"to":"2026-01-05T09:00:00Z"})",
        R"({"from":"2026-01-06T09:00:00Z","to":"2026-01-05T09:00:00Z"})",
        R"({"numbers":[1],"from":"2026-01-05T09:00:00Z","to":"2026-01-05T09:00:00Z"})",
        R"({"numbers":[1],"state":"delivered"})",
        R"({"from":"2026-01-05T09:00:00Z","to":"2026-01-05T09:00:00Z","state":"late"})", "["}) {
    EXPECT_EQ(replay(body).status, 400) << body;
  }
  std::string many = R"({"numbers":[1)";
  for (int i = 0; i < webhooks::kMaxReplay; ++i) many += ",1";
  EXPECT_EQ(replay(many + "]}").status, 400);
  EXPECT_EQ(replay(R"({"numbers":[1,9]})").status, 404);
  EXPECT_EQ(listed(), (Numbers{1})) << "nothing was queued";
}

TEST_F(WebhookDeliveries, ReadingAndRepeatingFollowTheRolesAndScopes) {
  deliver(1);
  const std::string again = R"({"numbers":[1]})";
  const auto reader = token_with("webhooks:read");
  EXPECT_EQ(api_.call("GET", path_ + "/deliveries", reader).status, 200);
  EXPECT_EQ(api_.call("GET", path_ + "/deliveries/1", reader).status, 200);
  EXPECT_EQ(api_.call("POST", path_ + "/deliveries/replay", reader, {{}, again}).status, 403);
  EXPECT_EQ(api_.call("POST", path_ + "/deliveries/replay", token_with("webhooks"), {{}, again}).status, 200);
  for (const auto role : {Role::billing_admin, Role::auditor, Role::member}) {
    const auto token = api_.token(role);
    EXPECT_EQ(api_.call("GET", path_ + "/deliveries", token).status, 403) << to_string(role);
    EXPECT_EQ(api_.call("GET", path_ + "/deliveries/1", token).status, 403) << to_string(role);
    EXPECT_EQ(api_.call("POST", path_ + "/deliveries/replay", token, {{}, again}).status, 403)
        << to_string(role);
  }
  EXPECT_EQ(api_.call("GET", path_ + "/deliveries").status, 401);
}

}  // namespace
}  // namespace latchkey::http
