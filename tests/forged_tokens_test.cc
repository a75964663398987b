// Forged tokens of every kind we know, shown to a running server with a real issuer behind it: each is
// refused alike, with its reason in the audit log, and the issuer hears of none that could not be accepted
// anyway.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <thread>

#include "base/text.h"
#include "base/time.h"
#include "loopback_issuer.h"
#include "running_server.h"

namespace latchkey {
namespace {

namespace json = boost::json;
using testing::TokenMaker;

constexpr const char* kKeys = "/api/v2/tailnet/-/keys";

struct Forged {
  const char* what;
  std::string token;
  const char* says;  // within the reason
};

std::string serialized(const json::object& object) {
  return json::serialize(object);
}

// A part of a token without its last bytes.
std::string cut(std::string_view part, std::size_t bytes = 3) {
  auto text = from_base64url(part).value_or("");
  text.resize(text.size() - bytes);
  return to_base64url(text);
}

class ForgedTokens : public ::testing::Test {
 protected:
  ForgedTokens() {
    server_.settings().federation_allow_http = true;
    server_.settings().federation_allow_networks = {"127.0.0.1"};
    server_.stop();
    server_.start();
    issuer_.serve_keys({rsa_.jwk(), pss_.jwk(), ec_.jwk(), ed_.jwk()});
    server_.call("POST", "/api/v2/tailnet/-/acl", R"({"tagOwners":{"tag:ci":[]}})");
    const auto made = server_.call("POST", kKeys, identity_of(issuer_.url()));
    EXPECT_EQ(made.status, 200) << made.body;
    id_ = std::string(made.json().at("id").as_string());
    audience_ = std::string(made.json().at("audience").as_string());
  }

