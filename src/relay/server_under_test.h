// For the tests of this folder: a relay over TLS on the loopback, and a device that speaks DERP to it. Reads
// give up after some seconds, so that a relay that hangs fails a test instead of stopping it.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/random.h"
#include "crypto/self_signed.h"
#include "io/listen_socket.h"
#include "io/runtime.h"
#include "relay/frame.h"
#include "relay/server.h"

namespace latchkey::relay {

// A TLS connection that sends the bytes it is told to.
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
        ssl_(SSL_new(context_.get()), &SSL_free) {
    const timeval patience{20, 0};
    ::setsockopt(socket_.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_.number(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (receive_buffer > 0) {
      ::setsockopt(socket_.number(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SSL_set_fd(ssl_.get(), socket_.number());
    if (::connect(socket_.number(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 ||
        SSL_connect(ssl_.get()) != 1) {
      throw std::runtime_error("cannot connect to the relay under test");
    }
  }

  void send(std::string_view bytes) { SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())); }

  // More bytes, or none at the end.
  std::string read() {
    std::string bytes(16 * 1024, '\0');
    const int count = SSL_read(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }

  // Up to the end of the headers; what follows them stays to be read.
  std::string read_head() {
    std::string head;
    char byte = 0;
    while (!head.ends_with("\r\n\r\n") && SSL_read(ssl_.get(), &byte, 1) == 1) head.push_back(byte);
    return head;
  }

 private:
  io::FileDescriptor socket_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

// A frame that a device received; the type is 0xff at the end of the connection.
struct Received {
  FrameType type = FrameType{0xff};
  std::string payload;
};

class TestDevice {
 public:
  explicit TestDevice(std::uint16_t port, crypto::BoxKeyPair keys = crypto::make_box_keys(),
                      int receive_buffer = 0)
      : keys_(std::move(keys)), client_(port, receive_buffer) {
    client_.send("GET /derp HTTP/1.1\r\nHost: relay\r\nUpgrade: DERP\r\nConnection: Upgrade\r\n\r\n");
    head_ = client_.read_head();
    const auto greeting = read();
    if (greeting.type == FrameType::server_key && greeting.payload.size() == 40) {
      std::memcpy(server_key_.data(), greeting.payload.data() + 8, server_key_.size());
    }
  }

  // Connects and proves the key. What comes back is ServerInfo, or the end.
  static TestDevice joined(std::uint16_t port, crypto::BoxKeyPair keys = crypto::make_box_keys(),
                           int receive_buffer = 0) {
    TestDevice device(port, std::move(keys), receive_buffer);
    device.introduce();
    EXPECT_EQ(device.read().type, FrameType::server_info);
    return device;
  }

  const NodeKey& key() const { return keys_.public_key; }
  const crypto::BoxKeyPair& keys() const { return keys_; }
  const NodeKey& server_key() const { return server_key_; }
  const std::string& head() const { return head_; }

  void introduce() {
    const auto nonce = crypto::random_array<24>();
    const auto box = crypto::box_seal(R"({"version":2,"CanAckPings":true})", nonce, server_key_, keys_);
    send(FrameType::client_info, text(keys_.public_key) + text(nonce) + box);
  }
  void send(FrameType type, std::string_view payload) {
    std::string frame;
    append_frame(frame, type, payload);
    client_.send(frame);
  }
  void send_to(const NodeKey& peer, std::string_view packet) {
    send(FrameType::send_packet, text(peer) + std::string(packet));
  }
  void send_raw(std::string_view bytes) { client_.send(bytes); }

  Received read() {
    for (;;) {
      if (const auto frame = reader_.next()) return {frame->type, std::string(frame->payload)};
      const auto bytes = client_.read();
      if (bytes.empty()) return {};
      reader_.feed(bytes);
    }
  }
  // What of the connection is left to come is its end.
  bool ends() { return read().type == FrameType{0xff}; }

  // The packet and its source when that is the next frame; empty otherwise.
  std::pair<NodeKey, std::string> read_packet() {
    const auto frame = read();
    NodeKey source{};
    if (frame.type != FrameType::recv_packet || frame.payload.size() < source.size()) return {};
    std::memcpy(source.data(), frame.payload.data(), source.size());
    return {source, frame.payload.substr(source.size())};
  }

  template <class Bytes>
  static std::string text(const Bytes& bytes) {
    return {bytes.begin(), bytes.end()};
  }

 private:
  crypto::BoxKeyPair keys_;
  NodeKey server_key_{};
  TlsClient client_;
  FrameReader reader_{1 << 20};
  std::string head_;
};

// Who may come in, changed while the relay runs.
class Guests {
 public:
  void admit(const NodeKey& key, const std::string& tailnet = "TtestCNTRL") {
    const std::lock_guard lock(mutex_);
    tailnets_[node_key_text(key)] = tailnet;
  }
  void forget(const NodeKey& key) {
    const std::lock_guard lock(mutex_);
    tailnets_.erase(node_key_text(key));
  }
  io::awaitable<std::optional<TailnetId>> ask(std::string node_key) {
    if (delay.count() > 0) co_await io::sleep_for(delay);
    const std::lock_guard lock(mutex_);
    const auto found = tailnets_.find(node_key);
    std::optional<TailnetId> tailnet;
    if (found != tailnets_.end()) tailnet = TailnetId(found->second);
    co_return tailnet;
  }

  std::chrono::milliseconds delay{0};  // set before the relay runs

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> tailnets_;
};

class RelayUnderTest : public testing::Test {
 protected:
  RelayUnderTest() {
    auto pattern = (std::filesystem::temp_directory_path() / "latchkey-relay-XXXXXX").string();
    directory = ::mkdtemp(pattern.data());
  }
  ~RelayUnderTest() override {
    if (server) server->stop();
    runtime.stop();
    server.reset();
    std::filesystem::remove_all(directory);
  }

  void start(RelayLimits limits = {}) {
    const auto certificate =
        *crypto::keep_self_signed(directory, "relay", {"127.0.0.1"}, SystemClock().now());
    ServerSettings settings;
    settings.listen = {"127.0.0.1", 0};
    settings.tls = {certificate.certificate_file, certificate.key_file};
    settings.limits = limits;
    auto ask = [this](std::string key) { return guests.ask(std::move(key)); };
    server = std::make_unique<Server>(runtime, settings, keys, std::move(ask), metrics, quiet_log());
    port = server->listen().derp;
    runtime.start();
    server->start();
  }

  // A device that is admitted, and connected.
  TestDevice guest(crypto::BoxKeyPair pair = crypto::make_box_keys(), int receive_buffer = 0) {
    guests.admit(pair.public_key);
    return TestDevice::joined(port, std::move(pair), receive_buffer);
  }

  double metric(std::string_view name) const {
    const auto text = metrics.text();
    const auto at = text.find("\n" + std::string(name) + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }
  // Until the relay's threads have caught up.
  bool becomes(std::string_view name, double value) const {
    for (int i = 0; i < 2000; ++i) {
      if (metric(name) == value) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  std::filesystem::path directory;
  crypto::BoxKeyPair keys = crypto::make_box_keys();
  Guests guests;
  Metrics metrics;
  io::Runtime runtime{2, quiet_log()};
  std::unique_ptr<Server> server;
  std::uint16_t port = 0;
};

}  // namespace latchkey::relay
