#include "core/signon/asserted.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace latchkey::signon {
namespace {

boost::json::object claims(const char* text) {
  return boost::json::parse(text).as_object();
}

Provider provider(LoginClaim claim = LoginClaim::email, bool verified = false) {
  Provider provider;
  provider.settings.issuer = "https://idp.example";
  provider.settings.login_claim = claim;
  provider.settings.login_is_verified = verified;
  return provider;
}

TEST(Asserted, AMailAddressIsProvedByTheTrueOfTheProviderAlone) {
  struct Case {
    const char* claims;
    bool proved;
  };
  for (const auto& each : {Case{R"({"email":"a@b.example","email_verified":true})", true},
                           Case{R"({"email":"a@b.example","email_verified":false})", false},
                           Case{R"({"email":"a@b.example","email_verified":"true"})", false},
                           Case{R"({"email":"a@b.example","email_verified":1})", false},
                           Case{R"({"email":"a@b.example"})", false}}) {
    EXPECT_EQ(read_asserted(claims(each.claims), provider()).login_verified, each.proved) << each.claims;
  }
  EXPECT_TRUE(
      read_asserted(claims(R"({"email":"a@b.example"})"), provider(LoginClaim::email, true)).login_verified);
}

TEST(Asserted, OtherLoginClaimsAreNotProvedByTheMailAddress) {
  const auto given =
      claims(R"({"email":"a@b.example","email_verified":true,"preferred_username":"b@b.example"})");
  const auto asserted = read_asserted(given, provider(LoginClaim::preferred_username));
  EXPECT_EQ(asserted.login, "b@b.example");
  EXPECT_FALSE(asserted.login_verified);
}

TEST(Asserted, WhatCannotBeALoginNameIsNone) {
  for (const char* text : {R"({"email":"a b@c.example"})", R"({"email":5})", R"({})", R"({"email":""})",
                           R"({"email":"a\u0000@c.example"})"}) {
    EXPECT_EQ(read_asserted(claims(text), provider()).login, "") << text;
  }
}

TEST(Asserted, NamesAreShownPlain) {
  EXPECT_EQ(read_asserted(claims(R"({"name":"Alice Ito"})"), provider()).display_name, "Alice Ito");
  EXPECT_EQ(read_asserted(claims(R"({"given_name":"Alice","family_name":"Ito"})"), provider()).display_name,
            "Alice Ito");
  EXPECT_EQ(read_asserted(claims(R"({"name":"Alice\n<b>"})"), provider()).display_name, "Alice <b>");
  const auto longest = R"({"name":")" + std::string(1000, 'x') + R"("})";
  EXPECT_EQ(read_asserted(claims(longest.c_str()), provider()).display_name.size(), kMaxAssertedName);
}

TEST(Asserted, GroupsMayBeOneOrManyOrWithinAnotherClaim) {
  EXPECT_EQ(read_asserted(claims(R"({"groups":["a","b",5]})"), provider()).groups,
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read_asserted(claims(R"({"groups":"a"})"), provider()).groups, std::vector<std::string>{"a"});
  EXPECT_FALSE(read_asserted(claims(R"({"hasgroups":true})"), provider()).groups_known);
  auto nested = provider();
  nested.settings.groups_claim = "realm_access.roles";
  EXPECT_EQ(read_asserted(claims(R"({"realm_access":{"roles":["x"]}})"), nested).groups,
            std::vector<std::string>{"x"});
}

TEST(Asserted, UserInfoCountsForTheSameSubjectAndNeverForTheIdentity) {
  const auto token = claims(R"({"iss":"https://idp.example","sub":"1","aud":"c"})");
  EXPECT_FALSE(with_user_info(token, claims(R"({"sub":"2","email":"a@b.example"})")).ok());
  EXPECT_FALSE(with_user_info(token, claims(R"({"email":"a@b.example"})")).ok());
  const auto both =
      with_user_info(token, claims(R"({"sub":"1","iss":"x","email":"a@b.example","email_verified":true})"));
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->at("iss").as_string(), "https://idp.example");
  EXPECT_EQ(both->at("email").as_string(), "a@b.example");
  EXPECT_TRUE(both->at("email_verified").as_bool());
}

TEST(Asserted, AnAddressAndItsProofComeFromOnePlace) {
  const auto mail_in_token =
      with_user_info(claims(R"({"sub":"1","email":"a@b.example"})"),
                     claims(R"({"sub":"1","email":"x@b.example","email_verified":true})"));
  EXPECT_EQ(mail_in_token->at("email").as_string(), "a@b.example");
  EXPECT_FALSE(mail_in_token->contains("email_verified"));
  const auto proof_in_token = with_user_info(claims(R"({"sub":"1","email_verified":true})"),
                                             claims(R"({"sub":"1","email":"x@b.example"})"));
  EXPECT_FALSE(proof_in_token->contains("email_verified"));
}

TEST(Asserted, UserInfoIsAskedOnlyForWhatIsMissing) {
  auto gated = provider();
  gated.settings.allowed_groups = {"eng"};
  EXPECT_TRUE(lacks_claims(claims(R"({"sub":"1"})"), provider()));
  EXPECT_FALSE(lacks_claims(claims(R"({"sub":"1","email":"a@b.example"})"), provider()));
  EXPECT_TRUE(lacks_claims(claims(R"({"sub":"1","email":"a@b.example"})"), gated));
}

}  // namespace
}  // namespace latchkey::signon
