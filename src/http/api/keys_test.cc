// GET, POST, DELETE /tailnet/{tailnet}/keys through the real router.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "testing/api_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::ApiWorld;
using testing::json_of;
using testing::message_of;

constexpr const char* kKeys = "/api/v2/tailnet/-/keys";

const char* kCreateBody =
    R"({"capabilities":{"devices":{"create":{"reusable":true,"ephemeral":true,"preauthorized":true,)"
    R"("tags":["tag:b","tag:a"]}}},"expirySeconds":3600,"description":"ci runner 14"})";

io::Response create(ApiWorld& api, const std::string& token, std::string body = kCreateBody) {
  return api.call("POST", kKeys, token, {.headers = {}, .body = std::move(body)});
}

std::string id_of(const io::Response& response) {
  return std::string(json_of(response).at("id").as_string());
}

std::set<std::string> members(const boost::json::value& object) {
  std::set<std::string> names;
  for (const auto& member : object.as_object()) names.emplace(member.key());
  return names;
}

TEST(CreateKey, AnswersTheWholeKeyObjectWithTheSecretOnce) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const auto created = create(api, token);
  ASSERT_EQ(created.status, 200) << created.body;
  EXPECT_TRUE(created.sensitive);
  const auto key = json_of(created);
  EXPECT_EQ(members(key), (std::set<std::string>{"id", "key", "keyType", "description", "created", "expires",
                                                 "expirySeconds", "invalid", "userId", "capabilities"}));
  EXPECT_EQ(key.at("keyType"), "auth");
  EXPECT_EQ(key.at("created"), "2026-01-05T09:00:00Z");
  EXPECT_EQ(key.at("expires"), "2026-01-05T10:00:00Z");
  EXPECT_EQ(key.at("expirySeconds"), 3600);
  EXPECT_EQ(key.at("invalid"), false);
  EXPECT_EQ(key.at("userId").as_string(), api.world.user(Role::owner).id.str());
  EXPECT_EQ(
      key.at("capabilities"),
      boost::json::parse(R"({"devices":{"create":{"reusable":true,"ephemeral":true,"preauthorized":true,)"
                         R"("tags":["tag:b","tag:a"]}}})"));

  auto expected = key.as_object();
  expected.erase("key");
  const auto got = json_of(api.call("GET", std::string(kKeys) + "/" + id_of(created), token));
  EXPECT_EQ(got.as_object(), expected);
}

TEST(CreateKey, TakesWhatStockClientsSend) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  // The Go client: null tags, zero expiry. The client inside `tailscale up`: neither. Others: keyType, empty
  // create.
  for (
      const char* body :
      {R"({"capabilities":{"devices":{"create":{"reusable":false,"ephemeral":false,"tags":null,"preauthorized":false}}},"expirySeconds":0,"description":""})",
       R"({"capabilities":{"devices":{"create":{"reusable":false,"ephemeral":true,"preauthorized":false}}}})",
       R"({"keyType":"auth","capabilities":{"devices":{}},"somethingNew":{"a":1}})",
       R"({"capabilities":{"devices":{"create":{}}},"expirySeconds":null,"description":null})"}) {
    const auto created = create(api, token, body);
    ASSERT_EQ(created.status, 200) << body << created.body;
    const auto key = json_of(created);
    EXPECT_EQ(key.at("expirySeconds"), 7'776'000);
    EXPECT_EQ(key.at("description"), "");
    EXPECT_EQ(key.at("capabilities").at("devices").at("create").at("tags"), boost::json::array());
  }
}

TEST(CreateKey, IgnoresTheContentType) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  for (const char* type :
       {"application/json; charset=utf-8", "application/x-www-form-urlencoded", "text/plain"}) {
    const auto created =
        api.call("POST", kKeys, token, {.headers = {{"Content-Type", type}}, .body = kCreateBody});
    EXPECT_EQ(created.status, 200) << type;
  }
}

