// Webhook endpoints over the API, through the real router.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cctype>
#include <regex>
#include <set>

#include "base/text.h"
#include "core/webhooks/signature.h"
#include "testing/webhook_api_world.h"

namespace latchkey::http {
namespace {

namespace json = boost::json;
using identity::Role;
using testing::json_of;
using testing::message_of;
using webhooks::Verdict;

constexpr Role kMay[] = {Role::owner, Role::admin, Role::network_admin, Role::it_admin};
constexpr Role kMayNot[] = {Role::billing_admin, Role::auditor, Role::member};

using WebhookApi = testing::WebhookApiWorld;

std::set<std::string> names_of(const json::object& object) {
  std::set<std::string> names;
  for (const auto& member : object) names.insert(std::string(member.key()));
  return names;
}

std::string with_one_letter_folded(std::string text) {
  const auto at = text.find_last_of("abcdefghijklmnopqrstuvwxyz");
  text[at] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[at])));
  return text;
}

TEST_F(WebhookApi, AnEndpointIsMadeReadChangedAndDeletedAsUpstreamHasIt) {
  const auto made =
      post(kHooks, R"({"endpointUrl":"https://ops.example.com/hook?team=a","providerType":"slack",)"
                   R"("subscriptions":["userDeleted","nodeCreated","categoryKeyActivity"]})");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_TRUE(made.sensitive);
  const auto body = json_of(made).as_object();
  const std::set<std::string> upstream{"endpointId", "endpointUrl",  "providerType", "creatorLoginName",
                                       "created",    "lastModified", "subscriptions"};
  auto with_secret = upstream;
  with_secret.insert("secret");
  EXPECT_EQ(names_of(body), with_secret);
  EXPECT_TRUE(std::regex_match(std::string(body.at("secret").as_string()),
                               std::regex("tskey-webhook-[0-9A-Za-z]+-[0-9A-Za-z]{32,}")));
  EXPECT_EQ(body.at("endpointUrl"), "https://ops.example.com/hook?team=a");
  EXPECT_EQ(body.at("providerType"), "slack");
  EXPECT_EQ(body.at("creatorLoginName"), "olive@otter-reef.example");
  EXPECT_EQ(json::serialize(body.at("subscriptions")),
            R"(["userDeleted","nodeCreated","categoryKeyActivity"])");
  EXPECT_EQ(body.at("created"), body.at("lastModified"));

  const auto path = path_of(body);
  auto without_secret = body;
  without_secret.erase("secret");
  const auto read = api_.call("GET", path, owner());
  ASSERT_EQ(read.status, 200);
  EXPECT_EQ(json_of(read).as_object(), without_secret);
  EXPECT_EQ(json_of(api_.call("GET", kHooks, owner())),
            json::value(json::object{{"webhooks", json::array{without_secret}}}));

  api_.clock.advance(seconds{5});
  const auto changed = api_.call("PATCH", path, owner(), {{}, R"({"subscriptions":["policyUpdate"]})"});
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(names_of(json_of(changed).as_object()), upstream);
  EXPECT_EQ(json::serialize(json_of(changed).at("subscriptions")), R"(["policyUpdate"])");
  EXPECT_NE(json_of(changed).at("lastModified"), body.at("lastModified"));
  EXPECT_EQ(json_of(changed).at("created"), body.at("created"));

  const auto deleted = api_.call("DELETE", path, owner());
  EXPECT_EQ(deleted.status, 200);
  EXPECT_EQ(deleted.body, "{}");
  EXPECT_EQ(api_.call("GET", path, owner()).status, 404);
  EXPECT_EQ(api_.call("DELETE", path, owner()).status, 404);
  EXPECT_EQ(api_.call("GET", kHooks, owner()).body, R"({"webhooks":[]})");
}

