// What holds for every route: routing, authentication, tailnets, limits, the audit log, local operations.
#include "http/application.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "testing/api_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using identity::UserStatus;
using testing::ApiWorld;
using testing::CallOptions;
using testing::json_of;
using testing::message_of;

constexpr const char* kKeys = "/api/v2/tailnet/-/keys";
constexpr const char* kWhoAmI = "/api/v2/whoami";

std::optional<std::string> header(const io::Response& response, std::string_view name) {
  for (const auto& one : response.headers) {
    if (one.name == name) return one.value;
  }
  return std::nullopt;
}

io::Response with_authorization(ApiWorld& api, const std::string& value,
                                const std::string& address = "192.0.2.7") {
  return api.call("GET", kWhoAmI, {},
                  {.headers = {{"Authorization", value}}, .body = {}, .address = address});
}

TEST(Authentication, R12_TakesBearerAndBasic) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  for (const auto& value : {"Bearer " + token, "bearer " + token, "BASIC " + to_base64(token + ":"),
                            "Basic " + to_base64(token + ":ignored:password"), "Basic " + to_base64(token)}) {
    EXPECT_EQ(with_authorization(api, value).status, 200) << value;
  }
}

TEST(Authentication, R9_R11_EverythingElseIsUpstreams401) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  std::string folded = token;
  folded.back() = static_cast<char>(folded.back() ^ 0x20);
  for (const auto& value :
       {std::string("Bearer"), std::string("Bearer "), "Token " + token, "Bearer  " + token,
        "Bearer " + token + " ", "Bearer " + folded, std::string("Basic ???"),
        "Basic " + to_base64(":" + token), std::string("Bearer tskey-api-x"), token}) {
    const auto refused = with_authorization(api, value);
    EXPECT_EQ(refused.status, 401) << value;
    EXPECT_EQ(message_of(refused), "API token invalid") << value;
    EXPECT_TRUE(header(refused, "WWW-Authenticate"));
  }
  EXPECT_EQ(api.call("GET", kWhoAmI).status, 401);
}

TEST(Authentication, UnknownIdAndWrongSecretAreAnsweredAlike) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const CredentialId known{std::string(split(token, '-')[2])};
  const std::array<std::uint8_t, 32> other{};
  const auto wrong_secret = credentials::compose_key_text(credentials::KeyType::api, known, other);
  const auto unknown_id =
      credentials::compose_key_text(credentials::KeyType::api, CredentialId("k11111111111CNTRL"), other);
  EXPECT_EQ(with_authorization(api, "Bearer " + token).status, 200);  // cached from here on
  const auto one = with_authorization(api, "Bearer " + wrong_secret.expose());
  const auto two = with_authorization(api, "Bearer " + unknown_id.expose());
  EXPECT_EQ(one.status, 401);
  EXPECT_EQ(one.body, two.body);
}

TEST(Authentication, TwoAuthorizationHeadersAreRefused) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const auto refused =
      api.call("GET", kWhoAmI, token, {.headers = {{"authorization", "Basic Og=="}}, .body = {}});
  EXPECT_EQ(refused.status, 400);
}

TEST(Authentication, ExpiryAndSuspensionCountAtUseAlsoForCachedTokens) {
  ApiWorld api;
  const auto its = api.token(Role::it_admin);
  EXPECT_EQ(api.call("GET", kWhoAmI, its).status, 200);
  api.world.set_status(Role::it_admin, UserStatus::suspended);
  EXPECT_EQ(api.call("GET", kWhoAmI, its).status, 401);
  api.world.set_status(Role::it_admin, UserStatus::active);
  EXPECT_EQ(api.call("GET", kWhoAmI, its).status, 200);
  api.clock.advance(days{90});
  EXPECT_EQ(api.call("GET", kWhoAmI, its).status, 401);
}

TEST(Authentication, ReplicaThatMayBeBehindDoesNotTrustItsCache) {
  ApiWorld api;
  const auto token = api.token(Role::admin);
  EXPECT_EQ(api.call("GET", kWhoAmI, token).status, 200);
  // Revoked elsewhere: this replica's hook never hears of it.
  api.world.db().set_commit_hook([](std::span<const audit::Change>) {});
  ASSERT_TRUE(api.world.revoke(Role::owner, CredentialId(std::string(split(token, '-')[2]))).ok());
  api.cache_is_current = false;
  EXPECT_EQ(api.call("GET", kWhoAmI, token).status, 401);
}

