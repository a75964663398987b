// Log streams and external ids through the real router.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/api_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::ApiWorld;
using testing::json_of;
using testing::message_of;

const std::string kTailnet = "/api/v2/tailnet/-";
const std::string kStream = kTailnet + "/logging/configuration/stream";
const std::string kNetwork = kTailnet + "/logging/network/stream";
const std::string kIds = kTailnet + "/aws-external-id";
constexpr const char* kPanther =
    R"({"destinationType":"panther","url":"https://logs.example.com","user":"user","token":"t0ken-s3cret",)"
    R"("compressionFormat":"none","gcsScopes":null})";

class LogStreamingApi : public ::testing::Test {
 protected:
  io::Response call(const std::string& method, const std::string& target, std::string body = {}) {
    return api.call(method, target, token, {.headers = {}, .body = std::move(body)});
  }
  std::string external_id(const char* body = "{}") {
    const auto answer = call("POST", kIds, body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return std::string(json_of(answer).at("externalId").as_string());
  }

  ApiWorld api;
  std::string token = api.token(Role::owner);
};

TEST_F(LogStreamingApi, ShowsEverythingButTheSecrets) {
  EXPECT_EQ(call("GET", kStream).status, 404);
  const auto set = call("PUT", kStream, kPanther);
  ASSERT_EQ(set.status, 200) << set.body;
  EXPECT_EQ(json_of(call("GET", kStream)),
            boost::json::parse(R"({"logType":"configuration","destinationType":"panther","user":"user",
                "url":"https://logs.example.com","uploadPeriodMinutes":0,"compressionFormat":"none"})"));
  EXPECT_EQ(call("GET", kNetwork).status, 404);
  const auto s3 = call("PUT", kNetwork,
                       R"({"destinationType":"s3","s3Bucket":"b","s3Region":"us-west-2","s3KeyPrefix":"logs/",
      "s3AuthenticationType":"accesskey","s3AccessKeyId":"key-id","s3SecretAccessKey":"s3-s3cret",
      "uploadPeriodMinutes":5,"compressionFormat":"zstd"})");
  ASSERT_EQ(s3.status, 200) << s3.body;
  EXPECT_EQ(
      json_of(call("GET", kNetwork)),
      boost::json::parse(R"({"logType":"network","destinationType":"s3","user":"","url":"","s3Bucket":"b",
                "s3Region":"us-west-2","s3KeyPrefix":"logs/","s3AuthenticationType":"accesskey",
                "s3AccessKeyId":"key-id","uploadPeriodMinutes":5,"compressionFormat":"zstd"})"));
  for (const auto& answer : {set, s3, call("GET", kStream), call("GET", kNetwork)}) {
    EXPECT_EQ(answer.body.find("s3cret"), std::string::npos) << answer.body;
  }
  EXPECT_EQ(call("DELETE", kStream).status, 200);
  EXPECT_EQ(call("GET", kStream).status, 404);
  EXPECT_EQ(call("DELETE", kStream).status, 404);
  EXPECT_EQ(call("GET", kNetwork).status, 200);
}

TEST_F(LogStreamingApi, GcsCredentialsComeBackAsUpstreamWritesThem) {
  const auto set = call("PUT", kStream, R"({"destinationType":"gcs","gcsBucket":"b","gcsKeyPrefix":"p",
      "gcsScopes":["scope1","scope2"],"gcsCredentials":"{ \"type\": \"external_account\", \"audience\": \"a&b\",
 \"subject_token_type\": \"t\", \"token_url\": \"u\", \"credential_source\": {\"environment_id\": \"aws1\"} }"})");
  // A line end within a JSON text is no JSON.
  EXPECT_EQ(set.status, 400);
  const auto good =
      call("PUT", kStream,
           R"({"destinationType":"gcs","gcsBucket":"b","gcsKeyPrefix":"p","gcsScopes":["scope1"],)"
           R"("gcsCredentials":"{ \"type\": \"external_account\", \"audience\": \"a&b\",\n)"
           R"(\"subject_token_type\": \"t\", \"token_url\": \"u\",)"
           R"(\"credential_source\": {\"environment_id\": \"aws1\"} }"})");
  ASSERT_EQ(good.status, 200) << good.body;
  const auto shown = json_of(call("GET", kStream));
  EXPECT_EQ(shown.at("gcsCredentials"),
            R"({"type":"external_account","audience":"a\u0026b","subject_token_type":"t","token_url":"u",)"
            R"("credential_source":{"environment_id":"aws1"}})");
  EXPECT_EQ(shown.at("gcsScopes"), boost::json::array{"scope1"});
}

