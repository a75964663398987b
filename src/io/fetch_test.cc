// The door to servers that somebody else names: none of them can make this one wait, grow or reach where it
// should not.
#include "io/fetch.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <thread>

#include "io/server_under_test.h"

namespace latchkey::io {
namespace {

using std::chrono::steady_clock;

FetchSettings to_loopback() {
  return {AddressGuard::make({"127.0.0.0/8", "::1"}).value(), true, {}};
}

awaitable<void> fetch_into(Fetcher& fetcher, FetchRequest request,
                           std::optional<Result<FetchedDocument>>& answer) {
  answer = co_await fetcher.fetch(std::move(request));
}

// All at once; answers in their order.
std::vector<Result<FetchedDocument>> fetch_all(Fetcher& fetcher, const std::vector<FetchRequest>& requests) {
  boost::asio::io_context loop(1);
  std::vector<std::optional<Result<FetchedDocument>>> answers(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    boost::asio::co_spawn(loop, fetch_into(fetcher, requests[i], answers[i]), boost::asio::detached);
  }
  loop.run();
  std::vector<Result<FetchedDocument>> all;
  for (auto& answer : answers) all.push_back(*std::move(answer));
  return all;
}

Result<FetchedDocument> fetch(Fetcher& fetcher, FetchRequest request) {
  return fetch_all(fetcher, {std::move(request)}).front();
}

std::string reason(const Result<FetchedDocument>& refused) {
  return refused ? "it was fetched" : refused.error().message;
}

// Talks as it likes to everyone who connects, until they have had enough.
class RawServer {
 public:
  using Talk = std::function<void(int socket)>;

  explicit RawServer(Talk talk) : talk_(std::move(talk)), listening_(listen_on_tcp("127.0.0.1", 0)) {
    accepting_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        Peer peer;
        auto accepted = accept_from(listening_.number(), peer);
        if (accepted.number() < 0) {
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
          continue;
        }
        ++connections;
        ::fcntl(accepted.number(), F_SETFL, 0);
        talking_.emplace_back([this, socket = std::move(accepted)] { talk_(socket.number()); });
      }
    });
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(bound_port(listening_)) + "/x"; }
  std::atomic<int> connections = 0;

 private:
  Talk talk_;
  FileDescriptor listening_;
  std::vector<std::jthread> talking_;
  std::jthread accepting_;
};

