// What is told of keys, tokens, clients and secrets.
#include <gtest/gtest.h>

#include "core/credentials/access_token.h"
#include "core/credentials/credential_store.h"
#include "core/credentials/sweep.h"
#include "core/credentials/trust_credential.h"
#include "core/credentials/watch.h"
#include "core/people/standing.h"
#include "core/provisioning/switch.h"
#include "testing/told_events.h"

namespace latchkey::webhooks {
namespace {

using identity::Operation;
using identity::Role;
using testing::data_in;
using testing::types_of;
using Types = std::vector<std::string>;

constexpr const char* kOwner = "olive@otter-reef.example";

class CredentialEvents : public testing::ToldEvents {};

TEST_F(CredentialEvents, R36_TheLifeOfAnAuthKeyIsToldOnceEach) {
  credentials::NewAuthKey want;
  want.description = "ci runner 14";
  want.grant.reusable = true;
  want.expiry_seconds = seconds{days{30}}.count();
  const auto key = *world_.issue_auth_key(Role::owner, want);
  const auto id = key.credential.id.str();
  auto events = told();
  ASSERT_EQ(types_of(events), Types{"credentialCreated"});
  EXPECT_EQ(text(events[0], "message"), "Auth key " + id + " (ci runner 14) created");
  EXPECT_EQ(data_in(events[0], "credentialType"), "authKey");
  EXPECT_EQ(data_in(events[0], "credentialID"), id);
  EXPECT_EQ(data_in(events[0], "description"), "ci runner 14");
  EXPECT_EQ(data_in(events[0], "owner"), kOwner);
  EXPECT_EQ(data_in(events[0], "actor"), kOwner);
  EXPECT_EQ(data_in(events[0], "expiration"), to_rfc3339(*key.credential.expires));
  EXPECT_EQ(data_in(events[0], "url"), testing::kConsole + std::string("/settings/keys"));

  const auto sweep = [&] {
    for (int twice = 0; twice < 2; ++twice) {
      write([&](core::Tx& tx) {
        credentials::warn_of_expiring(tx, world_.now);
        credentials::announce_expired(tx, world_.now);
      });
    }
    return told();
  };
  EXPECT_TRUE(sweep().empty());
  world_.now = *key.credential.expires - days{7};
  events = sweep();
  ASSERT_EQ(types_of(events), Types{"credentialExpiringInOneWeek"});
  EXPECT_EQ(text(events[0], "message"), "Auth key " + id + " (ci runner 14) expiring in less than one week");
  EXPECT_EQ(data_in(events[0], "actor"), "expiring-credential-marker");
  world_.now = *key.credential.expires - days{1};
  EXPECT_EQ(types_of(sweep()), Types{"credentialExpiringInOneDay"});
  world_.now = *key.credential.expires;
  EXPECT_EQ(types_of(sweep()), Types{"credentialExpired"});
  world_.now += days{2};
  EXPECT_TRUE(sweep().empty());
}

TEST_F(CredentialEvents, KeysOfAShortLifeAreNotWarnedOf) {
  const auto issue = [&](days life) {
    credentials::NewAuthKey want;
    want.expiry_seconds = seconds{life}.count();
    return *world_.issue_auth_key(Role::owner, want);
  };
  issue(days{1});
  issue(days{7});
  forget_told();
  write([&](core::Tx& tx) { EXPECT_EQ(credentials::warn_of_expiring(tx, world_.now), 0); });
  world_.now += days{6};
  write([&](core::Tx& tx) { EXPECT_EQ(credentials::warn_of_expiring(tx, world_.now), 1); });
  EXPECT_EQ(types_of(told()), Types{"credentialExpiringInOneDay"}) << "of the one that lives a week";
}

TEST_F(CredentialEvents, ASupersededScimKeyIsToldAsRegeneratedAndARevokedOneAsRevoked) {
  const auto manage = may<Operation::manage_provisioning>();
  const credentials::Issuer issuer{world_.mint(), {}};
  CredentialId first;
  write([&](core::Tx& tx) { first = provisioning::enable(tx, manage, issuer, world_.now)->credential.id; });
  forget_told();
  write([&](core::Tx& tx) { EXPECT_TRUE(provisioning::generate_key(tx, manage, issuer, world_.now).ok()); });
  auto events = told();
  ASSERT_EQ(types_of(events), (Types{"credentialRevoked", "credentialCreated"}));
  EXPECT_EQ(data_in(events[0], "reason"), "regenerated");
  EXPECT_EQ(data_in(events[0], "credentialType"), "scimKey");
  EXPECT_EQ(data_in(events[0], "credentialID"), first.str());
  write([&](core::Tx& tx) { EXPECT_TRUE(provisioning::revoke_key(tx, manage, world_.now).ok()); });
  events = told();
  ASSERT_EQ(types_of(events), Types{"credentialRevoked"});
  EXPECT_EQ(data_in(events[0], "reason"), "revoked");
}

TEST_F(CredentialEvents, RevocationIsToldWithItsReason) {
  const auto key = *world_.issue_auth_key(Role::it_admin);
  const auto token = *world_.issue_api_token(Role::it_admin);
  forget_told();
  ASSERT_TRUE(world_.revoke(Role::owner, key.credential.id).ok());
  auto events = told();
  ASSERT_EQ(types_of(events), Types{"credentialRevoked"});
  EXPECT_EQ(data_in(events[0], "reason"), "revoked");
  EXPECT_EQ(data_in(events[0], "owner"), "it-admin@otter-reef.example");
  EXPECT_EQ(data_in(events[0], "actor"), kOwner);
  const auto deleting = may<Operation::delete_user>();
  const auto owner = token.credential.owner;
  write([&](core::Tx& tx) { EXPECT_TRUE(people::remove(tx, deleting, owner, world_.now).ok()); });
  events = told();
  ASSERT_EQ(types_of(events), (Types{"userDeleted", "credentialRevoked"}));
  EXPECT_EQ(data_in(events[1], "reason"), "userDeleted");
  EXPECT_EQ(data_in(events[1], "credentialID"), token.credential.id.str());
  EXPECT_EQ(data_in(events[1], "credentialType"), "apiAccessToken");
}

TEST_F(CredentialEvents, AnOAuthClientIsToldAndItsTokensOfAnHourAreNot) {
  const auto create = may<Operation::create_trust_credential>();
  const auto update = may<Operation::update_trust_credential>();
  const credentials::Issuer issuer{world_.mint(), {}};
  credentials::NewClient want;
  want.terms.description = "terraform";
  want.terms.scopes = {"dns"};
  const auto client = *world_.db().write_now(
      [&](core::Tx& tx) { return credentials::create_client(tx, create, want, issuer, world_.now); });
  auto terms = want.terms;
  terms.scopes = {"dns:read"};
  terms.description = "plan only";
  write([&](core::Tx& tx) {
    ASSERT_TRUE(credentials::replace_terms(tx, update, client.credential.id, credentials::KeyType::client,
                                           terms, issuer, world_.now)
                    .ok());
  });
  write([&](core::Tx& tx) {
    ASSERT_TRUE(
        credentials::rotate_secret(tx, update, client.credential.id, seconds{0}, issuer, world_.now).ok());
  });
  auto events = told();
  ASSERT_EQ(types_of(events), (Types{"credentialCreated", "credentialUpdated", "credentialUpdated"}));
  EXPECT_EQ(data_in(events[0], "credentialType"), "oauthClient");
  EXPECT_EQ(data_in(events[0], "owner"), "") << "the tailnet's";
  EXPECT_EQ(data_in(events[0], "expiration"), "(none)");
  EXPECT_EQ(data_in(events[1], "change"), "scopes, description");
  EXPECT_EQ(data_in(events[1], "description"), "plan only");
  EXPECT_EQ(data_in(events[2], "change"), "secret");

  const auto current = world_.stored(client.credential.id);
  const auto mint = [&] {
    write([&](core::Tx& tx) {
      ASSERT_TRUE(
          credentials::mint_for_client(tx, current.id, current.digest, {}, world_.mint(), world_.now).ok());
    });
  };
  mint();
  mint();
  EXPECT_EQ(types_of(told()), Types{"credentialFirstUsed"});
  world_.now += days{30};
  mint();
  EXPECT_EQ(types_of(told()), Types{"credentialUsedAfterSilence"});
}

TEST_F(CredentialEvents, UseIsToldWhenItIsTheFirstOrComesAfterALongSilence) {
  const auto token = world_.issue_api_token(Role::owner, {"deploys", seconds{days{90}}.count()})->credential;
  forget_told();
  const auto use = [&] {
    write([&](core::Tx& tx) {
      credentials::UseTally tally{token.tailnet, token.id, {}};
      tally.added.uses = 3;
      tally.added.last_used = world_.now;
      tally.added.last_address = "192.0.2.77";
      credentials::write_usage(tx, {&tally, 1});
    });
  };
  use();
  use();
  auto events = told();
  ASSERT_EQ(types_of(events), Types{"credentialFirstUsed"});
  EXPECT_EQ(data_in(events[0], "lastUsedFrom"), "192.0.2.77");
  world_.now += days{30} - seconds{1};
  use();
  EXPECT_TRUE(told().empty());
  world_.now += days{30};
  use();
  use();
  EXPECT_EQ(types_of(told()), Types{"credentialUsedAfterSilence"});
}

TEST_F(CredentialEvents, RepeatedRefusalIsToldOnceADay) {
  const auto token = world_.issue_api_token(Role::owner)->credential;
  forget_told();
  const auto refuse = [&](std::int64_t times) {
    write([&](core::Tx& tx) {
      credentials::UseTally tally{token.tailnet, token.id, {}};
      tally.added.refused = times;
      tally.added.last_refused = world_.now;
      credentials::write_usage(tx, {&tally, 1});
    });
  };
  refuse(9);
  EXPECT_TRUE(told().empty());
  refuse(1);
  refuse(50);
  auto events = told();
  ASSERT_EQ(types_of(events), Types{"credentialRefusedRepeatedly"});
  EXPECT_EQ(data_in(events[0], "refusedUses"), "60");
  world_.now += hours{2};
  refuse(20);
  EXPECT_TRUE(told().empty());
  world_.now += hours{23};
  refuse(9);
  EXPECT_TRUE(told().empty());
  refuse(1);
  EXPECT_EQ(types_of(told()), Types{"credentialRefusedRepeatedly"});
}

TEST_F(CredentialEvents, AKeyThatHasEndedAndIsJoinedWithAgainAndAgainIsTold) {
  const auto key = *world_.issue_auth_key(Role::owner);
  ASSERT_TRUE(world_.revoke(Role::owner, key.credential.id).ok());
  forget_told();
  for (int attempt = 0; attempt < 10; ++attempt) {
    const auto request = world_.join_request(attempt + 1, attempt + 1, &key);
    const auto refused = world_.join(request);
    ASSERT_FALSE(refused.ok());
    write([&](core::Tx& tx) {
      const auto record =
          join::record_of_refusal(tx, request, world_.join_context(), refused.error(), world_.now);
      ASSERT_TRUE(record);
      join::record_refused_join(tx, *record);
    });
  }
  EXPECT_EQ(types_of(told()), Types{"credentialRefusedRepeatedly"});
}

TEST_F(CredentialEvents, WhatHappensToASecretOfAnEndpointIsToldToTheOthersAndTheRestToItself) {
  forget_told();
  const auto other =
      world_.add_endpoint({"policyUpdate"}, "https://hooks.slack.com/services/T0/B0/hush").endpoint;
  auto events = told();
  ASSERT_EQ(types_of(events), Types{"credentialCreated"});
  EXPECT_EQ(data_in(events[0], "credentialType"), "webhookSecret");
  EXPECT_EQ(data_in(events[0], "credentialID"), other.secrets.id.str());
  EXPECT_EQ(data_in(events[0], "description"), "https://hooks.slack.com/***");
  world_.rotate(other.id);
  events = told();
  ASSERT_EQ(types_of(events), Types{"credentialUpdated"});
  EXPECT_EQ(data_in(events[0], "credentialID"), other.secrets.id.str());
  world_.rotate(endpoint_);
  events = told();
  ASSERT_EQ(types_of(events), Types{"webhookUpdated"});
  EXPECT_EQ(data_in(events[0], "change"), "secret");
  world_.remove(other.id);
  events = told();
  ASSERT_EQ(types_of(events), Types{"credentialRevoked"});
  EXPECT_EQ(data_in(events[0], "reason"), "endpointDeleted");
}

TEST_F(CredentialEvents, ALeakIsToldOfKeysAndOfSecretsOfEndpoints) {
  const auto key = *world_.issue_auth_key(Role::owner);
  forget_told();
  const auto secret = world_.endpoint(endpoint_).secrets.id;
  for (const auto& id : {key.credential.id, secret}) {
    write([&](core::Tx& tx) {
      tx.credentials().announce(
          {audit::ChangeKind::credential_leaked, world_.tailnet().tailnet.id, id.str(), 0, world_.now});
    });
  }
  const auto events = told();
  ASSERT_EQ(types_of(events), (Types{"credentialLeaked", "credentialLeaked"}));
  EXPECT_EQ(data_in(events[0], "credentialType"), "authKey");
  EXPECT_EQ(data_in(events[1], "credentialType"), "webhookSecret");
  EXPECT_EQ(data_in(events[1], "credentialID"), secret.str());
}

}  // namespace
}  // namespace latchkey::webhooks
