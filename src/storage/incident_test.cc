// Revoking by query, on both engines.
#include "core/people/incident.h"

#include <gtest/gtest.h>

#include <set>

#include "core/audit/audit_store.h"
#include "core/credentials/access_token.h"
#include "core/credentials/find_keys.h"
#include "core/credentials/trust_credential.h"
#include "testing/engines.h"
#include "testing/world.h"

namespace latchkey::people {
namespace {

using credentials::IssuedKey;
using identity::Operation;
using identity::Role;
using testing::World;

class IncidentTest : public testing::EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    if (IsSkipped()) return;
    world_ = std::make_unique<World>(open());
    world_->store_policy(R"({"tagOwners": {"tag:ci": ["autogroup:admin"]}})");
  }
  World& world() { return *world_; }

  credentials::KeyQuery query(const std::string& text) {
    return credentials::parse_key_query(text, world().now).value();
  }
  Result<Incident> find(Role by, const std::string& text) {
    return world().db().read_now([&](core::Tx& tx) {
      const auto caller = world_caller_[by] ? *world_caller_[by] : world().caller(by);
      return find_to_revoke(tx, *identity::authorize<Operation::revoke_key>(caller),
                            *identity::authorize<Operation::read_key>(caller), query(text), world().now);
    });
  }
  Result<Incident> revoke(Role by, const std::string& text, std::string fingerprint,
                          std::string reason = "laptop stolen") {
    const auto caller = world().caller(by);
    return world().db().write_now([&](core::Tx& tx) {
      return revoke_matching(tx, *identity::authorize<Operation::revoke_key>(caller),
                             *identity::authorize<Operation::read_key>(caller),
                             {query(text), fingerprint, reason}, world().now);
    });
  }
  std::set<std::string> found(Role by, const std::string& text) {
    // Users are made on first use, which is a write.
    world_caller_[by] = world().caller(by);
    const auto incident = find(by, text);
    if (!incident) return {incident.error().message};
    std::set<std::string> names;
    for (const auto& key : incident->keys) names.insert(key.description);
    return names;
  }
  IssuedKey client(Role by, const std::string& description, identity::Caller* as = nullptr,
                   const std::string& scope = "auth_keys") {
    const auto caller = as != nullptr ? *as : world().caller(by);
    const auto may = identity::authorize<Operation::create_trust_credential>(caller);
    credentials::NewClient want;
    want.terms.scopes = {scope};
    want.terms.tags = {"tag:ci"};
    want.terms.description = description;
    return world()
        .db()
        .write_now([&](core::Tx& tx) {
          return credentials::create_client(tx, *may, want, {world().mint(), {}}, world().now);
        })
        .value();
  }
  IssuedKey mint(const IssuedKey& of) {
    const auto digest = world().mint().digest(of.text.expose());
    return world()
        .db()
        .write_now([&](core::Tx& tx) {
          return credentials::mint_for_client(tx, of.credential.id, digest, {}, world().mint(), world().now);
        })
        .value();
  }
  IssuedKey auth_key(Role by, const std::string& description, std::vector<std::string> tags = {}) {
    credentials::NewAuthKey want;
    want.description = description;
    want.grant.reusable = true;
    want.grant.tags = std::move(tags);
    return world().issue_auth_key(by, want).value();
  }
  std::vector<audit::Record> revocations() {
    std::vector<audit::Record> records;
    for (auto& record : world().log()) {
      if (record.action == audit::Action::revoke) records.push_back(std::move(record));
    }
    return records;
  }

 private:
  std::unique_ptr<World> world_;
  std::map<Role, std::optional<identity::Caller>> world_caller_;
};

using Names = std::set<std::string>;

