// What trust credentials keep, on both engines. Auth keys and API tokens: core/credentials, over the same
// store.
#include "core/credentials/credential_store.h"

#include <gtest/gtest.h>

#include "core/credentials/access_token.h"
#include "core/credentials/sweep.h"
#include "core/credentials/trust_credential.h"
#include "testing/engines.h"
#include "testing/world.h"

namespace latchkey::storage {
namespace {

using identity::Operation;
using identity::Role;
using testing::World;

class TrustStoreTest : public testing::EngineTest {
 protected:
  static credentials::Credential identity(World& world, const std::string& subject = "repo:example/*") {
    const auto may = identity::authorize<Operation::create_trust_credential>(world.caller(Role::owner));
    credentials::TrustTerms terms;
    terms.scopes = {"dns"};
    terms.federation = federation::Trust{"https://issuer.example", "", subject, {}};
    return world.db()
        .write_now([&](core::Tx& tx) {
          return credentials::create_federated_identity(tx, *may, terms, {world.mint(), {}}, world.now);
        })
        .value();
  }
  static credentials::IssuedKey client(World& world) {
    const auto may = identity::authorize<Operation::create_trust_credential>(world.caller(Role::owner));
    credentials::NewClient want;
    want.terms.scopes = {"dns"};
    return world.db()
        .write_now([&](core::Tx& tx) {
          return credentials::create_client(tx, *may, want, {world.mint(), {}}, world.now);
        })
        .value();
  }
  static Result<credentials::IssuedKey> exchange(World& world, const credentials::Credential& by,
                                                 const std::string& jti, seconds life = seconds{300}) {
    const federation::Claims claims{"repo:example/web", jti, world.now + life};
    return world.db().write_now([&](core::Tx& tx) {
      return credentials::mint_for_identity(tx, by, claims, {}, world.mint(), world.now);
    });
  }
  static Result<credentials::IssuedKey> mint(World& world, const credentials::IssuedKey& client) {
    const auto digest = world.mint().digest(client.text.expose());
    return world.db().write_now([&](core::Tx& tx) {
      return credentials::mint_for_client(tx, client.credential.id, digest, {}, world.mint(), world.now);
    });
  }
  static std::int64_t purge(World& world) {
    return *world.db().write_now(
        [&](core::Tx& tx) -> Result<std::int64_t> { return credentials::purge_ended(tx, world.now); });
  }
  static std::int64_t rows(World& world, const std::string& table) {
    return *world.db().read_now([&](core::Tx& tx) -> Result<std::int64_t> {
      return testing::number(testing::connection_of(tx), "SELECT COUNT(*) FROM " + table);
    });
  }
};

TEST_P(TrustStoreTest, ATokenOfAnIssuerCountsOnceForEachIdentity) {
  World world(open());
  const auto one = identity(world);
  const auto other = identity(world);
  EXPECT_TRUE(exchange(world, one, "a").ok());
  const auto again = exchange(world, one, "a");
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::forbidden);
  EXPECT_NE(again.error().detail.find("jti"), std::string::npos);
  EXPECT_TRUE(exchange(world, one, "A").ok());
  EXPECT_TRUE(exchange(world, other, "a").ok());
  EXPECT_EQ(rows(world, "tokens_used"), 3);
}

TEST_P(TrustStoreTest, UsedTokensAreRememberedAsLongAsTheyCouldBeShownAndNoLonger) {
  World world(open());
  const auto one = identity(world);
  ASSERT_TRUE(exchange(world, one, "brief", seconds{10}).ok());
  ASSERT_TRUE(exchange(world, one, "long", seconds{1000}).ok());
  // An expired token is taken within the skew, so it is remembered for that long.
  world.now += seconds{10} + federation::kClockSkew;
  purge(world);
  EXPECT_FALSE(exchange(world, one, "brief").ok());
  world.now += federation::kClockSkew + seconds{1};
  purge(world);
  EXPECT_EQ(rows(world, "tokens_used"), 1);
  EXPECT_FALSE(exchange(world, one, "long").ok());
}

TEST_P(TrustStoreTest, UsedTokensAreForgottenInBatches) {
  World world(open());
  const auto one = identity(world);
  ASSERT_TRUE(world.db()
                  .write_now([&](core::Tx& tx) -> Result<void> {
                    for (int i = 0; i < 2 * credentials::kSweepBatch + 1; ++i) {
                      tx.credentials().remember_token(one.tailnet, one.id, crypto::sha256(std::to_string(i)),
                                                      world.now);
                    }
                    return {};
                  })
                  .ok());
  world.now += minutes{5};
  EXPECT_EQ(purge(world), credentials::kSweepBatch);
  EXPECT_EQ(rows(world, "tokens_used"), credentials::kSweepBatch + 1);
  EXPECT_EQ(purge(world), credentials::kSweepBatch);
  EXPECT_EQ(purge(world), 1);
  EXPECT_EQ(rows(world, "tokens_used"), 0);
}

TEST_P(TrustStoreTest, ARefusedMintDoesNotUseTheTokenUp) {
  World world(open());
  const auto one = identity(world);
  const federation::Claims claims{"repo:example/web", "a", world.now + seconds{300}};
  const auto refused = world.db().write_now([&](core::Tx& tx) {
    return credentials::mint_for_identity(tx, one, claims, {.scopes = {"all"}}, world.mint(), world.now);
  });
  EXPECT_FALSE(refused.ok());
  EXPECT_TRUE(exchange(world, one, "a").ok());
}

TEST_P(TrustStoreTest, AccessTokensAreRemovedOnceTheirHourIsOver) {
  World world(open());
  const auto by = client(world);
  const auto kept = rows(world, "credentials");
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(mint(world, by).ok());
  world.now += credentials::kAccessTokenLife;
  purge(world);
  EXPECT_EQ(rows(world, "credentials"), kept + 5) << "they end now, and are gone a moment later";
  world.now += seconds{1};
  purge(world);
  EXPECT_EQ(rows(world, "credentials"), kept);
  EXPECT_EQ(world.log({.events = {"OAUTH_ACCESS_TOKEN.CREATE"}}).size(), 5U) << "the log remembers";
}

TEST_P(TrustStoreTest, R20_ARevokedClientEndsItsTokensInTheSameTransaction) {
  World world(open());
  const auto by = client(world);
  const auto other = client(world);
  const auto token = mint(world, by)->credential.id;
  const auto untouched = mint(world, other)->credential.id;
  std::vector<std::string> told;
  world.db().set_commit_hook([&](std::span<const audit::Change> changes) {
    for (const auto& change : changes) told.push_back(change.subject);
  });
  ASSERT_TRUE(world.revoke(Role::owner, by.credential.id).ok());
  EXPECT_EQ(world.stored(token).revoked, std::optional(world.now));
  EXPECT_EQ(world.stored(untouched).revoked, std::nullopt);
  EXPECT_NE(std::ranges::find(told, by.credential.id.str()), told.end()) << "other replicas hear of it";
  EXPECT_FALSE(mint(world, by).ok());
  EXPECT_TRUE(mint(world, other).ok());
}

TEST_P(TrustStoreTest, TheReasonOfARefusalStaysUntilAnExchangeSucceeds) {
  World world(open());
  const auto one = identity(world);
  ASSERT_TRUE(world.db()
                  .write_now([&](core::Tx& tx) -> Result<void> {
                    credentials::record_refused_exchange(tx, one, "aud is \"\\u0000\" \xff", {}, world.now);
                    return {};
                  })
                  .ok());
  ASSERT_TRUE(world.stored(one.id).last_refusal.has_value());
  EXPECT_TRUE(world.stored(one.id).last_refusal->reason.starts_with("aud is"));
  ASSERT_TRUE(exchange(world, one, "a").ok());
  EXPECT_FALSE(world.stored(one.id).last_refusal.has_value());
  EXPECT_EQ(world.log({.events = {"FAILED_REQUEST.UPDATE"}}).size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Engines, TrustStoreTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::storage
