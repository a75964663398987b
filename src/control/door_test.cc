// The two requests before a device's own connection, without a socket.
#include "control/door.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "control/noise/handshake.h"
#include "testing/control_world.h"

namespace latchkey::control {
namespace {

io::Request good_upgrade(const testing::ControlWorld& world) {
  return testing::upgrade_request(
      Initiator(140, crypto::x25519_generate(), world.context.key.public_key).initiation());
}

std::string header_of(const io::Response& response, std::string_view name) {
  for (const auto& header : response.headers) {
    if (header.name == name) return header.value;
  }
  return {};
}

TEST(Door, AnInitiationForThisServerIsAnsweredAndTheConnectionTaken) {
  testing::ControlWorld world;
  const auto response = world.door.upgrade(good_upgrade(world), "192.0.2.7");
  EXPECT_EQ(response.status, 101);
  EXPECT_GE(response.body.size(), kResponseSize);
  EXPECT_TRUE(response.takeover);
}

TEST(Door, AnInitiationForAnotherServerGetsAnErrorFrame) {
  testing::ControlWorld world;
  const Initiator other(140, crypto::x25519_generate(), crypto::x25519_generate().public_key);
  const auto response = world.door.upgrade(testing::upgrade_request(other.initiation()), "192.0.2.7");
  EXPECT_EQ(response.status, 101);
  EXPECT_EQ(response.body.substr(0, 1), "\x03");
  EXPECT_NE(response.body.find("handshake failed"), std::string::npos);
}

TEST(Door, APublicKeyOfLowOrderIsRefused) {
  testing::ControlWorld world;
  auto initiation = Initiator(140, crypto::x25519_generate(), world.context.key.public_key).initiation();
  for (const char first : {'\0', '\1'}) {  // the points 0 and 1
    std::fill_n(initiation.begin() + 5, 32, '\0');
    initiation[5] = first;
    EXPECT_EQ(world.door.upgrade(testing::upgrade_request(initiation), "192.0.2.7").body.substr(0, 1),
              "\x03");
  }
}

TEST(Door, InitiationsAreLimitedForEachAddressAndNoOtherSuffers) {
  testing::ControlWorld world;
  // What does not get to the handshake's arithmetic does not need to be a good initiation to be counted.
  const auto wrong = testing::upgrade_request("short");
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(world.door.upgrade(wrong, "2001:db8:1:2::1").status, 101);
  const auto refused = world.door.upgrade(good_upgrade(world), "2001:db8:1:2::2");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(header_of(refused, "Retry-After"), "1");
  EXPECT_FALSE(refused.takeover);
  EXPECT_NE(world.metrics.text().find("latchkey_control_handshakes_throttled_total 1"), std::string::npos);

  EXPECT_EQ(world.door.upgrade(good_upgrade(world), "2001:db8:1:3::1").status, 101);
  world.clock.advance(seconds(1));
  for (int i = 0; i < 500; ++i) ASSERT_EQ(world.door.upgrade(wrong, "2001:db8:1:2::1").status, 101);
  EXPECT_EQ(world.door.upgrade(wrong, "2001:db8:1:2::1").status, 429);
}

TEST(Door, WhatIsNoUpgradeIsToldSo) {
  testing::ControlWorld world;
  io::Request request;
  request.target = "/ts2021";
  EXPECT_EQ(world.door.upgrade(request, "192.0.2.7").status, 400);
  request.headers = {{"Upgrade", "websocket"}};
  EXPECT_EQ(world.door.upgrade(request, "192.0.2.7").status, 400);
  request.headers = {{"Upgrade", "tailscale-control-protocol"}};
  EXPECT_EQ(world.door.upgrade(request, "192.0.2.7").status, 400);
  request.headers.push_back({"X-Tailscale-Handshake", "***"});
  EXPECT_EQ(world.door.upgrade(request, "192.0.2.7").status, 400);
}

TEST(Door, TheKeyIsForClientsThatSayTheirVersion) {
  testing::ControlWorld world;
  io::Request request;
  request.target = "/key";
  EXPECT_EQ(world.door.key(request).status, 400);
  request.target = "/key?v=140";
  const auto answer = world.door.key(request);
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find(to_hex(world.context.key.public_key)), std::string::npos);
}

}  // namespace
}  // namespace latchkey::control
