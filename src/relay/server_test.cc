#include "relay/server.h"

#include <gtest/gtest.h>

#include "relay/server_under_test.h"

namespace latchkey::relay {
namespace {

constexpr std::string_view kConnections = "latchkey_relay_connections";
constexpr std::string_view kRefused = "latchkey_relay_connections_ended_total{reason=\"not_admitted\"}";
constexpr std::string_view kBadHandshake = "latchkey_relay_connections_ended_total{reason=\"bad_handshake\"}";

class RelayServer : public RelayUnderTest {};

TEST_F(RelayServer, SwitchesToDerpAndProvesItsKey) {
  start();
  const auto pair = crypto::make_box_keys();
  guests.admit(pair.public_key);
  TestDevice device(port, pair);
  EXPECT_TRUE(device.head().starts_with("HTTP/1.1 101 ")) << device.head();
  EXPECT_NE(device.head().find("\r\nUpgrade: DERP\r\n"), std::string::npos);
  EXPECT_NE(device.head().find("\r\nConnection: Upgrade\r\n"), std::string::npos);
  EXPECT_NE(device.head().find("\r\nDerp-Version: 2\r\n"), std::string::npos);
  EXPECT_NE(device.head().find("\r\nDerp-Public-Key: " + to_hex(keys.public_key) + "\r\n"),
            std::string::npos);
  EXPECT_EQ(device.server_key(), keys.public_key);

  device.introduce();
  const auto info = device.read();
  ASSERT_EQ(info.type, FrameType::server_info);
  crypto::BoxNonce nonce;
  ASSERT_GT(info.payload.size(), nonce.size());
  std::memcpy(nonce.data(), info.payload.data(), nonce.size());
  EXPECT_EQ(
      crypto::box_open(std::string_view(info.payload).substr(nonce.size()), nonce, device.server_key(), pair),
      R"({"version":2})");
}

TEST_F(RelayServer, PassesPacketsBetweenTwoDevices) {
  start();
  auto one = guest();
  auto two = guest();
  for (int i = 0; i < 20; ++i) {
    const auto packet = "packet " + std::to_string(i) + std::string(static_cast<std::size_t>(i) * 100, 'x');
    one.send_to(two.key(), packet);
    EXPECT_EQ(two.read_packet(), std::pair(one.key(), packet));
    two.send_to(one.key(), "answer to " + packet);
    EXPECT_EQ(one.read_packet(), std::pair(two.key(), "answer to " + packet));
  }
  one.send_to(two.key(), std::string(kMostPacketBytes, 'y'));
  EXPECT_EQ(two.read_packet().second.size(), kMostPacketBytes);
}

TEST_F(RelayServer, RefusesADeviceThatIsNotAdmitted) {
  start();
  TestDevice stranger(port);
  stranger.introduce();
  EXPECT_TRUE(stranger.ends());
  EXPECT_TRUE(becomes(kRefused, 1));
  EXPECT_EQ(metric(kConnections), 0);
}

TEST_F(RelayServer, RefusesADeviceThatShowsAnothersKey) {
  start();
  auto victim = crypto::make_box_keys();
  guests.admit(victim.public_key);
  auto forged = crypto::make_box_keys();
  forged.public_key = victim.public_key;
  TestDevice thief(port, forged);
  thief.introduce();
  EXPECT_TRUE(thief.ends());
  EXPECT_TRUE(becomes(kBadHandshake, 1));
}

TEST_F(RelayServer, EndsAConnectionThatBreaksTheProtocol) {
  start();
  TestDevice early(port);
  early.send_to(keys.public_key, "before the introduction");
  EXPECT_TRUE(early.ends());

  TestDevice large(port);
  large.send_raw(std::string("\x02\x00\x10\x00\x00", 5));
  EXPECT_TRUE(large.ends());

  auto short_packet = guest();
  short_packet.send(FrameType::send_packet, "no key");
  EXPECT_TRUE(short_packet.ends());

  auto long_packet = guest();
  long_packet.send_raw(std::string("\x04\x7f\xff\xff\xff", 5));
  EXPECT_TRUE(long_packet.ends());

  auto short_ping = guest();
  short_ping.send(FrameType::ping, "1234567");
  EXPECT_TRUE(short_ping.ends());
  EXPECT_TRUE(becomes(kConnections, 0));
}

TEST_F(RelayServer, PassesOverFramesItDoesNotKnow) {
  start();
  auto device = guest();
  device.send(static_cast<FrameType>(0x7a), "from the future");
  device.send(FrameType::pong, "12345678");
  device.send(FrameType::ping, "87654321");
  const auto pong = device.read();
  EXPECT_EQ(pong.type, FrameType::pong);
  EXPECT_EQ(pong.payload, "87654321");
}

TEST_F(RelayServer, SaysThatAPeerIsNotHere) {
  start();
  auto device = guest();
  const auto absent = crypto::make_box_keys().public_key;
  device.send_to(absent, "hello?");
  const auto gone = device.read();
  EXPECT_EQ(gone.type, FrameType::peer_gone);
  EXPECT_EQ(gone.payload, TestDevice::text(absent) + '\x01');
  EXPECT_EQ(metric("latchkey_relay_packets_dropped_total{reason=\"not_here\"}"), 1);
}

TEST_F(RelayServer, ShowsADeviceOfAnotherTailnetAsNotHere) {
  start();
  auto here = guest();
  const auto pair = crypto::make_box_keys();
  guests.admit(pair.public_key, "TotherCNTRL");
  auto there = TestDevice::joined(port, pair);
  here.send_to(there.key(), "hello?");
  const auto answer = here.read();
  EXPECT_EQ(answer.type, FrameType::peer_gone);
  EXPECT_EQ(answer.payload, TestDevice::text(there.key()) + '\x01');
  there.send(FrameType::ping, "12345678");
  EXPECT_EQ(there.read().type, FrameType::pong) << "and it received nothing";
}

TEST_F(RelayServer, TellsThoseWhomADeviceWroteToWhenItGoes) {
  start();
  auto stays = guest();
  {
    auto goes = guest();
    goes.send_to(stays.key(), "hello");
    EXPECT_EQ(stays.read_packet().second, "hello");
    const auto key = goes.key();
    guests.forget(key);
    server->disconnect(node_key_text(key));
    const auto gone = stays.read();
    EXPECT_EQ(gone.type, FrameType::peer_gone);
    EXPECT_EQ(gone.payload, TestDevice::text(key) + '\0');
  }
}

TEST_F(RelayServer, EndsTheConnectionsOfARemovedDevice) {
  start();
  auto stays = guest();
  auto one = guest();
  auto two = TestDevice::joined(port, one.keys());
  guests.forget(one.key());
  server->disconnect(node_key_text(one.key()));
  stays.send_to(one.key(), "too late");
  EXPECT_EQ(stays.read().payload, TestDevice::text(one.key()) + '\x01');
  EXPECT_TRUE(one.ends());
  EXPECT_TRUE(two.ends());
  EXPECT_TRUE(becomes(kConnections, 1));
  EXPECT_EQ(metric("latchkey_relay_connections_ended_total{reason=\"removed\"}"), 2);
  TestDevice again(port, one.keys());
  again.introduce();
  EXPECT_TRUE(again.ends());
  server->disconnect("no key at all");
}

TEST_F(RelayServer, AsksAgainWhenADeviceIsRemovedWhileItConnects) {
  guests.delay = std::chrono::milliseconds(300);
  start();
  const auto pair = crypto::make_box_keys();
  guests.admit(pair.public_key);
  TestDevice device(port, pair);
  device.introduce();
  // Whichever comes first: it is asked for, or forgotten.
  guests.forget(pair.public_key);
  server->disconnect(node_key_text(pair.public_key));
  EXPECT_TRUE(device.ends());
  EXPECT_EQ(metric(kConnections), 0);
}

TEST_F(RelayServer, SendsToTheConnectionThatSpokeLast) {
  start();
  auto sender = guest();
  auto first = guest();
  auto second = TestDevice::joined(port, first.keys());
  sender.send_to(first.key(), "to the newer");
  EXPECT_EQ(second.read_packet().second, "to the newer");
  first.send(FrameType::ping, "12345678");
  EXPECT_EQ(first.read().type, FrameType::pong);
  sender.send_to(first.key(), "to the one that spoke");
  EXPECT_EQ(first.read_packet().second, "to the one that spoke");
}

TEST_F(RelayServer, BoundsTheConnectionsOfOneKey) {
  start();
  auto oldest = guest();
  std::vector<TestDevice> others;
  for (int i = 0; i < 8; ++i) others.push_back(TestDevice::joined(port, oldest.keys()));
  EXPECT_TRUE(oldest.ends());
  EXPECT_TRUE(becomes(kConnections, 8));
}

TEST_F(RelayServer, ASlowDeviceLosesItsOldestPacketsAndHoldsUpNobody) {
  RelayLimits limits;
  limits.queue.packets = 4;
  start(limits);
  auto sender = guest();
  auto slow = guest(crypto::make_box_keys(), 4096);
  auto quick = guest();
  const std::string packet(16 * 1024, 's');
  constexpr int kCount = 1000;
  for (int i = 0; i < kCount; ++i) {
    sender.send_to(slow.key(), packet);
    if (i % 100 == 0) {
      sender.send_to(quick.key(), "in between");
      ASSERT_EQ(quick.read_packet().second, "in between");
    }
  }
  sender.send_to(slow.key(), "the last");
  // It can still send, although nothing more fits towards it.
  slow.send_to(quick.key(), "from the slow one");
  EXPECT_EQ(quick.read_packet().second, "from the slow one");
  EXPECT_GT(metric("latchkey_relay_packets_dropped_total{reason=\"queue_full\"}"), 0);
  int read = 0;
  for (std::string last; last != "the last"; ++read) {
    last = slow.read_packet().second;
    ASSERT_FALSE(last.empty());
  }
  EXPECT_LT(read, kCount);
}

TEST_F(RelayServer, EndsAConnectionThatTakesNothingAtAll) {
  RelayLimits limits;
  limits.stall = std::chrono::milliseconds(300);
  start(limits);
  auto sender = guest();
  auto deaf = guest(crypto::make_box_keys(), 4096);
  const std::string packet(60 * 1024, 's');
  for (int i = 0; i < 300; ++i) sender.send_to(deaf.key(), packet);
  EXPECT_TRUE(becomes("latchkey_relay_connections_ended_total{reason=\"stalled\"}", 1));
  EXPECT_TRUE(becomes(kConnections, 1));
}

TEST_F(RelayServer, KeepsConnectionsAlive) {
  RelayLimits limits;
  limits.keep_alive = std::chrono::milliseconds(200);
  start(limits);
  auto device = guest();
  EXPECT_EQ(device.read().type, FrameType::keep_alive);
  EXPECT_EQ(device.read().type, FrameType::keep_alive);
}

TEST_F(RelayServer, DoesNotWaitForAnIntroduction) {
  RelayLimits limits;
  limits.handshake = std::chrono::milliseconds(200);
  start(limits);
  TestDevice silent(port);
  EXPECT_TRUE(silent.ends());
}

TEST_F(RelayServer, CountsTheDevicesWhoseHomeItIs) {
  start();
  constexpr std::string_view kHomes = "latchkey_relay_home_connections";
  auto one = guest();
  {
    auto two = guest();
    one.send(FrameType::note_preferred, "\x01");
    two.send(FrameType::note_preferred, "\x01");
    two.send(FrameType::note_preferred, "\x01");
    EXPECT_TRUE(becomes(kHomes, 2));
  }
  EXPECT_TRUE(becomes(kHomes, 1));
  one.send(FrameType::note_preferred, std::string_view("\0", 1));
  EXPECT_TRUE(becomes(kHomes, 0));
}

TEST_F(RelayServer, TellsItsDevicesToReturnWhenItStops) {
  start();
  auto device = guest();
  TestDevice in_handshake(port);
  std::thread stopping([this] { server->stop(); });
  const auto last = device.read();
  EXPECT_EQ(last.type, FrameType::restarting);
  EXPECT_EQ(last.payload.size(), 8U);
  EXPECT_TRUE(device.ends());
  EXPECT_TRUE(in_handshake.ends());
  stopping.join();
  EXPECT_EQ(server->open_connections(), 0U);
}

class RelayHttp : public RelayUnderTest {
 protected:
  std::string ask(std::string_view line, std::string_view headers = "") {
    TlsClient client(port);
    client.send(std::string(line) + " HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n" +
                std::string(headers) + "\r\n");
    std::string answer;
    for (auto bytes = client.read(); !bytes.empty(); bytes = client.read()) {
      answer += bytes;
      // Nothing ends a connection that has become another protocol's.
      if (answer.starts_with("HTTP/1.1 101 ") && answer.find("\r\n\r\n") != std::string::npos) break;
    }
    return answer;
  }
};

TEST_F(RelayHttp, AnswersProbesForEveryOrigin) {
  start();
  for (const auto* line : {"GET /derp/probe", "HEAD /derp/probe", "GET /derp/latency-check"}) {
    const auto answer = ask(line);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
    EXPECT_NE(answer.find("\r\nAccess-Control-Allow-Origin: *\r\n"), std::string::npos);
    EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
  }
  EXPECT_TRUE(ask("POST /derp/probe").starts_with("HTTP/1.1 405 "));
}

TEST_F(RelayHttp, AnswersWellFormedChallengesOnly) {
  start();
  const auto plain = ask("GET /generate_204");
  EXPECT_TRUE(plain.starts_with("HTTP/1.1 204 "));
  EXPECT_EQ(plain.find("X-Tailscale-Response"), std::string::npos);
  EXPECT_NE(ask("GET /generate_204", "X-Tailscale-Challenge: ts_derp-1.2:3\r\n")
                .find("\r\nX-Tailscale-Response: response ts_derp-1.2:3\r\n"),
            std::string::npos);
  for (const auto& challenge : {std::string("a b"), std::string("<script>"), std::string(65, 'a')}) {
    const auto answer = ask("GET /generate_204", "X-Tailscale-Challenge: " + challenge + "\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 204 "));
    EXPECT_EQ(answer.find("X-Tailscale-Response"), std::string::npos) << challenge;
  }
}

TEST_F(RelayHttp, RefusesDerpWithoutItsUpgrade) {
  start();
  for (const auto* headers : {"", "Upgrade: h2c\r\n", "Upgrade: derp2\r\n"}) {
    const auto answer = ask("GET /derp", headers);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 426 ")) << answer;
    EXPECT_NE(answer.find("\r\nUpgrade: DERP\r\n"), std::string::npos);
  }
  EXPECT_TRUE(ask("GET /derp", "Upgrade: DERP\r\nDerp-Fast-Start: 1\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask("POST /derp", "Upgrade: DERP\r\nContent-Length: 0\r\n").starts_with("HTTP/1.1 405 "));
  EXPECT_TRUE(ask("GET /").starts_with("HTTP/1.1 404 "));
}

TEST_F(RelayHttp, BrowsersComeByWebSocket) {
  start();
  const std::string opening =
      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const auto answer = ask("GET /derp", opening + "Sec-WebSocket-Protocol: derp\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  EXPECT_NE(answer.find("\r\nSec-WebSocket-Protocol: derp\r\n"), std::string::npos);
  EXPECT_TRUE(ask("GET /derp", opening).starts_with("HTTP/1.1 400 "));
}

}  // namespace
}  // namespace latchkey::relay