TEST(Guard, FloodOfWrongTokensIsThrottledAndCostsTokensInUseNothing) {
  ApplicationSettings settings;
  settings.guard = {1, 5, 100};
  ApiWorld api(settings);
  const auto good = api.token(Role::owner);
  EXPECT_EQ(api.call("GET", kWhoAmI, good).status, 200);
  const std::array<std::uint8_t, 32> other{};
  int throttled = 0;
  for (int i = 0; i < 20; ++i) {
    const CredentialId id(id_text('k', static_cast<unsigned long long>(i)));
    const auto wrong = credentials::compose_key_text(credentials::KeyType::api, id, other);
    const auto refused = with_authorization(api, "Bearer " + wrong.expose());
    if (refused.status == 429) {
      ++throttled;
      EXPECT_TRUE(header(refused, "Retry-After"));
    }
    EXPECT_EQ(api.call("GET", kWhoAmI, good).status, 200);
  }
  EXPECT_EQ(throttled, 15);
  const auto elsewhere = with_authorization(api, "Bearer " + api.token(Role::admin), "198.51.100.1");
  EXPECT_EQ(elsewhere.status, 200);
  api.clock.advance(seconds{5});
  EXPECT_EQ(with_authorization(api, "Bearer " + api.token(Role::auditor)).status, 200);
}

TEST(Usage, CountsUsesAndRefusalsOfTheTrueSecretOnly) {
  ApiWorld api;
  const auto token = api.token(Role::admin);
  const CredentialId id{std::string(split(token, '-')[2])};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(api.call("GET", kWhoAmI, token).status, 200);
  ASSERT_TRUE(api.world.revoke(Role::owner, id).ok());
  EXPECT_EQ(api.call("GET", kWhoAmI, token).status, 401);
  const auto wrong =
      credentials::compose_key_text(credentials::KeyType::api, id, std::array<std::uint8_t, 32>{});
  EXPECT_EQ(with_authorization(api, "Bearer " + wrong.expose()).status, 401);
  const auto tallies = api.cache().take_tallies();
  ASSERT_EQ(tallies.size(), 1U);
  EXPECT_EQ(tallies[0].added.uses, 3);
  EXPECT_EQ(tallies[0].added.refused, 1);
  EXPECT_EQ(tallies[0].added.last_address, "192.0.2.7");
}

TEST(Routing, UnknownPathsAndMethodsAnswerInJson) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const auto unknown = api.call("GET", "/api/v2/nonsense", token);
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(message_of(unknown), "404 page not found");
  const auto wrong_method = api.call("PATCH", kKeys, token);
  EXPECT_EQ(wrong_method.status, 405);
  EXPECT_EQ(header(wrong_method, "Allow"), "GET, POST");
  EXPECT_FALSE(message_of(wrong_method).empty());
}

TEST(Routing, CollapsesSlashesInFrontAndKnowsItsPrefix) {
  ApplicationSettings settings;
  settings.path_prefix = "/latchkey";
  ApiWorld api(settings);
  const auto token = api.token(Role::owner);
  for (const char* target : {"//api/v2/whoami", "///api/v2/whoami", "/latchkey/api/v2/whoami",
                             "/latchkey//api/v2/whoami", "/api/v2/whoami/", "/api/v2/whoami?x=1&y"}) {
    EXPECT_EQ(api.call("GET", target, token).status, 200) << target;
  }
  EXPECT_EQ(api.call("HEAD", kWhoAmI, token).status, 200);
  EXPECT_EQ(api.call("GET", "/latchkeyapi/v2/whoami", token).status, 404);
}

TEST(Tailnets, AcceptDashIdAndNameAndHideOthers) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const auto& own = api.world.tailnet().tailnet;
  for (const auto& name : {std::string("-"), own.id.str(), own.name, std::string("OTTER-REEF.example")}) {
    EXPECT_EQ(api.call("GET", "/api/v2/tailnet/" + name + "/keys", token).status, 200) << name;
  }
  const auto foreign = api.call("GET", "/api/v2/tailnet/other.example/keys", token);
  EXPECT_EQ(foreign.status, 404);
  EXPECT_EQ(foreign.body, api.call("GET", "/api/v2/tailnet/" + to_lower(own.id.str()) + "/keys", token).body);
}

TEST(RateLimit, TellsWhatIsLeftAndLimitsChangesOnly) {
  ApplicationSettings settings;
  settings.writes_per_second = 0.001;
  settings.write_burst = 2;
  ApiWorld api(settings);
  const auto token = api.token(Role::owner);
  const auto create = [&] {
    return api.call("POST", kKeys, token, {.headers = {}, .body = R"({"capabilities":{"devices":{}}})"});
  };
  const auto first = create();
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(header(first, "RateLimit-Limit"), "2");
  EXPECT_EQ(header(first, "RateLimit-Remaining"), "1");
  EXPECT_TRUE(header(first, "RateLimit-Reset"));
  EXPECT_EQ(create().status, 200);
  const auto refused = create();
  EXPECT_EQ(refused.status, 429);
  EXPECT_TRUE(header(refused, "Retry-After"));
  EXPECT_EQ(api.call("GET", kKeys, token).status, 200);
}

