// What a well-behaved client may rely on.
#include "io/http_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "io/server_under_test.h"

namespace latchkey::io {
namespace {

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(HttpServer, AnswersOneRequestAfterAnotherOnOneConnection) {
  ServerUnderTest under;
  auto client = under.client();
  std::set<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    auto answer = client.ask(kGet);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "GET /a ");
    EXPECT_EQ(answer.header("Connection"), "");
    EXPECT_EQ(answer.header("Content-Type"), "text/plain");
    EXPECT_EQ(answer.header("Date").size(), std::string_view("Sun, 06 Nov 1994 08:49:37 GMT").size());
    auto id = answer.header("X-Request-Id");
    EXPECT_EQ(id.size(), 16U);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 3U);
  EXPECT_EQ(under.server.open_connections(), 1U);
}

TEST(HttpServer, AnswersThreeRequestsInOneSegmentInTheirOrder) {
  ServerUnderTest under;
  auto client = under.client();
  client.send(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\ntwo"
      "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read().body, "GET /1 ");
  EXPECT_EQ(client.read().body, "POST /2 two");
  EXPECT_EQ(client.read().body, "GET /3 ");
}

awaitable<Response> first_is_slow(Request& request) {
  if (request.target == "/1") co_await sleep_for(std::chrono::milliseconds(50));
  auto answering = echo(request);
  co_return co_await std::move(answering);
}

TEST(HttpServer, DoesNotOvertakeASlowRequestWithTheNext) {
  ServerUnderTest under(first_is_slow);
  auto client = under.client();
  client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read().body, "GET /1 ");
  EXPECT_EQ(client.read().body, "GET /2 ");
}

TEST(HttpServer, UnderstandsARequestThatArrivesByteByByte) {
  ServerUnderTest under;
  auto client = under.client();
  std::string_view request =
      "POST /slow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
  int off = 1;
  ::setsockopt(client.socket(), IPPROTO_TCP, 1 /* TCP_NODELAY */, &off, sizeof off);
  for (auto byte : request) ASSERT_TRUE(client.send({&byte, 1}));
  EXPECT_EQ(client.read().body, "POST /slow abcde");
  EXPECT_EQ(client.ask(kGet).body, "GET /a ");
}

