// Federated identities: made, changed, and what tokens they take. Forged ones: tests/forged_tokens_test.cc.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "testing/api_world.h"
#include "testing/token_maker.h"

namespace latchkey::http {
namespace {

namespace json = boost::json;
using identity::Role;
using testing::ApiWorld;
using testing::json_of;
using testing::message_of;
using testing::TokenMaker;

constexpr const char* kKeys = "/api/v2/tailnet/-/keys";
constexpr const char* kIssuer = "https://issuer.example";

class TokenExchange : public ::testing::Test {
 protected:
  TokenExchange() {
    api_.world.store_policy(R"({"tagOwners": {"tag:ci": []}})");
    owner_ = api_.token(Role::owner);
    serve({rsa_.jwk(), ec_.jwk(), ed_.jwk()});
    const auto made = make(
        R"("issuer":"https://issuer.example","subject":"repo:example/*",)"
        R"("customClaimRules":{"environment":"prod*","actor.\"a.b\".id":"7","teams":"blue","admin":"true"})");
    EXPECT_EQ(made.status, 200) << made.body;
    id_ = std::string(json_of(made).at("id").as_string());
    audience_ = std::string(json_of(made).at("audience").as_string());
  }
  io::Response make(const std::string& members) {
    return api_.call(
        "POST", kKeys, owner_,
        {{}, R"({"keyType":"federated","scopes":["auth_keys"],"tags":["tag:ci"],)" + members + "}"});
  }
  void serve(const std::vector<json::object>& keys, seconds fresh = seconds{300}) {
    api_.elsewhere[std::string(kIssuer) + "/.well-known/openid-configuration"] = {
        R"({"issuer":"https://issuer.example","jwks_uri":"https://keys.example/set"})", fresh};
    api_.elsewhere["https://keys.example/set"] = {testing::key_set_text(keys), fresh};
  }
  std::int64_t now() const { return duration_cast<seconds>(api_.clock.now().time_since_epoch()).count(); }
  json::object claims() {
    return {{"iss", kIssuer},
            {"aud", audience_},
            {"sub", "repo:example/web:ref:main"},
            {"iat", now()},
            {"exp", now() + 300},
            {"jti", "id-" + std::to_string(++tokens_)},
            {"environment", "production"},
            {"actor", json::object{{"a.b", json::object{{"id", 7}}}}},
            {"teams", json::array{"red", "blue"}},
            {"admin", true}};
  }
  json::object claims_with(const char* name, const auto& value) {
    auto changed = claims();
    changed[name] = value;
    return changed;
  }
  json::object claims_without(const char* name) {
    auto changed = claims();
    changed.erase(name);
    return changed;
  }
  io::Response exchange(const std::string& token) { return exchange(id_, token); }
  io::Response exchange(const std::string& id, const std::string& token) {
    return api_.call("POST", "/api/v2/oauth/token-exchange", {},
                     {{{"Content-Type", "application/x-www-form-urlencoded"}},
                      "client_id=" + percent_encode(id) + "&jwt=" + percent_encode(token)});
  }
  // Why the last one was refused, as the identity shows it.
  std::string last_error() {
    const auto shown =
        json_of(api_.call("GET", std::string(kKeys) + "/" + id_ + "?fields=all", owner_)).as_object();
    const auto* error = shown.if_contains("lastError");
    return error == nullptr ? std::string() : std::string(error->as_string());
  }

  ApiWorld api_;
  std::string owner_;
  TokenMaker rsa_{"RS256", "rsa-1"};
  TokenMaker ec_{"ES256", "ec-1"};
  TokenMaker ed_{"EdDSA", "ed-1"};
  std::string id_, audience_;
  int tokens_ = 0;
};

TEST_F(TokenExchange, AnIdentityIsMadeReplacedAndRevoked) {
  const auto path = std::string(kKeys) + "/" + id_;
  auto shown = json_of(api_.call("GET", path, owner_)).as_object();
  EXPECT_EQ(shown.at("keyType").as_string(), "federated");
  EXPECT_EQ(shown.at("issuer").as_string(), kIssuer);
  EXPECT_EQ(audience_, "api.tailscale.com/" + id_);
  EXPECT_EQ(shown.at("customClaimRules").as_object().size(), 4U);
  EXPECT_FALSE(shown.contains("key") || shown.contains("expires") || shown.contains("capabilities"));
  const auto replaced = api_.call("PUT", path, owner_,
                                  {{}, R"({"keyType":"federated","scopes":["auth_keys:read","devices:core"],
      "tags":["tag:ci"],"issuer":"https://example.com","subject":"other-*","customClaimRules":null,"audience":""})"});
  ASSERT_EQ(replaced.status, 200) << replaced.body;
  shown = json_of(api_.call("GET", path, owner_)).as_object();
  EXPECT_EQ(shown.at("audience").as_string(), audience_);
  EXPECT_EQ(json::serialize(shown.at("customClaimRules")), "{}");
  EXPECT_EQ(shown.at("subject").as_string(), "other-*");
  EXPECT_EQ(api_.call("PUT", path, owner_, {{}, R"({"keyType":"client","scopes":["dns"]})"}).status, 400);
  EXPECT_EQ(api_.call("DELETE", path, owner_).status, 200);
  shown = json_of(api_.call("GET", path, owner_)).as_object();
  EXPECT_TRUE(shown.at("invalid").as_bool() && shown.contains("revoked"));
  EXPECT_EQ(exchange(rsa_.sign(claims())).status, 403);
  EXPECT_NE(last_error().find("revoked"), std::string::npos) << last_error();
  EXPECT_EQ(api_.world.log({.actors = {id_}, .events = {"FAILED_REQUEST.UPDATE"}}).size(), 1U);
  EXPECT_EQ(api_.fetches, 0);
}

TEST_F(TokenExchange, WhatIsTrustedIsChecked) {
  const std::pair<const char*, const char*> bad[] = {
      {R"("subject":"a")", "issuer"},
      {R"("issuer":"http://issuer.example","subject":"a")", "issuer"},
      {R"("issuer":"https://","subject":"a")", "issuer"},
      {R"("issuer":"https://u@issuer.example","subject":"a")", "issuer"},
      {R"("issuer":"https://issuer.example?x=1","subject":"a")", "issuer"},
      {R"("issuer":"https://issuer.example#x","subject":"a")", "issuer"},
      {R"("issuer":"issuer.example","subject":"a")", "issuer"},
      {R"("issuer":"https://issuer.example")", "subject is required"},
      {R"("issuer":"https://issuer.example","subject":"*")", "everybody"},
      {R"("issuer":"https://issuer.example","subject":"a","customClaimRules":{"sub":"b"})",
       "sub has a field"},
      {R"("issuer":"https://issuer.example","subject":"a","customClaimRules":{"a..b":"b"})",
       "customClaimRules"},
      {R"("issuer":"https://issuer.example","subject":"a","customClaimRules":{"a":5})", "customClaimRules"},
  };
  for (const auto& [members, says] : bad) {
    const auto refused = make(members);
    EXPECT_EQ(refused.status, 400) << members;
    EXPECT_NE(message_of(refused).find(says), std::string::npos) << message_of(refused);
  }
}

TEST_F(TokenExchange, GoodTokensOfEveryAlgorithmAreTaken) {
  std::vector<TokenMaker> makers;
  std::vector<json::object> keys;
  for (const char* algorithm :
       {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}) {
    makers.emplace_back(algorithm, std::string("key-") + algorithm);
    keys.push_back(makers.back().jwk());
  }
  serve(keys);
  for (const auto& maker : makers) {
    const auto answer = exchange(maker.sign(claims()));
    ASSERT_EQ(answer.status, 200) << maker.kid() << answer.body << last_error();
    EXPECT_TRUE(answer.sensitive);
    const auto body = json_of(answer).as_object();
    EXPECT_EQ(body.at("scope").as_string(), "auth_keys");
    const std::string token(body.at("access_token").as_string());
    const auto key = api_.call("POST", kKeys, token,
                               {{}, R"({"capabilities":{"devices":{"create":{"tags":["tag:ci"]}}}})"});
    EXPECT_EQ(key.status, 200) << key.body;
  }
  EXPECT_EQ(api_.fetches, 2);
}

TEST_F(TokenExchange, EveryClaimRuleMustMatch) {
  const auto actor = [](int id) { return json::object{{"a.b", json::object{{"id", id}}}}; };
  const std::pair<json::object, const char*> rows[] = {
      {claims_with("environment", "staging"), "environment"},
      {claims_without("environment"), "environment"},
      {claims_with("environment", json::object{}), "environment"},
      {claims_with("environment", nullptr), "environment"},
      {claims_with("actor", actor(8)), "actor"},
      {claims_with("actor", "7"), "actor"},
      {claims_with("actor", json::object{{"a", json::object{{"b", json::object{{"id", 7}}}}}}), "actor"},
      {claims_with("teams", json::array{"red"}), "teams"},
      {claims_with("teams", json::array(1, json::array{"blue"})), "teams"},
      {claims_with("admin", false), "admin"},
  };
  for (const auto& [claims, says] : rows) {
    EXPECT_EQ(exchange(rsa_.sign(claims)).status, 403) << says;
    EXPECT_NE(last_error().find(says), std::string::npos) << last_error();
  }
  EXPECT_EQ(api_.fetches, 0);
  EXPECT_EQ(exchange(rsa_.sign(claims_with("teams", "blue"))).status, 200) << last_error();
}

TEST_F(TokenExchange, ATokenThatNamesItselfCountsOnce) {
  const auto token = rsa_.sign(claims());
  EXPECT_EQ(exchange(token).status, 200);
  EXPECT_EQ(exchange(token).status, 403);
  EXPECT_NE(last_error().find("jti"), std::string::npos);
  const auto nameless = rsa_.sign(claims_without("jti"));
  EXPECT_EQ(exchange(nameless).status, 200);
  EXPECT_EQ(exchange(nameless).status, 200);
}

TEST_F(TokenExchange, StrangersDoNotFillTheAuditLog) {
  const auto shown = exchange("x").body;
  const auto records = [&] {
    return api_.world.log({.actors = {id_}, .events = {"FAILED_REQUEST.UPDATE"}}).size();
  };
  for (int i = 0; i < 1000; ++i) {
    // Each from an address of its own, so that no address has had enough.
    const auto refused = api_.call("POST", "/api/v2/oauth/token-exchange", {},
                                   {{},
                                    "client_id=" + id_ + "&jwt=x",
                                    "198.51." + std::to_string(i / 200) + "." + std::to_string(i % 200)});
    ASSERT_EQ(refused.status, 403);
    ASSERT_EQ(refused.body, shown);
  }
  EXPECT_EQ(records(), 500U);
  api_.clock.advance(minutes{1});
  for (int i = 0; i < 100; ++i) exchange("x");
  EXPECT_EQ(records(), 560U);
  EXPECT_EQ(exchange(rsa_.sign(claims())).status, 200);
}

TEST_F(TokenExchange, AnotherTailnetsOrUnknownIdentityIsAnsweredAlike) {
  const auto token = rsa_.sign(claims());
  const auto unknown = exchange("TNoSuchCNTRL-kNoSuchKeyCNTRL", token);
  EXPECT_EQ(unknown.status, 403);
  EXPECT_EQ(unknown.body, exchange(rsa_.sign(claims_without("exp"))).body);
  EXPECT_EQ(exchange(std::string(split(owner_, '-')[2]), token).status, 403);
}

TEST_F(TokenExchange, AnIssuersNewKeysAreFoundAndNotLookedForAllTheTime) {
  EXPECT_EQ(exchange(rsa_.sign(claims())).status, 200);
  const auto before = api_.fetches;
  const TokenMaker fresh("RS256", "rsa-2");
  serve({fresh.jwk()});
  api_.clock.advance(seconds{61});
  EXPECT_EQ(exchange(fresh.sign(claims())).status, 200) << last_error();
  EXPECT_EQ(api_.fetches, before + 2);
  // Unknown keys make it ask once a minute, not more.
  const TokenMaker stranger("RS256", "nobody");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(exchange(stranger.sign(claims())).status, 403);
  EXPECT_EQ(api_.fetches, before + 2);
  // The old key is gone with the old set.
  EXPECT_EQ(exchange(rsa_.sign(claims())).status, 403);
}

TEST_F(TokenExchange, KeysServeOnWhileTheirIssuerIsAwayAndNotForever) {
  EXPECT_EQ(exchange(rsa_.sign(claims())).status, 200);
  api_.elsewhere.clear();
  api_.clock.advance(seconds{301});
  EXPECT_EQ(exchange(rsa_.sign(claims())).status, 200) << last_error();
  const auto before = api_.fetches;
  for (int i = 0; i < 20; ++i) exchange(rsa_.sign(claims()));
  EXPECT_EQ(api_.fetches, before);
  api_.clock.advance(seconds{3700});
  EXPECT_EQ(exchange(rsa_.sign(claims())).status, 403);
  EXPECT_NE(last_error().find("not to be had"), std::string::npos) << last_error();
}

TEST_F(TokenExchange, ADiscoveryDocumentOfAnotherIssuerIsNotBelieved) {
  api_.elsewhere[std::string(kIssuer) + "/.well-known/openid-configuration"].body =
      R"({"issuer":"https://other.example","jwks_uri":"https://keys.example/set"})";
  EXPECT_EQ(exchange(rsa_.sign(claims())).status, 403);
  EXPECT_NE(last_error().find("another issuer's"), std::string::npos) << last_error();
}

TEST_F(TokenExchange, WeakAndSymmetricKeysAreNone) {
  const TokenMaker weak("RS256", "weak", 1024);
  auto symmetric = rsa_.jwk();
  symmetric["kty"] = "oct";
  symmetric["k"] = "c2VjcmV0";
  auto for_encryption = rsa_.jwk();
  for_encryption["use"] = "enc";
  serve({weak.jwk(), symmetric, for_encryption});
  EXPECT_EQ(exchange(weak.sign(claims())).status, 403);
  EXPECT_NE(last_error().find("no key"), std::string::npos);
  EXPECT_EQ(exchange(rsa_.sign(claims())).status, 403);
}

TEST_F(TokenExchange, WhatStockClientsSendBesideIsIgnored) {
  const auto answer =
      api_.call("POST", "/api/v2/oauth/token-exchange", {},
                {{{"Content-Type", "application/x-www-form-urlencoded"}, {"Authorization", "Basic Og=="}},
                 "grant_type=authorization_code&code=&client_id=" + id_ + "&jwt=" + rsa_.sign(claims())});
  EXPECT_EQ(answer.status, 200) << answer.body;
  for (const char* body : {"", "client_id=x", "jwt=x", "client_id=x&client_id=y&jwt=z"}) {
    const auto refused = api_.call("POST", "/api/v2/oauth/token-exchange", {}, {{}, body});
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_EQ(json_of(refused).at("error").as_string(), "invalid_request");
  }
}

}  // namespace
}  // namespace latchkey::http
