// GET, POST /tailnet/{tailnet}/acl, .../validate and .../preview through the real router.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "core/policy/policy.h"
#include "testing/api_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using policy::Policy;
using testing::ApiWorld;
using testing::json_of;
using testing::message_of;

constexpr const char* kAcl = "/api/v2/tailnet/-/acl";
constexpr const char* kFile =
    "// ours\n{\n  \"tagOwners\": {\"tag:ci\": []},\n  \"acls\": [\n"
    "    {\"action\": \"accept\", \"src\": [\"*\"], \"dst\": [\"tag:ci:22\"]},\n  ],\n}\n";

std::string header_of(const io::Response& response, std::string_view name) {
  for (const auto& header : response.headers) {
    if (equals_ignore_case(header.name, name)) return header.value;
  }
  return {};
}

class PolicyApi : public ::testing::Test {
 protected:
  io::Response get(std::vector<io::Header> headers = {}, const std::string& query = {}) {
    return api.call("GET", kAcl + query, token, {.headers = std::move(headers)});
  }
  io::Response post(std::string body, std::vector<io::Header> headers = {}, const std::string& below = {}) {
    return api.call("POST", kAcl + below, token, {.headers = std::move(headers), .body = std::move(body)});
  }

  ApiWorld api;
  std::string token = api.token(Role::owner);
};

TEST_F(PolicyApi, GivesTheStandardPolicyUntilOneIsStored) {
  const auto file = get();
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(file.content_type, "application/hujson");
  EXPECT_EQ(file.body, Policy::standard().text());
  EXPECT_EQ(header_of(file, "ETag"), '"' + Policy::standard().hash() + '"');
}

TEST_F(PolicyApi, StoresAndGivesBackInTheFormAskedFor) {
  const auto set = post(kFile, {{"Content-Type", "application/hujson"}});
  ASSERT_EQ(set.status, 200) << set.body;
  EXPECT_EQ(set.body, kFile);
  const auto tag = header_of(set, "ETag");
  EXPECT_EQ(tag.size(), 66U);
  const auto text = get({{"Accept", "application/hujson"}});
  EXPECT_EQ(text.body, kFile);
  const auto json = get({{"Accept", "application/json"}});
  EXPECT_EQ(json.content_type, "application/json");
  EXPECT_EQ(json_of(json),
            boost::json::parse(R"({"tagOwners":{"tag:ci":[]},)"
                               R"("acls":[{"action":"accept","src":["*"],"dst":["tag:ci:22"]}]})"));
  EXPECT_EQ(header_of(text, "ETag"), tag);
  EXPECT_EQ(header_of(json, "ETag"), tag);
}

TEST_F(PolicyApi, DetailsCarryTheTextAndWarnings) {
  ASSERT_EQ(post(R"({"groups":{"group:a":["x@y.z"]}})").status, 200);
  for (const char* query : {"?details=true", "?details=1"}) {
    const auto details = json_of(get({}, query));
    EXPECT_EQ(from_base64(details.at("acl").as_string()), R"({"groups":{"group:a":["x@y.z"]}})");
    EXPECT_EQ(details.at("warnings"), boost::json::array({R"("group:a": user not found: "x@y.z")"}));
    EXPECT_TRUE(details.at("errors").is_null());
  }
  EXPECT_EQ(get({}, "?details=no").content_type, "application/hujson");
}

TEST_F(PolicyApi, IfMatchGuardsAgainstOverwriting) {
  EXPECT_EQ(post(kFile, {{"If-Match", "\"0000\""}}).status, 412);
  EXPECT_EQ(message_of(post(kFile, {{"If-Match", "\"0000\""}})), "precondition failed, invalid old hash");
  const auto first = post(kFile, {{"If-Match", "\"ts-default\""}});
  ASSERT_EQ(first.status, 200);
  EXPECT_EQ(post("{}", {{"If-Match", "ts-default"}}).status, 412);
  EXPECT_EQ(get().body, kFile);
  const auto tag = header_of(first, "ETag");
  EXPECT_EQ(post("{}", {{"If-Match", tag}}).status, 200);
  EXPECT_EQ(post(kFile, {{"If-Match", tag}}).status, 412);
  EXPECT_EQ(post(kFile, {{"If-Match", header_of(get(), "ETag").substr(1, 64)}}).status, 200)
      << "without quotes";
}

TEST_F(PolicyApi, AnEmptyBodyResets) {
  ASSERT_EQ(post(kFile).status, 200);
  const auto reset = post("");
  EXPECT_EQ(reset.status, 200);
  EXPECT_EQ(reset.body, Policy::standard().text());
  EXPECT_EQ(post(kFile, {{"If-Match", "\"ts-default\""}}).status, 200);
}

TEST_F(PolicyApi, RefusesWithPlaceAndName) {
  const auto ssh = post("{\n  \"ssh\": [{\"action\": \"check\"}],\n}\n");
  EXPECT_EQ(ssh.status, 400);
  EXPECT_EQ(message_of(ssh), "line 2, column 3: \"ssh\" is not supported by this server");
  EXPECT_EQ(message_of(post("{\"acls\": [}")).substr(0, 17), "line 1, column 11");
  const auto tests = post(R"({"acls":[],"tests":[{"src":"10.0.0.1","accept":["10.0.0.2:22"]}]})");
  EXPECT_EQ(tests.status, 400);
  EXPECT_EQ(message_of(tests), "test(s) failed");
  EXPECT_EQ(json_of(tests).at("data"),
            boost::json::parse(
                R"([{"user":"10.0.0.1","errors":["address \"10.0.0.2:22\": want: Accept, got: Drop"]}])"));
  EXPECT_EQ(get().body, Policy::standard().text());
}

