#include "core/credentials/key_query.h"

#include <gtest/gtest.h>

#include "testing/world.h"

namespace latchkey::credentials {
namespace {

using testing::at;

const TimePoint kNow = at("2026-01-05T09:00:00Z");

std::string canonical(const char* text) {
  const auto query = parse_key_query(text, kNow);
  return query ? to_string(*query) : query.error().message;
}

TEST(KeyQuery, ReadsEveryFieldAndPrintsItWithItsTimesInFull) {
  const std::pair<const char*, const char*> rows[] = {
      {"type:auth", "type:auth"},
      {" type:access-token  type:scim ", "type:access-token type:scim"},
      {"owner:Mira@example.com creator:u1 user:x", "owner:Mira@example.com creator:u1 user:x"},
      {"owner:tailnet -creator:tailnet", "owner:tailnet -creator:tailnet"},
      {"tag:tag:ci", "tag:tag:ci"},
      {"tag:ci", "tag:tag:ci"},
      {"from:203.0.113.0/24 from:2001:db8::1", "from:203.0.113.0/24 from:2001:db8::1"},
      {"made-with:k11111111111CNTRL -id:T11111111111CNTRL-k11111111111CNTRL",
       "made-with:k11111111111CNTRL -id:T11111111111CNTRL-k11111111111CNTRL"},
      {"created>2026-01-01 used>2h", "created>2026-01-01T00:00:00Z used>2026-01-05T07:00:00Z"},
      {"used<1d created<2026-01-01T01:00:00+01:00", "created<2026-01-01T00:00:00Z used<2026-01-04T09:00:00Z"},
      {"used:never type:auth type:auth", "type:auth used:never"},
  };
  for (const auto& [text, printed] : rows) {
    EXPECT_EQ(canonical(text), printed);
    EXPECT_EQ(canonical(printed), printed) << "printing is stable";
  }
}

TEST(KeyQuery, RefusesWhatItDoesNotUnderstandAndSaysWhich) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "an empty query would mean every key"},
      {"   ", "an empty query would mean every key"},
      {"auth", "\"auth\": a term is a field and a value"},
      {"kind:auth", "the fields are type, user"},
      {"type:", "a type is auth, api"},
      {"type:AUTH", "a type is auth, api"},
      {"type:webhook", "rotate or delete that"},
      {"owner:", "no login name"},
      {"user:tailnet", "write owner:tailnet"},
      {"tag:1x", "no tag"},
      {"from:203.0.113.7/24", "no bits beyond its length"},
      {"from:home", "an address, or a network"},
      {"id:mine", "like k...CNTRL"},
      {"expires>1d", "only created and used have a time"},
      {"created>yesterday", "a time is a duration before now"},
      {"created>1d created>2d", "this bound is there already"},
      {"-created>1d", "turn < and > around"},
      {"used:2h", "write used:never"},
      {"-used:never", "write used:never"},
      {"type:auth,api", "a type is auth, api"},
  };
  for (const auto& [text, why] : rows) {
    const auto query = parse_key_query(text, kNow);
    ASSERT_FALSE(query) << text;
    EXPECT_EQ(query.error().code, ErrorCode::malformed_input);
    EXPECT_NE(query.error().message.find(why), std::string::npos) << text << ": " << query.error().message;
  }
  EXPECT_FALSE(parse_key_query(std::string(kMaxKeyQuery + 1, ' '), kNow));
  std::string many;
  for (std::size_t i = 0; i <= kMaxKeyTerms; ++i) many += "tag:a" + std::to_string(i) + " ";
  EXPECT_FALSE(parse_key_query(many, kNow));
  const auto secret = "owner:tskey-auth-" + std::string("k11111111111CNTRL-") + std::string(50, '2');
  EXPECT_EQ(parse_key_query(secret, kNow).error().message.find("2222"), std::string::npos);
}

class KeyQueryMatch : public ::testing::Test {
 protected:
  KeyQueryMatch() {
    key_.id = CredentialId("k11111111111CNTRL");
    key_.type = KeyType::auth;
    key_.owner = UserId("u1");
    key_.creator = UserId("u2");
    key_.created = at("2026-01-01T00:00:00Z");
    key_.grant.tags = {"tag:ci", "tag:web"};
    key_.usage.last_used = at("2026-01-05T07:00:00Z");
    key_.usage.last_address = "203.0.113.9";
  }
  bool fits(const char* text) {
    auto query = parse_key_query(text, kNow).value();
    for (auto& term : query.terms) {
      if (!term.user) term.user = UserId(term.value);
    }
    KeyFacts facts{key_};
    facts.addresses = addresses_;
    facts.made_with = {CredentialId("k22222222222CNTRL"), CredentialId("k33333333333CNTRL")};
    return matches(query, facts);
  }
  Credential key_;
  std::vector<std::string> addresses_{"2001:db8::7"};
};

TEST_F(KeyQueryMatch, FieldsMustAllFitAndValuesOfOneFieldAreAlternatives) {
  for (const char* text : {"type:auth",
                           "type:api type:auth",
                           "owner:u1",
                           "creator:u2",
                           "user:u1",
                           "user:u2",
                           "tag:ci",
                           "tag:x tag:web",
                           "from:203.0.113.0/24",
                           "from:203.0.113.9",
                           "from:2001:db8::/32",
                           "from:10.0.0.0/8 from:203.0.113.9",
                           "made-with:k22222222222CNTRL",
                           "made-with:k33333333333CNTRL",
                           "id:k11111111111CNTRL",
                           "-type:api",
                           "-owner:u2 -creator:u1",
                           "created>2026-01-01",
                           "created<2026-01-02",
                           "used>2h",
                           "used<1h",
                           "type:auth owner:u1 tag:ci created>5d",
                           "-owner:tailnet"}) {
    EXPECT_TRUE(fits(text)) << text;
  }
  for (const char* text : {"type:api", "owner:u2", "creator:u1", "user:u3", "tag:tag", "from:203.0.112.0/24",
                           "from:::/128", "made-with:k11111111111CNTRL", "id:k22222222222CNTRL", "-type:auth",
                           "type:auth -tag:ci", "created>2026-01-02", "created<2026-01-01", "used>1h",
                           "used<2h", "used:never", "owner:tailnet", "type:auth owner:u2"}) {
    EXPECT_FALSE(fits(text)) << text;
  }
}

TEST_F(KeyQueryMatch, WhatWasNeverUsedIsUsedAtNoTime) {
  key_.usage = {};
  addresses_.clear();
  for (const char* text : {"used:never", "-from:203.0.113.0/24"}) EXPECT_TRUE(fits(text)) << text;
  for (const char* text : {"used>2026-01-01", "used<2h", "from:0.0.0.0/0"}) EXPECT_FALSE(fits(text)) << text;
}

TEST_F(KeyQueryMatch, AnAccessTokenIsAKindOfItsOwn) {
  key_.type = KeyType::api;
  EXPECT_TRUE(fits("type:api"));
  key_.minted_by = CredentialId("k44444444444CNTRL");
  EXPECT_FALSE(fits("type:api"));
  EXPECT_TRUE(fits("type:access-token made-with:k44444444444CNTRL"));
}

TEST_F(KeyQueryMatch, EveryTypeOfKeyButWebhookSecretsHasItsWord) {
  for (const auto type : {KeyType::api, KeyType::auth, KeyType::client, KeyType::federated, KeyType::scim}) {
    key_.type = type;
    EXPECT_TRUE(fits(("type:" + std::string(kind_of(key_))).c_str())) << to_string(type);
  }
}

}  // namespace
}  // namespace latchkey::credentials
