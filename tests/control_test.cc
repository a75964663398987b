// The control protocol as a device sees it, over real sockets.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <thread>

#include "base/clock.h"
#include "running_server.h"
#include "testing/control_client.h"
#include "testing/postgres_server.h"
#include "wire_device.h"

namespace latchkey {
namespace {

namespace json = boost::json;
using testing::ControlClient;
using testing::DeviceKeys;
using testing::map_body;
using testing::register_body;

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

TEST(Control, AMemberThatComesIntoASyncedGroupOrGoesChangesTheMapsAtOnce) {
  RunningServer server;
  ASSERT_EQ(server
                .call("POST", "/api/v2/tailnet/-/acl",
                      R"({"tagOwners": {"tag:srv": []},
                          "acls": [{"action": "accept", "src": ["group:ops@example.com"], "dst": ["tag:srv:22"]}]})")
                .status,
            200);
  const auto enabled = server.call("POST", "/api/console/provisioning/enable");
  ASSERT_EQ(enabled.status, 200) << enabled.body;
  const SecretString key(std::string(enabled.json().at("key").as_string()));
  const auto users = server.call_as(key, "GET", "/scim/v2/Users").json();
  const std::string owner(users.at("Resources").at(0).at("id").as_string());
  const auto group =
      server.call_as(key, "POST", "/scim/v2/Groups",
                     R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Ops"})");
  ASSERT_EQ(group.status, 201) << group.body;
  const auto path = "/scim/v2/Groups/" + std::string(group.json().at("id").as_string());
  const auto patch = [&](const std::string& operation) {
    const auto done = server.call_as(
        key, "PATCH", path,
        R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[)" + operation + "]}");
    ASSERT_EQ(done.status, 200) << done.body;
  };

  Device person(server, server.auth_key(), "laptop");
  person.poll();
  Device machine(server, server.auth_key(R"("reusable":true,"tags":["tag:srv"])"), "machine");
  EXPECT_TRUE(machine.poll().at("Peers").as_array().empty());
  patch(R"({"op":"add","path":"members","value":[{"value":")" + owner + R"("}]})");
  const auto came = machine.client.next_with(machine.stream, "PeersChanged").at("PeersChanged").as_array();
  EXPECT_EQ(came.at(0).at("Key").as_string(), person.keys.node);
  patch(R"({"op":"remove","path":"members"})");
  const auto gone = machine.client.next_with(machine.stream, "PeersRemoved").at("PeersRemoved").as_array();
  EXPECT_EQ(gone.size(), 1U);
}

TEST(Control, WhoComesAgainUnderANameThatWasInASyncedGroupIsNotInIt) {
  RunningServer server;
  ASSERT_EQ(server
                .call("POST", "/api/v2/tailnet/-/acl",
                      R"({"tagOwners": {"tag:srv": []},
                          "acls": [{"action": "accept", "src": ["group:ops@example.com"], "dst": ["tag:srv:22"]}]})")
                .status,
            200);
  const std::string login = "bob@example.com";
  const auto admit = [&] {
    const auto made =
        server.call("POST", "/api/console/users", R"({"loginName":")" + login + R"(","role":"admin"})");
    EXPECT_EQ(made.status, 200) << made.body;
    return std::string(made.json().at("id").as_string());
  };
  const auto joined = [&](const char* name) {
    const auto made = server.call_local_as(login, "POST", "/api/v2/tailnet/-/keys",
                                           R"({"capabilities":{"devices":{"create":{}}}})");
    EXPECT_EQ(made.status, 200) << made.body;
    return Device(server, SecretString(std::string(made.json().at("key").as_string())), name);
  };
  const auto first = admit();
  const auto enabled = server.call("POST", "/api/console/provisioning/enable");
  ASSERT_EQ(enabled.status, 200) << enabled.body;
  const SecretString key(std::string(enabled.json().at("key").as_string()));
  const auto group = server.call_as(
      key, "POST", "/scim/v2/Groups",
      R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Ops","members":[{"value":")" +
          first + R"("}]})");
  ASSERT_EQ(group.status, 201) << group.body;

  Device machine(server, server.auth_key(R"("reusable":true,"tags":["tag:srv"])"), "machine");
  EXPECT_TRUE(machine.poll().at("Peers").as_array().empty());
  ASSERT_EQ(server.call("POST", "/api/v2/users/" + first + "/delete").status, 200);
  ASSERT_NE(admit(), first);
  auto laptop = joined("laptop");
  EXPECT_TRUE(laptop.poll().at("Peers").as_array().empty());
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

// Of 64 devices that come at once with a one-off key.
void expect_that_one_of_many_joins(RunningServer& server) {
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
  const auto devices = server.call("GET", "/api/v2/tailnet/-/devices").json().at("devices").as_array();
  EXPECT_EQ(devices.size(), 1U);
}

