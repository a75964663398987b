// Offboarding, on both engines.
#include "core/people/offboard.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "core/credentials/credential_store.h"
#include "core/credentials/trust_credential.h"
#include "core/identity/user_store.h"
#include "core/people/offboard_report.h"
#include "core/webhooks/webhook_store.h"
#include "testing/engines.h"
#include "testing/webhook_world.h"

namespace latchkey::people {
namespace {

using identity::Operation;
using identity::Role;
using identity::UserStatus;
using testing::WebhookWorld;

// An administrator with everything that somebody can leave behind.
class OffboardTest : public testing::EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    if (IsSkipped()) return;
    world_ = std::make_unique<WebhookWorld>(open());
    leaver_ = world().user(Role::it_admin);
    world().set_role(Role::it_admin, Role::admin);
    heir_ = world().user(Role::auditor);
    world().store_policy(R"({"tagOwners": {"tag:ci": [")" + leaver_.login_name + R"("], "tag:old": []}})");
    token_ = world().issue_api_token(Role::it_admin, {"script", {}}).value().credential.id;
    credentials::NewAuthKey want{"runners", {}, {}};
    want.grant.reusable = true;
    const auto own = world().issue_auth_key(Role::it_admin, want).value();
    auth_key_ = own.credential.id;
    laptop_ = world().join(1, 1, own);
    want.grant.tags = {"tag:ci"};
    runner_ = world().join(2, 2, world().issue_auth_key(Role::it_admin, want).value());
    client_ = make_client();
    webhook_ = make_webhook();
  }

  WebhookWorld& world() { return *world_; }
  identity::Caller by(Role role) { return world().caller(role); }

  Result<OffboardPreview> preview(Role role = Role::owner) {
    const auto may = identity::authorize<Operation::preview_offboarding>(by(role));
    return world().db().read_now(
        [&](core::Tx& tx) { return preview_offboarding(tx, *may, leaver_.id, world().now); });
  }
  std::map<std::string, Holding> holdings() {
    std::map<std::string, Holding> found;
    const auto shown = preview().value();
    for (const auto& holding : shown.holdings) {
      found.emplace(std::string(to_string(holding.kind)) + " " + holding.id, holding);
    }
    return found;
  }
  Result<Offboarded> act(OffboardChoices choices, std::string fingerprint, const identity::Caller& caller) {
    const auto may = identity::authorize<Operation::offboard>(caller);
    if (!may) return may.error();
    const credentials::Issuer issuer{world().mint(), {}};
    const auto hooks = world().context();
    return world().db().write_now([&](core::Tx& tx) {
      return offboard(tx, *may, leaver_.id, {choices, fingerprint}, {issuer, hooks}, world().now);
    });
  }
  Result<Offboarded> act(OffboardChoices choices, Role role = Role::owner) {
    return act(std::move(choices), preview()->fingerprint, by(role));
  }
  Result<OffboardReport> report(const std::string& group = {}) {
    const auto may = identity::authorize<Operation::preview_offboarding>(by(Role::owner));
    return world().db().read_now(
        [&](core::Tx& tx) { return report_offboarding(tx, *may, leaver_.id, group, true); });
  }
  std::optional<identity::User> leaver() {
    return world()
        .db()
        .read_now([&](core::Tx& tx) -> Result<std::optional<identity::User>> {
          return tx.users().find(leaver_.tailnet, leaver_.id);
        })
        .value();
  }
  bool is_revoked(const CredentialId& id) { return world().stored(id).revoked.has_value(); }
  static std::set<std::string> events(const OffboardReport& report) {
    std::set<std::string> names;
    for (const auto& [number, record] : report.records) names.insert(audit::event_name(record));
    return names;
  }

  CredentialId make_client() {
    const auto may = identity::authorize<Operation::create_trust_credential>(by(Role::it_admin));
    credentials::NewClient want;
    want.terms.scopes = {"dns"};
    want.terms.description = "deploys";
    return world()
        .db()
        .write_now([&](core::Tx& tx) {
          return credentials::create_client(tx, *may, want, {world().mint(), {}}, world().now);
        })
        .value()
        .credential.id;
  }
  EndpointId make_webhook() {
    const auto may = identity::authorize<Operation::create_webhook>(by(Role::it_admin));
    const auto hooks = world().context();
    return world()
        .db()
        .write_now([&](core::Tx& tx) {
          return webhooks::create_endpoint(tx, *may, {"https://ops.example/hook", "", {"nodeCreated"}}, hooks,
                                           world().now);
        })
        .value()
        .endpoint.id;
  }