TEST(CreateKey, EveryRefusalSaysWhatToChange) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  struct Row {
    const char* body;
    const char* says;
  };
  const Row rows[] = {
      {"", "capabilities.devices is required"},
      {"{", "not valid JSON"},
      {"[]", "must be a JSON object"},
      {"\"x\"", "must be a JSON object"},
      {R"({"capabilities":5})", "capabilities must be an object"},
      {R"({"capabilities":{"devices":{"create":{"reusable":"yes"}}}})",
       "capabilities.devices.create.reusable must be"},
      {R"({"capabilities":{"devices":{"create":{"tags":"tag:a"}}}})", "create.tags must be a list"},
      {R"({"capabilities":{"devices":{"create":{"tags":[1]}}}})", "create.tags must be a list"},
      {R"({"capabilities":{"devices":{}},"expirySeconds":1.5})", "expirySeconds must be a whole number"},
      {R"({"capabilities":{"devices":{}},"expirySeconds":1e400})", "expirySeconds must be a whole number"},
      {R"({"capabilities":{"devices":{}},"expirySeconds":"2160h"})", "expirySeconds must be a whole number"},
      {R"({"capabilities":{"devices":{}},"expirySeconds":7776001})", "between 1 and 7776000"},
      {R"({"capabilities":{"devices":{}},"description":"a_b"})", "letters, digits, hyphens and spaces"},
      {R"({"capabilities":{"devices":{"create":{"tags":["tag:ci","prod"]}}}})",
       "requested tags [prod] are invalid or not permitted"},
      {R"({"keyType":"api"})", "latchkey keys create --type api"},
      {R"({"keyType":"federated","scopes":["all"]})", "issuer must be"},
      {R"({"keyType":"nonsense"})", "keyType must be auth"},
      {R"({"capabilities":{"devices":{}},"maxUses":3})", "maxUses needs a reusable key"},
  };
  for (const auto& row : rows) {
    const auto refused = create(api, token, row.body);
    EXPECT_EQ(refused.status, 400) << row.body;
    EXPECT_NE(message_of(refused).find(row.says), std::string::npos) << row.body << "\n" << refused.body;
  }
  EXPECT_EQ(create(api, token, std::string("{\"description\":\"\xff\"}")).status, 400);
  EXPECT_EQ(create(api, token, std::string(2000, '[')).status, 400);
}

TEST(CreateKey, OwnFieldsShowOnlyToWhoAsksForThem) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const auto created = create(
      api, token,
      R"({"capabilities":{"devices":{"create":{"reusable":true}}},"maxUses":5,"allowedHostnames":["build-*"]})");
  ASSERT_EQ(created.status, 200);
  EXPECT_EQ(json_of(created).at("maxUses"), 5);
  const auto target = std::string(kKeys) + "/" + id_of(created);
  EXPECT_FALSE(json_of(api.call("GET", target, token)).as_object().contains("maxUses"));
  const auto all = json_of(api.call("GET", target + "?fields=all", token));
  EXPECT_EQ(all.at("maxUses"), 5);
  EXPECT_EQ(all.at("uses"), 0);
  EXPECT_EQ(all.at("allowedHostnames"), boost::json::array({"build-*"}));
  EXPECT_EQ(api.call("GET", target + "?fields=some", token).status, 400);
}

TEST(CreateKey, R2_R4_ShowsTheKeyOnceAndALostOneIsRevokedAndReplaced) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const auto lost = create(api, token);
  ASSERT_TRUE(lost.sensitive);  // no-store on the wire, wiped after sending
  EXPECT_TRUE(json_of(lost).at("key").as_string().starts_with("tskey-auth-" + id_of(lost) + "-"));
  // Nothing shows it again; asking for it is no operation.
  const auto one = std::string(kKeys) + "/" + id_of(lost);
  EXPECT_FALSE(json_of(api.call("GET", one + "?fields=all", token)).as_object().contains("key"));
  EXPECT_EQ(api.call("POST", one, token).status, 405);
  EXPECT_EQ(api.call("DELETE", one, token).status, 200);
  const auto replacement = create(api, token);
  ASSERT_EQ(replacement.status, 200);
  EXPECT_NE(json_of(replacement).at("key"), json_of(lost).at("key"));
}