TEST(HttpServer, ReadsABodyLargerThanItsBuffer) {
  ServerUnderTest under;
  auto client = under.client();
  std::string body(700'000, 'b');
  client.send("PUT /big HTTP/1.1\r\nHost: x\r\nContent-Length: 700000\r\n\r\n" + body);
  EXPECT_EQ(client.read().body, "PUT /big " + body);
  EXPECT_EQ(client.ask(kGet).body, "GET /a ");
}

awaitable<Response> large(Request&) {
  Response response;
  response.body.assign(20'000'000, 'x');
  co_return response;
}

TEST(HttpServer, SendsABodyLargerThanTheKernelTakesAtOnce) {
  ServerUnderTest under(large);
  auto client = under.client();
  EXPECT_EQ(client.ask(kGet).body.size(), 20'000'000U);
  EXPECT_EQ(client.ask(kGet).body.size(), 20'000'000U);
}

TEST(HttpServer, IgnoresTrailersOfAChunkedBody) {
  ServerUnderTest under;
  auto client = under.client();
  auto answer = client.ask(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\nX-Later: 1\r\n\r\n");
  EXPECT_EQ(answer.body, "POST / a");
  EXPECT_EQ(client.ask(kGet).status, 200);
}

TEST(HttpServer, SkipsAnEmptyLineBeforeARequest) {
  ServerUnderTest under;
  auto client = under.client();
  EXPECT_EQ(client.ask("\r\n" + std::string(kGet)).status, 200);
}

TEST(HttpServer, InvitesTheBodyOfAClientThatWaitsForIt) {
  ServerUnderTest under;
  auto client = under.client();
  auto invitation =
      client.ask("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(invitation.status, 100);
  auto answer = client.ask("ok");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "POST / ok");
}

TEST(HttpServer, DoesNotInviteABodyThatIsAlreadyHereOrEmpty) {
  ServerUnderTest under;
  auto client = under.client();
  auto here = client.ask("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(here.status, 200);
  auto empty = client.ask("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(empty.status, 200);
}

TEST(HttpServer, DoesNotInviteABodyOverTheLimit) {
  ServerUnderTest under;
  auto client = under.client();
  auto answer =
      client.ask("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
  EXPECT_EQ(answer.status, 413);
  EXPECT_TRUE(client.ends());
}

TEST(HttpServer, AnswersHeadWithTheLengthButNotTheBody) {
  ServerUnderTest under;
  auto client = under.client();
  auto answer = client.ask("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n", true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Length"), "8");
  EXPECT_EQ(client.ask(kGet).body, "GET /a ");
}

TEST(HttpServer, ClosesWhenTheClientAsksToOrSpeaksHttp10) {
  ServerUnderTest under;
  for (auto request : {"GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n",
                       "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"}) {
    auto client = under.client();
    auto answer = client.ask(request);
    EXPECT_EQ(answer.status, 200) << request;
    EXPECT_EQ(answer.header("Connection"), "close") << request;
    EXPECT_TRUE(client.ends()) << request;
  }
}

TEST(HttpServer, ClosesAfterTheMostRequestsOfAConnection) {
  HttpSettings settings;
  settings.max_requests_per_connection = 2;
  ServerUnderTest under(echo, settings);
  auto client = under.client();
  EXPECT_EQ(client.ask(kGet).header("Connection"), "");
  EXPECT_EQ(client.ask(kGet).header("Connection"), "close");
  EXPECT_TRUE(client.ends());
}

awaitable<Response> tell_host(Request& request) {
  Response response;
  response.body = request.target + " " + std::string(request.header("host").value_or("none")) + " " +
                  std::to_string(request.count("Host"));
  co_return response;
}

TEST(HttpServer, ReducesAnAbsoluteTargetAndPrefersItsHost) {
  ServerUnderTest under(tell_host);
  auto client = under.client();
  EXPECT_EQ(client.ask("GET http://one:80/p?q HTTP/1.1\r\nHost: two\r\n\r\n").body, "/p?q one:80 1");
  EXPECT_EQ(client.ask("GET HTTPS://one HTTP/1.1\r\nHost: two\r\n\r\n").body, "/ one 1");
  EXPECT_EQ(client.ask("GET http://one?q=http://a/ HTTP/1.1\r\nHost: two\r\n\r\n").body,
            "/?q=http://a/ one 1");
  EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost: two\r\n\r\n").body, "* two 1");
  EXPECT_EQ(client.ask("GET //x%2Fy/ HTTP/1.1\r\nHost: two\r\n\r\n").body, "//x%2Fy/ two 1");
}

awaitable<Response> tell_authorizations(Request& request) {
  Response response;
  response.body = std::to_string(request.count("authorization"));
  co_return response;
}

TEST(HttpServer, LeavesRepeatedHeadersToTheHandler) {
  ServerUnderTest under(tell_authorizations);
  auto client = under.client();
  auto answer = client.ask("GET / HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nauthorization: b\r\n\r\n");
  EXPECT_EQ(answer.body, "2");
}

awaitable<Response> fails(Request& request) {
  if (request.target == "/now") throw std::runtime_error("the lake is dry");
  if (request.target == "/odd") throw 7;
  if (request.target == "/ok") co_return Response{};
  co_await sleep_for(std::chrono::milliseconds(1));
  throw std::runtime_error("the lake is dry");
}

TEST(HttpServer, TurnsAnExceptionIntoAnAnswerAndALogLineAndGoesOn) {
  ServerUnderTest under(fails);
  auto client = under.client();
  for (auto target : {"/now", "/later", "/odd"}) {
    auto answer = client.ask("GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.body, R"({"message":"internal server error"})");
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    EXPECT_TRUE(under.lines.has(answer.header("X-Request-Id")));
  }
  EXPECT_TRUE(under.lines.has("the lake is dry"));
  EXPECT_EQ(client.ask("GET /ok HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
}

awaitable<Response> splits(Request&) {
  Response response;
  response.headers.push_back({"Location", "/a\r\nSet-Cookie: stolen"});
  co_return response;
}

TEST(HttpServer, NeverSendsALineBreakFromAHandlersHeader) {
  ServerUnderTest under(splits);
  auto client = under.client();
  auto answer = client.ask(kGet);
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.header("Set-Cookie"), "");
  EXPECT_EQ(answer.body, R"({"message":"internal server error"})");
}

awaitable<Response> shows_secret(Request&) {
  Response response;
  response.body = R"({"key":"abc"})";
  response.sensitive = true;
  co_return response;
}

TEST(HttpServer, ForbidsStoringASensitiveAnswer) {
  ServerUnderTest under(shows_secret);
  auto client = under.client();
  auto answer = client.ask(kGet);
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  EXPECT_EQ(answer.body, R"({"key":"abc"})");
  EXPECT_EQ(client.ask(kGet).body, R"({"key":"abc"})");
}

awaitable<Response> tell_peer(Request& request) {
  Response response;
  response.body = request.peer.address + "|" + (request.peer.local_socket ? "local" : "network") + "|" +
                  (request.peer.uid ? std::to_string(*request.peer.uid) : "none");
  co_return response;
}

TEST(HttpServer, SaysWhoIsAtTheOtherEnd) {
  TemporaryFolder folder;
  LogLines lines;
  Runtime runtime(1, lines.log());
  HttpServer server(runtime, {}, lines.log());
  auto path = folder.file("admin.sock");
  auto port = server.listen_tcp("127.0.0.1", 0, tell_peer);
  server.listen_unix(path, tell_peer);
  runtime.start();
  server.start();
  auto mode = std::filesystem::status(path).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(RawClient::tcp(port).ask(kGet).body, "127.0.0.1|network|none");
  EXPECT_EQ(RawClient::local(path).ask(kGet).body, "|local|" + std::to_string(::getuid()));
  server.stop();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(HttpServer, GivesEachListenerItsOwnHandler) {
  LogLines lines;
  Runtime runtime(2, lines.log());
  HttpServer server(runtime, {}, lines.log());
  auto one = server.listen_tcp("127.0.0.1", 0, echo);
  auto two = server.listen_tcp("127.0.0.1", 0, tell_host);
  server.start();
  runtime.start();
  EXPECT_EQ(RawClient::tcp(one).ask(kGet).body, "GET /a ");
  EXPECT_EQ(RawClient::tcp(two).ask(kGet).body, "/a x 1");
}

struct CountingProbe : HttpProbe {
  void connection_opened(const Peer&) override { ++opened; }
  void connection_closed(const Peer&) override { ++closed; }
  void connection_refused(const Peer&) override { ++refused; }
  void request_finished(const FinishedRequest& request) override {
    std::lock_guard lock(mutex);
    seen.push_back(std::string(request.method) + " " + std::string(request.target) + " " +
                   std::to_string(request.status));
    ids.emplace_back(request.id);
    bytes.push_back(request.response_bytes);
    address = request.peer.address;
  }

  std::atomic<int> opened{0}, closed{0}, refused{0};
  std::mutex mutex;
  std::vector<std::string> seen;
  std::vector<std::string> ids;
  std::vector<std::uint64_t> bytes;
  std::string address;
};

TEST(HttpServer, TellsItsProbeWhatHappened) {
  CountingProbe probe;
  std::string id;
  {
    ServerUnderTest under(echo, {}, &probe);
    auto client = under.client();
    id = client.ask(kGet).header("X-Request-Id");
    EXPECT_EQ(client.ask("POST /b?c HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n").status, 400);
  }
  EXPECT_EQ(probe.opened, 1);
  EXPECT_EQ(probe.closed, 1);
  EXPECT_EQ(probe.seen, (std::vector<std::string>{"GET /a 200", "POST /b?c 400"}));
  EXPECT_EQ(probe.ids.front(), id);
  EXPECT_GT(probe.bytes.front(), 100U);
  EXPECT_EQ(probe.address, "127.0.0.1");
}

TEST(HttpServer, RefusesConnectionsBeyondTheLimitAndServesAgainWhenOneEnds) {
  HttpSettings settings;
  settings.max_connections = 1;
  CountingProbe probe;
  ServerUnderTest under(echo, settings, &probe);
  {
    auto first = under.client();
    EXPECT_EQ(first.ask(kGet).status, 200);
    auto second = under.client();
    auto refused = second.ask(kGet);
    EXPECT_EQ(refused.status, 503);
    EXPECT_NE(refused.header("Retry-After"), "");
    EXPECT_EQ(refused.header("Connection"), "close");
    EXPECT_EQ(refused.body, R"({"message":"too many connections; try again later"})");
    EXPECT_TRUE(second.ends());
    EXPECT_EQ(first.ask(kGet).status, 200);
  }
  while (under.server.open_connections() > 0) std::this_thread::yield();
  EXPECT_EQ(under.client().ask(kGet).status, 200);
  EXPECT_EQ(probe.refused, 1);
}

TEST(HttpServer, LimitsConnectionsByAddress) {
  HttpSettings settings;
  settings.max_connections_per_address = 1;
  ServerUnderTest under(echo, settings);
  auto first = under.client();
  EXPECT_EQ(first.ask(kGet).status, 200);
  EXPECT_EQ(under.client().ask(kGet).status, 503);
}

}  // namespace
}  // namespace latchkey::io