TEST_P(IncidentTest, FindsByPersonKindTagTimeAndMaker) {
  auth_key(Role::owner, "old", {"tag:ci"});
  world().now += days{10};
  auth_key(Role::admin, "new");
  ASSERT_TRUE(world().issue_api_token(Role::admin, {"token", {}}).ok());
  const auto machine = client(Role::admin, "client");
  mint(machine);
  const auto admin = world().user(Role::admin);
  const auto owner = Role::owner;
  EXPECT_EQ(found(owner, "owner:" + admin.login_name), (Names{"new", "token"}));
  EXPECT_EQ(found(owner, "user:" + admin.id.str()), (Names{"new", "token", "client"}));
  EXPECT_EQ(found(owner, "creator:" + admin.login_name + " -type:api"), (Names{"new", "client"}));
  EXPECT_EQ(found(owner, "owner:tailnet type:client"), (Names{"client"}));
  EXPECT_EQ(found(owner, "tag:ci type:auth"), (Names{"old"}));
  EXPECT_EQ(found(owner, "created>1d type:auth"), (Names{"new"}));
  EXPECT_EQ(found(owner, "created<1d type:auth"), (Names{"old"}));
  EXPECT_EQ(found(owner, "used>1h"), (Names{"client"})) << "it minted";
  EXPECT_EQ(find(owner, "type:access-token made-with:" + machine.credential.id.str())->keys.size(), 1U);
  EXPECT_EQ(found(owner, "id:" + machine.credential.id.str()), (Names{"client"}));
  EXPECT_NE(find(owner, "owner:nobody@example.com").error().message.find("nobody here"), std::string::npos);
}

TEST_P(IncidentTest, FindsByTheAddressOfAnyActInTheLogAndNotOnlyOfTheLastUse) {
  const auto token = world().issue_api_token(Role::admin, {"stolen", {}}).value();
  auto thief = world().caller(Role::admin);
  thief.source.credential = token.credential.id;
  thief.source.address = "203.0.113.66";
  client(Role::admin, "made by the thief", &thief);
  const auto joining = auth_key(Role::admin, "joined");
  auto request = world().join_request(1, 1, &joining);
  request.source.address = "203.0.113.80";
  ASSERT_TRUE(world().join(request).ok());
  world()
      .db()
      .write_now([&](core::Tx& tx) -> Result<void> {
        credentials::UseTally tally{token.credential.tailnet, token.credential.id, {}};
        tally.added.last_address = "198.51.100.1";
        tally.added.last_used = world().now;
        tx.credentials().add_usage(tally);
        return {};
      })
      .value();
  EXPECT_EQ(found(Role::owner, "from:203.0.113.0/24"), (Names{"stolen", "joined"}));
  EXPECT_EQ(found(Role::owner, "from:203.0.113.66"), (Names{"stolen"}));
  EXPECT_EQ(found(Role::owner, "from:198.51.100.0/24"), (Names{"stolen"}));
  EXPECT_EQ(found(Role::owner, "made-with:" + token.credential.id.str()), (Names{"made by the thief"}));
  EXPECT_EQ(find(Role::owner, "type:auth")->devices, 1U);
}

TEST_P(IncidentTest, WhatAnAccessTokenDidItsClientDid) {
  const auto machine = client(Role::admin, "machine");
  identity::Caller acting;
  acting.kind = identity::Caller::Kind::trust_credential;
  acting.tailnet = machine.credential.tailnet;
  acting.trust = identity::TrustGrant{};
  acting.trust->credential = machine.credential.id;
  acting.source.credential = mint(machine).credential.id;
  acting.source.address = "203.0.113.99";
  world()
      .db()
      .write_now([&](core::Tx& tx) -> Result<void> {
        tx.audit().append(identity::record_by(
            acting, audit::Action::update,
            {acting.tailnet.str(), "example", audit::TargetType::tailnet, "DNS_CONFIG"}, world().now));
        return {};
      })
      .value();
  EXPECT_EQ(found(Role::owner, "type:client from:203.0.113.99"), (Names{"machine"}));
  EXPECT_EQ(found(Role::owner, "type:client from:203.0.113.98"), Names{});
}

