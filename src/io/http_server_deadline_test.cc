// Every wait for a peer ends. Settings are short here; no test asks for anything to be quick.
#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

#include "io/server_under_test.h"

namespace latchkey::io {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

bool has_input(const RawClient& client) {
  pollfd watched{client.socket(), POLLIN, 0};
  return ::poll(&watched, 1, 20) == 1;
}

TEST(HttpServerDeadline, EndsAConnectionThatIsIdleForTooLong) {
  HttpSettings settings;
  settings.idle_deadline = milliseconds(60);
  ServerUnderTest under(echo, settings);
  auto silent = under.client();
  EXPECT_TRUE(silent.ends());
  auto served = under.client();
  EXPECT_EQ(served.ask(kGet).status, 200);
  EXPECT_TRUE(served.ends());
}

TEST(HttpServerDeadline, AnswersHeadersThatDoNotArrive) {
  HttpSettings settings;
  settings.header_deadline = milliseconds(60);
  ServerUnderTest under(echo, settings);
  auto client = under.client();
  auto answer = client.ask("GET /a HTTP/1.1\r\nHo");
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_EQ(answer.body, R"({"message":"the headers did not arrive within 0.06 seconds"})");
  EXPECT_TRUE(client.ends());
}

TEST(HttpServerDeadline, IsNotPutOffByHeadersThatTrickleIn) {
  HttpSettings settings;
  settings.header_deadline = milliseconds(100);
  ServerUnderTest under(echo, settings);
  auto client = under.client();
  client.send("GET /a HTTP/1.1\r\nHost: x\r\nX-Long: ");
  while (!has_input(client)) client.send("a");
  EXPECT_EQ(client.read().status, 408);
}

TEST(HttpServerDeadline, AnswersABodyThatDoesNotArrive) {
  HttpSettings settings;
  settings.body_deadline = milliseconds(60);
  ServerUnderTest under(echo, settings);
  auto client = under.client();
  auto answer = client.ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc");
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.body, R"({"message":"the body did not arrive within 0.06 seconds"})");
  EXPECT_TRUE(client.ends());
}

TEST(HttpServerDeadline, AnswersAClientThatIsInvitedAndThenSilent) {
  HttpSettings settings;
  settings.body_deadline = milliseconds(60);
  ServerUnderTest under(echo, settings);
  auto client = under.client();
  auto invitation =
      client.ask("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(invitation.status, 100);
  EXPECT_EQ(client.read().status, 408);
}

awaitable<Response> large(Request&) {
  Response response;
  response.body.assign(20'000'000, 'x');
  co_return response;
}

TEST(HttpServerDeadline, EndsAConnectionWhoseClientDoesNotRead) {
  HttpSettings settings;
  settings.write_deadline = milliseconds(60);
  settings.least_write_bytes_per_second = 1'000'000'000;
  ServerUnderTest under(large, settings);
  auto client = under.client();
  client.send(kGet);
  while (under.server.open_connections() == 0) std::this_thread::yield();
  while (under.server.open_connections() > 0) std::this_thread::sleep_for(milliseconds(5));
}

TEST(HttpServerDeadline, EndsALastAnswerWhoseClientStays) {
  HttpSettings settings;
  settings.linger_deadline = milliseconds(60);
  ServerUnderTest under(echo, settings);
  auto client = under.client();
  EXPECT_EQ(client.ask("nonsense\r\n\r\n").status, 400);
  EXPECT_TRUE(client.ends());
  while (under.server.open_connections() > 0) std::this_thread::sleep_for(milliseconds(5));
}

awaitable<Response> never(Request& request) {
  if (request.target == "/a") co_return Response{};
  co_await sleep_for(std::chrono::hours(1));
  co_return Response{};
}

TEST(HttpServerDeadline, EndsAHandlerAndKeepsTheConnection) {
  HttpSettings settings;
  settings.handler_deadline = milliseconds(60);
  ServerUnderTest under(never, settings);
  auto client = under.client();
  for (int i = 0; i < 2; ++i) {
    auto answer = client.ask("GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(answer.status, 504);
    EXPECT_EQ(answer.body, R"({"message":"the request took too long; try again later"})");
    EXPECT_EQ(client.ask(kGet).status, 200);
  }
}

awaitable<Response> slow(Request&) {
  co_await sleep_for(milliseconds(150));
  co_return Response{};
}

TEST(HttpServerDeadline, OfAPeerDoesNotRunWhileTheHandlerWorks) {
  HttpSettings settings;
  settings.idle_deadline = settings.header_deadline = settings.body_deadline = milliseconds(40);
  settings.write_deadline = settings.linger_deadline = milliseconds(40);
  ServerUnderTest under(slow, settings);
  auto client = under.client();
  EXPECT_EQ(client.ask(kGet).status, 200);
}

}  // namespace
}  // namespace latchkey::io