TEST(Keys, R1_BothTypesAreMadeListedAndWithdrawnAndNameTheirType) {
  ApiWorld api;
  const auto owner = api.token(Role::owner);
  const std::map<std::string, std::string> made{{id_of(create(api, owner)), "auth"},
                                                {std::string(split(api.token(Role::admin), '-')[2]), "api"}};
  const auto listed = [&] {
    std::map<std::string, std::string> types;
    const auto body = json_of(api.call("GET", std::string(kKeys) + "?all=true", owner));
    for (const auto& key : body.at("keys").as_array()) {
      types.emplace(key.at("id").as_string(), key.at("keyType").as_string());
    }
    return types;
  };
  for (const auto& [id, type] : made) {
    EXPECT_EQ(listed()[id], type);
    EXPECT_EQ(api.call("DELETE", std::string(kKeys) + "/" + id, owner).status, 200);
    EXPECT_FALSE(listed().contains(id));
  }
}

TEST(ListKeys, R5_HoldsOwnKeysAndWithAllEveryones) {
  ApiWorld api;
  const auto owner = api.token(Role::owner);
  const auto it = api.token(Role::it_admin);
  const auto owners = id_of(create(api, owner));
  const auto its = id_of(create(api, it, R"({"capabilities":{"devices":{}}})"));
  const auto ids = [&](const std::string& target, const std::string& token) {
    std::set<std::string> found;
    const auto body = json_of(api.call("GET", target, token));
    EXPECT_EQ(members(body), std::set<std::string>{"keys"});  // other members break the Go client
    for (const auto& key : body.at("keys").as_array()) {
      found.emplace(key.at("id").as_string());
      EXPECT_TRUE(key.as_object().contains("expires"));
      EXPECT_FALSE(key.as_object().contains("key"));
    }
    return found;
  };
  EXPECT_TRUE(ids(kKeys, owner).contains(owners));
  EXPECT_FALSE(ids(kKeys, owner).contains(its));
  for (const char* all : {"?all=true", "?all=1"}) {
    EXPECT_TRUE(ids(std::string(kKeys) + all, owner).contains(its));
  }
  EXPECT_FALSE(ids(std::string(kKeys) + "?all=false", owner).contains(its));
  EXPECT_FALSE(ids(std::string(kKeys) + "?all=true", it).contains(owners));
  EXPECT_EQ(api.call("GET", std::string(kKeys) + "?all=maybe", owner).status, 400);
}

TEST(ListKeys, R3_NoAnswerButTheFirstHoldsTheSecret) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const auto created = json_of(create(api, token));
  const std::string secret(created.at("key").as_string());
  const auto random = secret.substr(secret.rfind('-') + 1);
  const std::string target = std::string(kKeys) + "/" + std::string(created.at("id").as_string());
  for (const auto& [method, where] : std::vector<std::pair<std::string, std::string>>{
           {"GET", kKeys},
           {"GET", std::string(kKeys) + "?all=true&fields=all"},
           {"GET", target + "?fields=all"},
           {"DELETE", target},
           {"GET", target},
           {"GET",
            "/api/v2/tailnet/-/logging/"
            "configuration?start=2026-01-01T00:00:00Z&end=2027-01-01T00:00:00Z&fields=all"}}) {
    const auto response = api.call(method, where, token);
    EXPECT_EQ(response.status, 200) << where;
    EXPECT_EQ(response.body.find(random), std::string::npos) << where;
  }
}

TEST(GetKey, HiddenAndMissingAreAlike) {
  ApiWorld api;
  const auto owner = api.token(Role::owner);
  const auto it = api.token(Role::it_admin);
  const auto id = id_of(create(api, owner));
  const auto hidden = api.call("GET", std::string(kKeys) + "/" + id, it);
  const auto missing = api.call("GET", std::string(kKeys) + "/k11111111111CNTRL", it);
  EXPECT_EQ(hidden.status, 404);
  EXPECT_EQ(hidden.body, missing.body);
  for (const char* odd : {"%00", "%2F", "%ff", "a%20b", "k1", "..%2f.."}) {
    const auto response = api.call("GET", std::string(kKeys) + "/" + odd, owner);
    EXPECT_TRUE(response.status == 404 || response.status == 400) << odd << response.status;
    EXPECT_FALSE(message_of(response).empty());
  }
}