TEST_F(LogStreamingApi, StatusSaysThatNothingIsSent) {
  EXPECT_EQ(call("GET", kStream + "/status").status, 404);
  ASSERT_EQ(call("PUT", kStream, kPanther).status, 200);
  const auto status = json_of(call("GET", kStream + "/status")).as_object();
  EXPECT_EQ(status.size(), 12U);
  EXPECT_EQ(status.at("numEntriesSent"), 0);
  EXPECT_NE(status.at("lastError").as_string().find("sends nothing"), std::string_view::npos);
}

TEST_F(LogStreamingApi, TrustPoliciesCannotBeValidatedAndTheAnswerSaysSo) {
  const auto id = external_id();
  EXPECT_EQ(external_id(R"({"reusable":true})"), external_id(R"({"reusable":true})"));
  EXPECT_NE(external_id(), id);
  const auto validate = [&](const std::string& which, const char* body) {
    return call("POST", kIds + "/" + which + "/validate-aws-trust-policy", body);
  };
  const char* role = R"({"roleArn":"arn:aws:iam::123456789012:role/log-writer"})";
  const auto answer = validate(id, role);
  EXPECT_EQ(answer.status, 422);
  EXPECT_NE(message_of(answer).find("not validated"), std::string::npos);
  EXPECT_EQ(json_of(answer).at("status"), 422);
  EXPECT_EQ(validate("nobody", role).status, 404);
  EXPECT_EQ(validate(id, "{}").status, 400);
  EXPECT_EQ(validate(id, R"({"roleArn":"x"})").status, 400);
  EXPECT_EQ(call("POST", kIds, R"({"reusable":5})").status, 400);
  const auto stream = call("PUT", kStream,
                           R"({"destinationType":"s3","s3Bucket":"b","s3Region":"r",
      "s3AuthenticationType":"rolearn","s3RoleArn":"arn:aws:iam::123456789012:role/w","s3ExternalId":")" +
                               id + "\"}");
  ASSERT_EQ(stream.status, 200) << stream.body;
  EXPECT_EQ(json_of(stream).at("s3ExternalId"), boost::json::value(id));
}

TEST_F(LogStreamingApi, R40_EachStatus) {
  EXPECT_EQ(api.call("PUT", kStream, api.token(Role::network_admin), {{}, kPanther}).status, 200);
  for (const char* bad : {"{}", "[", R"({"destinationType":5})", R"({"destinationType":"splunk"})",
                          R"({"destinationType":"splunk","url":"https://x","token":5})"}) {
    const auto answer = call("PUT", kStream, bad);
    EXPECT_EQ(answer.status, 400) << bad;
    EXPECT_FALSE(message_of(answer).empty());
  }
  EXPECT_EQ(call("GET", kTailnet + "/logging/flow/stream").status, 404);
  EXPECT_EQ(call("PUT", kTailnet + "/logging/flow/stream", kPanther).status, 404);
  EXPECT_EQ(api.call("GET", "/api/v2/tailnet/other.example/logging/network/stream", token).status, 404);
  EXPECT_EQ(call("POST", kStream, kPanther).status, 405);
  EXPECT_EQ(api.call("GET", kStream).status, 401);
  for (const Role role : {Role::billing_admin, Role::auditor, Role::member}) {
    const auto other = api.token(role);
    EXPECT_EQ(api.call("GET", kStream, other).status, 403) << to_string(role);
    EXPECT_EQ(api.call("GET", kStream + "/status", other).status, 403);
    EXPECT_EQ(api.call("DELETE", kStream, other).status, 403);
    EXPECT_EQ(api.call("POST", kIds, other, {{}, "{}"}).status, 403);
  }
}

}  // namespace
}  // namespace latchkey::http