TEST_F(PolicyApi, ValidateChecksAPolicyWithoutStoringIt) {
  const auto good = post(kFile, {}, "/validate");
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(good.body, "{}");
  EXPECT_EQ(post("{\"acls\": [}", {}, "/validate").status, 400);
  EXPECT_EQ(post("", {}, "/validate").status, 400);
  const auto failing =
      post(R"({"acls":[],"tests":[{"src":"10.0.0.1","accept":["10.0.0.2:22"]}]})", {}, "/validate");
  EXPECT_EQ(failing.status, 200);
  EXPECT_EQ(message_of(failing), "test(s) failed");
  EXPECT_EQ(get().body, Policy::standard().text());
}

TEST_F(PolicyApi, ValidateRunsTestsAgainstThePolicyThatHolds) {
  ASSERT_EQ(post(kFile).status, 200);
  EXPECT_EQ(post(R"( // tests
      [{"src":"tag:ci","accept":["tag:ci:22"],"deny":["tag:ci:23"]}])",
                 {}, "/validate")
                .body,
            "{}");
  const auto failing = post(R"([{"src":"tag:ci","deny":["tag:ci:22"]}])", {}, "/validate");
  EXPECT_EQ(failing.status, 200);
  EXPECT_EQ(json_of(failing).at("data").at(0).at("errors").at(0),
            R"(address "tag:ci:22": want: Drop, got: Accept)");
  EXPECT_EQ(post(R"([{"src":"tag:no","deny":["tag:ci:22"]}])", {}, "/validate").status, 400);
}

TEST_F(PolicyApi, PreviewGivesTheRulesThatSpeakOfAPersonOrAnAddress) {
  const std::string file =
      "{\"acls\": [\n{\"action\": \"accept\", \"src\": [\"autogroup:owner\"], \"dst\": "
      "[\"10.0.0.0/8:80\"]},\n"
      "{\"action\": \"accept\", \"src\": [\"tag:a\"], \"dst\": [\"*:*\"]}], \"tagOwners\": {\"tag:a\": []}}";
  const auto user = post(file, {}, "/preview?type=user&previewFor=olive%40otter-reef.example");
  ASSERT_EQ(user.status, 200) << user.body;
  EXPECT_EQ(json_of(user),
            boost::json::parse(
                R"({"matches":[{"users":["autogroup:owner"],"ports":["10.0.0.0/8:80"],"lineNumber":2}],)"
                R"("type":"user","previewFor":"olive@otter-reef.example"})"));
  const auto both = post(file, {}, "/preview?type=ipport&previewFor=10.0.0.1:80");
  EXPECT_EQ(json_of(both).at("matches").as_array().size(), 2U);
  const auto one = post(file, {}, "/preview?type=ipport&previewFor=%5Bfd7a::1%5D:443");
  EXPECT_EQ(json_of(one).at("matches").at(0).at("lineNumber"), 3);
  EXPECT_EQ(
      json_of(post("", {}, "/preview?type=ipport&previewFor=1.1.1.1:1")).at("matches").as_array().size(), 1U);
  for (const char* bad : {"?type=user", "?type=host&previewFor=x", "?type=ipport&previewFor=10.0.0.1",
                          "?type=ipport&previewFor=10.0.0.1:x", "?type=user&previewFor=nobody@example.com"}) {
    EXPECT_EQ(post(file, {}, std::string("/preview") + bad).status, 400) << bad;
  }
  EXPECT_EQ(post("{", {}, "/preview?type=ipport&previewFor=1.1.1.1:1").status, 400);
}

TEST_F(PolicyApi, RightsDecideWhoReadsAndWhoWrites) {
  const auto member = api.token(Role::member);
  const auto auditor = api.token(Role::auditor);
  EXPECT_EQ(api.call("GET", kAcl, member).status, 403);
  EXPECT_EQ(api.call("GET", kAcl, auditor).status, 200);
  for (const char* below : {"/validate", "/preview?type=ipport&previewFor=1.1.1.1:1"}) {
    EXPECT_EQ(api.call("POST", std::string(kAcl) + below, member, {.body = "{}"}).status, 403);
    EXPECT_EQ(api.call("POST", std::string(kAcl) + below, auditor, {.body = "{}"}).status, 200);
  }
  EXPECT_EQ(api.call("POST", kAcl, auditor, {.body = "{}"}).status, 403);
  EXPECT_EQ(api.world.log({.events = {"FAILED_REQUEST.UPDATE"}}).size(), 1U);
  EXPECT_EQ(api.call("GET", kAcl).status, 401);
  EXPECT_EQ(api.call("GET", "/api/v2/tailnet/other.example/acl", token).status, 404);
}

}  // namespace
}  // namespace latchkey::http
