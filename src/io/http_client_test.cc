#include "io/http_client.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <future>

#include "io/sink_under_test.h"

namespace latchkey::io {
namespace {

using std::chrono::steady_clock;

HttpClientSettings settings_for(const std::vector<std::string>& networks) {
  return {.guard = *AddressGuard::make(networks), .allow_http = true};
}

OutboundRequest post_to(std::string url, std::string body = "[]") {
  OutboundRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers = {{"Content-Type", "application/json"}};
  request.body = std::move(body);
  request.most_bytes = 1024;
  return request;
}

std::future<OutboundAnswer> begin(HttpClient& client, OutboundRequest request) {
  auto promise = std::make_shared<std::promise<OutboundAnswer>>();
  auto future = promise->get_future();
  client.send(std::move(request),
              [promise](OutboundAnswer answer) { promise->set_value(std::move(answer)); });
  return future;
}

class HttpClientTest : public ::testing::Test {
 protected:
  OutboundAnswer post(std::string url) { return begin(client_, post_to(std::move(url))).get(); }

  HttpClient client_{settings_for({"127.0.0.0/8"})};
};

TEST_F(HttpClientTest, SendsWhatItIsGivenAndTellsTheAnswer) {
  Sink sink([](const Sink::Connection& connection, const Sink::Received&) {
    return connection.write("HTTP/1.1 202 Accepted\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nnoted");
  });
  auto request = post_to(sink.url("/a?b=c"), "[1,2]");
  request.headers.emplace_back("Tailscale-Webhook-Signature", "t=1,v1=00");
  const auto answer = begin(client_, std::move(request)).get();
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.body, "note");
  EXPECT_TRUE(answer.whole) << answer.error;
  EXPECT_EQ(answer.header("retry-after"), "7");
  const auto received = sink.received().at(0);
  EXPECT_TRUE(received.head.starts_with("POST /a?b=c HTTP/1.1\r\n")) << received.head;
  EXPECT_EQ(received.body, "[1,2]");
  EXPECT_EQ(received.header("Content-Type"), "application/json");
  EXPECT_EQ(received.header("Tailscale-Webhook-Signature"), "t=1,v1=00");
  EXPECT_TRUE(received.header("User-Agent").starts_with("latchkey/"));
}

TEST_F(HttpClientTest, UsesConnectionsAgain) {
  Sink sink(Sink::ok);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(post(sink.url()).status, 200);
  EXPECT_EQ(sink.connections(), 1U);
}

TEST_F(HttpClientTest, SendsManyAtOnceAndOneThatHangsDelaysNobody) {
  Sink hanging([](const Sink::Connection& connection, const Sink::Received&) {
    connection.hang();
    return false;
  });
  Sink sink(Sink::ok);
  auto stuck = post_to(hanging.url());
  stuck.patience = milliseconds(1500);
  auto late = begin(client_, std::move(stuck));
  const auto start = steady_clock::now();
  std::vector<std::future<OutboundAnswer>> answers;
  for (int i = 0; i < 200; ++i) answers.push_back(begin(client_, post_to(sink.url())));
  for (auto& answer : answers) EXPECT_EQ(answer.get().status, 200);
  EXPECT_LT(steady_clock::now() - start, seconds(1));
  const auto answer = late.get();
  EXPECT_EQ(answer.status, 0);
  EXPECT_NE(answer.error.find("timed out"), std::string::npos) << answer.error;
  EXPECT_GE(answer.took, milliseconds(1400));
  EXPECT_LT(steady_clock::now() - start, seconds(5));
}

TEST_F(HttpClientTest, AnAnswerThatDripsCountsByItsStatusAndEndsInTime) {
  Sink sink([](const Sink::Connection& connection, const Sink::Received&) {
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 0; i < 1000 && connection.write("x"); ++i) connection.pause(milliseconds(20));
    return false;
  });
  auto request = post_to(sink.url());
  request.patience = milliseconds(500);
  const auto answer = begin(client_, std::move(request)).get();
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.whole);
  EXPECT_FALSE(answer.error.empty());
  EXPECT_LT(answer.took, seconds(2));
}

