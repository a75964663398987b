#include "core/signon/id_token.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "base/text.h"
#include "crypto/digest.h"

namespace latchkey::signon {
namespace {

const TimePoint kNow = *from_rfc3339("2026-01-05T09:00:00Z");

IdTokenExpectation expected() {
  return {"https://idp.example", "latchkey", "nonce-1", {crypto::JwsAlgorithm::rs256}};
}

std::int64_t at(seconds offset) {
  return (to_micros(kNow) + std::chrono::microseconds(offset).count()) / 1'000'000;
}

federation::Jws token() {
  federation::Jws jws;
  jws.algorithm = crypto::JwsAlgorithm::rs256;
  jws.type = "jwt";
  jws.claims = {{"iss", "https://idp.example"}, {"sub", "248289761001"},  {"aud", "latchkey"},
                {"exp", at(minutes{5})},        {"iat", at(seconds{-1})}, {"nonce", "nonce-1"}};
  return jws;
}

// Whether it is refused with one claim as said (JSON); "-" takes it out.
std::string refusal(const char* claim, const std::string& value, std::string_view access_token = "access") {
  auto jws = token();
  if (value == "-") {
    jws.claims.erase(claim);
  } else {
    jws.claims[claim] = boost::json::parse(value);
  }
  const auto judged = judge_id_token(jws, expected(), access_token, kNow);
  return judged ? "" : judged.error().message;
}

TEST(IdToken, IsTheAnswerToThisLogin) {
  const auto judged = judge_id_token(token(), expected(), "access", kNow);
  EXPECT_TRUE(judged.ok()) << judged.error().message;
}

TEST(IdToken, OneClaimOffIsRefused) {
  const auto time = [](seconds offset) { return std::to_string(at(offset)); };
  const std::pair<const char*, std::string> cases[] = {
      {"iss", "-"},
      {"iss", R"("https://idp.example/")"},
      {"iss", R"("https://IDP.example")"},
      {"iss", R"("https://other.example")"},
      {"iss", R"(["https://idp.example"])"},
      {"aud", "-"},
      {"aud", R"("latchkey2")"},
      {"aud", R"("latch")"},
      {"aud", R"(["other"])"},
      {"aud", R"([{"x":"latchkey"}])"},
      {"aud", R"(["latchkey","other"])"},  // azp must tell them apart
      {"azp", R"("other")"},
      {"azp", "5"},
      {"exp", "-"},
      {"exp", R"("later")"},
      {"exp", time(seconds{-60})},
      {"iat", "-"},
      {"iat", time(seconds{61})},
      {"iat", time(seconds{-601})},
      {"nbf", time(seconds{61})},
      {"nonce", "-"},
      {"nonce", R"("nonce-2")"},
      {"nonce", R"("nonce-")"},
      {"nonce", "5"},
      {"sub", "-"},
      {"sub", R"("")"},
      {"sub", "5"},
      {"sub", R"("s\u00fcb")"},
      {"sub", "\"" + std::string(256, 'a') + "\""},
      {"at_hash", R"("x")"},
      {"at_hash", "5"},
      {"events", R"({"http://schemas.openid.net/event/backchannel-logout":{}})"},
  };
  for (const auto& [claim, value] : cases) EXPECT_NE(refusal(claim, value), "") << claim << " " << value;
}

TEST(IdToken, TheEdgesAreWithin) {
  const auto time = [](seconds offset) { return std::to_string(at(offset)); };
  EXPECT_EQ(refusal("aud", R"(["latchkey"])"), "");
  EXPECT_EQ(refusal("azp", R"("latchkey")"), "");
  EXPECT_EQ(refusal("exp", time(seconds{-59})), "");
  EXPECT_EQ(refusal("iat", time(seconds{60})), "");
  EXPECT_EQ(refusal("iat", time(seconds{-600})), "");
  EXPECT_EQ(refusal("nbf", time(seconds{60})), "");
  EXPECT_EQ(refusal("sub", "\"" + std::string(255, 'a') + "\""), "");
}

TEST(IdToken, SeveralAudiencesNeedThisClientAsTheAuthorizedOne) {
  auto jws = token();
  jws.claims["aud"] = {"latchkey", "other"};
  jws.claims["azp"] = "latchkey";
  EXPECT_TRUE(judge_id_token(jws, expected(), {}, kNow).ok());
  jws.claims["azp"] = "other";
  EXPECT_FALSE(judge_id_token(jws, expected(), {}, kNow).ok());
}

TEST(IdToken, BelongsToTheAccessTokenThatCameWithIt) {
  const auto digest = crypto::sha256("access");
  const auto hash = to_base64url({reinterpret_cast<const char*>(digest.data()), 16});
  EXPECT_EQ(refusal("at_hash", "\"" + hash + "\""), "");
  EXPECT_NE(refusal("at_hash", "\"" + hash + "\"", "another"), "");
}

TEST(IdToken, AlgorithmAndTypeAreFixedBeforeAnyKeyIsLookedAt) {
  auto jws = token();
  jws.algorithm = crypto::JwsAlgorithm::es256;
  EXPECT_FALSE(judge_id_token(jws, expected(), {}, kNow).ok());
  jws = token();
  jws.type = "at+jwt";
  EXPECT_FALSE(judge_id_token(jws, expected(), {}, kNow).ok());
}

}  // namespace
}  // namespace latchkey::signon