  static std::string identity_of(const std::string& issuer) {
    return serialized({{"keyType", "federated"},
                       {"scopes", json::array{"auth_keys"}},
                       {"tags", json::array{"tag:ci"}},
                       {"issuer", issuer},
                       {"subject", "repo:example/*"},
                       {"customClaimRules", json::object{{"environment", "prod*"}}}});
  }
  static std::int64_t now() {
    return std::chrono::duration_cast<seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  json::object claims() {
    return {{"iss", issuer_.url()},
            {"aud", audience_},
            {"sub", "repo:example/web:ref:main"},
            {"iat", now()},
            {"exp", now() + 300},
            {"jti", "id-" + std::to_string(++tokens_)},
            {"environment", "production"}};
  }
  // Signed by the issuer, as it should be, but for one claim.
  std::string with(const char* name, const auto& value) {
    auto changed = claims();
    changed[name] = value;
    return rsa_.sign(changed);
  }
  // The same with a value that no JSON library would write.
  std::string with_raw(const char* name, const std::string& raw) {
    auto text = serialized(lacking(name));
    text.back() = ',';
    return rsa_.sign(kHeader, text + '"' + name + "\":" + raw + "}");
  }
  std::string without(const char* name) { return rsa_.sign(lacking(name)); }
  json::object lacking(const char* name) {
    auto changed = claims();
    changed.erase(name);
    return changed;
  }
  // The issuer's signature under a header of one's own.
  std::string under(const std::string& header) { return rsa_.sign(header, serialized(claims())); }

  RunningServer::Answer exchange(const std::string& id, const std::string& token) {
    return server_.post_form("/api/v2/oauth/token-exchange",
                             "client_id=" + percent_encode(id) + "&jwt=" + percent_encode(token));
  }
  std::string last_error() {
    const auto shown = server_.call("GET", std::string(kKeys) + "/" + id_ + "?fields=all").json().as_object();
    const auto* error = shown.if_contains("lastError");
    return error == nullptr ? std::string() : std::string(error->as_string());
  }
  json::array refused_exchanges() {
    const auto answer = server_.call(
        "GET",
        "/api/v2/tailnet/-/logging/configuration?start=2026-01-01T00:00:00Z&end=2100-01-01T00:00:00Z"
        "&event=FAILED_REQUEST.UPDATE&fields=all");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.json().at("logs").as_array();
  }

  void refuse(const std::vector<Forged>& rows) {
    for (const auto& row : rows) {
      const auto refused = exchange(id_, row.token);
      EXPECT_EQ(refused.status, 403) << row.what << refused.body;
      EXPECT_EQ(refused.json().at("error").as_string(), "invalid_grant") << row.what;
      bodies_.insert(refused.body);
      reasons_.insert(last_error());
      EXPECT_NE(last_error().find(row.says), std::string::npos) << row.what << ": " << last_error();
    }
    refused_ += rows.size();
  }

  std::vector<Forged> forged_form();
  std::vector<Forged> forged_headers();
  std::vector<Forged> forged_claims();
  std::vector<Forged> forged_signatures();

  static constexpr const char* kHeader = R"({"alg":"RS256","kid":"rsa-1"})";
  LoopbackIssuer issuer_;
  RunningServer server_;
  TokenMaker rsa_{"RS256", "rsa-1"};
  TokenMaker pss_{"PS256", "pss-1"};
  TokenMaker ec_{"ES256", "ec-1"};
  TokenMaker ed_{"EdDSA", "ed-1"};
  std::string id_, audience_;
  int tokens_ = 0;

  std::set<std::string> bodies_;
  std::multiset<std::string> reasons_;
  std::size_t refused_ = 0;
};

std::vector<Forged> ForgedTokens::forged_form() {
  const auto good = rsa_.sign(claims());
  const auto parts = split(good, '.');
  const std::string head(parts[0]), body(parts[1]), tail(parts[2]);
  const auto general =
      serialized({{"payload", body},
                  {"signatures", json::array{json::object{{"protected", head}, {"signature", tail}}}}});
  const auto flattened = serialized({{"payload", body}, {"protected", head}, {"signature", tail}});
  const auto jwe_head = to_base64url(R"({"alg":"RSA-OAEP","enc":"A256GCM"})");
  return {
      {"nothing", " ", "three parts"},
      {"dots", "..", "not signed"},
      {"one part", head, "three parts"},
      {"two parts", head + "." + body, "three parts"},
      {"four parts", good + ".e30", "three parts"},
      {"encrypted, five parts", jwe_head + ".e30.e30.e30.e30", "three parts"},
      {"encrypted, cut to three", jwe_head + ".e30.e30", "enc"},
      {"general JSON serialisation", general, "three parts"},
      {"flattened JSON serialisation", flattened, "three parts"},
      {"header truncated", cut(head) + "." + body + "." + tail, "header is not"},
      {"payload truncated", head + "." + cut(body) + "." + tail, "payload is not"},
      {"payload detached", head + ".." + tail, "payload is not"},
      {"header empty", "." + body + "." + tail, "header is not"},
      {"signature missing", head + "." + body + ".", "not signed"},
      {"padding", good + "==", "base64url"},
      {"standard base64", head + "." + body + "." + std::string(tail.size(), '+'), "base64url"},
      {"bits that stand for nothing", head + "." + body + ".QR", "base64url"},
      {"space before", " " + good, "base64url"},
      {"space within", head + ". " + body + "." + tail, "base64url"},
      {"line end after", good + "\n", "base64url"},
      {"NUL after", good + std::string(1, '\0'), "base64url"},
      {"a scheme before", "Bearer " + good, "base64url"},
      {"20 KiB", good + std::string(20UL * 1024, 'A'), "too long"},
      {"100 KiB", good + std::string(100UL * 1024, 'A'), "too long"},
      {"an auth key", std::string("tskey-") + "auth-k1CNTRL-x", "three parts"},
  };
}

std::vector<Forged> ForgedTokens::forged_headers() {
  const auto payload = serialized(claims());
  const auto good = rsa_.sign(claims());
  const auto parts = split(good, '.');
  const std::string body(parts[1]), tail(parts[2]);
  const auto unsigned_as = [&](const char* algorithm) {
    return to_base64url(std::string(R"({"alg":")") + algorithm + R"("})") + "." + body + ".";
  };
  const auto hmac = [&](const std::string& secret, const char* algorithm = "HS256") {
    return testing::sign_with_hmac(secret, std::string(R"({"alg":")") + algorithm + R"(","kid":"rsa-1"})",
                                   payload);
  };
  std::vector<Forged> rows{
      {"HMAC under the key as PEM", hmac(rsa_.public_pem()), "algorithm"},
      {"HMAC under the key as JWK", hmac(serialized(rsa_.jwk())), "algorithm"},
      {"HMAC under the key set", hmac(testing::key_set_text({rsa_.jwk()})), "algorithm"},
      {"HMAC under nothing", hmac(""), "algorithm"},
      {"HS384", hmac(rsa_.public_pem(), "HS384"), "algorithm"},
      {"HS512", hmac(rsa_.public_pem(), "HS512"), "algorithm"},
      {"no alg", under(R"({"kid":"rsa-1"})"), "algorithm"},
      {"alg is a list", under(R"({"alg":["RS256"]})"), "algorithm"},
      {"alg is null", under(R"({"alg":null})"), "algorithm"},
      {"alg in lower case", under(R"({"alg":"rs256","kid":"rsa-1"})"), "algorithm"},
      {"alg of encryption", under(R"({"alg":"RSA1_5","kid":"rsa-1"})"), "algorithm"},
      {"alg with SHA-1", under(R"({"alg":"RS1","kid":"rsa-1"})"), "algorithm"},
      {"alg of a curve that is not taken", under(R"({"alg":"ES256K","kid":"ec-1"})"), "algorithm"},
      {"alg twice", under(R"({"alg":"RS256","kid":"rsa-1","alg":"none"})"), "twice"},
      {"alg twice, once escaped", under(R"({"alg":"RS256","\u0061lg":"none"})"), "twice"},
      {"kid twice", under(R"({"alg":"RS256","kid":"rsa-1","kid":"rsa-1"})"), "twice"},
      {"kid is a number", under(R"({"alg":"RS256","kid":1})"), "kid"},
      {"kid is a list", under(R"({"alg":"RS256","kid":["rsa-1"]})"), "kid"},
      {"kid is null", under(R"({"alg":"RS256","kid":null})"), "kid"},
      {"kid is empty", under(R"({"alg":"RS256","kid":""})"), "kid"},
      {"kid is long", under(R"({"alg":"RS256","kid":")" + std::string(4096, 'a') + R"("})"), "too long"},
      {"crit", under(R"({"alg":"RS256","kid":"rsa-1","crit":["exp"],"exp":1})"), "crit"},
      {"crit is empty", under(R"({"alg":"RS256","kid":"rsa-1","crit":[]})"), "crit"},
      {"b64 is false", under(R"({"alg":"RS256","kid":"rsa-1","b64":false})"), "b64"},
      {"zip", under(R"({"alg":"RS256","kid":"rsa-1","zip":"DEF"})"), "zip"},
      {"a logout token", under(R"({"alg":"RS256","kid":"rsa-1","typ":"logout+jwt"})"), "another type"},
      {"a security event", under(R"({"alg":"RS256","kid":"rsa-1","typ":"secevent+jwt"})"), "another type"},
      {"a proof of possession", under(R"({"alg":"RS256","kid":"rsa-1","typ":"dpop+jwt"})"), "another type"},
      {"typ of the JSON serialisation", under(R"({"alg":"RS256","kid":"rsa-1","typ":"JOSE+JSON"})"),
       "another type"},
      {"typ is a list", under(R"({"alg":"RS256","kid":"rsa-1","typ":["JWT"]})"), "another type"},
      {"header is a list", under(R"(["RS256"])"), "header is not"},
      {"header with a tail", under(R"({"alg":"RS256"}{})"), "header is not"},
      {"header with a comment", under(R"({"alg":"RS256"/**/})"), "header is not"},
      {"header behind a byte order mark", under("\xEF\xBB\xBF{\"alg\":\"RS256\"}"), "header is not"},
  };
  for (const char* none : {"none", "None", "NONE", "nOnE", "none ", "", "null"}) {
    rows.push_back({"unsigned", unsigned_as(none), "not signed"});
    rows.push_back({"unsigned, with another's signature", unsigned_as(none) + tail, "algorithm"});
  }
  return rows;
}

std::vector<Forged> ForgedTokens::forged_claims() {
  std::string deep(40, '[');
  deep += std::string(40, ']');
  const auto id_of_a_neighbour = "api.tailscale.com/" + id_.substr(0, id_.find('-')) + "-kOtherCNTRL";
  return {
      {"iss is missing", without("iss"), "iss is missing"},
      {"iss is null", with("iss", nullptr), "iss is missing"},
      {"iss is a list", with("iss", json::array{issuer_.url()}), "iss is missing"},
      {"another iss", with("iss", "https://issuer.example"), "iss is"},
      {"iss with a slash at its end", with("iss", issuer_.url() + "/"), "iss is"},
      {"iss in other case", with("iss", "HTTP" + issuer_.url().substr(4)), "iss is"},
      {"iss as a beginning", with("iss", issuer_.url() + ".evil.example"), "iss is"},
      {"iss twice", with_raw("iss", R"("a","iss":"b")"), "twice"},
      {"aud is missing", without("aud"), "aud is missing"},
      {"aud is null", with("aud", nullptr), "aud is"},
      {"aud is empty", with("aud", ""), "aud is"},
      {"aud is an object", with("aud", json::object{{audience_, true}}), "aud is"},
      {"another aud", with("aud", "api.tailscale.com"), "aud is"},
      {"another identity's aud", with("aud", id_of_a_neighbour), "aud is"},
      {"aud as a beginning", with("aud", audience_ + "x"), "aud is"},
      {"aud in other case", with("aud", to_lower(audience_)), "aud is"},
      {"an empty list of aud", with("aud", json::array{}), "aud is"},
      {"a list of other aud", with("aud", json::array{"a", 5, nullptr}), "aud is"},
      {"a list in a list of aud", with("aud", json::array(1, json::array{audience_})), "aud is"},
      {"aud joined by spaces", with("aud", "a " + audience_), "aud is"},
      {"exp is missing", without("exp"), "exp is missing"},
      {"exp is null", with("exp", nullptr), "exp is no time"},
      {"exp as text", with("exp", std::to_string(now() + 300)), "exp is no time"},
      {"exp as a date", with("exp", "2099-01-01T00:00:00Z"), "exp is no time"},
      {"exp is true", with("exp", true), "exp is no time"},
      {"exp in a list", with("exp", json::array{now() + 300}), "exp is no time"},
      {"exp is negative", with("exp", -1), "exp is no time"},
      {"exp is huge", with("exp", 1e300), "exp is no time"},
      {"exp is out of range", with_raw("exp", "1e999"), "exp is no time"},
      {"exp overflows 64 bits", with_raw("exp", "18446744073709551616"), "exp is no time"},
      {"exp is NaN", with_raw("exp", "NaN"), "not a JSON object"},
      {"exp is Infinity", with_raw("exp", "Infinity"), "not a JSON object"},
      {"exp is 0", with("exp", 0), "expired"},
      {"expired", with("exp", now() - 61), "expired"},
      {"lives for years", with("exp", now() + 100'000'000), "seven days"},
      {"exp twice", with_raw("exp", "1,\"exp\":" + std::to_string(now() + 300)), "twice"},
      {"iat is missing", without("iat"), "iat is missing"},
      {"iat as text", with("iat", std::to_string(now())), "iat is no time"},
      {"iat is negative", with("iat", -1), "iat is no time"},
      {"iat in the future", with("iat", now() + 120), "iat is in the future"},
      {"iat after exp", with("iat", now() + 400), "exp is not after iat"},
      {"nbf in the future", with("nbf", now() + 120), "not valid before"},
      {"nbf as text", with("nbf", "0"), "nbf is no time"},
      {"nbf is huge", with("nbf", 1e18), "nbf is no time"},
      {"sub is missing", without("sub"), "sub is missing"},
      {"sub is empty", with("sub", ""), "sub is missing"},
      {"sub is a number", with("sub", 7), "sub is missing"},
      {"sub is a list", with("sub", json::array{"repo:example/web"}), "sub is missing"},
      {"another sub", with("sub", "repo:other/web"), "sub is"},
      {"sub in other case", with("sub", "Repo:example/web"), "sub is"},
      {"sub with something before", with("sub", "x repo:example/web"), "sub is"},
      {"sub is the pattern's beginning", with("sub", "repo:example"), "sub is"},
      {"a rule's claim is missing", without("environment"), "environment"},
      {"a rule's claim is another", with("environment", "staging"), "environment"},
      {"a rule's claim is an object", with("environment", json::object{{"prod", 1}}), "environment"},
      {"a rule's claim twice, deep", with_raw("environment", R"({"a":1,"a":2})"), "twice"},
      {"jti is a number", with("jti", 5), "jti is no text"},
      {"jti is a list", with("jti", json::array{"a"}), "jti is no text"},
      {"jti is null", with("jti", nullptr), "jti is no text"},
      {"jti is empty", with("jti", ""), "jti is no text"},
      {"jti is long", with("jti", std::string(1000, 'j')), "jti is too long"},
      {"nested deeply", with_raw("nested", deep), "not a JSON object"},
      {"claims are a list", rsa_.sign(kHeader, "[]"), "payload is not"},
      {"claims are text", rsa_.sign(kHeader, "claims"), "payload is not"},
      {"claims are not UTF-8", rsa_.sign(kHeader, "{\"iss\":\"\xff\"}"), "payload is not"},
      {"claims are a token", rsa_.sign(R"({"alg":"RS256","kid":"rsa-1","cty":"JWT"})", rsa_.sign(claims())),
       "payload is not"},
  };
}

std::vector<Forged> ForgedTokens::forged_signatures() {
  const auto payload = serialized(claims());
  const auto good = rsa_.sign(claims());
  const auto parts = split(good, '.');
  const std::string head(parts[0]), body(parts[1]), tail(parts[2]);
  const auto elsewhere = issuer_.url() + "/stolen-keys";
  const auto bent = [&](std::size_t at, unsigned bit) {
    auto bytes = from_base64url(tail).value_or("");
    bytes.at(at) = static_cast<char>(static_cast<unsigned char>(bytes.at(at)) ^ (1U << bit));
    return head + "." + body + "." + to_base64url(bytes);
  };
  const auto signature = [&](const char* header, const std::string& bytes) {
    return to_base64url(header) + "." + body + "." + to_base64url(bytes);
  };
  constexpr const char* kEc = R"({"alg":"ES256","kid":"ec-1"})";
  const TokenMaker stranger("RS256", "rsa-1");
  const TokenMaker other_curve("ES384", "ec-1");
  const auto other_payload = to_base64url(serialized(claims()));
  return {
      {"first bit of the signature", bent(0, 7), "signature"},
      {"last bit of the signature", bent(255, 0), "signature"},
      {"signature cut", head + "." + body + "." + cut(tail), "signature"},
      {"signature of three bytes", head + "." + body + ".AAAA", "signature"},
      {"signature of zeros", signature(kHeader, std::string(256, '\0')), "signature"},
      {"signature with a zero before", signature(kHeader, '\0' + from_base64url(tail).value_or("")),
       "signature"},
      {"signature of another token", head + "." + other_payload + "." + tail, "signature"},
      {"signature under another header", to_base64url(kHeader) + "." + body + "." + tail, "signature"},
      {"a stranger's key", stranger.sign(claims()), "signature"},
      {"ECDSA of zeros", signature(kEc, std::string(64, '\0')), "signature"},
      {"ECDSA in DER", ec_.sign_in_der(kEc, payload), "signature"},
      {"ECDSA of another length", signature(kEc, std::string(96, '\1')), "signature"},
      {"EdDSA of zeros", signature(R"({"alg":"EdDSA","kid":"ed-1"})", std::string(64, '\0')), "signature"},
      {"RS256 under a P-256 key", ec_.sign_in_der(R"({"alg":"RS256","kid":"ec-1"})", payload), "no key"},
      {"ES256 under an RSA key", ec_.sign(R"({"alg":"ES256","kid":"rsa-1"})", payload), "no key"},
      {"ES384 under a P-256 key", other_curve.sign(R"({"alg":"ES384","kid":"ec-1"})", payload), "no key"},
      {"EdDSA under an RSA key", ed_.sign(R"({"alg":"EdDSA","kid":"rsa-1"})", payload), "no key"},
      {"RS384 under a key for RS256", rsa_.sign(R"({"alg":"RS384","kid":"rsa-1"})", payload), "no key"},
      {"PS256 under a key for RS256", pss_.sign(R"({"alg":"PS256","kid":"rsa-1"})", payload), "no key"},
      {"another's kid", rsa_.sign(R"({"alg":"PS256","kid":"pss-1"})", payload), "signature"},
      {"kid in other case", under(R"({"alg":"RS256","kid":"RSA-1"})"), "no key"},
      {"kid as a path", under(R"({"alg":"RS256","kid":"../../../dev/null"})"), "no key"},
      {"kid as an address", under(R"({"alg":"RS256","kid":")" + elsewhere + R"("})"), "no key"},
      {"kid as SQL", under(R"({"alg":"RS256","kid":"' OR 1=1 --"})"), "no key"},
      {"kid with a NUL", under(R"({"alg":"RS256","kid":"rsa-1\u0000"})"), "no key"},
      {"jwk", stranger.sign(R"({"alg":"RS256","jwk":)" + serialized(stranger.jwk()) + "}", payload),
       "signature"},
      {"jku", stranger.sign(R"({"alg":"RS256","kid":"x","jku":")" + elsewhere + R"("})", payload), "no key"},
      {"x5u", stranger.sign(R"({"alg":"RS256","kid":"x","x5u":")" + elsewhere + R"("})", payload), "no key"},
      {"x5c", stranger.sign(R"({"alg":"RS256","x5c":["MIIB"]})", payload), "signature"},
  };
}

TEST_F(ForgedTokens, AreRefusedAlikeWithTheirReasonAndWithoutAskingForNothing) {
  refuse(forged_form());
  refuse(forged_headers());
  refuse(forged_claims());
  EXPECT_EQ(issuer_.asked(), std::vector<std::string>{}) << "for tokens that no key could have saved";

  refuse(forged_signatures());
  EXPECT_EQ(issuer_.asked(), (std::vector<std::string>{"/.well-known/openid-configuration", "/keys"}));

  EXPECT_GE(refused_, 150U);
  EXPECT_EQ(bodies_.size(), 1U) << "the answer tells which check failed";
  std::multiset<std::string> logged;
  for (const auto& record : refused_exchanges()) {
    logged.insert(std::string(record.at("error").as_string()));
    EXPECT_EQ(record.at("actor").at("id").as_string(), id_);
    EXPECT_EQ(record.at("target").at("name").as_string(), "exchangeToken");
    EXPECT_EQ(record.at("source").at("address").as_string(), "127.0.0.1");
  }
  EXPECT_EQ(logged, reasons_);

  // After all that, good ones of each kind are still good, and the last reason is gone.
  for (const auto* maker : {&rsa_, &pss_, &ec_, &ed_}) {
    EXPECT_EQ(exchange(id_, maker->sign(claims())).status, 200) << last_error();
  }
  for (const char* typ : {"JWT", "jwt", "at+jwt", "application/at+JWT", "JOSE"}) {
    EXPECT_EQ(
        exchange(id_, under(std::string(R"({"alg":"RS256","kid":"rsa-1","typ":")") + typ + R"("})")).status,
        200)
        << typ << last_error();
  }
  EXPECT_EQ(exchange(id_, with("aud", json::array{"another", audience_})).status, 200) << last_error();
  EXPECT_EQ(last_error(), "");
  EXPECT_EQ(issuer_.asked().size(), 2U);
}

TEST_F(ForgedTokens, AReplayIsRefusedWhateverIsDoneToTheToken) {
  const auto once = claims();
  ASSERT_EQ(exchange(id_, rsa_.sign(once)).status, 200) << last_error();
  // The same claims signed again, by another key of the issuer, are the same token.
  for (const auto& again : {rsa_.sign(once), ec_.sign(once), ec_.sign(once)}) {
    EXPECT_EQ(exchange(id_, again).status, 403);
    EXPECT_NE(last_error().find("jti"), std::string::npos) << last_error();
  }
  // Nor does a restart forget it.
  server_.stop();
  server_.start();
  EXPECT_EQ(exchange(id_, rsa_.sign(once)).status, 403);
}

TEST_F(ForgedTokens, OfSeveralAtOnceOneCounts) {
  const auto token = ec_.sign(claims());
  ASSERT_EQ(exchange(id_, ec_.sign(claims())).status, 200);  // the keys are there
  std::vector<int> statuses(16);
  {
    std::vector<std::jthread> callers;
    for (auto& status : statuses) {
      callers.emplace_back([&] { status = exchange(id_, token).status; });
    }
  }
  EXPECT_EQ(std::ranges::count(statuses, 200), 1);
  EXPECT_EQ(std::ranges::count(statuses, 403), 15);
}

TEST_F(ForgedTokens, AnotherTailnetsIssuerAndIdentityLetNobodyIn) {
  LoopbackIssuer other_issuer;
  const TokenMaker other_key("RS256", "rsa-1");
  other_issuer.serve_keys({other_key.jwk()});
  const auto other = server_.call_local("POST", "/api/local/tailnets",
                                        R"({"tailnet":"other.example","owner":"owner@other.example"})");
  ASSERT_EQ(other.status, 200) << other.body;
  const SecretString owner(std::string(other.json().at("apiToken").as_string()));
  server_.call_as(owner, "POST", "/api/v2/tailnet/-/acl", R"({"tagOwners":{"tag:ci":[]}})");
  const auto made = server_.call_as(owner, "POST", kKeys, identity_of(other_issuer.url()));
  ASSERT_EQ(made.status, 200) << made.body;
  const std::string other_id(made.json().at("id").as_string());
  const auto other_audience = std::string(made.json().at("audience").as_string());
  const auto theirs = [&](const std::string& issuer, const std::string& audience) {
    auto changed = claims();
    changed["iss"] = issuer;
    changed["aud"] = audience;
    return other_key.sign(changed);
  };
  // Their issuer's tokens, whatever these say, are no good here.
  refuse({{"their token", theirs(other_issuer.url(), other_audience), "iss is"},
          {"their token for us", theirs(other_issuer.url(), audience_), "iss is"},
          {"their key in our issuer's name", theirs(issuer_.url(), audience_), "signature"},
          {"our token for them", with("aud", other_audience), "aud is"}});
  EXPECT_EQ(other_issuer.asked(), std::vector<std::string>{});
  // Nor ours there; that is in their log and not in ours.
  EXPECT_EQ(exchange(other_id, rsa_.sign(claims())).status, 403);
  EXPECT_EQ(refused_exchanges().size(), refused_);
  EXPECT_EQ(exchange(other_id, theirs(other_issuer.url(), other_audience)).status, 200);
  // The token that theirs got is theirs.
  const auto answer = exchange(other_id, theirs(other_issuer.url(), other_audience));
  const SecretString token(std::string(answer.json().at("access_token").as_string()));
  EXPECT_EQ(server_.call_as(token, "GET", "/api/v2/tailnet/example.com/keys").status, 404);
  EXPECT_EQ(server_.call_as(token, "GET", std::string(kKeys) + "/" + id_).status, 404);
  EXPECT_EQ(server_.call("GET", std::string(kKeys) + "/" + other_id).status, 404);
}

TEST_F(ForgedTokens, AnIssuerThatMayNotBeReachedIsNotAsked) {
  server_.settings().federation_allow_networks.clear();
  server_.stop();
  server_.start();
  refuse({{"on the loopback", rsa_.sign(claims()), "127.0.0.1 is not one that may be reached"}});
  EXPECT_EQ(issuer_.asked(), std::vector<std::string>{});
}

}  // namespace
}  // namespace latchkey