TEST_F(HttpClientTest, AHeadThatDripsIsNoAnswer) {
  Sink sink([](const Sink::Connection& connection, const Sink::Received&) {
    connection.write("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 1000 && connection.write("X-Drip: y\r\n"); ++i) connection.pause(milliseconds(20));
    return false;
  });
  auto request = post_to(sink.url());
  request.patience = milliseconds(500);
  const auto answer = begin(client_, std::move(request)).get();
  EXPECT_EQ(answer.status, 0);
  EXPECT_LT(answer.took, seconds(2));
}

TEST_F(HttpClientTest, GarbageAndEarlyEndsAreNoAnswers) {
  for (const std::string bytes :
       {"", "\r\n", "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 abc\r\n\r\n", "SSH-2.0-OpenSSH_9\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n"}) {
    Sink sink([&](const Sink::Connection& connection, const Sink::Received&) {
      connection.write(bytes);
      return false;
    });
    const auto answer = post(sink.url());
    EXPECT_EQ(answer.status, 0) << bytes;
    EXPECT_FALSE(answer.error.empty()) << bytes;
    EXPECT_TRUE(answer.body.empty()) << bytes;
  }
}

TEST_F(HttpClientTest, KeepsTheBeginningOfAHugeAnswerAndCutsItOff) {
  std::atomic<std::size_t> written{0};
  Sink sink([&](const Sink::Connection& connection, const Sink::Received&) {
    connection.write("HTTP/1.1 500 No\r\n\r\n");
    const std::string block(65536, 'x');
    while (written < (1UL << 30) && connection.write(block)) written += block.size();
    return false;
  });
  const auto answer = post(sink.url());
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, std::string(1024, 'x'));
  EXPECT_FALSE(answer.whole);
  EXPECT_NE(answer.error.find("too large"), std::string::npos) << answer.error;
  EXPECT_LT(written, 64UL << 20);
}

TEST_F(HttpClientTest, ReadsOnALittleSoThatTheConnectionLasts) {
  Sink sink([](const Sink::Connection& connection, const Sink::Received&) {
    return connection.write("HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + std::string(20000, 'x'));
  });
  for (int i = 0; i < 5; ++i) {
    const auto answer = post(sink.url());
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body.size(), 1024U);
    EXPECT_FALSE(answer.whole);
  }
  EXPECT_EQ(sink.connections(), 1U);
}

TEST_F(HttpClientTest, AHeadWithoutEndIsCutOff) {
  std::atomic<std::size_t> written{0};
  Sink sink([&](const Sink::Connection& connection, const Sink::Received&) {
    connection.write("HTTP/1.1 200 OK\r\n");
    const std::string line = "X-Filler: " + std::string(1000, 'x') + "\r\n";
    while (written < (1UL << 30) && connection.write(line)) written += line.size();
    return false;
  });
  const auto answer = post(sink.url());
  EXPECT_EQ(answer.status, 0);
  EXPECT_TRUE(answer.headers.empty());
  EXPECT_LT(written, 64UL << 20);
}

TEST_F(HttpClientTest, FollowsNoRedirect) {
  Sink target(Sink::ok);
  Sink sink([&](const Sink::Connection& connection, const Sink::Received&) {
    return connection.write("HTTP/1.1 307 Elsewhere\r\nLocation: " + target.url() +
                            "\r\nContent-Length: 0\r\n\r\n");
  });
  const auto answer = post(sink.url());
  EXPECT_EQ(answer.status, 307);
  EXPECT_EQ(target.connections(), 0U);
}

TEST_F(HttpClientTest, UsesNoProxyOfTheEnvironment) {
  Sink proxy(Sink::ok);
  Sink sink(Sink::ok);
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) {
    ::setenv(name, ("http://127.0.0.1:" + std::to_string(proxy.port())).c_str(), 1);
  }
  EXPECT_EQ(post(sink.url()).status, 200);
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
  EXPECT_EQ(proxy.connections(), 0U);
  EXPECT_EQ(sink.received().size(), 1U);
}

