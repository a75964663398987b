#include "core/webhooks/signature.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "core/webhooks/payload.h"
#include "core/webhooks/provider_body.h"
#include "crypto/digest.h"

namespace latchkey::webhooks {
namespace {

boost::json::object vectors() {
  std::ifstream file(LATCHKEY_SOURCE_DIR "/tests/data/webhook-vectors.json");
  std::stringstream text;
  text << file.rdbuf();
  return boost::json::parse(text.str()).as_object();
}

std::string text(const boost::json::object& json, std::string_view name) {
  return std::string(std::string_view(json.at(name).as_string()));
}

TimePoint time(std::int64_t unix_seconds) {
  return TimePoint{seconds{unix_seconds}};
}

class WebhookVectors : public ::testing::Test {
 protected:
  const boost::json::object all = vectors();
  const std::string body = text(all, "body");
  const std::int64_t t = all.at("t").as_int64();
  const SecretString secret{text(all, "secret")};
  std::string header() const { return sign({&secret, 1}, time(t), body); }
};

TEST_F(WebhookVectors, R30_SignaturesAreReproducedBitByBit) {
  ASSERT_FALSE(all.at("cases").as_array().empty());
  for (const auto& item : all.at("cases").as_array()) {
    const auto& one = item.as_object();
    const SecretString key(text(one, "secret"));
    const auto at = one.at("t").as_int64();
    EXPECT_EQ(sign({&key, 1}, time(at), text(one, "body")),
              "t=" + std::to_string(at) + ",v1=" + text(one, "v1"))
        << text(one, "name");
  }
}

// One letter's case flipped is another secret: R11.
TEST_F(WebhookVectors, R11_R30_OnlyTheTrueSecretBodyAndTimeAreGenuine) {
  const auto t_part = "t=" + std::to_string(t) + ",v1=";
  for (const auto& item : all.at("cases").as_array()) {
    const auto& one = item.as_object();
    const auto expected = one.at("genuine").as_bool() ? Verdict::genuine : Verdict::wrong;
    EXPECT_EQ(verify(t_part + text(one, "v1"), secret, body, time(t)), expected) << text(one, "name");
  }
  auto flipped = secret.expose();
  flipped.back() = flipped.back() == 'M' ? 'm' : 'M';
  EXPECT_EQ(verify(header(), SecretString(flipped), body, time(t)), Verdict::wrong);
}

TEST_F(WebhookVectors, TheBodyIsMadeByteForByte) {
  EXPECT_EQ(to_hex(crypto::sha256(body)), text(all, "bodySha256"));
  const auto& said = all.at("event").as_object();
  Event event;
  event.type = *event_type_from(text(said, "type"));
  event.at = *from_rfc3339(text(said, "at"));
  event.message = text(said, "message");
  event.data = said.at("data");
  const auto json = event_json(event, text(said, "tailnet"));
  EXPECT_EQ(batch_json({&json, 1}), body);
}

TEST_F(WebhookVectors, R29_EachProviderGetsItsOwnBody) {
  ASSERT_EQ(all.at("chat").as_array().size(), 4U);
  const auto json = body.substr(1, body.size() - 2);
  for (const auto& item : all.at("chat").as_array()) {
    const auto& one = item.as_object();
    const auto provider = provider_from(text(one, "provider"));
    ASSERT_TRUE(provider) << text(one, "provider");
    EXPECT_EQ(boost::json::parse(chat_body(*provider, chat_message_of(json))), one.at("body"))
        << text(one, "provider");
  }
}

TEST_F(WebhookVectors, TwoSecretsMakeTwoSignaturesAndEitherFits) {
  const SecretString other(std::string("another secret"));
  const std::vector<SecretString> both{other, secret};
  const auto header = sign(both, time(t), body);
  EXPECT_EQ(split(header, ',').size(), 3U);
  EXPECT_EQ(verify(header, secret, body, time(t)), Verdict::genuine);
  EXPECT_EQ(verify(header, other, body, time(t)), Verdict::genuine);
  EXPECT_EQ(verify(header, SecretString(std::string("a third")), body, time(t)), Verdict::wrong);
}

TEST_F(WebhookVectors, ReceiversHoldTheTimeAgainstTheirClock) {
  EXPECT_EQ(verify(header(), secret, body, time(t) + minutes{5}), Verdict::genuine);
  EXPECT_EQ(verify(header(), secret, body, time(t) + minutes{5} + seconds{1}), Verdict::too_old);
  EXPECT_EQ(verify(header(), secret, body, time(t) - minutes{1}), Verdict::genuine);
  EXPECT_EQ(verify(header(), secret, body, time(t) - minutes{1} - seconds{1}), Verdict::too_far_ahead);
}

TEST_F(WebhookVectors, UnknownPartsAreSkippedAndMalformedHeadersRefused) {
  EXPECT_EQ(verify(header() + ",v2=00", secret, body, time(t)), Verdict::genuine);
  const auto v1 = header().substr(header().find("v1="));
  for (const auto& bad : {std::string(), std::string("t=1767225600"), v1, "t=," + v1, "t=1x," + v1,
                          "t=99999999999999999999," + v1, "t=-1," + v1, header() + ",v1", header() + ",a=b=c",
                          "t=999999999999999," + v1}) {
    EXPECT_EQ(verify(bad, secret, body, time(t)), Verdict::malformed) << bad;
  }
  EXPECT_EQ(verify("t=1767225600,v1=zz", secret, body, time(t)), Verdict::wrong);
}

TEST(WebhookSignature, FractionsOfASecondAreCutOff) {
  const SecretString secret(std::string("s"));
  EXPECT_TRUE(sign({&secret, 1}, TimePoint{seconds{9}} + milliseconds{999}, "x").starts_with("t=9,v1="));
}

}  // namespace
}  // namespace latchkey::webhooks
