// OAuth clients over the API: what they are, who may make and change them, and what they reach.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "testing/oauth_api.h"

namespace latchkey::http {
namespace {

namespace json = boost::json;
using identity::Role;
using testing::json_of;
using testing::message_of;

class OauthClients : public testing::OauthApi {};

TEST_F(OauthClients, AClientIsMadeReadReplacedAndRevoked) {
  const auto made = post(kKeys,
                         R"({"keyType":"client","scopes":["auth_keys","devices:core"],"tags":["tag:ci"],)"
                         R"("description":"Test client"})",
                         owner());
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_TRUE(made.sensitive);
  const auto body = json_of(made).as_object();
  const std::string id(body.at("id").as_string());
  const std::string secret(body.at("key").as_string());
  EXPECT_TRUE(secret.starts_with("tskey-client-" + id + "-"));
  EXPECT_EQ(json::serialize(body.at("scopes")), R"(["auth_keys","devices:core"])");
  EXPECT_EQ(json::serialize(body.at("tags")), R"(["tag:ci"])");
  EXPECT_TRUE(body.contains("userId"));
  for (const char* absent : {"expires", "expirySeconds", "capabilities", "updated", "customClaimRules"}) {
    EXPECT_FALSE(body.contains(absent)) << absent;
  }

  const auto path = std::string(kKeys) + "/" + id;
  const auto replaced = api_.call(
      "PUT", path, owner(),
      {{}, R"({"keyType":"client","scopes":["auth_keys:read"],"tags":null,"description":"Other"})"});
  ASSERT_EQ(replaced.status, 200) << replaced.body;
  const auto read = json_of(api_.call("GET", path, owner())).as_object();
  EXPECT_EQ(json::serialize(read.at("scopes")), R"(["auth_keys:read"])");
  EXPECT_FALSE(read.contains("tags"));
  EXPECT_TRUE(read.contains("updated"));
  EXPECT_FALSE(read.contains("key"));
  EXPECT_EQ(json_of(replaced).as_object(), read);

  EXPECT_EQ(status("DELETE", path, owner()), 200);
  const auto gone = json_of(api_.call("GET", path, owner())).as_object();
  EXPECT_TRUE(gone.at("invalid").as_bool());
  EXPECT_TRUE(gone.contains("revoked"));
  EXPECT_EQ(status("PUT", path, owner(), R"({"keyType":"client","scopes":["dns"]})"), 404);
}

TEST_F(OauthClients, TermsOfAClientAreChecked) {
  const std::pair<const char*, const char*> bad[] = {
      {R"({"keyType":"client"})", "scope"},
      {R"({"keyType":"client","scopes":[]})", "scope"},
      {R"({"keyType":"client","scopes":["al"]})", "\"al\""},
      {R"({"keyType":"client","scopes":["auth_keys"]})", "tags are required"},
      {R"({"keyType":"client","scopes":["devices:core"],"tags":[]})", "tags are required"},
      {R"({"keyType":"client","scopes":["dns"],"tags":["tag:none"]})",
       "[tag:none] are invalid or not permitted"},
      {R"({"keyType":"client","scopes":["dns"],"deviceTagsOnly":true})", "deviceTagsOnly"},
      {R"({"keyType":"client","scopes":["dns"],"expirySeconds":-1})", "expirySeconds"},
      {R"({"keyType":"api","scopes":["dns"]})", "not made over the API"},
      {R"({"keyType":"frob"})", "keyType"},
  };
  for (const auto& [body, says] : bad) {
    const auto answer = post(kKeys, body, owner());
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_NE(message_of(answer).find(says), std::string::npos) << message_of(answer);
  }
}

TEST_F(OauthClients, R37_AClientMayHaveAnExpiryAndHasNoneByDefault) {
  const auto lasting = client(R"("scopes":["dns"])");
  const auto brief = client(R"("scopes":["dns"],"expirySeconds":1800)");
  const auto shown = json_of(api_.call("GET", std::string(kKeys) + "/" + brief.id, owner())).as_object();
  EXPECT_EQ(shown.at("expirySeconds").as_int64(), 1800);
  // A token does not outlive its client.
  EXPECT_EQ(json_of(ask_token(brief)).at("expires_in").as_int64(), 1800);
  EXPECT_EQ(json_of(ask_token(lasting)).at("expires_in").as_int64(), 3600);
  api_.clock.advance(seconds{1800});
  EXPECT_EQ(ask_token(brief).status, 401);
  EXPECT_EQ(ask_token(lasting).status, 200);
}

TEST_F(OauthClients, R20_RevokingAClientEndsItsTokensAtOnce) {
  const auto of = client(R"("scopes":["dns"])");
  const auto one = token(of);
  EXPECT_EQ(status("GET", "/api/v2/tailnet/-/dns/preferences", one), 200);  // and it is in the cache
  ASSERT_EQ(status("DELETE", std::string(kKeys) + "/" + of.id, owner()), 200);
  EXPECT_EQ(status("GET", "/api/v2/tailnet/-/dns/preferences", one), 401);
  EXPECT_EQ(ask_token(of).status, 401);
}

TEST_F(OauthClients, NarrowingAClientNarrowsItsTokens) {
  const auto of = client(R"("scopes":["dns","users:read","auth_keys"],"tags":["tag:ci","tag:db"])");
  const auto one = token(of);
  EXPECT_EQ(status("GET", "/api/v2/tailnet/-/dns/preferences", one), 200);
  ASSERT_EQ(status("PUT", std::string(kKeys) + "/" + of.id, owner(),
                   R"({"keyType":"client","scopes":["auth_keys"],"tags":["tag:ci"]})"),
            200);
  EXPECT_EQ(status("GET", "/api/v2/tailnet/-/dns/preferences", one), 403);
  const auto told =
      json_of(form("/api/v2/oauth/introspect", "client_secret=" + of.secret + "&token=" + one)).as_object();
  EXPECT_EQ(told.at("scope").as_string(), "auth_keys");
  EXPECT_EQ(json::serialize(told.at("tags")), R"(["tag:ci"])");
  EXPECT_EQ(post(kKeys, R"({"capabilities":{"devices":{"create":{"tags":["tag:ci"]}}}})", one).status, 200);
  EXPECT_EQ(post(kKeys, R"({"capabilities":{"devices":{"create":{"tags":["tag:db"]}}}})", one).status, 400);
}

TEST_F(OauthClients, ATrustCredentialHandsOutNoMoreThanItHolds) {
  const auto of = client(R"("scopes":["oauth_keys","dns:read"])");
  const auto one = token(of);
  const auto make = [&](const char* scopes) {
    return post(kKeys, std::string(R"({"keyType":"client","scopes":)") + scopes + "}", one).status;
  };
  EXPECT_EQ(make(R"(["dns:read"])"), 200);
  EXPECT_EQ(make(R"(["oauth_keys"])"), 200);
  EXPECT_EQ(make(R"(["dns"])"), 403);
  EXPECT_EQ(make(R"(["all"])"), 403);
  // Nor takes away from those that hold more.
  const auto wide = client(R"("scopes":["all"])");
  EXPECT_EQ(status("DELETE", std::string(kKeys) + "/" + wide.id, one), 403);
  EXPECT_EQ(
      status("PUT", std::string(kKeys) + "/" + wide.id, one, R"({"keyType":"client","scopes":["dns:read"]})"),
      403);
}

TEST_F(OauthClients, PeopleHandOutWhatTheirRoleMay) {
  const auto make = [&](Role role, const char* scopes) {
    return post(kKeys, std::string(R"({"keyType":"client","scopes":)") + scopes + "}", api_.token(role))
        .status;
  };
  EXPECT_EQ(make(Role::admin, R"(["all"])"), 200);
  EXPECT_EQ(make(Role::it_admin, R"(["devices:core:read"])"), 200);
  EXPECT_EQ(make(Role::it_admin, R"(["all"])"), 403);
  EXPECT_EQ(make(Role::it_admin, R"(["policy_file"])"), 403);
  EXPECT_EQ(make(Role::network_admin, R"(["devices:core"])"), 403);
  EXPECT_EQ(make(Role::network_admin, R"(["policy_file","dns"])"), 200);
  EXPECT_EQ(make(Role::network_admin, R"(["all:read"])"), 403);
}

TEST_F(OauthClients, ListsShowTheTypesThatTheScopesReach) {
  const auto of = client(R"("scopes":["oauth_keys:read"])");
  const auto reads_auth = client(R"("scopes":["auth_keys:read"])");
  ASSERT_TRUE(api_.world.issue_auth_key(Role::owner).ok());
  const auto types = [&](const std::string& token, const char* query) {
    std::set<std::string> found;
    const auto listed = json_of(api_.call("GET", std::string(kKeys) + query, token));
    for (const auto& key : listed.at("keys").as_array()) {
      std::string type(key.at("keyType").as_string());
      if (type == "api" && !key.as_object().contains("userId")) type = "minted";
      found.insert(type);
    }
    return found;
  };
  const auto one = token(of);
  EXPECT_EQ(types(one, ""), (std::set<std::string>{"client"}));
  EXPECT_EQ(types(one, "?all=true"), (std::set<std::string>{"client", "minted"}));
  EXPECT_EQ(types(token(reads_auth), "?all=true"), (std::set<std::string>{"auth"}));
  EXPECT_EQ(types(token(reads_auth), ""), (std::set<std::string>{}));
  EXPECT_EQ(types(owner(), "?all=true"), (std::set<std::string>{"api", "auth", "client", "minted"}));
  EXPECT_EQ(status("GET", kKeys, token(client(R"("scopes":["dns"])"))), 403);
}

TEST_F(OauthClients, RotationWithAnOverlapLetsBothSecretsCount) {
  const auto of = client(R"("scopes":["dns"])");
  const auto path = std::string(kKeys) + "/" + of.id;
  const auto rotated = post(path + "/rotate", R"({"overlapSeconds":600})", owner());
  ASSERT_EQ(rotated.status, 200) << rotated.body;
  EXPECT_TRUE(rotated.sensitive);
  const Client fresh{of.id, std::string(json_of(rotated).at("key").as_string())};
  EXPECT_NE(fresh.secret, of.secret);
  EXPECT_EQ(ask_token(fresh).status, 200);
  auto shown = json_of(api_.call("GET", path + "?fields=all", owner())).as_object();
  EXPECT_TRUE(shown.contains("oldSecretUntil"));
  EXPECT_FALSE(shown.contains("oldSecretLastUsed"));
  EXPECT_EQ(ask_token(of).status, 200);
  shown = json_of(api_.call("GET", path + "?fields=all", owner())).as_object();
  EXPECT_TRUE(shown.contains("oldSecretLastUsed"));
  api_.clock.advance(seconds{600});
  EXPECT_EQ(ask_token(of).status, 401);
  EXPECT_EQ(ask_token(fresh).status, 200);

  const auto at_once = post(path + "/rotate", "{}", owner());
  const Client last{of.id, std::string(json_of(at_once).at("key").as_string())};
  EXPECT_EQ(ask_token(fresh).status, 401);
  EXPECT_EQ(ask_token(last).status, 200);
  for (const char* bad :
       {R"({"overlapSeconds":-1})", R"({"overlapSeconds":2592001})", R"({"overlapSeconds":"x"})"}) {
    EXPECT_EQ(post(path + "/rotate", bad, owner()).status, 400) << bad;
  }
}

TEST_F(OauthClients, BoundToItsTagsAClientReachesThoseDevicesOnly) {
  const auto tagged = [&](const char* tag, int machine) {
    credentials::NewAuthKey want;
    want.grant.tags = {tag};
    return api_.world.join(machine, machine, *api_.world.issue_auth_key(Role::owner, want));
  };
  const auto ours = tagged("tag:ci", 1);
  const auto theirs = tagged("tag:db", 2);
  const auto persons = api_.world.join(3, 3, *api_.world.issue_auth_key(Role::owner));
  const std::string scopes =
      R"("scopes":["devices:core","devices:routes","devices:posture_attributes"],"tags":["tag:ci"])";
  const auto bound = token(client(scopes + R"(,"deviceTagsOnly":true)"));
  const auto free = token(client(scopes));
  const auto count = [&](const std::string& token) {
    return json_of(api_.call("GET", "/api/v2/tailnet/-/devices", token)).at("devices").as_array().size();
  };
  EXPECT_EQ(count(bound), 1U);
  EXPECT_EQ(count(free), 3U);
  for (const auto* other : {&theirs, &persons}) {
    const auto device = "/api/v2/device/" + other->id.str();
    EXPECT_EQ(status("GET", device, bound), 404);
    EXPECT_EQ(status("GET", device + "/routes", bound), 404);
    EXPECT_EQ(status("GET", device + "/attributes", bound), 404);
    EXPECT_EQ(status("POST", device + "/attributes/custom:x", bound, R"({"value":"1"})"), 404);
    EXPECT_EQ(status("POST", device + "/tags", bound, R"({"tags":["tag:ci"]})"), 404);
    EXPECT_EQ(status("DELETE", device, bound), 404);
    EXPECT_EQ(status("GET", device, free), 200);
  }
  EXPECT_EQ(status("GET", "/api/v2/device/" + ours.id.str(), bound), 200);
  EXPECT_EQ(status("DELETE", "/api/v2/device/" + ours.id.str(), bound), 200);
}

TEST_F(OauthClients, SettingsAreAuthorisedOneByOne) {
  const std::string settings = "/api/v2/tailnet/-/settings";
  const auto one = token(client(R"("scopes":["policy_file"])"));
  const auto shown = json_of(api_.call("GET", settings, one)).as_object();
  EXPECT_EQ(shown.size(), 2U);
  EXPECT_TRUE(shown.contains("aclsExternalLink"));
  EXPECT_EQ(status("PATCH", settings, one, R"({"aclsExternallyManagedOn":true})"), 200);
  EXPECT_EQ(status("PATCH", settings, one, R"({"devicesApprovalOn":true})"), 403);
  EXPECT_EQ(status("PATCH", settings, one, R"({"aclsExternallyManagedOn":true,"httpsEnabled":false})"), 403);
}

}  // namespace
}  // namespace latchkey::http