  identity::User leaver_, heir_;
  CredentialId token_, auth_key_, client_;
  EndpointId webhook_;
  tailnet::Device laptop_, runner_;

 private:
  std::unique_ptr<WebhookWorld> world_;
};

TEST_P(OffboardTest, R39_ThePreviewListsAllThatRestsOnHimAndWhoElseUsesIt) {
  const auto found = holdings();
  std::set<std::string> kinds;
  for (const auto& [key, holding] : found) kinds.insert(std::string(to_string(holding.kind)));
  EXPECT_EQ(kinds, (std::set<std::string>{"device", "taggedDevice", "apiToken", "authKey", "client",
                                          "webhook", "policy"}));
  ASSERT_TRUE(found.contains("authKey " + auth_key_.str()));
  const auto& key = found.at("authKey " + auth_key_.str());
  EXPECT_EQ(key.users, 1U);
  EXPECT_EQ(key.used_by, (std::vector<std::string>{laptop_.name + " (" + leaver_.login_name + ")"}));
  EXPECT_TRUE(found.contains("taggedDevice " + runner_.id.str()));
  EXPECT_TRUE(found.contains("policy tagOwners.tag:ci[0]"));
  EXPECT_TRUE(found.contains("webhook " + webhook_.str()));
}

TEST_P(OffboardTest, R39_SuspensionWritesNothingToKeysAndComesBackWhole) {
  const auto done = act({.reason = "on leave"}).value();
  EXPECT_EQ(leaver()->status, UserStatus::suspended);
  EXPECT_FALSE(is_revoked(token_) || is_revoked(auth_key_) || is_revoked(client_));
  EXPECT_TRUE(world().device(laptop_.id));
  const auto told = report(done.group).value();
  EXPECT_EQ(events(told), (std::set<std::string>{"USER.SUSPEND", "USER.UPDATE.OFFBOARDING"}));
  EXPECT_EQ(told.reason, "on leave");
}

TEST_P(OffboardTest, R39_DeletionEndsWhatIsHisInOneGroupAndLeavesWhatHeMade) {
  const auto done = act({.leaving = Leaving::deleted}).value();
  EXPECT_FALSE(leaver());
  EXPECT_TRUE(is_revoked(token_) && is_revoked(auth_key_));
  EXPECT_FALSE(is_revoked(client_));
  EXPECT_FALSE(world().device(laptop_.id));
  EXPECT_TRUE(world().device(runner_.id));
  EXPECT_NO_THROW(world().endpoint(webhook_));

  const auto told = report().value();
  EXPECT_EQ(told.group, done.group);
  EXPECT_EQ(told.login_name, leaver_.login_name);
  EXPECT_EQ(told.chain->first_broken, 0);
  // Each record by its number: two auth keys and a token, a device, the person, the whole.
  std::multiset<std::string> names;
  std::int64_t before = 0;
  for (const auto& [number, record] : told.records) {
    EXPECT_GT(number, before);
    before = number;
    EXPECT_EQ(record.group_id, done.group);
    names.insert(audit::event_name(record));
  }
  EXPECT_EQ(names, (std::multiset<std::string>{"API_KEY.REVOKE", "API_KEY.REVOKE", "API_KEY.REVOKE",
                                               "NODE.DELETE", "USER.DELETE", "USER.UPDATE.OFFBOARDING"}));
  EXPECT_EQ(told.going_on_count, 4) << "the runner, the client, the webhook, the policy file";
  const auto page = markdown_of(told);
  for (const auto& id : {token_.str(), auth_key_.str(), laptop_.id.str(), client_.str(), done.group}) {
    EXPECT_NE(page.find(id), std::string::npos) << id;
  }
}

TEST_P(OffboardTest, HandsDevicesOverRotatesAndRevokesAsOneAct) {
  const auto done = act({.leaving = Leaving::deleted,
                         .hand_over_to = heir_.login_name,
                         .revoke = {"clients"},
                         .rotate = {webhook_.str()}})
                        .value();
  const auto laptop = world().device(laptop_.id);
  ASSERT_TRUE(laptop);
  EXPECT_EQ(laptop->user, heir_.id);
  EXPECT_EQ(laptop->node_key, laptop_.node_key) << "it stays connected";
  EXPECT_TRUE(is_revoked(client_));
  ASSERT_EQ(done.secrets.size(), 1U);
  EXPECT_EQ(done.secrets[0].id, webhook_.str());
  EXPECT_TRUE(done.secrets[0].secret.expose().starts_with("tskey-webhook-"));
  EXPECT_EQ(events(*report()),
            (std::set<std::string>{"NODE.UPDATE.USER", "API_KEY.REVOKE", "USER.DELETE",
                                   "WEBHOOK_ENDPOINT.UPDATE.SECRET", "USER.UPDATE.OFFBOARDING"}));
}

