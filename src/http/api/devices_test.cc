// Devices and their attributes through the real router.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/api_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::ApiWorld;
using testing::json_of;
using testing::message_of;

constexpr const char* kList = "/api/v2/tailnet/-/devices";
constexpr const char* kHostInfo =
    R"({"OS":"linux","OSVersion":"6.1.0","IPNVersion":"1.98.2-t1a2b3c4d5","Distro":"debian","DistroVersion":"13",)"
    R"("DistroCodeName":"trixie","sshHostKeys":["ssh-ed25519 AAAA"],"NetInfo":{"WorkingIPv6":true,"PreferredDERP":4,)"
    R"("DERPLatency":{"4-v4":0.0125}}})";

boost::json::value json(const char* text) {
  return boost::json::parse(text);
}

class DevicesApi : public ::testing::Test {
 protected:
  tailnet::Device join(int machine, std::vector<std::string> tags = {}) {
    credentials::NewAuthKey want;
    want.grant.tags = std::move(tags);
    want.grant.preauthorized = true;
    const auto issued = world.issue_auth_key(Role::owner, want);
    key = issued->credential.id;
    auto request = world.join_request(machine, machine, &*issued);
    request.host_info = kHostInfo;
    request.routable_ips = {"10.0.0.0/16"};
    return *world.join(request)->device;
  }
  std::string at(const tailnet::Device& device, const std::string& rest = {}) {
    return "/api/v2/device/" + device.id.str() + rest;
  }
  io::Response call(const std::string& method, const std::string& target, std::string body = {}) {
    return api.call(method, target, token, {.headers = {}, .body = std::move(body)});
  }
  boost::json::value shown(const tailnet::Device& device) {
    const auto answer = call("GET", at(device, "?fields=all"));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json_of(answer);
  }
  // The names that a list holds.
  std::set<std::string> listed(const std::string& query) {
    const auto answer = call("GET", kList + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::set<std::string> names;
    const auto body = json_of(answer);
    for (const auto& device : body.at("devices").as_array()) {
      names.emplace(device.at("hostname").as_string());
    }
    return names;
  }

  ApiWorld api;
  testing::World& world = api.world;
  std::string token = api.token(Role::owner);
  CredentialId key;
};

TEST_F(DevicesApi, ShowsUpstreamsMembersAndFurtherOnesOnRequest) {
  const auto device = join(1);
  const auto answer = call("GET", at(device));
  ASSERT_EQ(answer.status, 200) << answer.body;
  boost::json::object expected{{"addresses", boost::json::array{device.ipv4, device.ipv6}},
                               {"id", std::to_string(device.number)},
                               {"nodeId", device.id.str()},
                               {"user", "olive@otter-reef.example"},
                               {"name", "build-1.otter-reef-example.latchkey.internal"},
                               {"hostname", "build-1"},
                               {"clientVersion", "1.98.2-t1a2b3c4d5"},
                               {"updateAvailable", false},
                               {"os", "linux"},
                               {"created", "2026-01-05T09:00:00Z"},
                               {"connectedToControl", false},
                               {"keyExpiryDisabled", false},
                               {"expires", "2026-07-04T09:00:00Z"},
                               {"authorized", true},
                               {"isExternal", false},
                               {"isEphemeral", false},
                               {"machineKey", device.machine_key},
                               {"nodeKey", device.node_key},
                               {"blocksIncomingConnections", false},
                               {"tailnetLockKey", ""},
                               {"tailnetLockError", ""}};
  if (device.last_seen) expected["lastSeen"] = to_rfc3339(whole_second(*device.last_seen));
  EXPECT_EQ(json_of(answer), boost::json::value(expected));
  EXPECT_EQ(json_of(call("GET", "/api/v2/device/" + std::to_string(device.number))), json_of(answer));

  const auto all = shown(device).as_object();
  EXPECT_EQ(all.at("enabledRoutes"), boost::json::array());
  EXPECT_EQ(all.at("advertisedRoutes"), json(R"(["10.0.0.0/16"])"));
  EXPECT_EQ(all.at("sshEnabled"), true);
  EXPECT_EQ(all.at("distro"), json(R"({"name":"debian","version":"13","codeName":"trixie"})"));
  EXPECT_EQ(all.at("authKeyId"), boost::json::value(key.str()));
  EXPECT_EQ(all.at("clientConnectivity").at("latency").at("4").at("preferred"), true);
  EXPECT_EQ(all.at("clientConnectivity").at("clientSupports"),
            json(R"({"hairPinning":null,"ipv6":true,"pcp":null,"pmp":null,"udp":null,"upnp":null})"));
  EXPECT_EQ(call("GET", at(device, "?fields=some")).status, 400);
}

TEST_F(DevicesApi, TaggedDevicesBelongToNobody) {
  const auto all = shown(join(1, {"tag:web", "tag:db"}));
  EXPECT_EQ(all.at("user"), "tagged-devices");
  EXPECT_EQ(all.at("tags"), json(R"(["tag:db","tag:web"])"));
}

TEST_F(DevicesApi, ListHoldsWhatEveryFilterLetsThrough) {
  EXPECT_EQ(call("GET", kList).body, R"({"devices":[]})");
  join(1);
  join(2, {"tag:a", "tag:b"});
  join(3, {"tag:a"});
  EXPECT_EQ(listed("").size(), 3U);
  EXPECT_EQ(listed("?fields=all").size(), 3U);
  EXPECT_EQ(listed("?hostname=build-2"), std::set<std::string>{"build-2"});
  EXPECT_EQ(listed("?name=build-3.otter-reef-example.latchkey.internal"), std::set<std::string>{"build-3"});
  EXPECT_EQ(listed("?tags=tag:a").size(), 2U);
  EXPECT_EQ(listed("?tags=tag:a&tags=tag:b"), std::set<std::string>{"build-2"});
  EXPECT_EQ(listed("?authKeyId=" + key.str()), std::set<std::string>{"build-3"});
  EXPECT_EQ(listed("?authorized=true&isEphemeral=false").size(), 3U);
  EXPECT_EQ(listed("?advertisedRoutes=10.0.0.0/16").size(), 3U);
  EXPECT_TRUE(listed("?hostname=nobody").empty());
  EXPECT_TRUE(listed("?tags=tag:a&hostname=build-1").empty());
  EXPECT_EQ(call("GET", std::string(kList) + "?hostnam=x").status, 400);
  EXPECT_EQ(call("GET", std::string(kList) + "?clientConnectivity=x").status, 400);
}

TEST_F(DevicesApi, EachChangeShowsAtOnce) {
  const auto device = join(1);
  const auto done = [&](const std::string& what, const std::string& body) {
    const auto answer = call("POST", at(device, what), body);
    EXPECT_EQ(answer.status, 200) << what << answer.body;
    EXPECT_EQ(answer.body, "{}") << what;
    return shown(device);
  };
  EXPECT_EQ(done("/authorized", R"({"authorized":false})").at("authorized"), false);
  EXPECT_EQ(done("/name", R"({"name":"web1"})").at("name"), "web1.otter-reef-example.latchkey.internal");
  EXPECT_EQ(done("/name", R"({"name":"web2.otter-reef-example.latchkey.internal"})").at("name"),
            "web2.otter-reef-example.latchkey.internal");
  EXPECT_EQ(done("/name", R"({"name":""})").at("name"), "build-1.otter-reef-example.latchkey.internal");
  EXPECT_EQ(done("/key", R"({"keyExpiryDisabled":true})").at("keyExpiryDisabled"), true);
  EXPECT_EQ(done("/ip", R"({"ipv4":"100.64.7.7"})").at("addresses").at(0), "100.64.7.7");
  EXPECT_EQ(done("/expire", R"({"expirySeconds":90})").at("expires"), "2026-01-05T09:01:30Z");
  EXPECT_EQ(done("/expire", "").at("expires"), "2026-01-05T09:00:00Z");
  EXPECT_EQ(done("/tags", R"({"tags":["tag:web"]})").at("tags"), json(R"(["tag:web"])"));
}

TEST_F(DevicesApi, RoutesAreEnabledInOrderAlsoBeforeTheyAreAdvertised) {
  const auto device = join(1);
  EXPECT_EQ(json_of(call("GET", at(device, "/routes"))),
            json(R"({"advertisedRoutes":["10.0.0.0/16"],"enabledRoutes":[]})"));
  EXPECT_EQ(
      json_of(call("POST", at(device, "/routes"), R"({"routes":["10.0.1.0/24","1.2.0.0/16","2.0.0.0/24"]})")),
      json(
          R"({"advertisedRoutes":["10.0.0.0/16"],"enabledRoutes":["1.2.0.0/16","2.0.0.0/24","10.0.1.0/24"]})"));
  EXPECT_EQ(json_of(call("POST", at(device, "/routes"), R"({"routes":["0.0.0.0/0"]})")).at("enabledRoutes"),
            json(R"(["0.0.0.0/0","::/0"])"));
  EXPECT_EQ(json_of(call("POST", at(device, "/routes"), R"({"routes":null})")).at("enabledRoutes"),
            json("[]"));
}

TEST_F(DevicesApi, DeletedIsGone) {
  const auto device = join(1);
  EXPECT_EQ(call("DELETE", at(device)).status, 200);
  EXPECT_EQ(call("DELETE", at(device)).status, 404);
  EXPECT_EQ(call("GET", at(device)).status, 404);
  EXPECT_TRUE(listed("").empty());
}

TEST_F(DevicesApi, EveryRefusalSaysWhatToChange) {
  const auto device = join(1);
  join(2);
  struct Row {
    const char* what;
    const char* body;
    int status;
    const char* says;
  };
  const Row rows[] = {
      {"/authorized", "{}", 400, "authorized is required"},
      {"/authorized", R"({"authorized":"yes"})", 400, "authorized must be"},
      {"/name", "{}", 400, "name is required"},
      {"/name", R"({"name":"a b"})", 400, ""},
      {"/name", R"({"name":"build-2"})", 409, "exists"},
      {"/tags", "{}", 400, "tags is required"},
      {"/tags", R"({"tags":["prod"]})", 400, "requested tags [prod] are invalid or not permitted"},
      {"/key", "{}", 400, "keyExpiryDisabled is required"},
      {"/ip", "{}", 400, "ipv4 is required"},
      {"/ip", R"({"ipv4":"10.0.0.1"})", 400, "100.64.0.0/10"},
      {"/routes", "{}", 400, "routes is required"},
      {"/routes", R"({"routes":["10.0.0.1/8"]})", 400, ""},
      {"/attributes/custom:x", "{}", 400, "value is required"},
      {"/attributes/node:os", R"({"value":1})", 400, "custom:"},
      {"/attributes/custom:x", R"({"value":"a b"})", 400, "text value"},
      {"/attributes/custom:x", R"({"value":1.5})", 400, "value is required"},
      {"/attributes/custom:x", R"({"value":1,"expiry":"soon"})", 400, "RFC 3339"},
      {"/attributes/custom:x", R"({"value":1,"expiry":"2020-01-01T00:00:00Z"})", 400, "future"},
  };
  for (const auto& row : rows) {
    const auto refused = call("POST", at(device, row.what), row.body);
    EXPECT_EQ(refused.status, row.status) << row.what << row.body << refused.body;
    EXPECT_NE(message_of(refused).find(row.says), std::string::npos) << row.body << "\n" << refused.body;
  }
}

TEST_F(DevicesApi, AttributesAreSetReadAndRemoved) {
  const auto device = join(1);
  const auto set = call("POST", at(device, "/attributes/custom:score"),
                        R"({"value":80,"expiry":"2026-06-01T00:00:00Z","comment":"why"})");
  ASSERT_EQ(set.status, 200) << set.body;
  EXPECT_EQ(json_of(set).at("attributes").at("custom:score"), 80);
  EXPECT_EQ(json_of(set).at("attributes").at("node:os"), "linux");
  EXPECT_EQ(json_of(set).at("expiries"), json(R"({"custom:score":"2026-06-01T00:00:00Z"})"));
  // As the Go client writes that there is no expiry.
  const auto flag = call("POST", at(device, "/attributes/custom:ok"),
                         R"({"value":true,"expiry":"0001-01-01T00:00:00Z","comment":""})");
  EXPECT_EQ(json_of(call("GET", at(device, "/attributes"))), json_of(flag));
  EXPECT_EQ(call("DELETE", at(device, "/attributes/custom:ok")).status, 200);
  EXPECT_EQ(call("DELETE", at(device, "/attributes/custom:ok")).status, 404);
  EXPECT_EQ(call("DELETE", at(device, "/attributes/node:os")).status, 400);
}

TEST_F(DevicesApi, ABatchOfAttributesIsAMergePatch) {
  const auto device = join(1);
  const auto batch = [&](const std::string& attributes) {
    return call("PATCH", "/api/v2/tailnet/-/device-attributes",
                "{\"nodes\":{\"" + device.id.str() + "\":" + attributes + "},\"comment\":\"bulk\"}");
  };
  const auto done = batch(R"({"custom:a":{"value":"x"},"custom:b":{"value":true}})");
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.body, "null");
  EXPECT_EQ(batch(R"({"custom:a":null,"custom:absent":null})").status, 200);
  const boost::json::value body = json_of(call("GET", at(device, "/attributes")));
  const auto& left = body.at("attributes").as_object();
  EXPECT_FALSE(left.contains("custom:a"));
  EXPECT_EQ(left.at("custom:b"), true);
  EXPECT_EQ(batch(R"({"custom:c":{"value":1},"node:os":{"value":1}})").status, 400);
  EXPECT_FALSE(
      json_of(call("GET", at(device, "/attributes"))).at("attributes").as_object().contains("custom:c"));
  EXPECT_EQ(batch("5").status, 400);
  EXPECT_EQ(batch("null").status, 400);
  EXPECT_EQ(call("PATCH", "/api/v2/tailnet/-/device-attributes", "{}").status, 400);
  EXPECT_EQ(
      call("PATCH", "/api/v2/tailnet/-/device-attributes", R"({"nodes":{"n1":{"custom:a":{"value":1}}}})")
          .status,
      404);
}

