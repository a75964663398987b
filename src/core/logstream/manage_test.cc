#include "core/logstream/manage.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <functional>

#include "testing/world.h"

namespace latchkey::logstream {
namespace {

using identity::Operation;
using identity::Role;
using testing::World;

constexpr const char* kRole = "arn:aws:iam::123456789012:role/log-writer";
constexpr const char* kGcs =
    R"({"type":"external_account","audience":"a","subject_token_type":"t","token_url":"u",)"
    R"("credential_source":{"environment_id":"aws1"}})";

NewStream to(std::string destination) {
  NewStream want;
  want.destination = std::move(destination);
  want.settings.user = "user";  // clients send it with every destination
  if (want.destination == "s3") {
    want.settings.s3_bucket = "bucket";
    want.settings.s3_region = "us-west-2";
    want.settings.s3_authentication = "accesskey";
    want.settings.s3_access_key_id = "key-id";
    want.secrets.s3_secret_access_key = SecretString("s3-s3cret");
  } else if (want.destination == "gcs") {
    want.settings.gcs_bucket = "bucket";
    want.settings.gcs_scopes = {"scope1", "scope2"};
    want.settings.gcs_credentials = kGcs;
  } else {
    want.settings.url = "https://logs.example.com/intake";
    want.secrets.token = SecretString("t0ken-s3cret");
  }
  return want;
}

NewStream by_role(std::string external_id, const char* role = kRole) {
  auto want = to("s3");
  want.settings.s3_authentication = "rolearn";
  want.settings.s3_access_key_id = "";
  want.secrets.s3_secret_access_key = {};
  want.settings.s3_role_arn = role;
  want.settings.s3_external_id = std::move(external_id);
  return want;
}

class LogStreams : public ::testing::Test {
 protected:
  Result<Stream> set(const NewStream& want, LogType type = LogType::configuration) {
    const auto may = identity::authorize<Operation::write_log_streaming>(world_.caller(Role::network_admin));
    return world_.db().write_now(
        [&](core::Tx& tx) { return set_stream(tx, *may, type, want, world_.sealer(), world_.now); });
  }
  Result<Stream> get(LogType type = LogType::configuration) {
    const auto may = identity::authorize<Operation::read_log_streaming>(world_.caller(Role::it_admin));
    return world_.db().read_now([&](core::Tx& tx) { return read_stream(tx, *may, type); });
  }
  Result<void> remove(LogType type = LogType::configuration) {
    const auto may = identity::authorize<Operation::write_log_streaming>(world_.caller(Role::owner));
    return world_.db().write_now([&](core::Tx& tx) { return remove_stream(tx, *may, type, world_.now); });
  }
  ExternalId external_id(bool reusable = false) {
    const auto may = identity::authorize<Operation::write_log_streaming>(world_.caller(Role::owner));
    return *world_.db().write_now(
        [&](core::Tx& tx) { return obtain_external_id(tx, *may, reusable, world_.now); });
  }
  std::size_t events(const char* name) { return world_.log({.events = {name}}).size(); }
  void expect_refused(NewStream want, const char* member) {
    const auto answer = set(want);
    ASSERT_FALSE(answer.ok()) << member;
    EXPECT_EQ(answer.error().code, ErrorCode::malformed_input);
    EXPECT_EQ(answer.error().fields, std::vector<std::string>{member}) << answer.error().message;
  }

