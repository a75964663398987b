#include "app/api_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

namespace latchkey::app {
namespace {

// Answers one request with prepared bytes and keeps what was asked.
class OneAnswer {
 public:
  OneAnswer(int listening, std::string answer)
      : listening_(listening), thread_([this, answer = std::move(answer)] {
          const int peer = ::accept(listening_, nullptr, nullptr);
          char buffer[8192];
          const auto size = ::recv(peer, buffer, sizeof buffer, 0);
          if (size > 0) asked_.assign(buffer, static_cast<std::size_t>(size));
          ::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
          ::close(peer);
        }) {}
  ~OneAnswer() {
    ::shutdown(listening_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(listening_);
  }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;

  std::string asked() {
    thread_.join();
    return asked_;
  }
  std::string url() const {
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&bound), &size);
    return "http://127.0.0.1:" + std::to_string(ntohs(bound.sin_port));
  }

 private:
  int listening_;
  std::string asked_;
  std::thread thread_;
};

int listen_on_loopback() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(socket, 1), 0);
  return socket;
}

std::string http(const std::string& status, const std::string& body, const std::string& headers = {}) {
  return "HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

ApiRequest get(std::string path) {
  ApiRequest request;
  request.method = "GET";
  request.path = std::move(path);
  request.patience = seconds{10};
  return request;
}

Result<boost::json::value> ask(const std::string& url, const ApiRequest& request) {
  const auto client = ApiClient::over_network({url, SecretString(std::string("the-token")), {}, {}});
  return client.value()->send(request);
}

TEST(ApiClient, SendsTheTokenTheQueryAndTheBody) {
  OneAnswer server(listen_on_loopback(), http("200 OK", R"({"id":"k1"})"));
  auto request = get("/api/v2/x");
  request.method = "POST";
  request.query = {{"actor", "~mira & co"}};
  request.body = boost::json::object{{"a", 1}};
  const auto answer = ask(server.url() + "/", request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->at("id").as_string(), "k1");
  const auto asked = server.asked();
  EXPECT_TRUE(asked.starts_with("POST /api/v2/x?actor=~mira%20%26%20co HTTP/1.1\r\n")) << asked;
  EXPECT_NE(asked.find("Authorization: Bearer the-token\r\n"), std::string::npos);
  EXPECT_TRUE(asked.ends_with(R"({"a":1})"));
}

TEST(ApiClient, ARefusalCarriesTheServersMessageAndCode) {
  OneAnswer server(listen_on_loopback(), http("401 Unauthorized", R"({"message":"API token invalid"})"));
  const auto answer = ask(server.url(), get("/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unauthenticated);
  EXPECT_EQ(answer.error().message, "API token invalid");
}

TEST(ApiClient, FollowsNoRedirect) {
  OneAnswer server(listen_on_loopback(), http("302 Found", "", "Location: http://127.0.0.1:1/\r\n"));
  const auto answer = ask(server.url(), get("/"));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("elsewhere"), std::string::npos) << answer.error().message;
}

TEST(ApiClient, SaysThatAnAnswerIsNotLikeThisServers) {
  for (const auto& answer :
       {http("200 OK", "<html>"), http("502 Bad Gateway", "<html>"), std::string("nonsense\r\n\r\n")}) {
    OneAnswer server(listen_on_loopback(), answer);
    const auto got = ask(server.url(), get("/"));
    ASSERT_FALSE(got) << answer;
    EXPECT_NE(got.error().message.find(server.url()), std::string::npos) << got.error().message;
    EXPECT_EQ(got.error().message.find("the-token"), std::string::npos);
  }
}

TEST(ApiClient, KnowsThatNobodyWasThere) {
  const int socket = listen_on_loopback();
  std::string url;
  {
    const OneAnswer server(socket, "");
    url = server.url();
  }
  const auto client = ApiClient::over_network({url, SecretString(std::string("t")), {}, {}});
  EXPECT_FALSE((*client)->send(get("/")));
  EXPECT_FALSE((*client)->reached());
}

TEST(ApiClient, GivesUpOnAServerThatDoesNotAnswer) {
  const int socket = listen_on_loopback();  // accepted by the kernel, read by nobody
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size);
  auto request = get("/");
  request.patience = seconds{1};
  const auto client = ApiClient::over_network(
      {"http://127.0.0.1:" + std::to_string(ntohs(bound.sin_port)), SecretString(std::string("t")), {}, {}});
  const auto answer = (*client)->send(request);
  ::close(socket);
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("did not answer in time"), std::string::npos)
      << answer.error().message;
  EXPECT_TRUE((*client)->reached());
}

TEST(ApiClient, ReachesASocketWhosePathIsLongerThanAnAddressHolds) {
  std::string pattern = testing::TempDir() + "latchkey-client-XXXXXX";
  const std::filesystem::path top = ::mkdtemp(pattern.data());
  const auto directory = top / std::string(100, 'x') / std::string(100, 'y');
  std::filesystem::create_directories(directory);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "s");
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(socket, 1), 0);
  std::filesystem::current_path(before);

  OneAnswer server(socket, http("200 OK", "{}"));
  const auto client = ApiClient::over_socket({directory / "s", "ex.com", "mira@ex.com"});
  const auto answer = (*client)->send(get("/api/v2/whoami"));
  EXPECT_TRUE(answer) << answer.error().message;
  const auto asked = server.asked();
  EXPECT_NE(asked.find("X-Latchkey-Tailnet: ex.com\r\n"), std::string::npos) << asked;
  EXPECT_NE(asked.find("X-Latchkey-User: mira@ex.com\r\n"), std::string::npos);
  EXPECT_EQ(asked.find("Authorization"), std::string::npos);
  std::filesystem::remove_all(top);
}

}  // namespace
}  // namespace latchkey::app
