// A device's connection over a stream that does what sockets do at their worst.
#include "control/connection.h"

#include <gtest/gtest.h>

#include "testing/control_world.h"

namespace latchkey::control {
namespace {

using testing::ControlPeer;
using testing::ControlWorld;
using testing::map_body;
using testing::register_body;

constexpr std::chrono::seconds kPatience{20};

struct Joined {
  Joined() {
    const auto issued = world.world.issue_auth_key(identity::Role::owner, {});
    const auto& answer =
        peer.ask("POST", "/machine/register", register_body(keys, issued->text.expose(), "build-1"));
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.body.find("Error"), std::string::npos) << answer.body;
  }

  ControlWorld world;
  ControlPeer peer{world};
  testing::DeviceKeys keys;
};

TEST(Connection, ADeviceJoinsAndPolls) {
  Joined joined;
  auto& session = joined.peer.session();
  const auto poll = session.begin("POST", "/machine/map", map_body(joined.keys, true));
  std::optional<std::string> message;
  while (!(message = session.take_message(poll))) ASSERT_TRUE(joined.peer.turn(kPatience));
  EXPECT_NE(message->find(joined.keys.node), std::string::npos);
  EXPECT_FALSE(session.stream(poll).ended);
}

// Found by fuzzing.
TEST(Connection, RefusesATagThatNoTextMayHold) {
  ControlWorld world;
  ControlPeer peer{world};
  const auto key = *world.world.issue_auth_key(identity::Role::owner, {});
  auto body = register_body({}, key.text.expose(), "build-1");
  body.insert(body.find("\"Hostinfo\":{") + 12, R"("RequestTags":["tag:ci\u0000t"],)");
  const auto& answer = peer.ask("POST", "/machine/register", body);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_NE(answer.body.find("\"Error\":\""), std::string::npos) << answer.body;
}

TEST(Connection, WhatTheSocketDoesNotTakeAtOnceIsSentLater) {
  Joined joined;
  auto& session = joined.peer.session();
  auto& stream = joined.peer.stream();
  stream.allow(0);
  const auto fetch = session.begin("POST", "/machine/map", map_body(joined.keys, false));
  const auto who = session.begin("GET", "/machine/whoami", "");
  while (joined.peer.turn(std::chrono::milliseconds(200))) {
  }
  EXPECT_FALSE(session.stream(who).ended);
  // A few bytes at a time, and while it is full the connection waits instead of spinning.
  const auto waits = stream.waits();
  std::size_t steps = 0;
  for (; !session.stream(fetch).ended || !session.stream(who).ended; ++steps) {
    ASSERT_LT(steps, 10'000U);
    stream.allow(100);
    joined.peer.turn();
  }
  EXPECT_GT(steps, 3U);
  EXPECT_LT(stream.waits() - waits, 4 * steps);
  EXPECT_EQ(session.stream(fetch).status, 200);
  EXPECT_EQ(session.stream(who).status, 200);
}

TEST(Connection, ReadsNothingWhileItsAnswersAreNotTaken) {
  Joined joined;
  auto& session = joined.peer.session();
  auto& stream = joined.peer.stream();
  stream.allow(0);
  std::vector<std::int32_t> asked;
  for (int i = 0; i < 50; ++i) {
    asked.push_back(session.begin("GET", "/machine/whoami", ""));
    joined.peer.turn();
  }
  EXPECT_GT(stream.unread(), 0U);
  stream.allow(1 << 20);
  while (!session.stream(asked.back()).ended) ASSERT_TRUE(joined.peer.turn(kPatience));
  EXPECT_EQ(stream.unread(), 0U);
}

TEST(Connection, EndsWhenThePeerHangsUpWhileMuchIsUnsent) {
  Joined joined;
  joined.peer.stream().allow(0);
  joined.peer.session().begin("GET", "/machine/whoami", "");
  joined.peer.turn();
  joined.peer.stream().hang_up();
  while (!joined.peer.is_over()) ASSERT_TRUE(joined.peer.turn(kPatience));
}

TEST(Connection, ARecordThatDoesNotOpenEndsIt) {
  Joined joined;
  joined.peer.stream().put(std::string("\x04\0\x20", 3) + std::string(32, 'x'));
  while (!joined.peer.is_over()) ASSERT_TRUE(joined.peer.turn(kPatience));
}

TEST(Connection, StopsWithItsStreamsInOrder) {
  Joined joined;
  auto& session = joined.peer.session();
  const auto poll = session.begin("POST", "/machine/map", map_body(joined.keys, true));
  while (!session.take_message(poll)) ASSERT_TRUE(joined.peer.turn(kPatience));
  joined.peer.connection().stop(false);
  while (!joined.peer.is_over()) ASSERT_TRUE(joined.peer.turn(kPatience));
  EXPECT_TRUE(session.stream(poll).ended);
}

}  // namespace
}  // namespace latchkey::control
