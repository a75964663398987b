// A connection with a client that means harm: each kind of flood ends, or costs it more than the server.
#include <random>

#include "io/http2_under_test.h"

namespace latchkey::io {
namespace {

constexpr std::uint8_t kWhole = NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM;

// CVE-2023-44487.
TEST(Http2Abuse, RapidResetIsEndedWithEnhanceYourCalm) {
  Http2Session server;
  ASSERT_TRUE(server.receive(greeting()));
  std::size_t handed_out = 0;
  std::uint32_t id = 1;
  bool ended = false;
  for (; id < 20'001 && !ended; id += 2) {
    ended = !server.receive(get_frame(id) + reset_frame(id));
    handed_out += server.take_requests().size();
    if (!ended) (void)all_output(server);
  }
  EXPECT_TRUE(ended);
  EXPECT_LT(id, 1000U);
  EXPECT_EQ(handed_out, 0U) << "what is cancelled already is no work";
  EXPECT_EQ(goaway_in(all_output(server)), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_TRUE(server.is_over());
  EXPECT_FALSE(server.receive(get_frame(id + 2)));
}

TEST(Http2Abuse, AClientThatLetsRequestsEndMayCancelManyInItsLife) {
  Http2Session server;
  Http2Client client;
  for (int i = 0; i < 1000; ++i) {
    const auto kept = client.ask("GET", "/kept");
    const auto dropped = client.ask("GET", "/dropped");
    client.exchange(server);
    auto requests = server.take_requests();
    ASSERT_EQ(requests.size(), 2U);
    requests[0]->respond(text_response("answer"));
    client.cancel(dropped);
    client.exchange(server);
    ASSERT_TRUE(client.answer(kept).ended);
  }
}

// CVE-2024-28182.
TEST(Http2Abuse, EndlessContinuationsAreEnded) {
  Http2Session server;
  ASSERT_TRUE(server.receive(greeting() + frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, kGetRoot)));
  int sent = 0;
  // An entry of HPACK's static table each, or none at all.
  while (sent < 10'000 && server.receive(frame(NGHTTP2_CONTINUATION, 0, 1, sent % 2 == 0 ? "\x90" : ""))) {
    ++sent;
  }
  EXPECT_LT(sent, 100);
  EXPECT_TRUE(server.take_requests().empty());
}

TEST(Http2Abuse, PingsWhoseAnswersNobodyReadsAreEnded) {
  Http2Session server;
  ASSERT_TRUE(server.receive(greeting()));
  int sent = 0;
  while (sent < 100'000 && server.receive(frame(NGHTTP2_PING, 0, 0, "12345678"))) ++sent;
  EXPECT_LT(sent, 2000);
  EXPECT_LT(all_output(server).size(), 64U * 1024);
}

TEST(Http2Abuse, SettingsWhoseAnswersNobodyReadsAreEnded) {
  Http2Session server;
  ASSERT_TRUE(server.receive(greeting()));
  int sent = 0;
  while (sent < 100'000 && server.receive(frame(NGHTTP2_SETTINGS, 0, 0))) ++sent;
  EXPECT_LT(sent, 2000);
}

TEST(Http2Abuse, OneFrameOfManySettingsIsRefused) {
  Http2Session server;
  std::string many;
  for (int i = 0; i < 1000; ++i) many += std::string("\0\x3\0\0\0\x64", 6);
  (void)server.receive(std::string(kPreface) + frame(NGHTTP2_SETTINGS, 0, 0, many));
  EXPECT_EQ(goaway_in(all_output(server)), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_TRUE(server.is_over());
}

TEST(Http2Abuse, TooLargeHeadersAreAnsweredWith431AndTheConnectionGoesOn) {
  Http2Session server;
  Http2Client client;
  const auto large = client.ask("GET", "/", {}, {{"x-large", std::string(17 * 1024, 'x')}});
  Http2Client::Headers headers(120, {"x-many", "1"});
  const auto many = client.ask("POST", "/", "body", headers);
  const auto good = client.ask("GET", "/good");
  client.exchange(server);
  auto requests = server.take_requests();
  ASSERT_EQ(requests.size(), 1U);
  requests[0]->respond(text_response("good"));
  client.exchange(server);
  EXPECT_EQ(client.answer(large).status, 431);
  EXPECT_EQ(client.answer(many).status, 431);
  EXPECT_TRUE(client.answer(many).ended);
  EXPECT_EQ(client.answer(good).body, "good");
  EXPECT_EQ(server.open_streams(), 0U);
}

// A large entry is put into HPACK's table once and then named in a byte each time.
TEST(Http2Abuse, HeadersThatUnfoldDoNotTakeMemory) {
  Http2Session server;
  std::string block(kGetRoot);
  block += std::string("\x40\x01y\x7f\xa0\x1e", 6) + std::string(3999, 'v');
  block += std::string(8000, '\xbe');
  (void)server.receive(greeting() + frame(NGHTTP2_HEADERS, kWhole, 1, block));
  EXPECT_TRUE(server.take_requests().empty());
  const auto out = all_output(server);
  EXPECT_LT(out.size(), 1024U);
}

TEST(Http2Abuse, ATooLargeBodyIsAnsweredAndTheRestNotAwaited) {
  Http2Session server;
  Http2Client client;
  const auto large = client.ask("POST", "/", std::string(3 << 20, 'x'));
  client.exchange(server);
  EXPECT_TRUE(server.take_requests().empty());
  EXPECT_EQ(client.answer(large).status, 413);
  EXPECT_TRUE(client.answer(large).ended);
  EXPECT_EQ(server.open_streams(), 0U);
  EXPECT_EQ(server.bodies_bytes(), 0U);
  const auto good = client.ask("POST", "/", std::string(1 << 20, 'x'));
  client.exchange(server);
  auto requests = server.take_requests();
  ASSERT_EQ(requests.size(), 1U);
  requests[0]->respond(text_response("good"));
  client.exchange(server);
  EXPECT_EQ(client.answer(good).body, "good");
}

TEST(Http2Abuse, BodiesOfManyStreamsTogetherAreBounded) {
  Http2Session server;
  Http2Client client;
  std::vector<std::int32_t> asked;
  for (int i = 0; i < 100; ++i) asked.push_back(client.ask("POST", "/", std::string(512 * 1024, 'x')));
  client.exchange(server);
  EXPECT_LE(server.bodies_bytes(), 4U << 20);
  for (const auto& stream : server.take_requests()) stream->respond(text_response("good"));
  client.exchange(server);
  int good = 0;
  for (const auto id : asked) {
    EXPECT_TRUE(client.answer(id).ended);
    if (client.answer(id).status == 200) {
      ++good;
    } else {
      EXPECT_EQ(client.answer(id).status, 503);
    }
  }
  EXPECT_GE(good, 1);
  EXPECT_EQ(server.bodies_bytes(), 0U);
}

TEST(Http2Abuse, WhoDoesNotReadItsAnswersGetsNoMoreOfThem) {
  Http2Session server;
  Http2Client client(false);
  std::vector<std::int32_t> asked;
  for (int i = 0; i < 50; ++i) {
    asked.push_back(client.ask("GET", "/large"));
    client.exchange(server);
    for (const auto& stream : server.take_requests())
      stream->respond(text_response(std::string(1 << 20, 'x')));
  }
  EXPECT_LT(server.unsent(), 18U << 20);
  EXPECT_EQ(client.answer(asked.front()).status, 200);
  EXPECT_EQ(client.answer(asked.back()).status, 503);
}

TEST(Http2Abuse, MoreStreamsThanAllowedAreRefused) {
  Http2Session server;
  ASSERT_TRUE(server.receive(greeting()));
  for (std::uint32_t id = 1; id < 401; id += 2) {
    if (!server.receive(get_frame(id))) break;
  }
  EXPECT_EQ(server.open_streams(), 100U);
  EXPECT_EQ(server.take_requests().size(), 100U);
}

TEST(Http2Abuse, AnotherProtocolIsRefusedAtOnce) {
  for (const std::string_view wrong :
       {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n", "\x16\x03\x01\x02"}) {
    Http2Session server;
    EXPECT_FALSE(server.receive(wrong)) << wrong;
    EXPECT_TRUE(server.is_over());
  }
  // No SETTINGS behind the preface.
  Http2Session server;
  (void)server.receive(std::string(kPreface) + get_frame(1));
  EXPECT_EQ(goaway_in(all_output(server)), NGHTTP2_PROTOCOL_ERROR);
}

TEST(Http2Abuse, GarbageBehindTheGreetingEndsIt) {
  std::mt19937 random(11);
  for (int i = 0; i < 300; ++i) {
    Http2Session server;
    ASSERT_TRUE(server.receive(greeting()));
    std::string garbage(200, '\0');
    for (auto& c : garbage) c = static_cast<char>(random());
    (void)server.receive(garbage);
    EXPECT_LT(all_output(server).size(), 1024U);
    EXPECT_LE(server.open_streams(), 1U);
  }
}

}  // namespace
}  // namespace latchkey::io
