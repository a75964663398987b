// The control protocol as a device sees it, over real sockets.
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <thread>

#include "base/clock.h"
#include "running_server.h"
#include "testing/control_client.h"

namespace latchkey {
namespace {

namespace json = boost::json;
using testing::ControlClient;
using testing::DeviceKeys;
using testing::map_body;
using testing::register_body;

// One device that has joined and polls.
struct Device {
  Device(RunningServer& server, const SecretString& key, std::string name)
      : client(server.port()), hostname(std::move(name)) {
    answer = client.ask("POST", "/machine/register", register_body(keys, key.expose(), hostname)).json();
  }
  json::object poll() {
    stream = client.begin("POST", "/machine/map", map_body(keys, true, false, hostname));
    report();
    return client.next_with(stream, "Node");
  }
  void report() {
    const auto done = client.ask("POST", "/machine/map", map_body(keys, false, true, hostname));
    EXPECT_EQ(done.status, 200);
    EXPECT_EQ(done.body, "");
  }
  // Reads on until a message holds the text.
  void wait_for(std::string_view text) {
    for (;;) {
      const auto message = client.next_message(stream);
      ASSERT_TRUE(message) << "the stream ended";
      if (message->find(text) != std::string::npos) return;
    }
  }
  std::string error() const {
    const auto* text = answer.if_contains("Error");
    return text ? std::string(text->as_string()) : std::string();
  }

