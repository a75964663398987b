#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "io/server_under_test.h"

namespace latchkey::io {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

// A handler that is inside until it is let go.
struct Gate {
  std::atomic<bool> entered{false};
  std::atomic<bool> open{false};

  Handler handler() {
    return [this](Request& request) { return pass(*this, request); };
  }
  void wait_until_entered() const {
    while (!entered) std::this_thread::yield();
  }

 private:
  static awaitable<Response> pass(Gate& gate, Request& request) {
    gate.entered = true;
    while (!gate.open) co_await sleep_for(milliseconds(1));
    auto answering = echo(request);
    co_return co_await std::move(answering);
  }
};

void wait_until_refused(std::uint16_t port) {
  try {
    for (;;) RawClient::tcp(port);
  } catch (const std::runtime_error&) {
  }
}

TEST(HttpServerStop, ClosesIdleConnectionsAndTheListener) {
  ServerUnderTest under;
  auto fresh = under.client();
  auto used = under.client();
  EXPECT_EQ(used.ask(kGet).status, 200);
  under.server.stop();
  EXPECT_TRUE(used.ends());
  EXPECT_EQ(under.server.open_connections(), 0U);
  EXPECT_THROW(under.client(), std::runtime_error);
}

TEST(HttpServerStop, LetsARunningRequestEndAndSaysThatTheConnectionCloses) {
  Gate gate;
  ServerUnderTest under(gate.handler());
  auto client = under.client();
  client.send(kGet);
  gate.wait_until_entered();
  std::thread stopping([&] { under.server.stop(); });
  wait_until_refused(under.port);
  gate.open = true;
  auto answer = client.read();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "GET /a ");
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(client.ends());
  stopping.join();
}

TEST(HttpServerStop, CutsOffAHandlerThatDoesNotEnd) {
  HttpSettings settings;
  settings.stop_timeout = milliseconds(30);
  Gate gate;
  ServerUnderTest under(gate.handler(), settings);
  auto client = under.client();
  client.send(kGet);
  gate.wait_until_entered();
  under.server.stop();
  EXPECT_EQ(under.server.open_connections(), 0U);
  EXPECT_EQ(client.read().status, 503);
  EXPECT_TRUE(under.lines.has("cut off"));
}

TEST(HttpServerStop, CutsOffARequestThatIsStillArriving) {
  HttpSettings settings;
  settings.stop_timeout = milliseconds(30);
  ServerUnderTest under(echo, settings);
  auto client = under.client();
  EXPECT_EQ(
      client.ask("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n").status,
      100);
  under.server.stop();
  EXPECT_EQ(under.server.open_connections(), 0U);
  EXPECT_EQ(client.read().status, 0);
}

TEST(HttpServerStop, MayBeCalledTwice) {
  ServerUnderTest under;
  under.server.stop();
  under.server.stop();
}

TEST(HttpServerStop, NeedsNoStart) {
  Log log = quiet_log();
  Runtime runtime(1, log);
  HttpServer server(runtime, {}, log);
  server.listen_tcp("127.0.0.1", 0, echo);
  server.stop();
}

TEST(HttpServerStop, NeedsNoRunningRuntime) {
  Log log = quiet_log();
  Runtime runtime(2, log);
  HttpServer server(runtime, {}, log);
  auto port = server.listen_tcp("127.0.0.1", 0, echo);
  server.start();
  auto client = RawClient::tcp(port);
  server.stop();
}

TEST(HttpServerStop, IsSurvivedByTheRuntimeAndByOtherServers) {
  Log log = quiet_log();
  Runtime runtime(2, log);
  runtime.start();
  HttpServer stays(runtime, {}, log);
  auto port = stays.listen_tcp("127.0.0.1", 0, echo);
  stays.start();
  for (int i = 0; i < 5; ++i) {
    HttpServer passing(runtime, {}, log);
    auto other = passing.listen_tcp("127.0.0.1", 0, echo);
    passing.start();
    EXPECT_EQ(RawClient::tcp(other).ask(kGet).status, 200);
  }
  EXPECT_EQ(RawClient::tcp(port).ask(kGet).status, 200);
}

TEST(HttpServerStop, WithTheRuntimeInTheWrongOrderIsHarmless) {
  Log log = quiet_log();
  Runtime runtime(2, log);
  HttpServer server(runtime, {}, log);
  auto port = server.listen_tcp("127.0.0.1", 0, echo);
  runtime.start();
  server.start();
  auto client = RawClient::tcp(port);
  EXPECT_EQ(client.ask(kGet).status, 200);
  runtime.stop();
}

TEST(HttpServer, GoesOnAfterRunningOutOfDescriptors) {
  HttpSettings settings;
  settings.accept_pause = milliseconds(5);
  ServerUnderTest under(echo, settings);
  auto first = under.client();
  EXPECT_EQ(first.ask(kGet).status, 200);
  std::vector<FileDescriptor> hoard;
  for (;;) {
    FileDescriptor copy(::dup(first.socket()));
    if (copy.number() < 0) break;
    hoard.push_back(std::move(copy));
  }
  hoard.pop_back();  // for the client's own end
  auto second = under.client();
  second.send(kGet);
  while (!under.lines.has("cannot accept connections")) std::this_thread::yield();
  EXPECT_EQ(first.ask(kGet).status, 200);
  hoard.clear();
  EXPECT_EQ(second.read().status, 200);
}

}  // namespace
}  // namespace latchkey::io