TEST_F(WebhookApi, TheProviderMayBeAbsentEmptyOrNullAndIsShownAsItWasGiven) {
  for (const char* provider : {"", R"("providerType":"",)", R"("providerType":null,)"}) {
    const auto made =
        make(std::string("{") + provider +
             R"("endpointUrl":"https://hooks.slack.com/services/T0/B0/x","subscriptions":["nodeCreated"]})");
    EXPECT_EQ(made.at("providerType"), "");
    EXPECT_EQ(shown(made).at("format"), "slack");
  }
}

TEST_F(WebhookApi, EveryBadMemberIsRefusedByItsName) {
  const std::pair<const char*, const char*> bad[] = {
      {R"({"subscriptions":["nodeCreated"]})", "endpointUrl"},
      {R"({"endpointUrl":5,"subscriptions":["nodeCreated"]})", "endpointUrl"},
      {R"({"endpointUrl":"http://ops.example.com/","subscriptions":["nodeCreated"]})", "endpointUrl"},
      {R"({"endpointUrl":"https://a:b@ops.example.com/","subscriptions":["nodeCreated"]})", "endpointUrl"},
      {R"({"endpointUrl":"https://ops.example.com/","providerType":"teams","subscriptions":["nodeCreated"]})",
       "providerType"},
      {R"({"endpointUrl":"https://ops.example.com/"})", "subscriptions"},
      {R"({"endpointUrl":"https://ops.example.com/","subscriptions":[]})", "subscriptions"},
      {R"({"endpointUrl":"https://ops.example.com/","subscriptions":null})", "subscriptions"},
      {R"({"endpointUrl":"https://ops.example.com/","subscriptions":"nodeCreated"})", "subscriptions"},
      {R"({"endpointUrl":"https://ops.example.com/","subscriptions":["nodeCreate"]})", "subscriptions"},
      {R"({"endpointUrl":"https://ops.example.com/","subscriptions":["test"]})", "subscriptions"},
  };
  for (const auto& [body, member] : bad) {
    const auto answer = post(kHooks, body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(json::serialize(json_of(answer).at("fields")), std::string("[\"") + member + "\"]") << body;
  }
  EXPECT_EQ(post(kHooks, "{").status, 400);
  const auto path = path_of(make());
  for (const char* body : {"{}", R"({"subscriptions":null})", R"({"subscriptions":["nope"]})",
                           R"({"endpointUrl":"https://b.example/","subscriptions":["nodeCreated"]})",
                           R"({"providerType":"slack","subscriptions":["nodeCreated"]})", "["}) {
    EXPECT_EQ(api_.call("PATCH", path, owner(), {{}, body}).status, 400) << body;
  }
  for (const char* body :
       {R"({"overlapSeconds":-1})", R"({"overlapSeconds":2592001})", R"({"overlapSeconds":"1d"})", "[]"}) {
    EXPECT_EQ(post(path + "/rotate", body).status, 400) << body;
  }
  EXPECT_EQ(api_.call("GET", path + "?fields=some", owner()).status, 400);
  EXPECT_EQ(api_.call("GET", std::string(kHooks) + "?fields=some", owner()).status, 400);
  EXPECT_EQ(api_.call("PUT", path, owner()).status, 405);
}

TEST_F(WebhookApi, HiddenAndMissingAreAnsweredAlike) {
  const auto hidden = path_of(made_in_another_tailnet());
  const std::string missing = "/api/v2/webhooks/wNoSuchEndCNTRL";
  const std::pair<const char*, const char*> calls[] = {
      {"GET", ""},         {"PATCH", ""},          {"DELETE", ""},           {"POST", "/test"},
      {"POST", "/rotate"}, {"GET", "/deliveries"}, {"GET", "/deliveries/1"}, {"POST", "/deliveries/replay"}};
  for (const auto& [method, rest] : calls) {
    const std::string body = method == std::string("PATCH") ? R"({"subscriptions":["nodeCreated"]})"
                             : rest == std::string("/deliveries/replay") ? R"({"numbers":[1]})"
                                                                         : "";
    const auto one = api_.call(method, hidden + rest, owner(), {{}, body});
    const auto other = api_.call(method, missing + rest, owner(), {{}, body});
    EXPECT_EQ(one.status, 404) << method << rest;
    EXPECT_EQ(one.body, other.body) << method << rest;
  }
  EXPECT_EQ(api_.call("GET", "/api/v2/tailnet/other.example/webhooks", owner()).status, 404);
  EXPECT_EQ(api_.call("GET", kHooks, owner()).body, R"({"webhooks":[]})");
}

TEST_F(WebhookApi, MoreThanATailnetMayHaveIsAConflict) {
  for (std::size_t i = 0; i < webhooks::kMaxEndpoints; ++i) make();
  EXPECT_EQ(post(kHooks, kBody).status, 409);
}

TEST_F(WebhookApi, R31_TheFourRolesGenerateRotateAndDeleteOthersEndpointsIncluded) {
  for (const auto role : kMay) {
    const auto path = path_of(make());
    const auto token = api_.token(role);
    EXPECT_EQ(api_.call("POST", kHooks, token, {{}, kBody}).status, 200) << to_string(role);
    EXPECT_EQ(api_.call("GET", path, token).status, 200) << to_string(role);
    EXPECT_EQ(api_.call("POST", path + "/rotate", token).status, 200) << to_string(role);
    EXPECT_EQ(api_.call("POST", path + "/test", token).status, 202) << to_string(role);
    EXPECT_EQ(api_.call("DELETE", path, token).status, 200) << to_string(role);
  }
  const auto path = path_of(make());
  for (const auto role : kMayNot) {
    const auto token = api_.token(role);
    EXPECT_EQ(api_.call("POST", kHooks, token, {{}, kBody}).status, 403) << to_string(role);
    for (const auto& [method, target] :
         std::vector<std::pair<const char*, std::string>>{{"GET", path},
                                                          {"GET", kHooks},
                                                          {"POST", path + "/rotate"},
                                                          {"POST", path + "/test"},
                                                          {"DELETE", path}}) {
      EXPECT_EQ(api_.call(method, target, token).status, 403) << to_string(role) << method << target;
    }
  }
  EXPECT_EQ(api_.call("GET", path).status, 401);
  const auto refused = api_.world.log({.events = {"FAILED_REQUEST.UPDATE"}});
  EXPECT_EQ(refused.size(), 3U * 4U);  // reads are not recorded
}

TEST_F(WebhookApi, ATrustCredentialMakesEndpointsWithoutACreatorAndAReaderSeesAddressesMasked) {
  const auto writer = token_with("webhooks");
  const auto made = json_of(api_.call("POST", kHooks, writer,
                                      {{},
                                       R"({"endpointUrl":"https://discord.com/api/webhooks/1/abc",)"
                                       R"("subscriptions":["nodeCreated"]})"}))
                        .as_object();
  EXPECT_EQ(made.at("creatorLoginName"), "");
  EXPECT_FALSE(shown(made).contains("creatorId"));
  const auto plain =
      make(R"({"endpointUrl":"https://ops.example.com/h?key=1","subscriptions":["nodeCreated"]})");
  const auto reader = token_with("webhooks:read");
  EXPECT_EQ(json_of(api_.call("GET", path_of(made), writer)).at("endpointUrl"),
            "https://discord.com/api/webhooks/1/abc");
  EXPECT_EQ(json_of(api_.call("GET", path_of(made), reader)).at("endpointUrl"), "https://discord.com/***");
  EXPECT_EQ(json_of(api_.call("GET", path_of(plain), reader)).at("endpointUrl"),
            "https://ops.example.com/h?***");
  const auto list = api_.call("GET", std::string(kHooks) + "?fields=all", reader);
  EXPECT_EQ(list.body.find("/1/abc"), std::string::npos);
  EXPECT_EQ(api_.call("POST", path_of(made) + "/rotate", reader).status, 403);
}

TEST_F(WebhookApi, TheSecretIsInTheAnswersToCreateAndRotateAndNowhereElse) {
  const auto made = make();
  const auto path = path_of(made);
  const auto rotated = post(path + "/rotate", "");
  ASSERT_EQ(rotated.status, 200) << rotated.body;
  EXPECT_TRUE(rotated.sensitive);
  const std::string first(made.at("secret").as_string());
  const std::string second(json_of(rotated).at("secret").as_string());
  EXPECT_NE(first, second);
  queue_test(path);
  std::string all;
  for (const auto& target :
       {path, path + "?fields=all", std::string(kHooks), std::string(kHooks) + "?fields=all",
        path + "/deliveries", path + "/deliveries/1",
        std::string("/api/v2/tailnet/-/logging/configuration?start=2020-01-01T00:00:00Z&end="
                    "2099-01-01T00:00:00Z&fields=all")}) {
    const auto answer = api_.call("GET", target, owner());
    EXPECT_EQ(answer.status, 200) << target << answer.body;
    all += answer.body;
  }
  for (const auto& secret : {first, second}) {
    EXPECT_EQ(all.find(secret.substr(secret.rfind('-') + 1)), std::string::npos);
  }
  // With ids: the log tells of the creation, the rotation and no secret.
  EXPECT_NE(all.find("WEBHOOK_ENDPOINT"), std::string::npos);
}

TEST_F(WebhookApi, R33_AfterARotationTheNewSecretAloneSigns) {
  const auto made = make();
  const auto path = path_of(made);
  queue_test(path);  // waits from before the rotation
  const auto rotated = json_of(post(path + "/rotate", "")).as_object();
  EXPECT_FALSE(rotated.contains("oldSecretUntil"));
  EXPECT_EQ(rotated.at("endpointId"), made.at("endpointId"));
  const auto sent = take_up(path);
  ASSERT_TRUE(sent);
  EXPECT_EQ(verdict(*sent, rotated), Verdict::genuine);
  EXPECT_EQ(verdict(*sent, made), Verdict::wrong);
}

TEST_F(WebhookApi, WithAnOverlapBothSecretsSignUntilItsEnd) {
  const auto made = make();
  const auto path = path_of(made);
  const auto rotated = json_of(post(path + "/rotate", R"({"overlapSeconds":60})")).as_object();
  EXPECT_EQ(rotated.at("oldSecretUntil"), "2026-01-05T09:01:00Z");
  EXPECT_EQ(shown(made).at("oldSecretUntil"), "2026-01-05T09:01:00Z");
  queue_test(path);
  auto sent = take_up(path);
  ASSERT_TRUE(sent);
  EXPECT_EQ(verdict(*sent, made), Verdict::genuine);
  EXPECT_EQ(verdict(*sent, rotated), Verdict::genuine);
  settle(*sent, 200);
  api_.clock.advance(seconds{60});
  EXPECT_FALSE(shown(made).contains("oldSecretUntil"));
  queue_test(path);
  sent = take_up(path);
  ASSERT_TRUE(sent);
  EXPECT_EQ(verdict(*sent, made), Verdict::wrong);
  EXPECT_EQ(verdict(*sent, rotated), Verdict::genuine);
}

TEST_F(WebhookApi, R32_DeletingTheEndpointDeletesTheSecretAndTheQueue) {
  const auto made = make();
  const auto path = path_of(made);
  queue_test(path);
  queue_test(path);
  ASSERT_EQ(api_.call("DELETE", path, owner()).status, 200);
  for (const auto* rest : {"", "/deliveries", "/deliveries/1"}) {
    EXPECT_EQ(api_.call("GET", path + rest, owner()).status, 404) << rest;
  }
  EXPECT_EQ(post(path + "/test", "").status, 404);
  EXPECT_EQ(post(path + "/rotate", "").status, 404);
  const auto last = take_up(path);
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->is_farewell);
  EXPECT_NE(last->body.find("webhookDeleted"), std::string::npos);
  EXPECT_EQ(verdict(*last, made), Verdict::genuine);
  api_.clock.advance(hours{1});
  EXPECT_FALSE(take_up(path));
}

TEST_F(WebhookApi, R6_ASecretStillSignsAfterTenYears) {
  const auto made = make();
  api_.clock.advance(days{3653});
  api_.world.now = api_.clock.now();
  owner_.clear();  // a token does expire
  EXPECT_EQ(api_.call("GET", path_of(made), owner()).status, 200);
  for (const auto& member : shown(made)) {
    EXPECT_EQ(member.key().find("xpir"), json::string_view::npos) << member.key();
  }
  queue_test(path_of(made));
  const auto sent = take_up(path_of(made));
  ASSERT_TRUE(sent);
  EXPECT_EQ(verdict(*sent, made), Verdict::genuine);
}

TEST_F(WebhookApi, R11_OneLetterInTheWrongCaseAndTheSignatureDoesNotFit) {
  const auto made = make();
  queue_test(path_of(made));
  const auto sent = take_up(path_of(made));
  ASSERT_TRUE(sent);
  auto folded = made;
  folded["secret"] = with_one_letter_folded(std::string(made.at("secret").as_string()));
  ASSERT_NE(folded.at("secret"), made.at("secret"));
  EXPECT_EQ(verdict(*sent, made), Verdict::genuine);
  EXPECT_EQ(verdict(*sent, folded), Verdict::wrong);
}

TEST_F(WebhookApi, R9_ASecretIsNoToken) {
  const auto made = make();
  EXPECT_EQ(api_.call("GET", kHooks, std::string(made.at("secret").as_string())).status, 401);
}

TEST_F(WebhookApi, ATestIsAcceptedQueuedAndNotInTheAuditLog) {
  const auto made = make();
  const auto path = path_of(made);
  const auto before = api_.world.log().size();
  const auto answer = post(path + "/test", "");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.body, "{}");
  EXPECT_EQ(api_.world.log().size(), before);
  queue_news();
  const auto sent = take_up(path);
  ASSERT_TRUE(sent);
  EXPECT_EQ(json_of({.body = sent->body}).at(0).at("message"), "This is a test event");
}

TEST_F(WebhookApi, ChangesAreInTheAuditLogUnderUpstreamsNames) {
  const auto path = path_of(make());
  ASSERT_EQ(api_.call("PATCH", path, owner(), {{}, R"({"subscriptions":["policyUpdate"]})"}).status, 200);
  ASSERT_EQ(post(path + "/rotate", "").status, 200);
  ASSERT_EQ(api_.call("DELETE", path, owner()).status, 200);
  const auto records =
      api_.world.log({.events = {"WEBHOOK_ENDPOINT.CREATE", "WEBHOOK_ENDPOINT.UPDATE.SUBSCRIBED_EVENTS",
                                 "WEBHOOK_ENDPOINT.UPDATE.SECRET", "WEBHOOK_ENDPOINT.DELETE"}});
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[1].target.property, "SUBSCRIBED_EVENTS");
  EXPECT_EQ(records[2].target.property, "SECRET");
  EXPECT_EQ(path, "/api/v2/webhooks/" + records[3].target.id);
}

TEST_F(WebhookApi, HealthTellsSinceWhenItFailsWhyAndUntilWhenItIsLeftAlone) {
  const auto made = make();
  const auto path = path_of(made);
  EXPECT_EQ(json::serialize(shown(made).at("health")), R"({"failures":0})");
  queue_test(path);
  auto sent = take_up(path);
  ASSERT_TRUE(sent);
  settle(*sent, 500, "out of order");
  auto health = shown(made).at("health").as_object();
  EXPECT_EQ(health.at("failures"), 1);
  EXPECT_EQ(health.at("failingSince"), "2026-01-05T09:00:00Z");
  EXPECT_EQ(health.at("lastAttempt"), "2026-01-05T09:00:00Z");
  EXPECT_EQ(health.at("lastStatus"), 500);
  EXPECT_TRUE(health.contains("pausedUntil"));
  const auto attempts = shown(made).at("recentAttempts").as_array();
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_EQ(attempts[0].at("answer"), "out of order");

  api_.clock.advance(minutes{1});
  sent = take_up(path);
  ASSERT_TRUE(sent);
  settle(*sent, std::nullopt, "", "connection refused");
  health = shown(made).at("health").as_object();
  EXPECT_FALSE(health.contains("lastStatus"));
  EXPECT_EQ(health.at("lastError"), "connection refused");

  api_.clock.advance(minutes{2});
  sent = take_up(path);
  ASSERT_TRUE(sent);
  settle(*sent, 204);
  EXPECT_EQ(json::serialize(shown(made).at("health")),
            R"({"failures":0,"lastAttempt":"2026-01-05T09:03:00Z","lastStatus":204})");
}

}  // namespace
}  // namespace latchkey::http