  ControlClient client;
  DeviceKeys keys;
  std::string hostname;
  json::object answer;
  std::int32_t stream = 0;
};

TEST(Control, ADeviceJoinsByKeyAndGetsItsMap) {
  RunningServer server;
  const auto key = server.auth_key();
  Device device(server, key, "build-1");
  ASSERT_EQ(device.error(), "");
  EXPECT_TRUE(device.answer.at("MachineAuthorized").as_bool());
  EXPECT_EQ(device.answer.at("Login").at("LoginName").as_string(), "owner@example.com");
  EXPECT_GT(device.answer.at("User").at("ID").as_int64(), 0);

  const auto map = device.poll();
  const auto& node = map.at("Node").as_object();
  EXPECT_EQ(node.at("Key").as_string(), device.keys.node);
  EXPECT_EQ(node.at("Machine").as_string(), device.client.machine_key());
  EXPECT_EQ(node.at("Name").as_string(), "build-1.example-com.latchkey.internal.");
  EXPECT_TRUE(node.at("MachineAuthorized").as_bool());
  EXPECT_EQ(node.at("Addresses").as_array().size(), 2U);
  EXPECT_EQ(map.at("Domain").as_string(), "example.com");
  EXPECT_FALSE(map.at("DERPMap").at("Regions").as_object().empty());
  EXPECT_EQ(map.at("UserProfiles").as_array().at(0).at("ID").as_int64(), node.at("User").as_int64());
  EXPECT_TRUE(map.at("Debug").at("DisableLogTail").as_bool());
}

TEST(Control, TwoDevicesSeeEachOtherComeChangeAndGo) {
  RunningServer server;
  const auto key = server.auth_key();
  Device one(server, key, "one");
  one.poll();
  Device two(server, key, "two");
  const auto first = two.poll();
  ASSERT_EQ(first.at("Peers").as_array().size(), 1U);
  EXPECT_EQ(first.at("Peers").as_array()[0].at("Key").as_string(), one.keys.node);

  const auto came = one.client.next_with(one.stream, "PeersChanged").at("PeersChanged").as_array();
  EXPECT_EQ(came.at(0).at("Key").as_string(), two.keys.node);
  EXPECT_EQ(came.at(0).at("DiscoKey").as_string(), two.keys.disco);

  // However many of the reports were gathered into one message.
  two.keys.disco = DeviceKeys::random_key("discokey:");
  two.report();
  one.wait_for(two.keys.disco);

  const auto removed =
      server.call("DELETE", "/api/v2/device/" + std::string(first.at("Node").at("StableID").as_string()));
  EXPECT_EQ(removed.status, 200);
  const auto gone = one.client.next_with(one.stream, "PeersRemoved").at("PeersRemoved").as_array();
  EXPECT_EQ(gone.at(0).as_int64(), first.at("Node").at("ID").as_int64());
  // The removed one is told that it must log in again, then its stream ends.
  const auto now = to_rfc3339(SystemClock().now());
  std::string expiry = now;
  while (expiry >= now) {
    expiry = two.client.next_with(two.stream, "Node").at("Node").at("KeyExpiry").as_string();
  }
  while (!two.client.ended(two.stream)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(two.client.ask("POST", "/machine/map", map_body(two.keys, false)).status, 404);
}

TEST(Control, R17ARevokedKeyIsRefusedWithItsReasonAndJoinedDevicesStay) {
  RunningServer server;
  const auto key = server.auth_key();
  Device joined(server, key, "joined");
  joined.poll();
  EXPECT_EQ(server.call("DELETE", "/api/v2/tailnet/-/keys/" + server.last_key_id).status, 200);
  Device late(server, key, "late");
  EXPECT_NE(late.error().find("revoked"), std::string::npos) << late.error();
  EXPECT_EQ(late.error().find(key.expose()), std::string::npos);
  joined.report();
}

TEST(Control, R18OfManyRacingJoinsOnAOneOffKeyExactlyOneSucceeds) {
  RunningServer server;
  const auto key = server.auth_key("\"reusable\":false");
  constexpr int kRacers = 64;
  std::vector<std::unique_ptr<ControlClient>> clients;
  for (int i = 0; i < kRacers; ++i) clients.push_back(std::make_unique<ControlClient>(server.port()));
  std::atomic<int> joined{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (auto& client : clients) {
    threads.emplace_back([&] {
      const auto answer =
          client->ask("POST", "/machine/register", register_body({}, key.expose(), "racer")).json();
      const auto* error = answer.if_contains("Error");
      if (error && error->as_string().find("used up") != json::string::npos) ++refused;
      if (!error && answer.at("MachineAuthorized").as_bool()) ++joined;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(joined, 1);
  EXPECT_EQ(refused, kRacers - 1);
}

TEST(Control, ARestartedServerIsTheSameToItsDevices) {
  RunningServer server;
  const auto key = server.auth_key();
  const auto known = ControlClient::server_key(server.port());
  Device before(server, key, "one");
  const auto address = before.poll().at("Node").at("Addresses").as_array().at(0).as_string();
  server.stop();
  EXPECT_TRUE(before.client.ended(before.stream));
  server.start();
  EXPECT_EQ(ControlClient::server_key(server.port()), known);
  ControlClient again(server.port(), 140, before.client.machine());
  const auto answer = again.ask("POST", "/machine/register", register_body(before.keys, "", "one")).json();
  EXPECT_TRUE(answer.at("MachineAuthorized").as_bool());
  const auto stream = again.begin("POST", "/machine/map", map_body(before.keys, true));
  EXPECT_EQ(again.next_with(stream, "Node").at("Node").at("Addresses").as_array().at(0).as_string(), address);
}

TEST(Control, ANodeKeyOfAnotherMachineOpensNothing) {
  RunningServer server;
  Device owner(server, server.auth_key(), "owner");
  owner.poll();
  ControlClient thief(server.port());
  EXPECT_EQ(thief.ask("POST", "/machine/map", map_body(owner.keys, false)).status, 404);
  const auto claimed = thief.ask("POST", "/machine/register", register_body(owner.keys, "", "thief")).json();
  EXPECT_FALSE(claimed.contains("User"));
  EXPECT_TRUE(claimed.contains("Error"));
}

TEST(Control, BadInputGetsAnAnswerAndTheConnectionGoesOn) {
  RunningServer server;
  ControlClient client(server.port());
  for (const auto* body : {"", "{", "[]", "{}", R"({"NodeKey":"nodekey:xyz"})", R"({"NodeKey":7})"}) {
    EXPECT_EQ(client.ask("POST", "/machine/register", body).status, 400) << body;
    EXPECT_EQ(client.ask("POST", "/machine/map", body).status, 400) << body;
  }
  EXPECT_EQ(client.ask("POST", "/machine/register", std::string(2 << 20, ' ')).status, 413);
  EXPECT_EQ(client.ask("GET", "/machine/nothing", "").status, 404);
  EXPECT_EQ(client.ask("GET", "/machine/tka/sync/offer", "{}").status, 501);
  EXPECT_EQ(client.ask("GET", "/machine/whoami", "").status, 200);
}

TEST(Control, AClientThatIsTooOldIsToldSo) {
  RunningServer server;
  ControlClient old(server.port(), 100);
  const auto answer = old.ask("POST", "/machine/register", register_body({}, "tskey-auth-x", "old")).json();
  EXPECT_NE(answer.at("Error").as_string().find("1.80"), json::string::npos);
}

}  // namespace
}  // namespace latchkey
