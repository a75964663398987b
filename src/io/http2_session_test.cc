// A connection with a client that keeps to the protocol.
#include "io/http2_session.h"

#include "io/http2_under_test.h"

namespace latchkey::io {
namespace {

std::shared_ptr<const std::string> piece(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

// The one request that has arrived.
std::shared_ptr<Http2Stream> only_request(Http2Session& server) {
  auto requests = server.take_requests();
  EXPECT_EQ(requests.size(), 1U);
  return requests.empty() ? nullptr : requests.front();
}

TEST(Http2Session, AHundredStreamsAtOnceAreEachAnswered) {
  Http2Session server;
  Http2Client client;
  std::vector<std::int32_t> asked;
  for (int i = 0; i < 100; ++i) asked.push_back(client.ask("POST", "/" + std::to_string(i), "body"));
  client.exchange(server);
  auto requests = server.take_requests();
  ASSERT_EQ(requests.size(), 100U);
  std::reverse(requests.begin(), requests.end());
  for (const auto& stream : requests) {
    EXPECT_EQ(stream->request().body, "body");
    stream->respond(text_response("answer to " + stream->request().target));
  }
  client.exchange(server);
  for (int i = 0; i < 100; ++i) {
    const auto& answer = client.answer(asked[static_cast<std::size_t>(i)]);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "answer to /" + std::to_string(i));
    EXPECT_TRUE(answer.ended);
  }
  EXPECT_EQ(server.open_streams(), 0U);
  EXPECT_EQ(server.bodies_bytes(), 0U);
}

TEST(Http2Session, TheRequestIsAsItWasSent) {
  Http2Session server;
  Http2Client client;
  client.ask("POST", "/a%20b?c=d", "text", {{"x-one", "1"}, {"cookie", "a"}});
  client.exchange(server);
  const auto& request = only_request(server)->request();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/a%20b?c=d");
  EXPECT_EQ(request.header("Host"), "x");
  EXPECT_EQ(request.header("X-One"), "1");
  EXPECT_EQ(request.body, "text");
}

TEST(Http2Session, ALargeAnswerGoesOutOnlyAsTheWindowOpens) {
  constexpr std::size_t kSize = 20UL * 1024 * 1024;
  constexpr std::size_t kWindow = 65'535;
  constexpr std::size_t kFraming = 1024;
  Http2Session server;
  Http2Client client(false);
  const auto id = client.ask("GET", "/large");
  client.exchange(server);
  const auto stream = only_request(server);
  stream->respond(text_response(std::string(kSize, 'x')));
  std::size_t received = 0;
  while (!client.answer(id).ended) {
    const auto out = all_output(server);
    ASSERT_LE(out.size(), kWindow + kFraming);
    client.receive(out);
    const auto fresh = client.answer(id).body.size() - received;
    received += fresh;
    EXPECT_EQ(stream->unsent(), kSize - received);
    if (client.answer(id).ended) break;
    ASSERT_GT(fresh, 0U);
    EXPECT_EQ(all_output(server), "") << "the window is shut";
    client.consume(id, fresh);
    ASSERT_TRUE(server.receive(client.output()));
  }
  EXPECT_EQ(received, kSize);
}

TEST(Http2Session, OutputIsHandedOutInBoundedPieces) {
  Http2Session server;
  const std::string large_windows{"\0\x4\x40\0\0\0", 6};
  ASSERT_TRUE(server.receive(std::string(kPreface) + frame(NGHTTP2_SETTINGS, 0, 0, large_windows) +
                             frame(NGHTTP2_WINDOW_UPDATE, 0, 0, {"\x40\0\0\0", 4}) + get_frame(1)));
  only_request(server)->respond(text_response(std::string(4 << 20, 'x')));
  std::size_t total = 0;
  for (std::string out; server.send(out); out.clear()) {
    EXPECT_LT(out.size(), 100'000U);
    total += out.size();
  }
  EXPECT_GT(total, 4U << 20);
}

TEST(Http2Session, ABodyMayArriveByteByByte) {
  Http2Session server;
  Http2Client client;
  const std::string body(3000, 'b');
  const auto id = client.ask("POST", "/", body);
  for (const char byte : client.output()) {
    EXPECT_TRUE(server.take_requests().empty());
    ASSERT_TRUE(server.receive({&byte, 1}));
  }
  const auto stream = only_request(server);
  EXPECT_EQ(stream->request().body, body);
  stream->respond(text_response("done"));
  client.exchange(server);
  EXPECT_EQ(client.answer(id).body, "done");
}

TEST(Http2Session, AnAnswerInPiecesIsSentAsItComes) {
  Http2Session server;
  int told = 0;
  server.on_output([&] { ++told; });
  Http2Client client;
  const auto id = client.ask("GET", "/poll");
  client.exchange(server);
  const auto stream = only_request(server);
  stream->begin(200, "text/event");
  stream->push(piece("one"));
  client.exchange(server);
  EXPECT_EQ(client.answer(id).body, "one");
  EXPECT_FALSE(client.answer(id).ended);
  const auto before = told;
  stream->push(piece(" two"));
  EXPECT_EQ(told, before + 1);
  client.exchange(server);
  EXPECT_EQ(client.answer(id).body, "one two");
  stream->finish();
  stream->push(piece("never"));
  client.exchange(server);
  EXPECT_TRUE(client.answer(id).ended);
  EXPECT_EQ(client.answer(id).body, "one two");
  EXPECT_FALSE(stream->is_open());
}

TEST(Http2Session, PiecesOutOfOrderAreIgnored) {
  Http2Session server;
  Http2Client client;
  const auto id = client.ask("GET", "/");
  client.exchange(server);
  const auto stream = only_request(server);
  stream->push(piece("before the head"));
  stream->finish();
  EXPECT_EQ(stream->unsent(), 0U);
  stream->respond(text_response("whole"));
  stream->begin(200, "text/plain");
  stream->push(piece("behind the end"));
  client.exchange(server);
  EXPECT_EQ(client.answer(id).body, "whole");
  EXPECT_TRUE(client.answer(id).ended);
}

TEST(Http2Session, AnAnswerMayBeEmpty) {
  Http2Session server;
  Http2Client client;
  const auto finished = client.ask("GET", "/finished");
  const auto nothing = client.ask("GET", "/nothing");
  const auto head = client.ask("HEAD", "/head");
  client.exchange(server);
  auto requests = server.take_requests();
  ASSERT_EQ(requests.size(), 3U);
  requests[0]->begin(200, "text/plain");
  requests[0]->finish();
  requests[1]->respond(text_response("not sent", 204));
  requests[2]->respond(text_response("not sent"));
  client.exchange(server);
  for (const auto id : {finished, nothing, head}) {
    EXPECT_TRUE(client.answer(id).ended);
    EXPECT_EQ(client.answer(id).error, 0U);
    EXPECT_EQ(client.answer(id).body, "");
  }
  EXPECT_EQ(client.answer(head).headers["content-length"], "8");
  EXPECT_FALSE(client.answer(nothing).headers.contains("content-length"));
}

TEST(Http2Session, ASecretIsNotStoredOnItsWay) {
  Http2Session server;
  Http2Client client;
  const auto id = client.ask("GET", "/");
  client.exchange(server);
  auto response = text_response("secret");
  response.sensitive = true;
  response.headers.push_back({"Retry-After", "1"});
  only_request(server)->respond(response);
  client.exchange(server);
  EXPECT_EQ(client.answer(id).headers["cache-control"], "no-store");
  EXPECT_EQ(client.answer(id).headers["retry-after"], "1");
}

TEST(Http2Session, AStreamThatIsCancelledWhileItsHandlerWorksIsToldOnce) {
  Http2Session server;
  Http2Client client;
  const auto id = client.ask("GET", "/slow");
  client.exchange(server);
  const auto stream = only_request(server);
  int closed = 0;
  stream->on_close([&] { ++closed; });
  stream->begin(200, "text/plain");
  stream->push(piece(std::string(1 << 20, 'x')));
  client.cancel(id);
  client.exchange(server);
  EXPECT_EQ(closed, 1);
  EXPECT_FALSE(stream->is_open());
  EXPECT_EQ(stream->unsent(), 0U);
  stream->push(piece("late"));
  stream->respond(text_response("late"));
  stream->finish();
  EXPECT_EQ(all_output(server), "");

  const auto next = client.ask("GET", "/next");
  client.exchange(server);
  only_request(server)->respond(text_response("still here"));
  client.exchange(server);
  EXPECT_EQ(client.answer(next).body, "still here");
}

TEST(Http2Session, StreamsOutliveItAndThenDoNothing) {
  Http2Client client;
  std::shared_ptr<Http2Stream> stream;
  int closed = 0;
  {
    Http2Session server;
    client.ask("GET", "/");
    client.exchange(server);
    stream = only_request(server);
    stream->on_close([&] { ++closed; });
  }
  EXPECT_EQ(closed, 1);
  stream->begin(200, "text/plain");
  stream->push(piece("late"));
  stream->finish();
  EXPECT_EQ(stream->request().target, "/");
}

TEST(Http2Session, ShutDownServesWhatHasBegunAndNothingNew) {
  Http2Session server;
  Http2Client client;
  const auto id = client.ask("GET", "/begun");
  client.exchange(server);
  const auto stream = only_request(server);
  server.shut_down();
  EXPECT_EQ(goaway_in(all_output(server)), NGHTTP2_NO_ERROR);
  ASSERT_TRUE(server.receive(get_frame(3)));
  EXPECT_TRUE(server.take_requests().empty());
  stream->respond(text_response("done"));
  client.receive(all_output(server));
  EXPECT_EQ(client.answer(id).body, "done");
  EXPECT_TRUE(server.is_over());
}

TEST(Http2Session, APingIsAwaitedUntilItIsAnswered) {
  Http2Session server;
  Http2Client client;
  client.exchange(server);
  EXPECT_FALSE(server.awaits_pong());
  server.ping();
  EXPECT_TRUE(server.awaits_pong());
  client.exchange(server);
  EXPECT_FALSE(server.awaits_pong());
}

}  // namespace
}  // namespace latchkey::io