TEST_P(OffboardTest, TagsDevicesInsteadAndDeletesWebhooks) {
  ASSERT_TRUE(act({.tags = {"tag:old"}, .revoke = {"webhooks"}}).ok());
  EXPECT_EQ(world().device(laptop_.id)->tags, (std::vector<std::string>{"tag:old"}));
  EXPECT_THROW(world().endpoint(webhook_), std::exception);
}

TEST_P(OffboardTest, NothingHappensWhenOnePartCannotBeDoneAndEveryReasonIsTold) {
  const auto refused = act({.leaving = Leaving::deleted, .tags = {"tag:none"}, .revoke = {"clients"}});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("tag:none"), std::string::npos) << refused.error().message;
  const auto several = act({.hand_over_to = "nobody@example.com", .revoke = {"x"}});
  ASSERT_FALSE(several);
  // An IT admin manages people, and may not hand out or withdraw scopes beyond his own.
  world().set_role(Role::auditor, Role::it_admin);
  const auto before = world().log().size();
  const auto limited = act({.tags = {"tag:ci"}, .rotate = {"clients"}}, Role::auditor);
  ASSERT_FALSE(limited);
  EXPECT_EQ(limited.error().code, ErrorCode::forbidden);
  for (const auto& part : {laptop_.name, client_.str()}) {
    EXPECT_NE(limited.error().message.find(part), std::string::npos) << limited.error().message;
  }
  EXPECT_EQ(leaver()->status, UserStatus::active);
  EXPECT_FALSE(is_revoked(client_) || is_revoked(token_));
  EXPECT_EQ(world().device(laptop_.id)->user, leaver_.id);
  EXPECT_EQ(world().log().size(), before);
  EXPECT_FALSE(report());
}

TEST_P(OffboardTest, WhatIsDoneIsWhatWasShown) {
  const auto shown = preview()->fingerprint;
  const auto late = world().issue_auth_key(Role::it_admin).value();
  const auto refused = act({.leaving = Leaving::deleted}, shown, by(Role::owner));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_TRUE(leaver());
  ASSERT_TRUE(act({.leaving = Leaving::deleted}).ok());
  EXPECT_TRUE(is_revoked(late.credential.id));
}

TEST_P(OffboardTest, TheSameRequestAgainDoesNothingAndAnswersAlike) {
  const OffboardChoices choices{.leaving = Leaving::deleted, .rotate = {"webhooks"}};
  const auto shown = preview()->fingerprint;
  const auto first = act(choices, shown, by(Role::owner)).value();
  const auto records = world().log().size();
  const auto again = act(choices, shown, by(Role::owner)).value();
  EXPECT_TRUE(again.repeated && again.secrets.empty());
  EXPECT_EQ(again.group, first.group);
  const auto other = act({.leaving = Leaving::deleted}, shown, by(Role::owner));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::not_found);
  EXPECT_EQ(world().log().size(), records);
}

TEST_P(OffboardTest, SuspendingAgainWritesNothing) {
  const auto first = act({}).value();
  const auto records = world().log().size();
  const auto again = act({}).value();
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.group, first.group);
  EXPECT_EQ(world().log().size(), records);
}

TEST_P(OffboardTest, R40_NobodyOffboardsHimselfAndMembersNobody) {
  EXPECT_FALSE(act({}, Role::it_admin));
  for (const auto role : {Role::network_admin, Role::billing_admin, Role::auditor, Role::member}) {
    const auto refused = act({}, role);
    ASSERT_FALSE(refused) << to_string(role);
    EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
  }
  EXPECT_EQ(leaver()->status, UserStatus::active);
}

TEST_P(OffboardTest, AnOwnerLeavesByTheLocalAdministratorAndTheHeirActs) {
  const auto owner = world().user(Role::owner);
  const auto local = world().caller(Role::owner, identity::Caller::Kind::local_administrator);
  leaver_ = owner;
  EXPECT_FALSE(act({.leaving = Leaving::deleted}, preview()->fingerprint, local)) << "no heir is named";
  EXPECT_FALSE(act({.leaving = Leaving::deleted, .new_owner = heir_.login_name}, Role::owner))
      << "a token does not give the tailnet away";
  const auto done =
      act({.leaving = Leaving::deleted, .new_owner = heir_.login_name}, preview()->fingerprint, local);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_FALSE(leaver());
  const auto now_owner = world().db().read_now(
      [&](core::Tx& tx) -> Result<identity::User> { return *tx.users().find_owner(owner.tailnet); });
  EXPECT_EQ(now_owner->id, heir_.id);
}

