// A whole server in this process, as `latchkey serve` starts it, with a tailnet, for tests that come over the
// wire.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "app/server.h"
#include "crypto/random.h"

namespace latchkey {

class RunningServer {
 public:
  struct Answer {
    int status = 0;
    std::string body;
    boost::json::value json() const { return boost::json::parse(body); }
  };

  // An empty URL: SQLite in a directory of its own.
  explicit RunningServer(SecretString database = {}, const Log& log = quiet_log()) : log_(log) {
    directory_ = std::filesystem::temp_directory_path() / ("latchkey-control." + crypto::random_hex(6));
    auto defaults = app::make_settings({});
    if (!defaults) throw std::runtime_error(defaults.error().message);
    settings_ = *std::move(defaults);
    settings_.data_dir = directory_;
    settings_.listen = "127.0.0.1:0";
    settings_.metrics_listen.clear();
    settings_.log_access = false;
    settings_.database = std::move(database);
    settings_.keys_usage_flush = seconds(1);
    start();
    const auto made =
        call_local("POST", "/api/local/tailnets", R"({"tailnet":"example.com","owner":"owner@example.com"})");
    if (made.status != 200) throw std::runtime_error(made.body);
    token_ = SecretString(std::string(made.json().at("apiToken").as_string()));
  }

  // Another replica, over the same PostgreSQL database.
  struct ReplicaOf {
    const RunningServer& first;
  };
  explicit RunningServer(ReplicaOf of) : log_(of.first.log_), settings_(of.first.settings_) {
    directory_ = std::filesystem::temp_directory_path() / ("latchkey-replica." + crypto::random_hex(6));
    settings_.data_dir = directory_;
    settings_.listen = "127.0.0.1:0";
    settings_.root_key_file = of.first.directory_ / "root.key";
    token_ = SecretString(std::string(of.first.token_.expose()));
    start();
  }

  ~RunningServer() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  RunningServer(const RunningServer&) = delete;

  void stop() {
    if (server_) server_->stop();
    server_.reset();
  }
  // On the port it had.
  void start() {
    auto opened = app::Server::open(settings_, log_, app::Doors::all);
    if (!opened) throw std::runtime_error(opened.error().message);
    server_ = *std::move(opened);
    server_->start();
    const auto url = server_->url();
    port_ = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    settings_.listen = "127.0.0.1:" + std::to_string(port_);
  }

  std::uint16_t port() const { return port_; }
  app::Settings& settings() { return settings_; }

  // As the owner, over the API.
  Answer call(std::string_view method, std::string_view target, std::string_view body = {}) {
    return call_as(token_, method, target, body);
  }
  Answer call_as(const SecretString& token, std::string_view method, std::string_view target,
                 std::string_view body = {}) {
    return call_with("Authorization: Bearer " + token.expose() + "\r\nContent-Type: application/json\r\n",
                     method, target, body);
  }
  // As nobody.
  Answer post_form(std::string_view target, std::string_view body) {
    return call_with("Content-Type: application/x-www-form-urlencoded\r\n", "POST", target, body);
  }
  Answer call_with(const std::string& headers, std::string_view method, std::string_view target,
                   std::string_view body) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return exchange(AF_INET, reinterpret_cast<sockaddr*>(&address), sizeof address, method, target, body,
                    headers);
  }
  Answer call_local(std::string_view method, std::string_view target, std::string_view body = {}) {
    return call_local_as({}, method, target, body);
  }
  // As that person; as the owner when nobody is named.
  Answer call_local_as(std::string_view login, std::string_view method, std::string_view target,
                       std::string_view body = {}) {
    const std::string person = login.empty() ? "" : "X-Latchkey-User: " + std::string(login) + "\r\n";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, app::local_socket(directory_).c_str(), sizeof address.sun_path - 1);
    return exchange(AF_UNIX, reinterpret_cast<sockaddr*>(&address), sizeof address, method, target, body,
                    person + "Content-Type: application/json\r\n");
  }

  // The key text of a new auth key; `create` is the inside of capabilities.devices.create.
  SecretString auth_key(std::string_view create = R"("reusable":true)") {
    const auto answer = call("POST", "/api/v2/tailnet/-/keys",
                             R"({"capabilities":{"devices":{"create":{)" + std::string(create) + "}}}}");
    if (answer.status != 200) throw std::runtime_error(answer.body);
    last_key_id = std::string(answer.json().at("id").as_string());
    return SecretString(std::string(answer.json().at("key").as_string()));
  }
  std::string last_key_id;

 private:
  static Answer exchange(int family, const sockaddr* address, socklen_t size, std::string_view method,
                         std::string_view target, std::string_view body, const std::string& headers) {
    const int socket = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket, address, size) != 0) {
      ::close(socket);
      throw std::runtime_error("cannot connect to the server under test");
    }
    std::string request = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n" +
                          headers + "Connection: close\r\nContent-Length: " + std::to_string(body.size()) +
                          "\r\n\r\n" + std::string(body);
    std::string answer;
    if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
      char buffer[16384];
      for (ssize_t count = 0; (count = ::recv(socket, buffer, sizeof buffer, 0)) > 0;) {
        answer.append(buffer, static_cast<std::size_t>(count));
      }
    }
    ::close(socket);
    const auto head = answer.find("\r\n\r\n");
    if (head == std::string::npos) throw std::runtime_error("no answer");
    return {std::stoi(answer.substr(9, 3)), answer.substr(head + 4)};
  }

  Log log_;
  std::filesystem::path directory_;
  app::Settings settings_;
  std::unique_ptr<app::Server> server_;
  std::uint16_t port_ = 0;
  SecretString token_;
};

}  // namespace latchkey
