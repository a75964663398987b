// What becomes of a person, as his devices see it over the wire: suspended he has no peers, restored he has
// them back, deleted he is gone; what carries a tag goes on.
#include <gtest/gtest.h>

#include "running_server.h"
#include "wire_device.h"

namespace latchkey {
namespace {

constexpr std::string_view kStatus = "PeersRemoved";

struct Person {
  Person(RunningServer& of, std::string login) : server(of) {
    const auto made = server.call("POST", "/api/console/users",
                                  R"({"loginName":")" + login + R"(","role":"it-admin","approved":false})");
    EXPECT_EQ(made.status, 200) << made.body;
    id = std::string(made.json().at("id").as_string());
    status = std::string(made.json().at("status").as_string());
    name = std::move(login);
  }
  int step(const std::string& what) { return server.call("POST", "/api/v2/users/" + id + "/" + what).status; }
  // On the server's machine, acting as this person.
  RunningServer::Answer as_himself(std::string_view method, std::string_view target,
                                   std::string_view body = {}) {
    return server.call_local_as(name, method, target, body);
  }
  SecretString auth_key(std::string_view create = R"("reusable":true)") {
    const auto made = as_himself("POST", "/api/v2/tailnet/-/keys",
                                 R"({"capabilities":{"devices":{"create":{)" + std::string(create) + "}}}}");
    EXPECT_EQ(made.status, 200) << made.body;
    return SecretString(std::string(made.json().at("key").as_string()));
  }

  RunningServer& server;
  std::string id;
  std::string name;
  std::string status;
};

TEST(People, R39_ASuspendedPersonsDeviceLosesItsPeersAndGetsThemBack) {
  RunningServer server;
  Person ann(server, "ann@example.com");
  const auto annes = ann.auth_key();
  Device service(server, server.auth_key(), "service");
  service.poll();
  Device laptop(server, annes, "laptop");
  ASSERT_EQ(laptop.error(), "");
  ASSERT_EQ(laptop.poll().at("Peers").as_array().size(), 1U);
  service.wait_for(laptop.keys.node);

  ASSERT_EQ(ann.step("suspend"), 200);
  laptop.client.next_with(laptop.stream, kStatus);
  service.client.next_with(service.stream, kStatus);
  Device late(server, annes, "late");
  EXPECT_NE(late.error(), "") << "no new devices";

  ASSERT_EQ(ann.step("restore"), 200);
  const auto back = laptop.client.next_with(laptop.stream, "PeersChanged").at("PeersChanged").as_array();
  EXPECT_EQ(back.at(0).at("Key").as_string(), service.keys.node);
  service.wait_for(laptop.keys.node);
  Device second(server, annes, "second");
  EXPECT_EQ(second.error(), "");

  ASSERT_EQ(ann.step("delete"), 200);
  service.client.next_with(service.stream, kStatus);
  const auto left = server.call("GET", "/api/v2/tailnet/-/devices").json().at("devices").as_array();
  EXPECT_EQ(left.size(), 1U) << "those of the person went";
}

TEST(People, TaggedDevicesOfASuspendedPersonGoOn) {
  RunningServer server;
  Person ann(server, "ann@example.com");
  ASSERT_EQ(server
                .call("POST", "/api/v2/tailnet/-/acl",
                      R"({"tagOwners":{"tag:ci":["ann@example.com"]},)"
                      R"("acls":[{"action":"accept","src":["*"],"dst":["*:*"]}]})")
                .status,
            200);
  Device service(server, server.auth_key(), "service");
  service.poll();
  Device builder(server, ann.auth_key(R"("reusable":true,"tags":["tag:ci"])"), "builder");
  ASSERT_EQ(builder.error(), "");
  ASSERT_EQ(builder.poll().at("Peers").as_array().size(), 1U);
  service.wait_for(builder.keys.node);
  ASSERT_EQ(ann.step("suspend"), 200);
  Device third(server, server.auth_key(), "third");
  const auto peers = third.poll().at("Peers").as_array();
  EXPECT_EQ(peers.size(), 2U) << "the tagged one among them";
}

TEST(People, WhoAwaitsApprovalHasNoPeersUntilApproved) {
  RunningServer server;
  ASSERT_EQ(server.call("PATCH", "/api/v2/tailnet/-/settings", R"({"usersApprovalOn":true})").status, 200);
  Person ann(server, "ann@example.com");
  EXPECT_EQ(ann.status, "needs-approval");
  Device service(server, server.auth_key(), "service");
  service.poll();
  // He is known, but his keys open nothing yet.
  Device early(server, ann.auth_key(), "early");
  EXPECT_NE(early.error(), "");
  ASSERT_EQ(ann.step("approve"), 200);
  Device laptop(server, ann.auth_key(), "laptop");
  ASSERT_EQ(laptop.error(), "");
  EXPECT_EQ(laptop.poll().at("Peers").as_array().size(), 1U);
}

}  // namespace
}  // namespace latchkey
