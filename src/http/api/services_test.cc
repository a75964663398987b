// Services through the real router, under both of their paths.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/api_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::ApiWorld;
using testing::json_of;
using testing::message_of;

const std::string kServices = "/api/v2/tailnet/-/services";
const std::string kVip = "/api/v2/tailnet/-/vip-services";
constexpr const char* kWeb =
    R"({"name":"svc:web","comment":"A web server","ports":["tcp:443"],"tags":["tag:web"],)"
    R"("annotations":{"example.com/owner":"{\"ref\":1}"},"displayName":"Web"})";

class ServicesApi : public ::testing::Test {
 protected:
  ServicesApi() { api.world.store_policy(R"({"tagOwners": {"tag:web": ["autogroup:member"]}})"); }
  io::Response call(const std::string& method, const std::string& target, std::string body = {}) {
    return api.call(method, target, token, {.headers = {}, .body = std::move(body)});
  }

  ApiWorld api;
  std::string token = api.token(Role::owner);
};

TEST_F(ServicesApi, AreTheSameUnderBothPaths) {
  EXPECT_EQ(call("GET", kVip).body, R"({"vipServices":[]})");
  const auto made = call("PUT", kVip + "/svc:web", kWeb);
  ASSERT_EQ(made.status, 200) << made.body;
  const auto service = json_of(made).as_object();
  EXPECT_EQ(service.at("name"), "svc:web");
  EXPECT_EQ(service.at("addrs").as_array().size(), 2U);
  EXPECT_EQ(service.at("ports"), boost::json::array{"tcp:443"});
  EXPECT_EQ(service.at("tags"), boost::json::array{"tag:web"});
  EXPECT_EQ(service.at("annotations").at("example.com/owner"), R"({"ref":1})");
  EXPECT_EQ(service.at("displayName"), "Web");
  for (const auto& base : {kServices, kVip}) {
    EXPECT_EQ(json_of(call("GET", base + "/svc:web")), json_of(made));
    EXPECT_EQ(json_of(call("GET", base + "/svc%3Aweb")), json_of(made));
    EXPECT_EQ(json_of(call("GET", base)).at("vipServices").as_array(), boost::json::array{service});
  }
  // As clients write it back: with its addresses, without what they do not know.
  boost::json::object again{
      {"name", "svc:web"}, {"addrs", service.at("addrs")}, {"ports", {"tcp:443", "tcp:80"}}};
  const auto changed = json_of(call("PUT", kServices + "/svc:web", boost::json::serialize(again)));
  EXPECT_EQ(changed.at("addrs"), service.at("addrs"));
  EXPECT_EQ(changed.at("annotations"), service.at("annotations"));
  EXPECT_EQ(changed.at("comment"), "");
  EXPECT_EQ(changed.at("tags"), boost::json::array());
  EXPECT_EQ(call("DELETE", kServices + "/svc:web").body, "{}");
  EXPECT_EQ(call("GET", kVip + "/svc:web").status, 404);
  EXPECT_EQ(call("DELETE", kVip + "/svc:web").status, 404);
}

TEST_F(ServicesApi, NoDeviceHostsOneYet) {
  const auto key = *api.world.issue_auth_key(Role::owner);
  const auto device = api.world.join(1, 1, key);
  ASSERT_EQ(call("PUT", kVip + "/svc:web", kWeb).status, 200);
  for (const auto& base : {kServices, kVip}) {
    EXPECT_EQ(call("GET", base + "/svc:web/devices").body, R"({"hosts":[]})");
    EXPECT_EQ(call("GET", base + "/svc:none/devices").status, 404);
    const auto approved = [&](const std::string& service, const std::string& id) {
      return base + "/" + service + "/device/" + id + "/approved";
    };
    for (const auto& [service, id, says] : {std::tuple{"svc:web", device.id.str(), "does not host"},
                                            std::tuple{"svc:web", std::string("nNobody"), "device not found"},
                                            std::tuple{"svc:none", device.id.str(), "service not found"}}) {
      const auto read = call("GET", approved(service, id));
      EXPECT_EQ(read.status, 404);
      EXPECT_NE(message_of(read).find(says), std::string::npos) << read.body;
      EXPECT_EQ(call("POST", approved(service, id), R"({"approved":true})").status, 404);
    }
    EXPECT_EQ(call("POST", approved("svc:web", device.id.str()), "{}").status, 400);
  }
}

TEST_F(ServicesApi, R40_EachStatus) {
  const auto web = kVip + "/svc:web";
  EXPECT_EQ(api.call("PUT", web, api.token(Role::network_admin), {{}, kWeb}).status, 200);
  for (const char* bad :
       {"{}", "[", R"({"ports":"tcp:443"})", R"({"ports":["udp:53"]})",
        R"({"ports":["tcp:443"],"tags":["tag:other"]})", R"({"ports":["tcp:443"],"addrs":["x"]})",
        R"({"ports":["tcp:443"],"annotations":{"a":5}})"}) {
    EXPECT_EQ(call("PUT", web, bad).status, 400) << bad;
  }
  EXPECT_EQ(call("PUT", kVip + "/web", R"({"ports":["tcp:443"]})").status, 400);
  EXPECT_EQ(call("PUT", kVip + "/svc:a", R"({"name":"svc:b","ports":["tcp:443"]})").status, 400);
  const std::string address(json_of(call("GET", web)).at("addrs").at(0).as_string());
  EXPECT_EQ(call("PUT", kVip + "/svc:a", R"({"ports":["tcp:443"],"addrs":[")" + address + "\"]}").status,
            409);
  EXPECT_EQ(call("GET", kVip + "/nonsense").status, 404);
  EXPECT_EQ(api.call("GET", kVip).status, 401);
  EXPECT_EQ(api.call("GET", "/api/v2/tailnet/other.example/vip-services", token).status, 404);
  EXPECT_EQ(call("POST", kVip, kWeb).status, 405);
  EXPECT_EQ(api.call("GET", kVip, api.token(Role::member)).status, 403);
  EXPECT_EQ(api.call("DELETE", web, api.token(Role::it_admin)).status, 403);
  EXPECT_EQ(api.call("DELETE", web, api.token(Role::admin)).status, 200);
}

}  // namespace
}  // namespace latchkey::http
