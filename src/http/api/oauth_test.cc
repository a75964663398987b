// OAuth clients and their access tokens, over the API.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "testing/api_world.h"

namespace latchkey::http {
namespace {

namespace json = boost::json;
using identity::Role;
using testing::ApiWorld;
using testing::CallOptions;
using testing::json_of;
using testing::message_of;

constexpr const char* kKeys = "/api/v2/tailnet/-/keys";
constexpr const char* kForm = "application/x-www-form-urlencoded";
constexpr const char* kPolicy = R"({"tagOwners": {"tag:ci": [], "tag:web": ["tag:ci"], "tag:db": []}})";

class OauthApi : public ::testing::Test {
 protected:
  OauthApi() { api_.world.store_policy(kPolicy); }

  std::string owner() {
    if (owner_.empty()) owner_ = api_.token(Role::owner);
    return owner_;
  }
  io::Response post(const std::string& target, const std::string& body, const std::string& token) {
    return api_.call("POST", target, token, {{}, body});
  }
  struct Client {
    std::string id;
    std::string secret;
  };
  Client client(const std::string& members) {
    const auto made = post(kKeys, R"({"keyType":"client",)" + members + "}", owner());
    EXPECT_EQ(made.status, 200) << made.body;
    const auto body = json_of(made).as_object();
    return {std::string(body.at("id").as_string()), std::string(body.at("key").as_string())};
  }
  io::Response form(const std::string& target, const std::string& body,
                    std::vector<io::Header> headers = {}) {
    headers.push_back({"Content-Type", kForm});
    return api_.call("POST", target, {}, {std::move(headers), body});
  }
  io::Response ask_token(const Client& of, const std::string& more = {}) {
    return form("/api/v2/oauth/token", "client_id=" + of.id + "&client_secret=" + of.secret + more);
  }
  std::string token(const Client& of, const std::string& more = {}) {
    const auto answer = ask_token(of, more);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return std::string(json_of(answer).at("access_token").as_string());
  }
  int status(const std::string& method, const std::string& target, const std::string& token,
             const std::string& body = {}) {
    return api_.call(method, target, token, {{}, body}).status;
  }