TEST_F(HttpClientTest, SpeaksHttpAndHttpsOnly) {
  for (const char* url : {"ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1:70/", "", "http://",
                          "http://127.0.0.1:99999/", "http://127.0.0.1:http/", "http://127.0.0.1:0/"}) {
    const auto answer = post(url);
    EXPECT_EQ(answer.status, 0) << url;
    EXPECT_FALSE(answer.error.empty()) << url;
  }
  HttpClient strict({.guard = *AddressGuard::make({"127.0.0.0/8"})});
  Sink sink(Sink::ok);
  EXPECT_EQ(begin(strict, post_to(sink.url())).get().status, 0);
  EXPECT_EQ(sink.connections(), 0U);
}

TEST_F(HttpClientTest, ErrorsDoNotTellThePathOfAnAddress) {
  const std::string path = "/services/T0/B0/topsecret";
  for (const std::string& url :
       {"http://127.0.0.1:1" + path, "http://no-such-host.invalid" + path, "ftp://127.0.0.1" + path,
        "http://10.0.0.1" + path, "http://127.0.0.1:99999" + path, "http://[::zz]" + path}) {
    const auto answer = post(url);
    EXPECT_FALSE(answer.error.empty()) << url;
    EXPECT_EQ(answer.error.find("topsecret"), std::string::npos) << answer.error;
  }
}

// Every one of these reaches the loopback when nobody looks.
TEST(HttpClientGuard, NoSpellingOfAnAddressGetsAroundIt) {
  HttpClient client(settings_for({}));
  Sink sink(Sink::ok);
  Sink sink6(Sink::ok, "::1");
  const auto port = ":" + std::to_string(sink.port()) + "/";
  for (const std::string& url : {"http://127.0.0.1" + port,
                                 "http://localhost" + port,
                                 "http://127.1" + port,
                                 "http://127.0.1" + port,
                                 "http://2130706433" + port,
                                 "http://0x7f000001" + port,
                                 "http://0x7f.1" + port,
                                 "http://0177.0.0.1" + port,
                                 "http://017700000001" + port,
                                 "http://127.000.000.001" + port,
                                 "http://0" + port,
                                 "http://0.0.0.0" + port,
                                 "http://[::ffff:127.0.0.1]" + port,
                                 "http://[::ffff:7f00:1]" + port,
                                 "http://[0:0:0:0:0:ffff:127.0.0.1]" + port,
                                 "http://[::127.0.0.1]" + port,
                                 "http://[64:ff9b::7f00:1]" + port,
                                 "http://[::1]:" + std::to_string(sink6.port()) + "/",
                                 "http://[::]:" + std::to_string(sink6.port()) + "/",
                                 "http://[0:0:0:0:0:0:0:1]:" + std::to_string(sink6.port()) + "/",
                                 "http://user:password@127.0.0.1" + port,
                                 "http://1.1.1.1@127.0.0.1" + port,
                                 "http://127.0.0.1." + port,
                                 "http://\xe2\x91\xa0"
                                 "27.0.0.1" +
                                     port}) {
    auto request = post_to(url);
    request.patience = milliseconds(3000);
    const auto answer = begin(client, std::move(request)).get();
    EXPECT_EQ(answer.status, 0) << url;
    EXPECT_FALSE(answer.error.empty()) << url;
  }
  EXPECT_EQ(sink.connections(), 0U);
  EXPECT_EQ(sink6.connections(), 0U);
}