TEST(AuditLog, R34_ShowsEveryActAndFilters) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const auto created = json_of(
      api.call("POST", kKeys, token,
               {.headers = {{"User-Agent", "curl/8"}}, .body = R"({"capabilities":{"devices":{}}})"}));
  const std::string id(created.at("id").as_string());
  api.call("DELETE", std::string(kKeys) + "/" + id, token);
  const std::string window =
      "/api/v2/tailnet/-/logging/configuration?start=2026-01-01T00:00:00Z&end=2026-12-31T00:00:00Z";
  const auto body = json_of(api.call("GET", window + "&target=" + id, token));
  EXPECT_EQ(body.at("version"), "1.1");
  EXPECT_EQ(body.at("tailnetId"), body.at("tailnet"));
  const auto& logs = body.at("logs").as_array();
  ASSERT_EQ(logs.size(), 2U);
  EXPECT_EQ(logs[0].at("action"), "CREATE");
  EXPECT_EQ(logs[0].at("origin"), "CONFIG_API");
  EXPECT_EQ(logs[0].at("deferredAt"), "0001-01-01T00:00:00Z");
  EXPECT_EQ(logs[0].at("target").at("name"), "Auth key");
  EXPECT_EQ(logs[0].at("new").at("capabilities"), boost::json::array({"ONE_OFF_NODE_AUTH"}));
  EXPECT_FALSE(logs[0].as_object().contains("source"));
  EXPECT_EQ(logs[1].at("action"), "REVOKE");
  EXPECT_TRUE(logs[1].as_object().contains("old"));
  const auto all = json_of(api.call("GET", window + "&fields=all&event=API_KEY.CREATE&target=" + id, token));
  ASSERT_EQ(all.at("logs").as_array().size(), 1U);
  EXPECT_EQ(all.at("logs").at(0).at("source").at("userAgent"), "curl/8");
  EXPECT_EQ(all.at("logs").at(0).at("source").at("address"), "192.0.2.7");
}

TEST(AuditLog, RefusesWindowsAndFiltersItDoesNotUnderstand) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const std::string base = "/api/v2/tailnet/-/logging/configuration";
  for (const char* query :
       {"", "?start=2026-01-01T00:00:00Z", "?start=yesterday&end=today",
        "?start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z",
        "?start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z&event=API_KEY.FROB", "?start=%zz"}) {
    const auto refused = api.call("GET", base + query, token);
    EXPECT_EQ(refused.status, 400) << query;
    EXPECT_FALSE(message_of(refused).empty()) << query;
  }
  EXPECT_EQ(api.call("GET", base + "?start=2026-01-01T00:00:00Z&end=2026-01-01T00:00:00Z", token).status,
            200);
}

TEST(AuditLog, R40_IsForEveryRoleWithAConsole) {
  for (const auto role : identity::kRoles) {
    ApiWorld api;
    const auto response = api.call(
        "GET", "/api/v2/tailnet/-/logging/configuration?start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z",
        api.token(role));
    EXPECT_EQ(response.status, role == Role::member ? 403 : 200) << to_string(role);
  }
}

TEST(LocalDoor, R14_MakesApiTokensThatTheApiDoesNot) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  EXPECT_EQ(api.call("POST", "/api/console/access-tokens", token, {.headers = {}, .body = "{}"}).status, 403);
  const auto made =
      api.call_locally("POST", "/api/console/access-tokens",
                       {.headers = {}, .body = R"({"description":"ci","expirySeconds":86400})"});
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_TRUE(made.sensitive);
  const std::string text(json_of(made).at("key").as_string());
  EXPECT_TRUE(text.starts_with("tskey-api-"));
  EXPECT_EQ(json_of(api.call("GET", kWhoAmI, text)).at("role"), "owner");
  for (const int seconds_asked : {0 * 86'400 + 1, 91 * 86'400}) {
    const auto refused = api.call_locally(
        "POST", "/api/console/access-tokens",
        {.headers = {}, .body = "{\"expirySeconds\":" + std::to_string(seconds_asked) + "}"});
    EXPECT_EQ(refused.status, 400);
  }
}

TEST(LocalDoor, ActsAsTheNamedUserWithThatUsersRole) {
  ApiWorld api;
  api.world.user(Role::auditor);
  const auto refused =
      api.call_locally("POST", "/api/console/access-tokens",
                       {.headers = {{"X-Latchkey-User", "auditor@otter-reef.example"}}, .body = "{}"});
  EXPECT_EQ(refused.status, 403);
  const auto unknown =
      api.call_locally("GET", kKeys, {.headers = {{"X-Latchkey-User", "nobody"}}, .body = {}});
  EXPECT_EQ(unknown.status, 404);
}

