// Access tokens of OAuth clients over the API: asking for them, what they may, asking about and ending them.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "testing/oauth_api.h"

namespace latchkey::http {
namespace {

namespace json = boost::json;
using identity::Role;
using testing::CallOptions;
using testing::json_of;
using testing::message_of;

class OauthTokens : public testing::OauthApi {};

TEST_F(OauthTokens, R19_ATokenCallsWithinItsScopesOnly) {
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

TEST_F(OauthTokens, R19_NothingWiderThanTheClientIsMinted) {
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

TEST_F(OauthTokens, StockClientsWaysOfAskingAllWork) {
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

TEST_F(OauthTokens, TwoSecretsInOneRequestAreRefused) {
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

TEST_F(OauthTokens, BadCredentialsAreAnsweredAlike) {
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

TEST_F(OauthTokens, BadFormsAreRefused) {
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

TEST_F(OauthTokens, IntrospectionTellsWhatIsLeftOfTheScopes) {
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

TEST_F(OauthTokens, ATokenEndsWithItsHour) {
  const auto of = client(R"("scopes":["dns"])");
  const auto one = token(of);
  api_.clock.advance(seconds{3599});
  EXPECT_EQ(status("GET", "/api/v2/tailnet/-/dns/preferences", one), 200);
  api_.clock.advance(seconds{1});
  EXPECT_EQ(status("GET", "/api/v2/tailnet/-/dns/preferences", one), 401);
}

TEST_F(OauthTokens, R19_TagsOfATokenBoundTheKeysItMakes) {
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

TEST_F(OauthTokens, ATokenReadsItsOwnRecordsWhateverItsScopes) {
  const auto of = client(R"("scopes":["dns"])");
  const auto one = token(of);
  EXPECT_EQ(status("GET", std::string(kKeys) + "/" + of.id, one), 200);
  EXPECT_EQ(status("GET", std::string(kKeys) + "/" + std::string(split(one, '-')[2]), one), 200);
  EXPECT_EQ(status("GET", std::string(kKeys) + "/" + client(R"("scopes":["dns"])").id, one), 403);
}

TEST_F(OauthTokens, AClientAsksAboutAndEndsItsOwnTokensOnly) {
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

TEST_F(OauthTokens, TheLogNamesClientAndToken) {
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

TEST_F(OauthTokens, FloodsOfWrongSecretsAreThrottledAndLockNobodyOut) {
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
