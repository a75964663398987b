#include "core/signon/discovery.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace latchkey::signon {
namespace {

constexpr const char* kGood = R"({
  "issuer":"https://idp.example","authorization_endpoint":"https://idp.example/auth",
  "token_endpoint":"https://idp.example/token","jwks_uri":"https://keys.example/jwks",
  "userinfo_endpoint":"https://idp.example/me","response_types_supported":["code","id_token"],
  "subject_types_supported":["public"],"id_token_signing_alg_values_supported":["HS256","RS256","ES256"],
  "code_challenge_methods_supported":["plain","S256"],
  "token_endpoint_auth_methods_supported":["client_secret_post","client_secret_basic"],
  "authorization_response_iss_parameter_supported":true})";

// The document with this member changed; null: without it.
DiscoveryReport read(const char* member = "", const char* value = "null", bool allow_http = false) {
  auto document = boost::json::parse(kGood).as_object();
  if (*member != '\0') {
    document[member] = boost::json::parse(value);
    if (document[member].is_null()) document.erase(member);
  }
  return read_discovery(document, "https://idp.example", allow_http);
}

std::string faulty_line(const DiscoveryReport& report) {
  const auto fault = report.first_fault();
  return fault.substr(0, fault.find(':'));
}

TEST(Discovery, ReadsWhatALoginNeeds) {
  const auto report = read();
  ASSERT_TRUE(report.good()) << report.first_fault();
  const auto& found = report.discovery;
  EXPECT_EQ(found.authorization_endpoint, "https://idp.example/auth");
  EXPECT_EQ(found.token_endpoint, "https://idp.example/token");
  EXPECT_EQ(found.userinfo_endpoint, "https://idp.example/me");
  EXPECT_EQ(found.algorithms, (std::vector{crypto::JwsAlgorithm::rs256, crypto::JwsAlgorithm::es256}));
  EXPECT_TRUE(found.basic_authentication);
  EXPECT_TRUE(found.names_issuer);
}

TEST(Discovery, NamesEachLineThatFails) {
  struct Case {
    const char* member;
    const char* value;
    const char* line;
  };
  for (const auto& each :
       {Case{"issuer", R"("https://idp.example/")", "issuer"},
        Case{"issuer", R"("https://IDP.example")", "issuer"}, Case{"issuer", "null", "issuer"},
        Case{"authorization_endpoint", "null", "authorization endpoint"},
        Case{"authorization_endpoint", R"("javascript:x")", "authorization endpoint"},
        Case{"authorization_endpoint", R"("http://idp.example/auth")", "authorization endpoint"},
        Case{"authorization_endpoint", R"("https://idp.example/a b")", "authorization endpoint"},
        Case{"authorization_endpoint", R"("https://idp.example@evil.example/")", "authorization endpoint"},
        Case{"token_endpoint", R"("http://idp.example/token")", "token endpoint"},
        Case{"jwks_uri", "null", "key set"}, Case{"userinfo_endpoint", R"("x")", "UserInfo endpoint"},
        Case{"response_types_supported", R"(["id_token"])", "authorization code"},
        Case{"response_types_supported", "null", "authorization code"},
        Case{"code_challenge_methods_supported", R"(["plain"])", "PKCE"},
        Case{"id_token_signing_alg_values_supported", R"(["HS256","none"])", "signatures"},
        Case{"id_token_signing_alg_values_supported", "null", "signatures"},
        Case{"token_endpoint_auth_methods_supported", R"(["private_key_jwt"])", "client authentication"}}) {
    const auto report = read(each.member, each.value);
    EXPECT_EQ(faulty_line(report), each.line) << each.member << " " << each.value;
  }
}

TEST(Discovery, AbsentMembersMeanWhatTheSpecificationSays) {
  EXPECT_TRUE(read("code_challenge_methods_supported").good());
  EXPECT_TRUE(read("token_endpoint_auth_methods_supported").discovery.basic_authentication);
  EXPECT_FALSE(read("token_endpoint_auth_methods_supported", R"(["client_secret_post"])")
                   .discovery.basic_authentication);
  EXPECT_FALSE(read("authorization_response_iss_parameter_supported").discovery.names_issuer);
  EXPECT_TRUE(read("userinfo_endpoint").good());
}

TEST(Discovery, HttpIsForATestBench) {
  EXPECT_FALSE(read("token_endpoint", R"("http://127.0.0.1:1/token")").good());
  EXPECT_TRUE(read("token_endpoint", R"("http://127.0.0.1:1/token")", true).good());
}

}  // namespace
}  // namespace latchkey::signon