TEST(LocalDoor, IsInvisibleFromOutside) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  for (const char* path : {"/api/local/tailnets", "/api/local/backup"}) {
    const auto refused = api.call("POST", path, token, {.headers = {}, .body = "{}"});
    EXPECT_EQ(refused.status, 404) << path;
    EXPECT_EQ(message_of(refused), "404 page not found");
  }
  // The headers that select a user count on the local socket only.
  const auto impersonation = api.call(
      "GET", kWhoAmI, {}, {.headers = {{"X-Latchkey-User", "olive@otter-reef.example"}}, .body = {}});
  EXPECT_EQ(impersonation.status, 401);
}

TEST(LocalDoor, MakesTailnetsThatDoNotSeeEachOther) {
  ApiWorld api;
  const auto first_token = api.token(Role::owner);
  const auto made = api.call_locally(
      "POST", "/api/local/tailnets",
      {.headers = {}, .body = R"({"tailnet":"second.example","owner":"zoe@second.example"})"});
  ASSERT_EQ(made.status, 200) << made.body;
  const std::string second_token(json_of(made).at("apiToken").as_string());
  const auto key =
      api.call("POST", kKeys, second_token, {.headers = {}, .body = R"({"capabilities":{"devices":{}}})"});
  const std::string id(json_of(key).at("id").as_string());
  EXPECT_EQ(api.call("GET", std::string(kKeys) + "/" + id, first_token).status, 404);
  EXPECT_EQ(api.call("DELETE", std::string(kKeys) + "/" + id, first_token).status, 404);
  EXPECT_EQ(api.call("GET", "/api/v2/tailnet/second.example/keys", first_token).status, 404);
  EXPECT_EQ(
      json_of(api.call("GET", std::string(kKeys) + "?all=true", first_token)).at("keys").as_array().size(),
      1U);

  const auto again = api.call_locally(
      "POST", "/api/local/tailnets",
      {.headers = {}, .body = R"({"tailnet":"SECOND.example","owner":"zoe@second.example"})"});
  EXPECT_EQ(again.status, 409);
  // With two tailnets, "-" on the local socket is ambiguous.
  EXPECT_EQ(api.call_locally("GET", kKeys).status, 400);
  EXPECT_EQ(api.call_locally("GET", "/api/v2/tailnet/second.example/keys").status, 200);
}

TEST(AuditChain, VerificationFindsAnEditedRecord) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const auto whole = json_of(api.call("GET", "/api/console/audit-verification", token));
  EXPECT_EQ(whole.at("whole"), true);
  EXPECT_GE(whole.at("records").as_int64(), 3);
}

TEST(Secrets, R3_KeyInAWrongPlaceIsNeitherAnsweredNorStored) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const auto secret = api.token(Role::admin);
  const auto random = secret.substr(secret.rfind('-') + 1);
  const auto window =
      "/api/v2/tailnet/-/logging/configuration?start=2026-01-01T00:00:00Z&end=2027-01-01T00:00:00Z";
  const auto body = [&](const std::string& members) {
    return CallOptions{.headers = {{"User-Agent", "x " + secret}}, .body = "{" + members + "}"};
  };
  using Made = std::vector<io::Response>;
  const Made answers{
      api.call("GET", std::string(kKeys) + "/" + secret, token),
      api.call("DELETE", std::string(kKeys) + "/" + secret, api.token(Role::auditor)),
      api.call("GET", "/api/v2/tailnet/" + secret + "/keys", token),
      api.call("GET", std::string(kKeys) + "?all=" + secret, token),
      api.call("GET", std::string(window) + "&event=" + secret, token),
      api.call("POST", kKeys, token, body(R"("capabilities":{"devices":{}})")),
      api.call("POST", kKeys, token,
               body(R"("capabilities":{"devices":{}},"description":")" + secret + "\"")),
      api.call("POST", kKeys, token,
               body(R"("capabilities":{"devices":{"create":{"tags":[")" + secret + R"(","a\u0000b"]}}})")),
      api.call("POST", kKeys, token, body(R"("keyType":")" + secret + "\"")),
      api.call("POST", kKeys, secret + "x"),
      api.call("GET", std::string(window) + "&fields=all", token),
  };
  for (std::size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i].body.find(random), std::string::npos) << i << answers[i].body;
    EXPECT_LT(answers[i].status, 500) << i;
  }
  EXPECT_NE(answers.back().body.find("tskey-***"), std::string::npos);  // the user agent, without the key
}

TEST(Health, AnswersWithoutACredential) {
  ApiWorld api;
  EXPECT_EQ(api.call("GET", "/healthz").status, 200);
  EXPECT_EQ(api.call("GET", "/readyz").status, 200);
  api.context().readiness = [] { return Result<void>(unavailable("the database is away")); };
  EXPECT_EQ(api.call("GET", "/readyz").status, 503);
}

}  // namespace
}  // namespace latchkey::http