  World world_;
};

TEST_F(LogStreams, EveryDestinationIsTakenWithItsMembers) {
  for (const char* name :
       {"axiom", "cribl", "crowdstrike", "datadog", "elastic", "gcs", "panther", "s3", "splunk"}) {
    const auto written = set(to(name));
    ASSERT_TRUE(written.ok()) << name << written.error().message;
    EXPECT_EQ(to_string(get()->destination), name);
    EXPECT_EQ(get()->settings, written->settings);
  }
  EXPECT_EQ(events("TAILNET.CREATE.LOGSTREAM_ENDPOINT"), 1U);
  EXPECT_EQ(events("TAILNET.UPDATE.LOGSTREAM_ENDPOINT"), 8U);
  EXPECT_EQ(get(LogType::network).error().code, ErrorCode::not_found);
}

TEST_F(LogStreams, EveryRefusalNamesTheMember) {
  struct Row {
    const char* destination;
    const char* member;
    std::function<void(NewStream&)> spoil;
  };
  const Row rows[] = {
      {"carrier-pigeon", "destinationType", [](auto&) {}},
      {"", "destinationType", [](auto&) {}},
      {"splunk", "url", [](auto& want) { want.settings.url = ""; }},
      {"splunk", "url", [](auto& want) { want.settings.url = "ftp://logs.example.com"; }},
      {"splunk", "url", [](auto& want) { want.settings.url = "https://user:pass@logs.example.com"; }},
      {"splunk", "url", [](auto& want) { want.settings.url = "https://"; }},
      {"splunk", "url", [](auto& want) { want.settings.url = "https://a b"; }},
      {"splunk", "token", [](auto& want) { want.secrets.token = {}; }},
      {"splunk", "token",
       [](auto& want) { want.secrets.token = SecretString(std::string(kMaxSecret + 1, 'x')); }},
      {"elastic", "user", [](auto& want) { want.settings.user = ""; }},
      {"panther", "s3Bucket", [](auto& want) { want.settings.s3_bucket = "b"; }},
      {"panther", "s3SecretAccessKey",
       [](auto& want) { want.secrets.s3_secret_access_key = SecretString("x"); }},
      {"panther", "gcsScopes", [](auto& want) { want.settings.gcs_scopes = {"a"}; }},
      {"panther", "uploadPeriodMinutes", [](auto& want) { want.settings.upload_period_minutes = 1441; }},
      {"panther", "uploadPeriodMinutes", [](auto& want) { want.settings.upload_period_minutes = -1; }},
      {"panther", "compressionFormat", [](auto& want) { want.settings.compression = "lzma"; }},
      {"s3", "token", [](auto& want) { want.secrets.token = SecretString("x"); }},
      {"s3", "s3Bucket", [](auto& want) { want.settings.s3_bucket = ""; }},
      {"s3", "s3Region", [](auto& want) { want.settings.s3_region = ""; }},
      {"s3", "s3AuthenticationType", [](auto& want) { want.settings.s3_authentication = ""; }},
      {"s3", "s3AccessKeyId", [](auto& want) { want.settings.s3_access_key_id = ""; }},
      {"s3", "s3SecretAccessKey", [](auto& want) { want.secrets.s3_secret_access_key = {}; }},
      {"s3", "s3RoleArn", [](auto& want) { want.settings.s3_role_arn = kRole; }},
      {"s3", "s3ExternalId", [](auto& want) { want.settings.s3_external_id = "x"; }},
      {"s3", "gcsBucket", [](auto& want) { want.settings.gcs_bucket = "b"; }},
      {"gcs", "url", [](auto& want) { want.settings.url = "https://logs.example.com"; }},
      {"gcs", "gcsBucket", [](auto& want) { want.settings.gcs_bucket = ""; }},
      {"gcs", "gcsCredentials", [](auto& want) { want.settings.gcs_credentials = ""; }},
      {"gcs", "gcsCredentials", [](auto& want) { want.settings.gcs_credentials = "{}"; }},
      {"gcs", "token", [](auto& want) { want.secrets.token = SecretString("x"); }},
      {"gcs", "s3Region", [](auto& want) { want.settings.s3_region = "us-west-2"; }},
  };
  for (const auto& row : rows) {
    auto want = to(row.destination);
    row.spoil(want);
    expect_refused(want, row.member);
  }
  EXPECT_EQ(get().error().code, ErrorCode::not_found);
}

TEST_F(LogStreams, RolesNeedAnExternalIdOfThisTailnet) {
  const auto id = external_id().id;
  for (const char* role : {"", "arn:aws:iam::12345:role/x", "arn:aws:iam::123456789012:user/x", "x",
                           "arn:aws:iam::123456789012:role/", "arn:aws:s3::123456789012:role/x"}) {
    expect_refused(by_role(id, role), "s3RoleArn");
  }
  expect_refused(by_role(""), "s3ExternalId");
  expect_refused(by_role("60fe9ce7-7791-4ab3-ab34-4294f5972725"), "s3ExternalId");
  auto both = by_role(id);
  both.settings.s3_access_key_id = "key-id";
  expect_refused(both, "s3AccessKeyId");
  const auto written = set(by_role(id));
  ASSERT_TRUE(written.ok()) << written.error().message;
  EXPECT_EQ(get()->settings.s3_external_id, id);
}

TEST_F(LogStreams, ExternalIdOfOneAccountLeadsToNoOther) {
  const auto id = external_id().id;
  ASSERT_TRUE(set(by_role(id)).ok());
  ASSERT_TRUE(set(by_role(id, "arn:aws:iam::123456789012:role/another")).ok());
  expect_refused(by_role(id, "arn:aws:iam::999999999999:role/log-writer"), "s3ExternalId");
}

TEST_F(LogStreams, ReusableExternalIdIsTheSameUntilItIsLinked) {
  const auto first = external_id(true);
  EXPECT_EQ(first.id.size(), 36U);
  EXPECT_EQ(first.id[14], '4');
  EXPECT_EQ(external_id(true).id, first.id);
  EXPECT_NE(external_id(false).id, first.id);
  EXPECT_EQ(events("TAILNET.CREATE.AWS_EXTERNAL_ID"), 2U);
  ASSERT_TRUE(set(by_role(first.id)).ok());
  EXPECT_NE(external_id(true).id, first.id);
}

TEST_F(LogStreams, OldestUnusedExternalIdsAreForgottenAndUsedOnesStay) {
  const auto used = external_id().id;
  ASSERT_TRUE(set(by_role(used)).ok());
  std::vector<std::string> ids;
  for (std::int64_t i = 0; i <= kMaxUnusedExternalIds; ++i) {
    world_.now += seconds{1};
    ids.push_back(external_id().id);
  }
  const auto may = identity::authorize<Operation::write_log_streaming>(world_.caller(Role::owner));
  const auto known = [&](const std::string& id) {
    return world_.db().read_now([&](core::Tx& tx) { return check_external_id(tx, *may, id, kRole); }).ok();
  };
  EXPECT_FALSE(known(ids.front()));
  EXPECT_TRUE(known(ids[1]));
  EXPECT_TRUE(known(ids.back()));
  EXPECT_TRUE(known(used));
}

TEST_F(LogStreams, SecretsAreSealedForTheirPlaceAndInNoRecord) {
  const auto stream = *set(to("splunk"));
  const auto context = seal_context(stream.tailnet, stream.type, "token");
  EXPECT_EQ(world_.sealer().open(context, get()->sealed_token)->expose(), "t0ken-s3cret");
  EXPECT_FALSE(
      world_.sealer().open(seal_context(stream.tailnet, LogType::network, "token"), stream.sealed_token));
  auto tokenised = to("datadog");
  tokenised.settings.url += "?key=url-s3cret";
  ASSERT_TRUE(set(tokenised).ok());
  const auto s3 = *set(to("s3"));
  EXPECT_TRUE(get()->sealed_token.empty());
  EXPECT_EQ(world_.sealer()
                .open(seal_context(s3.tailnet, s3.type, "s3SecretAccessKey"), get()->sealed_s3_secret)
                ->expose(),
            "s3-s3cret");
  EXPECT_TRUE(remove().ok());
  EXPECT_EQ(remove().error().code, ErrorCode::not_found);
  EXPECT_EQ(events("TAILNET.DELETE.LOGSTREAM_ENDPOINT"), 1U);
  for (const auto& record : world_.log()) {
    std::string all = record.details;
    if (record.old_value) all += boost::json::serialize(*record.old_value);
    if (record.new_value) all += boost::json::serialize(*record.new_value);
    EXPECT_EQ(all.find("s3cret"), std::string::npos) << all;
  }
}

}  // namespace
}  // namespace latchkey::logstream
