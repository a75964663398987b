#include "core/credentials/authenticate.h"

#include <gtest/gtest.h>

#include "core/credentials/credential_cache.h"
#include "testing/world.h"

namespace latchkey::credentials {
namespace {

using identity::Role;
using identity::UserStatus;
using testing::World;

std::optional<OwnedCredential> found(World& world, const CredentialId& id) {
  return *world.db().read_now([&](core::Tx& tx) -> Result<std::optional<OwnedCredential>> {
    return tx.credentials().find_for_authentication(id);
  });
}

TEST(ApiToken, R12_ActsWithItsOwnersRoleAsItIsNow) {
  World world;
  const auto token = world.issue_api_token(Role::it_admin);
  auto owned = found(world, token->credential.id);
  ASSERT_TRUE(owned && is_genuine(world.mint().digest(token->text.expose()), &*owned));
  EXPECT_EQ(caller_of(*owned, world.now)->role, Role::it_admin);
  world.set_role(Role::it_admin, Role::member);
  EXPECT_EQ(caller_of(*found(world, token->credential.id), world.now)->role, Role::member);
}

TEST(ApiToken, R39_SleepsWhileItsOwnerIsSuspended) {
  World world;
  const auto token = world.issue_api_token(Role::it_admin);
  world.set_status(Role::it_admin, UserStatus::suspended);
  EXPECT_FALSE(caller_of(*found(world, token->credential.id), world.now).ok());
  world.set_status(Role::it_admin, UserStatus::active);
  EXPECT_TRUE(caller_of(*found(world, token->credential.id), world.now).ok());
}

TEST(ApiToken, IsRefusedFromItsExpiryOn) {
  World world;
  const auto token = world.issue_api_token(Role::owner);
  const auto owned = found(world, token->credential.id);
  EXPECT_TRUE(caller_of(*owned, *token->credential.expires - seconds{1}).ok());
  EXPECT_EQ(caller_of(*owned, *token->credential.expires).error().message, "API token invalid");
}

TEST(ApiToken, R9_KeyOfAnotherTypeIsRefusedWithATextNamingTheMistake) {
  World world;
  const auto key = world.issue_auth_key(Role::owner);
  const auto refused = parse_api_token(key->text.expose());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::unauthenticated);
  EXPECT_NE(refused.error().message.find("this is an auth key"), std::string::npos);
}

TEST(ApiToken, WrongSecretIsNotGenuineAndNeitherIsAnUnknownId) {
  World world;
  const auto token = world.issue_api_token(Role::owner);
  const auto owned = found(world, token->credential.id);
  EXPECT_FALSE(is_genuine(world.mint().digest("something else"), &*owned));
  EXPECT_FALSE(is_genuine(world.mint().digest(token->text.expose()), nullptr));
  EXPECT_FALSE(is_genuine(crypto::Digest{}, nullptr));
}

CredentialCache::Entry entry_of(World& world, const CredentialId& id) {
  return std::make_shared<const OwnedCredential>(*found(world, id));
}

audit::Change change_of(World& world, audit::ChangeKind kind, std::string subject) {
  return {kind, world.tailnet().tailnet.id, std::move(subject), 0, world.now};
}

TEST(CredentialCache, ForgetsWhatWasRevokedExpiredOrUsedUp) {
  World world;
  CredentialCache cache(1000);
  const auto id = world.issue_api_token(Role::owner)->credential.id;
  for (const auto kind : {audit::ChangeKind::credential_revoked, audit::ChangeKind::credential_expired,
                          audit::ChangeKind::credential_used_up}) {
    cache.insert(entry_of(world, id), cache.ticket(id));
    ASSERT_NE(cache.find(id), nullptr);
    cache.apply(std::vector{change_of(world, kind, id.str())});
    EXPECT_EQ(cache.find(id), nullptr);
  }
}

TEST(CredentialCache, ForgetsTheCredentialsOfAChangedUser) {
  World world;
  CredentialCache cache(1000);
  const auto owners = world.issue_api_token(Role::owner)->credential.id;
  const auto admins = world.issue_api_token(Role::admin)->credential.id;
  for (const auto& id : {owners, admins}) cache.insert(entry_of(world, id), cache.ticket(id));
  cache.apply(
      std::vector{change_of(world, audit::ChangeKind::user_updated, world.user(Role::admin).id.str())});
  EXPECT_NE(cache.find(owners), nullptr);
  EXPECT_EQ(cache.find(admins), nullptr);
}

TEST(CredentialCache, DoesNotKeepWhatWasReadBeforeARevocation) {
  World world;
  CredentialCache cache(1000);
  const auto id = world.issue_api_token(Role::owner)->credential.id;
  const auto ticket = cache.ticket(id);
  const auto stale = entry_of(world, id);
  cache.apply(std::vector{change_of(world, audit::ChangeKind::credential_revoked, id.str())});
  cache.insert(stale, ticket);
  EXPECT_EQ(cache.find(id), nullptr);
}

// The token comes from the database when its minter has just ended, and is the first that is kept.
TEST(CredentialCache, R20_DoesNotKeepATokenThatWasReadBeforeItsMinterEndedOrChanged) {
  World world;
  OwnedCredential token;
  token.credential.id = CredentialId("kTokenCNTRL");
  token.credential.tailnet = world.tailnet().tailnet.id;
  token.credential.type = KeyType::api;
  token.credential.minted_by = CredentialId("kClientCNTRL");
  const auto entry = std::make_shared<const OwnedCredential>(token);
  using audit::ChangeKind;
  for (const auto kind :
       {ChangeKind::credential_revoked, ChangeKind::credential_expired, ChangeKind::credential_updated}) {
    CredentialCache cache(1000);
    const audit::Change change{kind, token.credential.tailnet, "kClientCNTRL", 0, world.now};
    const auto ticket = cache.ticket(token.credential.id);
    cache.apply({&change, 1});
    cache.insert(entry, ticket);
    EXPECT_EQ(cache.find(token.credential.id), nullptr);
    cache.insert(entry, cache.ticket(token.credential.id));
    EXPECT_NE(cache.find(token.credential.id), nullptr);
    cache.apply({&change, 1});
    EXPECT_EQ(cache.find(token.credential.id), nullptr);
  }
}

TEST(CredentialCache, IsBounded) {
  World world;
  CredentialCache cache(32);
  for (int i = 0; i < 200; ++i) {
    const auto id = world.issue_auth_key(Role::owner)->credential.id;
    cache.insert(entry_of(world, id), cache.ticket(id));
  }
  EXPECT_LE(cache.size(), 32U);
}

TEST(CredentialCache, GathersUsesAndGivesThemBackWhenTheyCannotBeWritten) {
  World world;
  CredentialCache cache(32);
  const auto key = world.issue_api_token(Role::owner)->credential;
  cache.note_use(key, world.now, "192.0.2.1");
  cache.note_use(key, world.now + seconds{5}, "192.0.2.2");
  auto tallies = cache.take_tallies();
  ASSERT_EQ(tallies.size(), 1U);
  EXPECT_EQ(tallies[0].added.uses, 2);
  EXPECT_TRUE(cache.take_tallies().empty());
  cache.note_use(key, world.now + seconds{9}, "192.0.2.3");
  cache.restore_tallies(std::move(tallies));
  const auto again = cache.take_tallies();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].added.uses, 3);
  EXPECT_EQ(again[0].added.last_address, "192.0.2.3");
  EXPECT_EQ(again[0].added.last_used, world.now + seconds{9});
}

}  // namespace
}  // namespace latchkey::credentials
