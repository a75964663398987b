// Peers of the control protocol that mean harm or are broken, over real sockets: each is ended, and others
// are served meanwhile.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

#include <vector>

#include "base/text.h"
#include "running_server.h"
#include "testing/control_client.h"

namespace latchkey {
namespace {

using testing::ControlClient;
using testing::ControlSession;
using testing::DeviceKeys;
using testing::register_body;

// A socket that says exactly what it is told to.
class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      ::close(socket_);
      throw std::runtime_error("cannot connect to the server under test");
    }
  }
  ~RawPeer() {
    if (socket_ >= 0) ::close(socket_);
  }
  RawPeer(RawPeer&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

  void send(std::string_view bytes) { (void)::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  // What comes until the server ends the connection or is silent for that long.
  std::string read(std::chrono::milliseconds patience) {
    std::string text;
    for (pollfd watched{socket_, POLLIN, 0}; ::poll(&watched, 1, static_cast<int>(patience.count())) > 0;) {
      char buffer[4096];
      const auto count = ::recv(socket_, buffer, sizeof buffer, 0);
      if (count <= 0) {
        ended_ = true;
        break;
      }
      text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
  }
  // Whether the server ended it, seen by read().
  bool ended() const { return ended_; }

 private:
  int socket_;
  bool ended_ = false;
};

constexpr std::chrono::seconds kPatience{20};
constexpr std::chrono::milliseconds kMoment{300};

std::string upgrade_with(std::string_view initiation) {
  return "POST /ts2021 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: upgrade\r\n"
         "Upgrade: tailscale-control-protocol\r\nX-Tailscale-Handshake: " +
         to_base64(initiation) + "\r\n\r\n";
}

std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

void expect_served(RunningServer& server) {
  ControlClient client(server.port());
  EXPECT_EQ(client.ask("GET", "/machine/whoami", "").status, 200);
}

TEST(ControlAbuse, GarbageBehindTheUpgradeEndsTheConnection) {
  RunningServer server;
  const auto key = ControlClient::server_key(server.port());
  for (const auto& garbage : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(5000, '\xff'),
                              std::string("\x04\0\x20", 3) + std::string(32, 'x')}) {
    RawPeer peer(server.port());
    peer.send(ControlSession(140, crypto::x25519_generate(), key).upgrade_request() + garbage);
    EXPECT_TRUE(peer.read(kPatience).starts_with("HTTP/1.1 101 "));
    EXPECT_TRUE(peer.ended());
  }
  expect_served(server);
}

TEST(ControlAbuse, AnInitiationForNobodyIsAnsweredWithAReasonAndEnded) {
  RunningServer server;
  auto good =
      ControlSession(140, crypto::x25519_generate(), ControlClient::server_key(server.port())).initiation();
  auto low_order = good;
  std::fill_n(low_order.begin() + 5, 32, '\0');
  auto other_version = good;
  other_version[1] = '\x01';
  for (const auto& initiation : {low_order, other_version, good.substr(0, 50), std::string(101, 'x')}) {
    RawPeer peer(server.port());
    peer.send(upgrade_with(initiation));
    const auto answer = peer.read(kPatience);
    EXPECT_TRUE(peer.ended());
    EXPECT_EQ(body_of(answer).substr(0, 1), "\x03") << answer;
  }
  expect_served(server);
}

TEST(ControlAbuse, AReplayedInitiationCannotSayAnything) {
  RunningServer server;
  ControlSession device(140, crypto::x25519_generate(), ControlClient::server_key(server.port()));
  RawPeer first(server.port());
  first.send(device.upgrade_request());
  device.receive(first.read(kMoment));
  const auto records = device.take_output();
  RawPeer second(server.port());
  second.send(device.upgrade_request() + records);
  EXPECT_TRUE(second.read(kPatience).starts_with("HTTP/1.1 101 "));
  EXPECT_TRUE(second.ended()) << "records of another connection do not open";
}

TEST(ControlAbuse, HalfARecordHoldsNothingUp) {
  RunningServer server;
  const auto key = ControlClient::server_key(server.port());
  std::vector<RawPeer> silent;
  for (int i = 0; i < 100; ++i) {
    silent.emplace_back(server.port());
    silent.back().send(ControlSession(140, crypto::x25519_generate(), key).upgrade_request() + "\x04\x0f");
  }
  expect_served(server);
  // They are let go at once when the server stops.
  const auto begun = std::chrono::steady_clock::now();
  server.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  for (auto& peer : silent) {
    peer.read(kPatience);
    EXPECT_TRUE(peer.ended());
  }
}

TEST(ControlAbuse, AThousandConnectionsThatNeverFinishTheirHandshakeKeepNobodyOut) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < 4000) {
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 4000);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
  }
  RunningServer server;
  std::vector<RawPeer> waiting;
  for (int i = 0; i < 1000; ++i) {
    waiting.emplace_back(server.port());
    if (i % 2 == 0) waiting.back().send("POST /ts2021 HTTP/1.1\r\nHost: x\r\nUpgrade: tail");
  }
  const auto key = server.auth_key();
  ControlClient client(server.port());
  const auto answer =
      client.ask("POST", "/machine/register", register_body(DeviceKeys(), key.expose(), "build-1")).json();
  EXPECT_FALSE(answer.contains("Error"));
}

TEST(ControlAbuse, ATooLargeRegistrationIsRefusedAndTheConnectionGoesOn) {
  RunningServer server;
  ControlClient client(server.port());
  EXPECT_EQ(client.ask("POST", "/machine/register", std::string(5 << 20, ' ')).status, 413);
  // Within the limit of a body, but of more host information than is kept.
  auto body = register_body(DeviceKeys(), server.auth_key().expose(), "build-1");
  body.insert(body.rfind("\"OS\""), "\"Package\":\"" + std::string(200'000, 'x') + "\",");
  const auto answer = client.ask("POST", "/machine/register", body);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.json().contains("Error"));
  EXPECT_EQ(client.ask("GET", "/machine/whoami", "").status, 200);
}

TEST(ControlAbuse, RequestsThatAreTakenBackAtOnceEndTheConnection) {
  RunningServer server;
  ControlClient client(server.port());
  const auto flood = [&] {
    for (int i = 0; i < 5000; ++i) {
      const auto id = client.begin("POST", "/machine/register", "{}");
      client.cancel(id);
      client.ended(id);
    }
  };
  EXPECT_THROW(flood(), std::runtime_error);
  expect_served(server);
}

TEST(ControlAbuse, AHandshakeForAWrongUpgradeIsHttp) {
  RunningServer server;
  RawPeer peer(server.port());
  peer.send(
      "POST /ts2021 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: upgrade\r\n"
      "Upgrade: another-protocol\r\n\r\n");
  EXPECT_TRUE(peer.read(kMoment).starts_with("HTTP/1.1 400 "));
  EXPECT_FALSE(peer.ended());
}

}  // namespace
}  // namespace latchkey
