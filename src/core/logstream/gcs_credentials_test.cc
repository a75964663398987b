#include "core/logstream/gcs_credentials.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace latchkey::logstream {
namespace {

boost::json::object whole() {
  return boost::json::parse(R"({"type":"external_account","universe_domain":"googleapis.com",
      "audience":"//iam.googleapis.com/p","subject_token_type":"urn:ietf:params:aws:token-type:aws4_request",
      "service_account_impersonation_url":"https://iam.example/sa","token_url":"https://sts.googleapis.com/v1/token",
      "credential_source":{"environment_id":"aws1","region_url":"http://169.254.169.254/zone","url":"http://a/b",
      "regional_cred_verification_url":"https://sts.{region}.example?Action=G&Version=1",
      "imdsv2_session_token_url":"http://169.254.169.254/token"}})")
      .as_object();
}

TEST(GcsCredentials, ComeBackInUpstreamsOrderWithoutSpacesAndEscaped) {
  const auto written = canonical_gcs_credentials(boost::json::serialize(whole()));
  ASSERT_TRUE(written.ok()) << written.error().message;
  EXPECT_EQ(
      *written,
      R"({"universe_domain":"googleapis.com","type":"external_account","audience":"//iam.googleapis.com/p",)"
      R"("subject_token_type":"urn:ietf:params:aws:token-type:aws4_request",)"
      R"("service_account_impersonation_url":"https://iam.example/sa",)"
      R"("token_url":"https://sts.googleapis.com/v1/token","credential_source":{"environment_id":"aws1",)"
      R"("region_url":"http://169.254.169.254/zone","url":"http://a/b",)"
      R"("regional_cred_verification_url":"https://sts.{region}.example?Action=G\u0026Version=1",)"
      R"("imdsv2_session_token_url":"http://169.254.169.254/token"}})");
  EXPECT_EQ(*canonical_gcs_credentials(*written), *written);
}

TEST(GcsCredentials, EveryCharacterThatGoEscapesIsEscaped) {
  auto odd = whole();
  odd["audience"] = "<&>\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA";
  EXPECT_NE(canonical_gcs_credentials(boost::json::serialize(odd))
                ->find("\"\\u003c\\u0026\\u003e\\u2028\\u2029\xE2\x80\xAA\""),
            std::string::npos);
}

TEST(GcsCredentials, UnknownMembersAreDropped) {
  auto more = whole();
  more["quota_project_id"] = "p";
  more["credential_source"].as_object()["comment"] = 5;
  EXPECT_EQ(*canonical_gcs_credentials(boost::json::serialize(more)),
            *canonical_gcs_credentials(boost::json::serialize(whole())));
}

TEST(GcsCredentials, SecretsAndWhatWouldBeLostAreRefused) {
  const auto refused = [](const boost::json::object& json, const char* says) {
    const auto answer = canonical_gcs_credentials(boost::json::serialize(json));
    ASSERT_FALSE(answer.ok()) << says;
    EXPECT_EQ(answer.error().fields, std::vector<std::string>{"gcsCredentials"});
    EXPECT_NE(answer.error().message.find(says), std::string::npos) << answer.error().message;
  };
  for (const char* secret : {"private_key", "client_secret", "refresh_token"}) {
    auto json = whole();
    json[secret] = "hidden";
    refused(json, secret);
    EXPECT_EQ(canonical_gcs_credentials(boost::json::serialize(json)).error().message.find("hidden"),
              std::string::npos);
  }
  for (const char* source : {"file", "executable", "certificate", "headers"}) {
    auto json = whole();
    json["credential_source"].as_object()[source] = "x";
    refused(json, source);
  }
  for (const char* needed : {"type", "audience", "subject_token_type", "token_url", "credential_source"}) {
    auto json = whole();
    json.erase(needed);
    refused(json, needed);
  }
  auto json = whole();
  json["type"] = "service_account";
  refused(json, "external_account");
  json = whole();
  json["audience"] = 5;
  refused(json, "audience");
  for (const char* text : {"", "{", "[]", "null", "\"x\""}) {
    EXPECT_FALSE(canonical_gcs_credentials(text).ok()) << text;
  }
  EXPECT_FALSE(canonical_gcs_credentials(std::string(kMaxGcsCredentials + 1, ' ')).ok());
}

}  // namespace
}  // namespace latchkey::logstream
