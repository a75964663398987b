// Devices that wait for a person, through the real router.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/api_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::ApiWorld;
using testing::json_of;
using testing::message_of;

class DeviceLoginsApi : public ::testing::Test {
 protected:
  std::string wait(const std::string& hostname = "build-1") {
    auto request = world.join_request(1, 1);
    request.hostname = hostname;
    request.source.address = "203.0.113.9";
    return world.join(request)->pending_login;
  }
  io::Response complete(const std::string& id, const std::string& body = "",
                        const std::string& tailnet = "-") {
    return api.call("POST", "/api/v2/tailnet/" + tailnet + "/device-logins/" + id, token,
                    {.headers = {}, .body = body});
  }

  ApiWorld api;
  testing::World& world = api.world;
  std::string token = api.token(Role::owner);
};

TEST_F(DeviceLoginsApi, WhoMayManageDevicesLetsOneIn) {
  const auto answer = complete(wait());
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(json_of(answer).at("hostname").as_string(), "build-1");
  EXPECT_EQ(json_of(answer).at("user").as_string(), "olive@otter-reef.example");
}

TEST_F(DeviceLoginsApi, AnotherPersonCanBeNamed) {
  const auto member = world.user(Role::member);
  const auto answer = complete(wait(), R"({"user":")" + member.login_name + R"("})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(json_of(answer).at("user").as_string(), member.login_name);
}

TEST_F(DeviceLoginsApi, WhatIsWrongIsSaid) {
  const auto id = wait();
  EXPECT_EQ(complete(id, R"({"user":7})").status, 400);
  EXPECT_EQ(complete(id, "", "elsewhere.example").status, 404);
  EXPECT_EQ(complete(std::string(32, 'f')).status, 404);
  EXPECT_EQ(complete("x").status, 404);
  token = api.token(Role::member);
  EXPECT_EQ(complete(id).status, 403);
  token.clear();
  EXPECT_EQ(complete(id).status, 401);
}

TEST_F(DeviceLoginsApi, ThePageShowsWhatTheDeviceSaysAndRunsNoneOfIt) {
  const auto id = wait("<script>alert(1)</script>");
  const auto answer = api.call("GET", "/register/" + id, "");
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(answer.body.find("<script"), std::string::npos);
  EXPECT_NE(answer.body.find("latchkey devices approve /register/" + id), std::string::npos);
  EXPECT_NE(answer.body.find("203.0.113.9"), std::string::npos);
  ASSERT_EQ(complete(id).status, 200);
  EXPECT_EQ(api.call("GET", "/register/" + id, "").status, 404);
}

}  // namespace
}  // namespace latchkey::http