TEST_F(DevicesApi, HiddenAndMissingAreAlike) {
  ApiWorld other;
  const auto issued = other.world.issue_auth_key(Role::owner);
  const auto foreign = other.world.join(7, 7, *issued);
  for (const auto& [method, rest] : std::vector<std::pair<std::string, std::string>>{
           {"GET", ""}, {"DELETE", ""}, {"POST", "/expire"}, {"GET", "/routes"}, {"GET", "/attributes"}}) {
    const auto hidden = call(method, at(foreign, rest));
    const auto missing = call(method, "/api/v2/device/n11111111111CNTRL" + rest);
    EXPECT_EQ(hidden.status, 404) << method << rest;
    EXPECT_EQ(hidden.body, missing.body) << method << rest;
    EXPECT_EQ(call(method, "/api/v2/device/" + std::to_string(foreign.number) + rest).body, missing.body);
  }
  EXPECT_EQ(call("GET", "/api/v2/tailnet/other.example/devices").status, 404);
  for (const char* odd : {"0", "-1", "99999999999999999999999", "1e3", "%00"}) {
    const auto answer = call("GET", std::string("/api/v2/device/") + odd);
    EXPECT_TRUE(answer.status == 404 || answer.status == 400) << odd;
  }
}

TEST_F(DevicesApi, R40_EachRoleMayDoWhatTheMatrixSays) {
  const auto device = join(1);
  struct Row {
    Role role;
    int read, manage, routes;
  };
  const Row rows[] = {{Role::owner, 200, 200, 200},         {Role::admin, 200, 200, 200},
                      {Role::network_admin, 200, 403, 200}, {Role::it_admin, 200, 200, 200},
                      {Role::billing_admin, 200, 403, 403}, {Role::auditor, 200, 403, 403},
                      {Role::member, 403, 403, 403}};
  for (const auto& row : rows) {
    token = api.token(row.role);
    EXPECT_EQ(call("GET", kList).status, row.read) << to_string(row.role);
    for (const char* rest : {"", "/routes", "/attributes"}) {
      EXPECT_EQ(call("GET", at(device, rest)).status, row.read) << to_string(row.role) << rest;
    }
    const std::pair<const char*, const char*> writes[] = {{"/authorized", R"({"authorized":true})"},
                                                          {"/name", R"({"name":"web1"})"},
                                                          {"/key", R"({"keyExpiryDisabled":false})"},
                                                          {"/attributes/custom:x", R"({"value":1})"}};
    for (const auto& [rest, body] : writes) {
      EXPECT_EQ(call("POST", at(device, rest), body).status, row.manage) << to_string(row.role) << rest;
    }
    EXPECT_EQ(call("POST", at(device, "/routes"), R"({"routes":[]})").status, row.routes)
        << to_string(row.role);
    if (row.manage == 403) EXPECT_EQ(call("DELETE", at(device)).status, 403) << to_string(row.role);
  }
  token.clear();
  EXPECT_EQ(call("GET", kList).status, 401);
  EXPECT_EQ(call("DELETE", at(device)).status, 401);
  const auto refused = world.log({.events = {"FAILED_REQUEST.UPDATE"}});
  ASSERT_FALSE(refused.empty());
  EXPECT_EQ(refused[0].target.id, device.id.str());
}

TEST_F(DevicesApi, AKeyTellsHowManyDevicesAreInByIt) {
  const auto target = [&] { return "/api/v2/tailnet/-/keys/" + key.str(); };
  const auto device = join(1);
  EXPECT_EQ(json_of(call("GET", target() + "?fields=all")).at("devices"), 1);
  EXPECT_FALSE(json_of(call("GET", target())).as_object().contains("devices"));
  ASSERT_EQ(call("DELETE", at(device)).status, 200);
  EXPECT_EQ(json_of(call("GET", target() + "?fields=all")).at("devices"), 0);
}

}  // namespace
}  // namespace latchkey::http
