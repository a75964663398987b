// For the tests of this folder: a server on the loopback, and a client that sends exactly the bytes it is
// told to. Reads give up after half a minute, so that a server that hangs fails a test instead of stopping
// it.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "io/http_server.h"
#include "io/listen_socket.h"
#include "io/runtime.h"

namespace latchkey::io {

struct Answer {
  int status = 0;  // 0: the connection ended before an answer
  std::vector<Header> headers;
  std::string body;

  std::string header(std::string_view name) const {
    for (const auto& header : headers) {
      if (equals_ignore_case(header.name, name)) return header.value;
    }
    return {};
  }
};

class RawClient {
 public:
  static RawClient tcp(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    RawClient client(AF_INET);
    client.connect(reinterpret_cast<sockaddr*>(&address), sizeof address);
    return client;
  }
  static RawClient local(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    RawClient client(AF_UNIX);
    client.connect(reinterpret_cast<sockaddr*>(&address), sizeof address);
    return client;
  }

  int socket() const { return socket_.number(); }

  // Whether all could be handed to the kernel.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      auto count = ::send(socket(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  Answer read(bool head = false) {
    Answer answer;
    std::size_t end = 0;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
      if (!read_more()) return answer;
    }
    auto lines = unread_.substr(0, end);
    unread_.erase(0, end + 4);
    answer.status = std::stoi(lines.substr(9, 3));
    for (auto line : split(lines, '\n')) {
      auto colon = line.find(": ");
      if (colon == std::string_view::npos) continue;
      answer.headers.push_back(
          {std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 2)))});
    }
    auto length = answer.header("Content-Length");
    std::size_t wanted = length.empty() || head ? 0 : std::stoul(length);
    while (unread_.size() < wanted) {
      if (!read_more()) return {};
    }
    answer.body = unread_.substr(0, wanted);
    unread_.erase(0, wanted);
    return answer;
  }

  Answer ask(std::string_view request, bool head = false) {
    send(request);
    return read(head);
  }

  // Whether the server ends the connection in order and without another byte: no reset, no hang.
  bool ends() {
    if (!unread_.empty()) return false;
    char byte = 0;
    return ::recv(socket(), &byte, 1, 0) == 0;
  }

 private:
  explicit RawClient(int family) : socket_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    timeval patience{30, 0};
    ::setsockopt(socket(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }

  void connect(const sockaddr* address, socklen_t size) {
    if (::connect(socket(), address, size) != 0)
      throw std::runtime_error("cannot connect to the server under test");
  }

  bool read_more() {
    char bytes[16384];
    auto count = ::recv(socket(), bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    unread_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  FileDescriptor socket_;
  std::string unread_;
};

class LogLines {
 public:
  Log log() { return Log(LogLevel::debug, LogFormat::json, &take, this); }
  bool has(std::string_view part) const {
    std::lock_guard lock(mutex_);
    for (const auto& line : lines_) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }

 private:
  static void take(void* self, std::string_view line) {
    auto* lines = static_cast<LogLines*>(self);
    std::lock_guard lock(lines->mutex_);
    lines->lines_.emplace_back(line);
  }

  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

// Answers with what it understood: method, target, body.
inline awaitable<Response> echo(Request& request) {
  Response response;
  response.content_type = "text/plain";
  response.body = request.method + " " + request.target + " " + request.body;
  co_return response;
}

class ServerUnderTest {
 public:
  explicit ServerUnderTest(Handler handler = echo, HttpSettings settings = {}, HttpProbe* probe = nullptr)
      : runtime(2, lines.log()), server(runtime, settings, lines.log(), probe) {
    port = server.listen_tcp("127.0.0.1", 0, std::move(handler));
    runtime.start();
    server.start();
  }
  ~ServerUnderTest() {
    server.stop();
    runtime.stop();
  }

  RawClient client() const { return RawClient::tcp(port); }

  LogLines lines;
  Runtime runtime;
  HttpServer server;
  std::uint16_t port = 0;
};

// A folder of its own under the system's temporary folder; removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    auto pattern = (std::filesystem::temp_directory_path() / "latchkey-io-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("cannot make a temporary folder");
    path_ = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace latchkey::io