TEST(Control, R18OfManyRacingJoinsOnAOneOffKeyExactlyOneSucceeds) {
  RunningServer server;
  expect_that_one_of_many_joins(server);
}

TEST(Control, R18OfManyRacingJoinsOnAOneOffKeyExactlyOneSucceedsOnPostgreSql) {
  if (const auto usable = testing::PostgresServer::available(); !usable) {
    GTEST_SKIP() << usable.error().message;
  }
  RunningServer server(testing::PostgresServer::shared().new_database());
  expect_that_one_of_many_joins(server);
}

// Without a key the device is given an address for a person, and waits there.
struct WaitingDevice {
  explicit WaitingDevice(RunningServer& of) : server(of), client(of.port()) { ask(); }

  void ask() {
    const auto answer = client.ask("POST", "/machine/register", body("")).json();
    EXPECT_FALSE(answer.contains("Error")) << json::serialize(answer);
    address = std::string(answer.at("AuthURL").as_string());
    id = address.substr(address.rfind('/') + 1);
  }
  std::string body(const std::string& followup) const {
    auto asked = json::parse(register_body(keys, "", "waits")).as_object();
    asked["Followup"] = followup;
    return json::serialize(asked);
  }
  void follow_up() { stream = client.begin("POST", "/machine/register", body(address)); }
  // What the follow-up is told in the end.
  json::object told() {
    while (!client.ended(stream)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return json::parse(client.session().stream(stream).body).as_object();
  }
  int complete() { return server.call("POST", "/api/v2/tailnet/-/device-logins/" + id, "{}").status; }

  RunningServer& server;
  ControlClient client;
  DeviceKeys keys;
  std::string address;
  std::string id;
  std::int32_t stream = 0;
};

TEST(Control, ADeviceWithoutAKeyWaitsUntilAPersonLetsItIn) {
  RunningServer server;
  WaitingDevice device(server);
  EXPECT_TRUE(device.address.starts_with("http://")) << device.address;
  device.follow_up();
  // It waits although others are served on the same connection.
  EXPECT_EQ(device.client.ask("GET", "/machine/whoami", "").status, 200);
  EXPECT_FALSE(device.client.ended(device.stream));
  ASSERT_EQ(device.complete(), 200);
  const auto told = device.told();
  EXPECT_TRUE(told.at("MachineAuthorized").as_bool());
  EXPECT_EQ(told.at("Login").at("LoginName").as_string(), "owner@example.com");
  EXPECT_EQ(device.complete(), 404);
}

TEST(Control, ALoginCompletedBeforeTheDeviceAsksAgainIsNotMissed) {
  RunningServer server;
  WaitingDevice device(server);
  ASSERT_EQ(device.complete(), 200);
  device.follow_up();
  EXPECT_TRUE(device.told().at("MachineAuthorized").as_bool());
}

TEST(Control, AnAddressThatIsNoMoreIsReplaced) {
  RunningServer server;
  WaitingDevice device(server);
  const auto first = device.address;
  device.address = first.substr(0, first.rfind('/') + 1) + std::string(32, 'f');
  device.follow_up();
  EXPECT_NE(device.told().at("AuthURL").as_string(), first);
}

TEST(Control, NobodyWaitsAtTheAddressOfAnotherDevice) {
  RunningServer server;
  WaitingDevice device(server);
  WaitingDevice stranger(server);
  const auto own = stranger.address;
  stranger.address = device.address;
  stranger.follow_up();
  const auto told = stranger.told();
  EXPECT_FALSE(told.contains("MachineAuthorized") && told.at("MachineAuthorized").as_bool());
  EXPECT_NE(told.at("AuthURL").as_string(), device.address);
}

TEST(Control, AServerThatStopsLetsWaitingDevicesGoAndKnowsThemAfterwards) {
  RunningServer server;
  WaitingDevice device(server);
  device.follow_up();
  EXPECT_EQ(device.client.ask("GET", "/machine/whoami", "").status, 200);
  server.stop();
  EXPECT_TRUE(device.client.ended(device.stream));
  server.start();
  EXPECT_EQ(device.complete(), 200);
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

TEST(Control, ADeviceThatDoesNotComeBackAfterARestartIsNotConnected) {
  RunningServer server;
  server.settings().keys_sweep = seconds(1);
  Device device(server, server.auth_key(), "gone");
  const auto path = "/api/v2/device/" + std::string(device.poll().at("Node").at("StableID").as_string());
  const auto connected = [&] { return server.call("GET", path).json().at("connectedToControl").as_bool(); };
  while (!connected()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  server.stop();
  server.start();
  while (connected()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
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