TEST(HttpClientGuard, SaysWhichAddressItRefused) {
  HttpClient client(settings_for({}));
  for (const auto& [url, address] : std::vector<std::pair<std::string, std::string>>{
           {"http://127.0.0.1:9/", "127.0.0.1"},
           {"http://2130706433:443/", "127.0.0.1"},
           {"http://169.254.169.254:80/latest/meta-data/", "169.254.169.254"},
           {"https://10.1.2.3:8443/", "10.1.2.3"},
           {"https://[fd00::1]/", "fd00::1"},
           {"https://[fe80::1]/", "fe80::1"},
           {"http://[::ffff:10.0.0.1]:22/", "::ffff:10.0.0.1"}}) {
    const auto answer = begin(client, post_to(url)).get();
    EXPECT_EQ(answer.error, "the address " + address + " is not one that may be reached") << url;
    EXPECT_LT(answer.took, milliseconds(1000)) << url;
  }
}

TEST(HttpClientGuard, ANameIsJudgedByTheAddressItIsConnectedTo) {
  Sink sink(Sink::ok);
  std::mutex mutex;
  std::string address = "10.9.8.7";
  auto settings = settings_for({"127.0.0.1"});
  settings.names = [&] {
    const std::lock_guard lock(mutex);
    return std::vector<std::string>{"hooks.example:" + std::to_string(sink.port()) + ":" + address};
  };
  HttpClient client(std::move(settings));
  const auto url = "http://hooks.example:" + std::to_string(sink.port()) + "/";
  EXPECT_EQ(begin(client, post_to(url)).get().error, "the address 10.9.8.7 is not one that may be reached");
  {
    const std::lock_guard lock(mutex);
    address = "127.0.0.1";
  }
  EXPECT_EQ(begin(client, post_to(url)).get().status, 200);
  {
    const std::lock_guard lock(mutex);
    address = "169.254.169.254";
  }
  // Either the connection that was judged before, or none: never the new address.
  const auto answer = begin(client, post_to(url)).get();
  EXPECT_TRUE(answer.status == 200 || answer.error.find("169.254.169.254") != std::string::npos)
      << answer.error;
  EXPECT_EQ(sink.received().size(), answer.status == 200 ? 2U : 1U);
}

TEST(HttpClientGuard, OfSeveralAddressesOnlyAllowedOnesAreTried) {
  Sink sink(Sink::ok);
  auto settings = settings_for({"127.0.0.1"});
  settings.names = [&] {
    return std::vector<std::string>{"hooks.example:" + std::to_string(sink.port()) + ":127.0.0.2,127.0.0.1"};
  };
  HttpClient client(std::move(settings));
  const auto answer =
      begin(client, post_to("http://hooks.example:" + std::to_string(sink.port()) + "/")).get();
  EXPECT_EQ(answer.status, 200) << answer.error;
}

TEST(HttpClientGuard, ReachesOverIpv6WhatIsAllowed) {
  Sink sink(Sink::ok, "::1");
  HttpClient client(settings_for({"::1"}));
  EXPECT_EQ(begin(client, post_to("http://[::1]:" + std::to_string(sink.port()) + "/")).get().status, 200);
}

TEST(HttpClientStop, WhoWaitsIsTold) {
  Sink sink([](const Sink::Connection& connection, const Sink::Received&) {
    connection.hang();
    return false;
  });
  std::vector<std::future<OutboundAnswer>> answers;
  const auto start = steady_clock::now();
  {
    auto settings = settings_for({"127.0.0.1"});
    settings.most_parallel = 2;
    settings.most_waiting = 3;
    HttpClient client(std::move(settings));
    for (int i = 0; i < 10; ++i) answers.push_back(begin(client, post_to(sink.url())));
    while (sink.received().size() < 2) std::this_thread::sleep_for(milliseconds(5));
  }
  int refused = 0;
  for (auto& future : answers) {
    const auto answer = future.get();
    EXPECT_EQ(answer.status, 0);
    if (answer.error.find("too many") != std::string::npos)
      ++refused;
    else
      EXPECT_EQ(answer.error, "the server is stopping");
  }
  EXPECT_GE(refused, 5);
  EXPECT_LT(steady_clock::now() - start, seconds(3));
}

}  // namespace
}  // namespace latchkey::io