TEST_P(OffboardTest, NothingHappensWhileTheLogCannotBeWritten) {
  const auto script = [&](const std::string& sql) {
    world()
        .db()
        .write_now([&](core::Tx& tx) -> Result<void> {
          testing::connection_of(tx).execute(sql);
          return {};
        })
        .value();
  };
  const OffboardChoices choices{
      .leaving = Leaving::deleted, .hand_over_to = heir_.login_name, .revoke = {"clients", "webhooks"}};
  // The last record of all: everything before it was done when it is refused.
  script(
      on_postgres()
          ? "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
            "'refused'; END $$; CREATE TRIGGER refuse BEFORE INSERT ON audit_records FOR EACH ROW WHEN "
            "(NEW.target_property = 'OFFBOARDING') EXECUTE FUNCTION refuse()"
          : "CREATE TRIGGER refuse BEFORE INSERT ON audit_records WHEN NEW.target_property = 'OFFBOARDING' "
            "BEGIN SELECT RAISE(ABORT, 'refused'); END");
  const auto records = world().log().size();
  EXPECT_THROW(static_cast<void>(act(choices)), storage::DatabaseError);
  EXPECT_TRUE(leaver());
  EXPECT_FALSE(is_revoked(client_) || is_revoked(token_) || is_revoked(auth_key_));
  EXPECT_EQ(world().device(laptop_.id)->user, leaver_.id);
  EXPECT_NO_THROW(world().endpoint(webhook_));
  EXPECT_EQ(world().log().size(), records);
  script(on_postgres() ? "DROP TRIGGER refuse ON audit_records; DROP FUNCTION refuse()"
                       : "DROP TRIGGER refuse");
  EXPECT_TRUE(act(choices).ok());
  EXPECT_FALSE(leaver());
}

// On PostgreSQL he makes them on another replica.
TEST_P(OffboardTest, NoKeyThatHeMakesMeanwhileLivesOn) {
  const auto other = on_postgres() ? open() : nullptr;
  auto& elsewhere = other ? *other : world().db();
  const auto may = identity::authorize<Operation::create_auth_key>(by(Role::it_admin));
  constexpr int kMostMade = 300;
  std::atomic<bool> gone{false};
  std::atomic<int> made{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      // On until each has been refused once.
      for (bool ended = false; !ended;) {
        const bool began_after = gone;
        // Whoever goes on for ever is not offboarded before he is suspended.
        if (!began_after && made >= kMostMade) {
          std::this_thread::yield();
          continue;
        }
        const auto issued = elsewhere.write_now([&](core::Tx& tx) {
          return credentials::issue_auth_key(tx, *may, {}, {world().mint(), {}}, world().now);
        });
        if (issued) ++made;
        if (!issued) ++refused;
        ended = !issued || began_after;
      }
    });
  }
  // Shown and done at once: else whatever he made since would be a reason to look again.
  const auto let_go = identity::authorize<Operation::offboard>(by(Role::owner));
  const credentials::Issuer issuer{world().mint(), {}};
  const auto hooks = world().context();
  for (int round = 0; round < 1000 && !gone; ++round) {
    const auto done = world().db().write_now([&](core::Tx& tx) -> Result<Offboarded> {
      TRY(const auto shown, detail::preview_of(tx, leaver_.tailnet, leaver_.id, world().now));
      return offboard(tx, *let_go, leaver_.id, {{.leaving = Leaving::deleted}, shown.fingerprint},
                      {issuer, hooks}, world().now);
    });
    if (done) gone = true;
    if (!done) EXPECT_EQ(done.error().code, ErrorCode::conflict) << done.error().message;
  }
  const bool succeeded = gone;
  if (!succeeded) world().set_status(Role::it_admin, UserStatus::suspended);
  gone = true;
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(succeeded);
  EXPECT_EQ(refused, 4) << "none is made once he is gone";
  const auto living = world().db().read_now([&](core::Tx& tx) -> Result<std::size_t> {
    return tx.credentials().list_valid(leaver_.tailnet, leaver_.id, world().now, 1000).size();
  });
  EXPECT_EQ(*living, 0U) << "of " << made;
}

INSTANTIATE_TEST_SUITE_P(Engines, OffboardTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::people