bool say(int socket, std::string_view text) {
  return ::send(socket, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

// One byte now and then, for ever.
void drip(int socket) {
  bool heard = say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
  while (heard) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    heard = say(socket, ".");
  }
}

struct Page {
  int status = 200;
  std::string body;
  std::vector<Header> headers;
};

class Fetching : public ::testing::Test {
 protected:
  awaitable<Response> answer(Request& request) {
    ++asked_;
    const auto& page = pages_[std::string(request.path())];
    Response response;
    response.status = page.status;
    response.body = page.body;
    response.headers = page.headers;
    co_return response;
  }
  std::string url(const std::string& path, const std::string& host = "127.0.0.1") const {
    return "http://" + host + ":" + std::to_string(server_.port) + path;
  }

  std::map<std::string, Page> pages_;
  std::atomic<int> asked_ = 0;
  ServerUnderTest server_{[this](Request& request) { return answer(request); }};
  Fetcher fetcher_{to_loopback()};
};

TEST_F(Fetching, ADocumentComesWithHowLongItMayBeKept) {
  const std::pair<const char*, int> rows[] = {
      {"max-age=120", 120}, {"public, MAX-AGE=5", 5}, {"max-age=120, no-store", 0},       {"no-cache", 0},
      {"max-age=-1", 0},    {"max-age=x", 0},         {"max-age=99999999999999999999", 0}};
  for (const auto& [header, fresh] : rows) {
    pages_["/a"] = {200, "text", {{"Cache-Control", header}}};
    const auto got = fetch(fetcher_, {url("/a")});
    ASSERT_TRUE(got.ok()) << reason(got);
    EXPECT_EQ(got->body, "text");
    EXPECT_EQ(got->fresh_for, seconds{fresh}) << header;
  }
}

TEST_F(Fetching, NoRedirectIsFollowed) {
  for (const int status : {301, 302, 303, 307, 308}) {
    pages_["/a"] = {status, "", {{"Location", url("/b")}}};
    asked_ = 0;
    EXPECT_EQ(reason(fetch(fetcher_, {url("/a")})), "the answer has the status " + std::to_string(status));
    EXPECT_EQ(asked_, 1);
  }
}

TEST_F(Fetching, EveryOtherStatusIsAnError) {
  for (const int status : {201, 204, 400, 404, 500}) {
    pages_["/a"].status = status;
    EXPECT_EQ(reason(fetch(fetcher_, {url("/a")})), "the answer has the status " + std::to_string(status));
  }
}

TEST_F(Fetching, AnswersOverTheLimitAreLeftAlone) {
  pages_["/a"].body = std::string(1000, 'x');
  EXPECT_TRUE(fetch(fetcher_, {url("/a"), 1000}).ok());
  EXPECT_EQ(reason(fetch(fetcher_, {url("/a"), 999})), "the answer is too large");
  // Also where nobody says how large they are.
  RawServer endless([](int socket) {
    bool heard = say(socket, "HTTP/1.1 200 OK\r\n\r\n");
    while (heard) heard = say(socket, std::string(4096, 'x'));
  });
  EXPECT_EQ(reason(fetch(fetcher_, {endless.url(), 100'000})), "the answer is too large");
}

TEST_F(Fetching, HeadersHaveAnEndToo) {
  RawServer endless([](int socket) {
    bool heard = say(socket, "HTTP/1.1 200 OK\r\n");
    while (heard) heard = say(socket, "X-More: " + std::string(4000, 'x') + "\r\n");
  });
  const auto began = steady_clock::now();
  EXPECT_FALSE(fetch(fetcher_, {endless.url(), 1000, seconds{20}}).ok());
  EXPECT_LT(steady_clock::now() - began, seconds{10});
}

TEST_F(Fetching, ASlowAnswerEndsWithThePatience) {
  RawServer slow(drip);
  const auto began = steady_clock::now();
  EXPECT_NE(reason(fetch(fetcher_, {slow.url(), 200'000, seconds{1}})).find("timed out"), std::string::npos);
  EXPECT_LT(steady_clock::now() - began, seconds{5});
}

TEST_F(Fetching, WhoWaitsBehindSlowServersIsToldInTime) {
  RawServer slow(drip);
  std::vector<FetchRequest> requests(24, FetchRequest{slow.url(), 200'000, seconds{1}});
  const auto began = steady_clock::now();
  for (const auto& answer : fetch_all(fetcher_, requests)) EXPECT_FALSE(answer.ok());
  // One after the other they would take six times as long.
  EXPECT_LT(steady_clock::now() - began, seconds{4});
  EXPECT_LT(slow.connections, 24);
  EXPECT_TRUE(fetch(fetcher_, {url("/a")}).ok());
}

TEST_F(Fetching, MoreThanMayWaitAreRefusedAtOnce) {
  RawServer slow(drip);
  std::vector<FetchRequest> requests(300, FetchRequest{slow.url(), 200'000, seconds{1}});
  int refused = 0;
  for (const auto& answer : fetch_all(fetcher_, requests)) {
    if (reason(answer) == "too many requests to other servers are waiting") ++refused;
  }
  EXPECT_GE(refused, 300 - 256 - 16);
  EXPECT_LE(refused, 300 - 256);
}

TEST_F(Fetching, NoSpellingOfAPrivateAddressIsConnectedTo) {
  Fetcher careful({AddressGuard::make({}).value(), true, {}});
  for (const char* host : {"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1",
                           "0177.0.0.1", "127.1", "0", "0.0.0.0", "[::]"}) {
    const auto refused = fetch(careful, {url("/a", host), 1000, seconds{3}});
    EXPECT_FALSE(refused.ok()) << host;
  }
  EXPECT_NE(reason(fetch(careful, {url("/a")})).find("127.0.0.1 is not one that may be reached"),
            std::string::npos);
  EXPECT_EQ(asked_, 0);
}

TEST_F(Fetching, OnlyHttpsUnlessHttpIsAllowed) {
  Fetcher strict({AddressGuard::make({"127.0.0.0/8"}).value(), false, {}});
  EXPECT_FALSE(fetch(strict, {url("/a")}).ok());
  EXPECT_EQ(asked_, 0);
  for (const char* other :
       {"file:///etc/hostname", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "dict://127.0.0.1/x", "", "x"}) {
    EXPECT_FALSE(fetch(fetcher_, {other, 1000, seconds{3}}).ok()) << other;
  }
}

TEST(Fetcher, StopsWhatRuns) {
  RawServer slow(drip);
  auto fetcher = std::make_unique<Fetcher>(to_loopback());
  const auto began = steady_clock::now();
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    fetcher.reset();
  });
  std::vector<FetchRequest> requests(8, FetchRequest{slow.url(), 200'000, seconds{30}});
  for (const auto& answer : fetch_all(*fetcher, requests)) EXPECT_FALSE(answer.ok());
  EXPECT_LT(steady_clock::now() - began, seconds{10});
}

}  // namespace
}  // namespace latchkey::io