TEST(GetKey, AnyTokenMayReadItself) {
  ApiWorld api;
  const auto token = api.token(Role::member);
  const auto id = split(token, '-')[2];
  const auto own = api.call("GET", std::string(kKeys) + "/" + std::string(id), token);
  ASSERT_EQ(own.status, 200) << own.body;
  EXPECT_EQ(json_of(own).at("keyType"), "api");
  EXPECT_EQ(api.call("GET", kKeys, token).status, 403);
}

TEST(DeleteKey, R15_RevokesAndStaysReadableAsInvalid) {
  ApiWorld api;
  const auto token = api.token(Role::owner);
  const auto target = std::string(kKeys) + "/" + id_of(create(api, token));
  const auto deleted = api.call("DELETE", target, token);
  EXPECT_EQ(deleted.status, 200);
  EXPECT_EQ(deleted.body, "{}");
  const auto key = json_of(api.call("GET", target, token));
  EXPECT_EQ(key.at("invalid"), true);
  EXPECT_EQ(key.at("revoked"), "2026-01-05T09:00:00Z");
  EXPECT_EQ(api.call("DELETE", target, token).status, 200);
  EXPECT_EQ(api.call("DELETE", std::string(kKeys) + "/k11111111111CNTRL", token).status, 404);
}

TEST(DeleteKey, R15_RevokedTokenIsRefusedAtOnceAndOthersGoOn) {
  ApiWorld api;
  const auto owner = api.token(Role::owner);
  const auto doomed = api.token(Role::admin);
  EXPECT_EQ(api.call("GET", kKeys, doomed).status, 200);
  EXPECT_EQ(api.call("GET", kKeys, doomed).status, 200);  // now from the cache
  const auto id = std::string(split(doomed, '-')[2]);
  ASSERT_EQ(api.call("DELETE", std::string(kKeys) + "/" + id, owner).status, 200);
  const auto refused = api.call("GET", kKeys, doomed);
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(message_of(refused), "API token invalid");
  EXPECT_EQ(api.call("GET", kKeys, owner).status, 200);
}

TEST(DeleteKey, VisibleButAnothersIsForbiddenAndRecorded) {
  ApiWorld api;
  const auto owner = api.token(Role::owner);
  const auto auditor = api.token(Role::auditor);
  const auto target = std::string(kKeys) + "/" + id_of(create(api, owner));
  const auto refused = api.call("DELETE", target, auditor);
  EXPECT_EQ(refused.status, 403);
  const auto records = api.world.log({.events = {"FAILED_REQUEST.UPDATE"}});
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].actor.id, api.world.user(Role::auditor).id.str());
  EXPECT_EQ(records[0].target.name, "deleteKey");
  EXPECT_FALSE(records[0].error.empty());
}

TEST(Keys, R13_R40_EachRoleMayDoWhatTheMatrixSays) {
  struct Row {
    Role role;
    int list, create, delete_others;
  };
  const Row rows[] = {{Role::owner, 200, 200, 200},         {Role::admin, 200, 200, 200},
                      {Role::network_admin, 200, 200, 404}, {Role::it_admin, 200, 200, 404},
                      {Role::billing_admin, 200, 403, 403}, {Role::auditor, 200, 403, 403},
                      {Role::member, 403, 403, 403}};
  for (const auto& row : rows) {
    ApiWorld api;
    const auto owners = id_of(create(api, api.token(Role::owner)));
    const auto token = api.token(row.role);
    EXPECT_EQ(api.call("GET", kKeys, token).status, row.list) << to_string(row.role);
    EXPECT_EQ(create(api, token, R"({"capabilities":{"devices":{}}})").status, row.create)
        << to_string(row.role);
    EXPECT_EQ(api.call("DELETE", std::string(kKeys) + "/" + owners, token).status, row.delete_others)
        << to_string(row.role);
  }
}

}  // namespace
}  // namespace latchkey::http