  ApiWorld api_;
  std::string owner_;
};

TEST_F(OauthApi, AClientIsMadeReadReplacedAndRevoked) {
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

TEST_F(OauthApi, TermsOfAClientAreChecked) {
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

TEST_F(OauthApi, R37_AClientMayHaveAnExpiryAndHasNoneByDefault) {
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

TEST_F(OauthApi, R19_ATokenCallsWithinItsScopesOnly) {
  const auto of = client(R"("scopes":["auth_keys","dns:read"],"tags":["tag:ci"])");
  const auto answer = ask_token(of);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(answer.sensitive);
  const auto body = json_of(answer).as_object();
  EXPECT_EQ(body.at("token_type").as_string(), "Bearer");
  EXPECT_EQ(body.at("expires_in").as_int64(), 3600);
  EXPECT_EQ(body.at("scope").as_string(), "auth_keys dns:read");
  const std::string all(body.at("access_token").as_string());
  EXPECT_EQ(status("GET", "/api/v2/tailnet/-/dns/preferences", all), 200);
  EXPECT_EQ(status("POST", "/api/v2/tailnet/-/dns/preferences", all, R"({"magicDNS":true})"), 403);
  EXPECT_EQ(status("GET", "/api/v2/tailnet/-/devices", all), 403);
  const char* key = R"({"capabilities":{"devices":{"create":{"tags":["tag:ci"]}}}})";
  const auto made = post(kKeys, key, all);
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_FALSE(json_of(made).as_object().contains("userId"));

  const auto narrow = token(of, "&scope=dns%3Aread");
  EXPECT_EQ(status("GET", "/api/v2/tailnet/-/dns/preferences", narrow), 200);
  EXPECT_EQ(post(kKeys, key, narrow).status, 403);
}

TEST_F(OauthApi, R19_NothingWiderThanTheClientIsMinted) {
  const auto of = client(R"("scopes":["dns","auth_keys:read"])");
  for (const char* scope :
       {"all", "all:read", "auth_keys", "devices:core:read", "dns%20users:read", "frob"}) {
    const auto refused = ask_token(of, std::string("&scope=") + scope);
    EXPECT_EQ(refused.status, 403) << scope;
    EXPECT_EQ(json_of(refused).at("error").as_string(), "invalid_scope");
    EXPECT_TRUE(message_of(refused).starts_with("OAuth client cannot grant scopes \""))
        << message_of(refused);
  }
  EXPECT_EQ(ask_token(of, "&scope=dns%3Aread+auth_keys%3Aread").status, 200);
}

TEST_F(OauthApi, StockClientsWaysOfAskingAllWork) {
  const auto of = client(R"("scopes":["dns"])");
  const auto basic = [&](const std::string& pair) {
    return form("/api/v2/oauth/token", "grant_type=client_credentials",
                {{"Authorization", "Basic " + to_base64(pair)}});
  };
  EXPECT_EQ(basic(of.id + ":" + of.secret).status, 200);
  EXPECT_EQ(basic("some-client-id:" + of.secret).status, 200);
  EXPECT_EQ(basic("some-client-id:" + percent_encode(of.secret)).status, 200);
  EXPECT_EQ(form("/api/v2/oauth/token", "client_secret=" + of.secret).status, 200);
  EXPECT_EQ(form("/api/v2/oauth/token", "client_id=some-client-id&client_secret=" + of.secret).status, 200);
  EXPECT_EQ(
      form("/api/v2/oauth/token", "client_secret=" + of.secret + percent_encode("?ephemeral=true")).status,
      200);
}

TEST_F(OauthApi, TwoSecretsInOneRequestAreRefused) {
  const auto of = client(R"("scopes":["dns"])");
  const auto other = client(R"("scopes":["dns"])");
  const auto both = [&](const std::string& in_form) {
    return form("/api/v2/oauth/token", "client_secret=" + in_form,
                {{"Authorization", "Basic " + to_base64(of.id + ":" + of.secret)}});
  };
  const auto refused = both(other.secret);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(json_of(refused).at("error").as_string(), "invalid_request");
  EXPECT_EQ(refused.body.find("tskey-client"), std::string::npos);
  EXPECT_EQ(both(of.secret).status, 200);
}

TEST_F(OauthApi, BadCredentialsAreAnsweredAlike) {
  const auto of = client(R"("scopes":["dns"])");
  auto wrong = of;
  wrong.secret[wrong.secret.size() - 20] = wrong.secret[wrong.secret.size() - 20] == 'a' ? 'b' : 'a';
  const auto revoked = client(R"("scopes":["dns"])");
  ASSERT_EQ(status("DELETE", std::string(kKeys) + "/" + revoked.id, owner()), 200);
  const auto auth_key = api_.world.issue_auth_key(Role::owner);
  const std::string auth_text(auth_key->text.expose());
  std::string first;
  for (const auto& secret : {wrong.secret, revoked.secret, auth_text, owner(), std::string("nonsense")}) {
    const auto refused = form("/api/v2/oauth/token", "client_secret=" + secret);
    EXPECT_EQ(refused.status, 401);
    if (first.empty()) first = refused.body;
    EXPECT_EQ(refused.body, first);
  }
  const auto none = form("/api/v2/oauth/token", "");
  EXPECT_EQ(none.status, 401);
  const auto body = json_of(none).as_object();
  EXPECT_EQ(body.at("error").as_string(), "invalid_client");
  EXPECT_EQ(body.at("message").as_string(), "API token invalid");
}

TEST_F(OauthApi, BadFormsAreRefused) {
  const auto of = client(R"("scopes":["dns"])");
  const auto kind = form("/api/v2/oauth/token", "grant_type=password&client_secret=" + of.secret);
  EXPECT_EQ(kind.status, 400);
  EXPECT_EQ(json_of(kind).at("error").as_string(), "unsupported_grant_type");
  for (const auto& body : {"client_secret=" + of.secret + "&scope=dns&scope=dns", std::string("a=%zz"),
                           "client_secret=" + of.secret + "&client_secret=" + of.secret}) {
    const auto refused = form("/api/v2/oauth/token", body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_EQ(json_of(refused).at("error").as_string(), "invalid_request");
  }
  const auto as_json =
      api_.call("POST", "/api/v2/oauth/token", {}, {{{"Content-Type", "application/json"}}, "{}"});
  EXPECT_EQ(as_json.status, 400);
}

TEST_F(OauthApi, R20_RevokingAClientEndsItsTokensAtOnce) {
  const auto of = client(R"("scopes":["dns"])");
  const auto one = token(of);
  EXPECT_EQ(status("GET", "/api/v2/tailnet/-/dns/preferences", one), 200);  // and it is in the cache
  ASSERT_EQ(status("DELETE", std::string(kKeys) + "/" + of.id, owner()), 200);
  EXPECT_EQ(status("GET", "/api/v2/tailnet/-/dns/preferences", one), 401);
  EXPECT_EQ(ask_token(of).status, 401);
}

TEST_F(OauthApi, NarrowingAClientNarrowsItsTokens) {
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

TEST_F(OauthApi, IntrospectionTellsWhatIsLeftOfTheScopes) {
  const auto of = client(R"("scopes":["all"],"tags":["tag:ci"])");
  const auto one = token(of, "&scope=all:read+dns+devices");
  const auto told = [&](const char* scopes) {
    EXPECT_EQ(status("PUT", std::string(kKeys) + "/" + of.id, owner(),
                     std::string(R"({"keyType":"client","tags":["tag:ci"],"scopes":)") + scopes + "}"),
              200);
    const auto answer = form("/api/v2/oauth/introspect", "client_secret=" + of.secret + "&token=" + one);
    return std::string(json_of(answer).at("scope").as_string());
  };
  EXPECT_EQ(told(R"(["all"])"), "all:read dns devices");
  EXPECT_EQ(told(R"(["all:read"])"), "all:read");
  EXPECT_EQ(told(R"(["users","dns:read","auth_keys"])"), "auth_keys dns:read users:read");
  EXPECT_EQ(told(R"(["devices:read"])"), "auth_keys:read devices:core:read devices:posture_attributes:read");
}

TEST_F(OauthApi, ATokenEndsWithItsHour) {
  const auto of = client(R"("scopes":["dns"])");
  const auto one = token(of);
  api_.clock.advance(seconds{3599});
  EXPECT_EQ(status("GET", "/api/v2/tailnet/-/dns/preferences", one), 200);
  api_.clock.advance(seconds{1});
  EXPECT_EQ(status("GET", "/api/v2/tailnet/-/dns/preferences", one), 401);
}

TEST_F(OauthApi, R19_TagsOfATokenBoundTheKeysItMakes) {
  const auto of = client(R"("scopes":["auth_keys"],"tags":["tag:ci"])");
  const auto key = [&](const std::string& token, const std::string& tags) {
    return post(kKeys, R"({"capabilities":{"devices":{"create":{"tags":)" + tags + "}}}}", token);
  };
  const auto all = token(of);
  EXPECT_EQ(key(all, R"(["tag:ci"])").status, 200);
  EXPECT_EQ(key(all, R"(["tag:web"])").status, 200);  // owned by tag:ci
  EXPECT_EQ(key(all, "[]").status, 400);              // belongs to nobody
  const auto other = key(all, R"(["tag:db"])");
  EXPECT_EQ(other.status, 400);
  EXPECT_EQ(message_of(other), "requested tags [tag:db] are invalid or not permitted");
  const auto narrow = token(of, "&tags=tag%3Aweb");
  EXPECT_EQ(key(narrow, R"(["tag:web"])").status, 200);
  EXPECT_EQ(key(narrow, R"(["tag:ci"])").status, 400);
  const auto refused = ask_token(of, "&tags=tag%3Adb");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(json_of(refused).at("error").as_string(), "invalid_target");

  // `all` speaks for every tag that is defined, narrowed or not.
  const auto any = client(R"("scopes":["all"])");
  EXPECT_EQ(key(token(any), R"(["tag:db"])").status, 200);
  EXPECT_EQ(key(token(any, "&scope=auth_keys"), R"(["tag:db"])").status, 200);
  EXPECT_EQ(key(token(any), R"(["tag:none"])").status, 400);
  EXPECT_EQ(key(token(any, "&tags=tag%3Aci"), R"(["tag:db"])").status, 400);
}

TEST_F(OauthApi, ATrustCredentialHandsOutNoMoreThanItHolds) {
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

TEST_F(OauthApi, PeopleHandOutWhatTheirRoleMay) {
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

TEST_F(OauthApi, ListsShowTheTypesThatTheScopesReach) {
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

TEST_F(OauthApi, ATokenReadsItsOwnRecordsWhateverItsScopes) {
  const auto of = client(R"("scopes":["dns"])");
  const auto one = token(of);
  EXPECT_EQ(status("GET", std::string(kKeys) + "/" + of.id, one), 200);
  EXPECT_EQ(status("GET", std::string(kKeys) + "/" + std::string(split(one, '-')[2]), one), 200);
  EXPECT_EQ(status("GET", std::string(kKeys) + "/" + client(R"("scopes":["dns"])").id, one), 403);
}

TEST_F(OauthApi, RotationWithAnOverlapLetsBothSecretsCount) {
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

TEST_F(OauthApi, AClientAsksAboutAndEndsItsOwnTokensOnly) {
  const auto of = client(R"("scopes":["dns"])");
  const auto other = client(R"("scopes":["dns"])");
  const auto one = token(of);
  const auto introspect = [&](const Client& by, const std::string& token) {
    return json_of(form("/api/v2/oauth/introspect", "client_secret=" + by.secret + "&token=" + token))
        .as_object();
  };
  const auto shown = introspect(of, one);
  EXPECT_TRUE(shown.at("active").as_bool());
  EXPECT_EQ(shown.at("scope").as_string(), "dns");
  EXPECT_EQ(shown.at("client_id").as_string(), of.id);
  EXPECT_EQ(json::serialize(introspect(other, one)), R"({"active":false})");
  EXPECT_EQ(json::serialize(introspect(of, owner())), R"({"active":false})");
  EXPECT_EQ(json::serialize(introspect(of, "nonsense")), R"({"active":false})");

  const auto revoke = [&](const Client& by) {
    return form("/api/v2/oauth/revoke", "client_secret=" + by.secret + "&token=" + one).status;
  };
  EXPECT_EQ(revoke(other), 200);
  EXPECT_EQ(status("GET", "/api/v2/tailnet/-/dns/preferences", one), 200);
  EXPECT_EQ(revoke(of), 200);
  EXPECT_EQ(status("GET", "/api/v2/tailnet/-/dns/preferences", one), 401);
  EXPECT_EQ(revoke(of), 200);
  EXPECT_FALSE(introspect(of, one).at("active").as_bool());
  EXPECT_EQ(form("/api/v2/oauth/introspect", "token=" + one).status, 401);
}

TEST_F(OauthApi, BoundToItsTagsAClientReachesThoseDevicesOnly) {
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

TEST_F(OauthApi, SettingsAreAuthorisedOneByOne) {
  const std::string settings = "/api/v2/tailnet/-/settings";
  const auto one = token(client(R"("scopes":["policy_file"])"));
  const auto shown = json_of(api_.call("GET", settings, one)).as_object();
  EXPECT_EQ(shown.size(), 2U);
  EXPECT_TRUE(shown.contains("aclsExternalLink"));
  EXPECT_EQ(status("PATCH", settings, one, R"({"aclsExternallyManagedOn":true})"), 200);
  EXPECT_EQ(status("PATCH", settings, one, R"({"devicesApprovalOn":true})"), 403);
  EXPECT_EQ(status("PATCH", settings, one, R"({"aclsExternallyManagedOn":true,"httpsEnabled":false})"), 403);
}

TEST_F(OauthApi, TheLogNamesClientAndToken) {
  const auto of = client(R"("scopes":["dns"],"description":"ci")");
  const auto one = token(of);
  ASSERT_EQ(status("POST", "/api/v2/tailnet/-/dns/preferences", one, R"({"magicDNS":false})"), 200);
  const auto minted = api_.world.log({.events = {"OAUTH_ACCESS_TOKEN.CREATE"}});
  ASSERT_EQ(minted.size(), 1U);
  EXPECT_EQ(minted[0].actor.id, of.id);
  EXPECT_EQ(minted[0].actor.type, audit::ActorType::oauth_client);
  EXPECT_EQ(minted[0].details, "scopes - dns");
  bool found = false;
  for (const auto& record : api_.world.log()) {
    if (record.target.type != audit::TargetType::tailnet || record.actor.id != of.id) continue;
    found = true;
    EXPECT_EQ(record.source.credential.str(), minted[0].target.id);
  }
  EXPECT_TRUE(found);
}

TEST_F(OauthApi, FloodsOfWrongSecretsAreThrottledAndLockNobodyOut) {
  const auto known = client(R"("scopes":["dns"])");
  const auto unknown = client(R"("scopes":["dns"])");
  EXPECT_EQ(ask_token(known).status, 200);
  int throttled = 0;
  for (int i = 0; i < 600; ++i) {
    if (form("/api/v2/oauth/token", "client_secret=nonsense").status == 429) ++throttled;
  }
  EXPECT_GT(throttled, 50);
  // Behind the same address: who was right before goes on, who was not waits.
  EXPECT_EQ(ask_token(known).status, 200);
  const auto refused = ask_token(unknown);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(json_of(refused).at("error").as_string(), "temporarily_unavailable");
  const CallOptions elsewhere{{{"Content-Type", kForm}}, "client_secret=" + unknown.secret, "198.51.100.9"};
  EXPECT_EQ(api_.call("POST", "/api/v2/oauth/token", {}, elsewhere).status, 200);
  // A secret that was right once is no way around the limit once it has ended.
  ASSERT_EQ(status("DELETE", std::string(kKeys) + "/" + known.id, owner()), 200);
  EXPECT_EQ(ask_token(known).status, 401);
  EXPECT_EQ(ask_token(known).status, 429);
}

}  // namespace
}  // namespace latchkey::http