TEST_P(IncidentTest, EndsWhatWasShownInOneGroupWithTheQueryAndTheReason) {
  auth_key(Role::admin, "one");
  auth_key(Role::admin, "two");
  const auto kept = auth_key(Role::owner, "kept");
  mint(client(Role::admin, "three"));
  const auto login = world().user(Role::admin).login_name;
  const auto shown = find(Role::owner, "user:" + login).value();
  ASSERT_EQ(shown.keys.size(), 3U);
  EXPECT_TRUE(shown.group.empty());
  EXPECT_TRUE(revocations().empty()) << "a dry run changes nothing";
  const auto ended = revoke(Role::owner, shown.query, shown.fingerprint).value();
  EXPECT_EQ(ended.keys.size(), 3U);
  for (const auto& key : ended.keys) EXPECT_TRUE(world().stored(key.id).revoked);
  EXPECT_FALSE(world().stored(kept.credential.id).revoked);
  const auto records = revocations();
  ASSERT_EQ(records.size(), 3U);
  for (const auto& record : records) {
    EXPECT_EQ(record.group_id, ended.group);
    EXPECT_NE(record.details.find("revoked by query user:" + login), std::string::npos) << record.details;
    EXPECT_NE(record.details.find("reason: laptop stolen"), std::string::npos);
  }
  EXPECT_EQ(find(Role::owner, "type:access-token")->keys.size(), 0U) << "its access tokens ended with it";
}

TEST_P(IncidentTest, EndsNothingWhenSomethingElseMatchesByThen) {
  const auto key = auth_key(Role::admin, "one");
  const auto shown = find(Role::owner, "type:auth").value();
  const auto late = auth_key(Role::admin, "made meanwhile");
  for (const auto& fingerprint : {shown.fingerprint, std::string(), std::string("2-0")}) {
    const auto refused = revoke(Role::owner, "type:auth", fingerprint);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  }
  EXPECT_FALSE(world().stored(key.credential.id).revoked);
  EXPECT_TRUE(revocations().empty());
  // The same number of keys is not enough.
  ASSERT_TRUE(world().revoke(Role::owner, late.credential.id).ok());
  ASSERT_TRUE(world().revoke(Role::owner, key.credential.id).ok());
  auth_key(Role::admin, "another");
  EXPECT_EQ(revoke(Role::owner, "type:auth", shown.fingerprint).error().code, ErrorCode::conflict);
}

TEST_P(IncidentTest, R40_ReachesWhatTheCallerMayRevokeOneByOne) {
  auth_key(Role::network_admin, "mine");
  auth_key(Role::admin, "not mine");
  client(Role::admin, "client", nullptr, "users");  // more than a network admin holds
  EXPECT_EQ(found(Role::network_admin, "created>1h"), (Names{"mine"}));
  EXPECT_EQ(find(Role::network_admin, "type:client")->beyond_reach, 1U);
  EXPECT_EQ(find(Role::network_admin, "type:auth")->beyond_reach, 0U) << "he does not see those";
  EXPECT_EQ(found(Role::admin, "created>1h"), (Names{"mine", "not mine", "client"}));
}

TEST_P(IncidentTest, RefusesTooManyWithTheirNumberAndAReasonThatIsNoLine) {
  EXPECT_EQ(revoke(Role::owner, "type:auth", "0-0", "two\nlines").error().code, ErrorCode::malformed_input);
  EXPECT_EQ(revoke(Role::owner, "type:auth", "0-0", std::string(kMaxReason + 1, 'x')).error().code,
            ErrorCode::malformed_input);
  const auto model = auth_key(Role::owner, "model").credential;
  const auto tailnet = model.tailnet.str();
  world()
      .db()
      .write_now([&](core::Tx& tx) -> Result<void> {
        const auto columns = std::string(
            "tailnet_id, type, description, owner_id, creator_id, digest, created_at, expires_at, reusable, "
            "ephemeral, preauthorized, tags, allowed_hostnames, uses, last_address, refused");
        testing::connection_of(tx).execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) INSERT INTO "
            "credentials (id, " +
            columns + ") SELECT 'k' || n.i, " + columns + " FROM n, credentials WHERE description = 'model'");
        return {};
      })
      .value();
  const auto refused = find(Role::owner, "type:auth");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("10001 keys match"), std::string::npos) << refused.error().message;
  const auto most = find(Role::owner, "type:auth -id:" + model.id.str()).value();
  EXPECT_EQ(revoke(Role::owner, most.query, most.fingerprint)->keys.size(), kMostRevoked);
}

INSTANTIATE_TEST_SUITE_P(Engines, IncidentTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::people
