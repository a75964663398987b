#include "core/webhooks/leak.h"

#include <gtest/gtest.h>

#include "testing/webhook_world.h"

namespace latchkey::webhooks {
namespace {

using identity::Role;

class LeakTest : public ::testing::Test {
 protected:
  LeakOutcome report(const std::string& text, Role role = Role::it_admin) {
    const auto may = identity::authorize<Operation::report_leak>(world_.caller(role));
    EXPECT_TRUE(may.ok());
    const Leak leak{SecretString(text), "https://example.com/blob/1 " + text, "commit"};
    return world_.db()
        .write_now([&](core::Tx& tx) -> Result<LeakOutcome> {
          return report_leak(tx, *may, leak, world_.context(), world_.now);
        })
        .value();
  }

  testing::WebhookWorld world_;
};

TEST_F(LeakTest, R8_R36_EndsAKeyTellsItOnceAndRecordsWhereItWasFound) {
  const auto endpoint = world_.add_endpoint({"credentialLeaked", "credentialRevoked"});
  const auto key = *world_.issue_auth_key(Role::owner);
  const std::string text(key.text.expose());
  EXPECT_EQ(report(text), LeakOutcome::revoked);
  EXPECT_EQ(report(text), LeakOutcome::ended);
  const auto told = world_.told(endpoint.endpoint.id);
  EXPECT_EQ(testing::types_of(told), (std::vector<std::string>{"credentialLeaked", "credentialRevoked"}));
  for (const auto& event : told) EXPECT_EQ(testing::data_in(event, "credentialID"), key.credential.id.str());
  EXPECT_EQ(testing::data_in(told[1], "reason"), "leaked");

  const auto record = world_.log().back();
  EXPECT_EQ(audit::event_name(record), "API_KEY.REVOKE");
  EXPECT_NE(record.details.find("https://example.com/blob/1"), std::string::npos) << record.details;
  EXPECT_EQ(record.details.find(text.substr(text.size() - 20)), std::string::npos)
      << "the secret is in the log";
}

TEST_F(LeakTest, TellsOfAWebhookSecretAndLeavesItToAPerson) {
  const auto listener = world_.add_endpoint({"credentialLeaked"});
  const auto leaking = world_.add_endpoint({"nodeCreated"});
  const std::string text(leaking.secret.expose());
  EXPECT_EQ(report(text), LeakOutcome::told);
  const auto told = world_.told(listener.endpoint.id);
  ASSERT_EQ(testing::types_of(told), (std::vector<std::string>{"credentialLeaked"}));
  EXPECT_EQ(testing::data_in(told[0], "credentialType"), "webhookSecret");
  world_.rotate(leaking.endpoint.id);
  EXPECT_EQ(report(text), LeakOutcome::unknown) << "it signs nothing any more";
}

TEST_F(LeakTest, ActsOnNothingThatIsNoSecretOfThisTailnet) {
  const auto key = *world_.issue_auth_key(Role::owner);
  std::string wrong(key.text.expose());
  auto& letter = wrong[wrong.size() - 20];
  letter = letter == 'a' ? 'b' : 'a';
  for (const auto& text : {std::string("nonsense"), std::string(), wrong}) {
    EXPECT_EQ(report(text), LeakOutcome::unknown);
  }
}

TEST_F(LeakTest, R40_NeedsTheRightToRevokeKeys) {
  for (const auto role : {Role::owner, Role::admin, Role::network_admin, Role::it_admin}) {
    EXPECT_TRUE(identity::authorize<Operation::report_leak>(world_.caller(role)).ok());
  }
  for (const auto role : {Role::billing_admin, Role::auditor, Role::member}) {
    EXPECT_FALSE(identity::authorize<Operation::report_leak>(world_.caller(role)).ok());
  }
}

}  // namespace
}  // namespace latchkey::webhooks
