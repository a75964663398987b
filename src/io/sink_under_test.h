// For tests: a server on the loopback that misbehaves as it is told, on plain sockets. A thread for each
// connection; all end with it.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/text.h"
#include "io/listen_socket.h"

namespace latchkey::io {

class Sink {
 public:
  struct Received {
    std::string head;  // with the request line
    std::string body;

    std::string header(std::string_view name) const {
      for (const auto line : split(head, '\n')) {
        const auto colon = line.find(':');
        if (colon != std::string_view::npos && equals_ignore_case(line.substr(0, colon), name)) {
          return std::string(trim(line.substr(colon + 1)));
        }
      }
      return {};
    }
  };

  class Connection {
   public:
    Connection(int socket, const std::atomic<bool>& over) : socket_(socket), over_(over) {}
    // False when the peer is gone.
    bool write(std::string_view bytes) const {
      while (!bytes.empty()) {
        const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
      }
      return true;
    }
    // Nothing, until the peer leaves or the sink ends.
    void hang() const {
      char byte = 0;
      while (!over_ && ::recv(socket_, &byte, 1, 0) > 0) {
      }
    }
    void pause(std::chrono::milliseconds time) const {
      const auto until = std::chrono::steady_clock::now() + time;
      while (!over_ && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    }

   private:
    int socket_;
    const std::atomic<bool>& over_;
  };

  // Answers one request; false: the connection is closed then.
  using Serve = std::function<bool(const Connection&, const Received&)>;

  explicit Sink(Serve serve, const std::string& address = "127.0.0.1")
      : serve_(std::move(serve)), listening_(listen_on_tcp(address, 0)), port_(bound_port(listening_)) {
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~Sink() {
    over_ = true;
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
    for (const int socket : sockets_) ::close(socket);
  }
  Sink(const Sink&) = delete;

  static bool ok(const Connection& connection, const Received&) {
    return connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  }

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& path = "/hook") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return sockets_.size();
  }
  std::vector<Received> received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }

 private:
  void accept_all() {
    while (!over_) {
      pollfd waiting{listening_.number(), POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      const int socket = ::accept4(listening_.number(), nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      const std::lock_guard lock(mutex_);
      sockets_.push_back(socket);
      threads_.emplace_back([this, socket] { serve_all(socket); });
    }
  }

  void serve_all(int socket) {
    std::string unread;
    Received request;
    while (!over_ && read_request(socket, unread, request)) {
      {
        const std::lock_guard lock(mutex_);
        received_.push_back(request);
      }
      if (!serve_(Connection(socket, over_), request)) break;
    }
    ::shutdown(socket, SHUT_RDWR);
  }

  static bool read_request(int socket, std::string& unread, Received& request) {
    std::size_t end = 0;
    while ((end = unread.find("\r\n\r\n")) == std::string::npos) {
      if (!read_more(socket, unread)) return false;
    }
    request.head = unread.substr(0, end + 2);
    unread.erase(0, end + 4);
    const auto length = request.header("Content-Length");
    const std::size_t wanted = length.empty() ? 0 : std::stoul(length);
    while (unread.size() < wanted) {
      if (!read_more(socket, unread)) return false;
    }
    request.body = unread.substr(0, wanted);
    unread.erase(0, wanted);
    return true;
  }

  static bool read_more(int socket, std::string& unread) {
    char bytes[16384];
    const auto count = ::recv(socket, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    unread.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  Serve serve_;
  FileDescriptor listening_;
  std::uint16_t port_;
  std::atomic<bool> over_{false};
  mutable std::mutex mutex_;
  std::vector<int> sockets_;
  std::vector<Received> received_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace latchkey::io
