#include "core/webhooks/manage.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "core/credentials/key_text.h"
#include "core/webhooks/event.h"
#include "core/webhooks/signature.h"
#include "core/webhooks/webhook_store.h"
#include "testing/webhook_world.h"

namespace latchkey::webhooks {
namespace {

using identity::Role;
using testing::WebhookWorld;

class ManageWebhooks : public ::testing::Test {
 protected:
  template <Operation operation>
  auto may(Role role = Role::owner) {
    return *identity::authorize<operation>(world_.caller(role));
  }
  Result<EndpointWithSecret> create(NewEndpoint want, Role by = Role::owner) {
    const auto allowed = may<Operation::create_webhook>(by);
    return world_.db().write_now(
        [&](core::Tx& tx) { return create_endpoint(tx, allowed, want, world_.context(), world_.now); });
  }
  Result<std::vector<Delivery>> replay(const EndpointId& id, const Replay& want) {
    const auto allowed = may<Operation::replay_webhook>();
    return world_.db().write_now(
        [&](core::Tx& tx) { return webhooks::replay(tx, allowed, id, want, world_.now); });
  }
  // So many test events, taken by the receiver.
  EndpointId endpoint_with_deliveries(int count) {
    const auto id = world_.add_endpoint({"nodeCreated"}).endpoint.id;
    for (int i = 0; i < count; ++i) {
      world_.test(id);
      world_.read_feed();
      world_.settle(*world_.take_up(id));
      world_.now += minutes{1};
    }
    return id;
  }

  WebhookWorld world_;
};

TEST_F(ManageWebhooks, TheSecretIsShownOnceAndSealedAtRest) {
  const auto made = create({"https://ops.example/hook", "", {"nodeCreated", "userDeleted"}});
  ASSERT_TRUE(made.ok()) << made.error().message;
  const auto parsed = credentials::parse_key_text(made->secret.expose());
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->type, credentials::KeyType::webhook);
  EXPECT_EQ(parsed->id, made->endpoint.secrets.id);
  const auto stored = world_.endpoint(made->endpoint.id);
  const std::string sealed(stored.secrets.present.begin(), stored.secrets.present.end());
  EXPECT_EQ(sealed.find(made->secret.expose().substr(14)), std::string::npos);
  EXPECT_EQ(world_.vault().open(stored.tailnet, stored.id, stored.secrets.present).expose(),
            made->secret.expose());
  EXPECT_EQ(stored.url, "https://ops.example/hook");
  EXPECT_EQ(stored.provider, Provider::generic);
  EXPECT_EQ(stored.creator_login, "olive@otter-reef.example");
  EXPECT_EQ(stored.subscriptions, (std::vector<std::string>{"nodeCreated", "userDeleted"}));
}

TEST_F(ManageWebhooks, ASealedSecretDoesNotOpenElsewhere) {
  const auto one = world_.add_endpoint({"nodeCreated"}).endpoint;
  EXPECT_THROW(world_.vault().open(one.tailnet, EndpointId("wOtherCNTRL"), one.secrets.present),
               std::runtime_error);
  EXPECT_THROW(world_.vault().open(TailnetId("TOtherCNTRL"), one.id, one.secrets.present),
               std::runtime_error);
}

TEST_F(ManageWebhooks, R31_OwnersAdminsNetworkAndItAdminsManageAndNobodyElseSees) {
  for (const auto role : {Role::owner, Role::admin, Role::network_admin, Role::it_admin}) {
    const auto made = create({"https://ops.example/hook", "", {"nodeCreated"}}, role);
    ASSERT_TRUE(made.ok());
    // Of any of them, whoever made it.
    const auto allowed = may<Operation::update_webhook>(Role::it_admin);
    EXPECT_TRUE(world_.db()
                    .write_now([&](core::Tx& tx) {
                      return change_subscriptions(tx, allowed, made->endpoint.id, {"userCreated"},
                                                  world_.now);
                    })
                    .ok());
  }
  for (const auto role : {Role::billing_admin, Role::auditor, Role::member}) {
    const auto caller = world_.caller(role);
    EXPECT_FALSE(identity::authorize<Operation::list_webhooks>(caller).ok());
    EXPECT_FALSE(identity::authorize<Operation::read_webhook>(caller).ok());
    EXPECT_FALSE(identity::authorize<Operation::create_webhook>(caller).ok());
    EXPECT_FALSE(identity::authorize<Operation::rotate_webhook>(caller).ok());
    EXPECT_FALSE(identity::authorize<Operation::delete_webhook>(caller).ok());
    EXPECT_FALSE(identity::authorize<Operation::read_webhook_deliveries>(caller).ok());
  }
}

TEST_F(ManageWebhooks, TrustCredentialsGoByTheirScopeAndHaveNoLogin) {
  auto caller = world_.caller(Role::owner);
  caller.kind = identity::Caller::Kind::trust_credential;
  caller.user = UserId();
  caller.trust.emplace();
  caller.trust->credential = CredentialId("kClientCNTRL");
  EXPECT_FALSE(identity::authorize<Operation::create_webhook>(caller).ok());
  const std::string names[] = {"webhooks:read"};
  caller.trust->scopes = *identity::ScopeSet::parse(names);
  EXPECT_TRUE(identity::authorize<Operation::list_webhooks>(caller).ok());
  EXPECT_FALSE(identity::authorize<Operation::rotate_webhook>(caller).ok());
  const std::string writes[] = {"webhooks"};
  caller.trust->scopes = *identity::ScopeSet::parse(writes);
  const auto allowed = *identity::authorize<Operation::create_webhook>(caller);
  const auto made = world_.db().write_now([&](core::Tx& tx) {
    return create_endpoint(tx, allowed, {"https://ops.example/", "", {"nodeCreated"}}, world_.context(),
                           world_.now);
  });
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->endpoint.creator_login, "");
}

TEST_F(ManageWebhooks, WhatCannotBeIsRefusedByItsMember) {
  const auto field_of = [&](NewEndpoint want) { return create(std::move(want)).error().fields.at(0); };
  EXPECT_EQ(field_of({"http://ops.example/", "", {"nodeCreated"}}), "endpointUrl");
  EXPECT_EQ(field_of({"https://ops.example/", "teams", {"nodeCreated"}}), "providerType");
  EXPECT_EQ(field_of({"https://ops.example/", "", {"nodeExploded"}}), "subscriptions");
  EXPECT_EQ(field_of({"https://ops.example/", "", {}}), "subscriptions");
}

TEST_F(ManageWebhooks, ATailnetHasAtMostFifty) {
  for (std::size_t i = 0; i < kMaxEndpoints; ++i) world_.add_endpoint({"nodeCreated"});
  const auto more = create({"https://ops.example/", "", {"nodeCreated"}});
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.error().code, ErrorCode::conflict);
}

TEST_F(ManageWebhooks, EveryChangeIsInTheLogWithoutSecrets) {
  const auto made = world_.add_endpoint({"nodeCreated"}, "https://hooks.slack.com/services/T0/B0/hush");
  const auto id = made.endpoint.id;
  const auto change = may<Operation::update_webhook>();
  for (int twice = 0; twice < 2; ++twice) {
    ASSERT_TRUE(world_.db()
                    .write_now([&](core::Tx& tx) {
                      return change_subscriptions(tx, change, id, {"userCreated"}, world_.now);
                    })
                    .ok());
  }
  const auto rotated = world_.rotate(id);
  world_.test(id);
  world_.remove(id);
  std::vector<std::string> names;
  for (const auto& record : world_.log()) {
    const auto name = audit::event_name(record);
    if (name.starts_with("WEBHOOK")) names.push_back(name);
    const auto text = name + record.target.name + record.details +
                      (record.old_value ? boost::json::serialize(*record.old_value) : "") +
                      (record.new_value ? boost::json::serialize(*record.new_value) : "");
    EXPECT_EQ(text.find("hush"), std::string::npos) << text;
    EXPECT_EQ(text.find("tskey-"), std::string::npos) << text;
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"WEBHOOK_ENDPOINT.CREATE", "WEBHOOK_ENDPOINT.UPDATE.SUBSCRIBED_EVENTS",
                                      "WEBHOOK_ENDPOINT.UPDATE.SECRET", "WEBHOOK_ENDPOINT.DELETE"}));
  for (const auto& name : names) EXPECT_TRUE(audit::is_event_name(name)) << name;
}

TEST_F(ManageWebhooks, EndpointsOfOtherTailnetsAreNone) {
  const auto id = world_.add_endpoint({"nodeCreated"}).endpoint.id;
  auto stranger = world_.caller(Role::owner);
  stranger.tailnet = TailnetId("T11111111111CNTRL");
  const auto missing = [&](auto result) { return !result && result.error().code == ErrorCode::not_found; };
  const auto read = *identity::authorize<Operation::read_webhook>(stranger);
  const auto update = *identity::authorize<Operation::update_webhook>(stranger);
  const auto rotate = *identity::authorize<Operation::rotate_webhook>(stranger);
  const auto test = *identity::authorize<Operation::test_webhook>(stranger);
  const auto remove = *identity::authorize<Operation::delete_webhook>(stranger);
  const auto log = *identity::authorize<Operation::read_webhook_deliveries>(stranger);
  const auto again = *identity::authorize<Operation::replay_webhook>(stranger);
  auto& db = world_.db();
  EXPECT_TRUE(missing(db.write_now([&](core::Tx& tx) { return read_endpoint(tx, read, id); })));
  EXPECT_TRUE(missing(db.write_now(
      [&](core::Tx& tx) { return change_subscriptions(tx, update, id, {"userCreated"}, world_.now); })));
  EXPECT_TRUE(missing(db.write_now([&](core::Tx& tx) {
    return rotate_secret(tx, rotate, id, seconds{0}, world_.context(), world_.now);
  })));
  EXPECT_TRUE(missing(db.write_now([&](core::Tx& tx) { return request_test(tx, test, id, world_.now); })));
  EXPECT_TRUE(missing(db.write_now(
      [&](core::Tx& tx) { return delete_endpoint(tx, remove, id, world_.context(), world_.now); })));
  EXPECT_TRUE(missing(db.write_now([&](core::Tx& tx) { return list_deliveries(tx, log, id, {}); })));
  EXPECT_TRUE(missing(db.write_now([&](core::Tx& tx) { return read_delivery(tx, log, id, 1); })));
  EXPECT_TRUE(missing(db.write_now(
      [&](core::Tx& tx) { return webhooks::replay(tx, again, id, {.numbers = {1}}, world_.now); })));
}

TEST_F(ManageWebhooks, R33_AfterARotationOnlyTheNewSecretSigns) {
  const auto made = world_.add_endpoint({"nodeCreated"});
  const auto id = made.endpoint.id;
  world_.test(id);
  world_.read_feed();  // queued before the rotation, sent after it
  const auto rotated = world_.rotate(id);
  EXPECT_EQ(rotated.endpoint.secrets.id, made.endpoint.secrets.id);
  const auto sent = *world_.take_up(id);
  EXPECT_EQ(verify(sent.signature, rotated.secret, sent.body, world_.now), Verdict::genuine);
  EXPECT_EQ(verify(sent.signature, made.secret, sent.body, world_.now), Verdict::wrong);
}

TEST_F(ManageWebhooks, WithAnOverlapBothSecretsSignUntilItEnds) {
  const auto made = world_.add_endpoint({"nodeCreated"});
  const auto id = made.endpoint.id;
  const auto rotated = world_.rotate(id, hours{1});
  const auto sent = [&] {
    world_.test(id);
    world_.read_feed();
    auto dispatch = *world_.take_up(id);
    world_.settle(dispatch);
    return dispatch;
  };
  const auto during = sent();
  EXPECT_EQ(verify(during.signature, rotated.secret, during.body, world_.now), Verdict::genuine);
  EXPECT_EQ(verify(during.signature, made.secret, during.body, world_.now), Verdict::genuine);
  const auto third = world_.rotate(id, minutes{1});
  const auto now_two = sent();
  EXPECT_EQ(verify(now_two.signature, made.secret, now_two.body, world_.now), Verdict::wrong)
      << "an even older one has ended";
  EXPECT_EQ(verify(now_two.signature, rotated.secret, now_two.body, world_.now), Verdict::genuine);
  world_.now += minutes{1};
  const auto after = sent();
  EXPECT_EQ(verify(after.signature, rotated.secret, after.body, world_.now), Verdict::wrong);
  EXPECT_EQ(verify(after.signature, third.secret, after.body, world_.now), Verdict::genuine);
  const auto allowed = may<Operation::rotate_webhook>();
  for (const seconds bad : {seconds{-1}, seconds{kLongestSecretOverlap} + seconds{1}}) {
    const auto refused = world_.db().write_now(
        [&](core::Tx& tx) { return rotate_secret(tx, allowed, id, bad, world_.context(), world_.now); });
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().fields.at(0), "overlapSeconds");
  }
}

TEST_F(ManageWebhooks, R06_SecretsNeverExpire) {
  const auto made = world_.add_endpoint({"nodeCreated"});
  world_.now += days{3653};
  world_.test(made.endpoint.id);
  world_.read_feed();
  const auto sent = *world_.take_up(made.endpoint.id);
  EXPECT_EQ(verify(sent.signature, made.secret, sent.body, world_.now), Verdict::genuine);
}

TEST_F(ManageWebhooks, R32_DeletingTheEndpointEndsItsSecretAndItsQueue) {
  const auto made = world_.add_endpoint({"nodeCreated"});
  const auto id = made.endpoint.id;
  for (int i = 0; i < 3; ++i) world_.test(id);
  world_.read_feed();
  world_.test(id);  // in the feed, not yet queued
  const auto in_flight = *world_.take_up(id);
  world_.remove(id);
  EXPECT_EQ(world_.read_feed(), 0);
  EXPECT_TRUE(world_.settle(in_flight).lapsed);
  const auto gone = world_.db().read_now([&](core::Tx& tx) -> Result<void> {
    EXPECT_FALSE(tx.webhooks().find(world_.tailnet().tailnet.id, id));
    EXPECT_FALSE(tx.webhooks().find_by_secret(made.endpoint.secrets.id));
    EXPECT_TRUE(tx.webhooks().deliveries(world_.ref(id), {}).empty());
    EXPECT_TRUE(tx.webhooks().attempts(world_.ref(id), 10).empty());
    return {};
  });
  EXPECT_TRUE(gone.ok());
  // One farewell, signed with the secret that is gone, and nothing after it.
  ASSERT_EQ(world_.due(), std::vector{world_.ref(id)});
  const auto farewell = *world_.take_up(id);
  EXPECT_TRUE(farewell.is_farewell);
  EXPECT_NE(farewell.body.find("webhookDeleted"), std::string::npos);
  EXPECT_EQ(farewell.url.expose(), "https://ops.example/hook");
  EXPECT_EQ(verify(farewell.signature, made.secret, farewell.body, world_.now), Verdict::genuine);
  EXPECT_FALSE(world_.settle(farewell, 500).next_attempt);
  EXPECT_TRUE(world_.due().empty());
  EXPECT_FALSE(world_.take_up(id));
}

TEST_F(ManageWebhooks, AFarewellThatNobodySentInTimeIsDropped) {
  const auto id = world_.add_endpoint({"nodeCreated"}).endpoint.id;
  world_.remove(id);
  world_.now += minutes{6};
  EXPECT_FALSE(world_.take_up(id)) << "its signature would be too old";
  EXPECT_TRUE(world_.due().empty());
}

TEST_F(ManageWebhooks, TheLogShowsWhatBecameOfEachDelivery) {
  const auto id = endpoint_with_deliveries(2);
  const auto all = world_.deliveries(id);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].number, 1);
  EXPECT_EQ(all[0].state, DeliveryState::delivered);
  EXPECT_EQ(all[0].attempts, 1);
  EXPECT_EQ(all[0].type, "test");
  EXPECT_EQ(all[0].message, kTestMessage);
  EXPECT_TRUE(all[0].ended);
  EXPECT_TRUE(all[0].body.empty());
  const auto log = may<Operation::read_webhook_deliveries>();
  const auto one = world_.db().read_now([&](core::Tx& tx) { return read_delivery(tx, log, id, 2); });
  ASSERT_TRUE(one.ok());
  EXPECT_NE(one->delivery.body.find(R"("type":"test")"), std::string::npos);
  ASSERT_EQ(one->attempts.size(), 1U);
  EXPECT_EQ(one->attempts[0].status, 200);
  EXPECT_EQ(one->attempts[0].took, milliseconds{12});
  EXPECT_EQ(one->attempts[0].answer, "ok");
  EXPECT_EQ(one->attempts[0].deliveries, std::vector<std::int64_t>{2});
  const auto recent = world_.db().read_now([&](core::Tx& tx) { return recent_attempts(tx, log, id); });
  ASSERT_EQ(recent->size(), 2U);
  EXPECT_EQ(recent->at(0).deliveries, std::vector<std::int64_t>{2}) << "newest first";
  const auto page = world_.db().read_now(
      [&](core::Tx& tx) { return list_deliveries(tx, log, id, {.before = 2, .limit = 1}); });
  ASSERT_EQ(page->size(), 1U);
  EXPECT_EQ(page->at(0).number, 1);
  for (const std::int64_t limit : {0L, kMaxDeliveryPage + 1}) {
    EXPECT_FALSE(world_.db()
                     .read_now([&](core::Tx& tx) { return list_deliveries(tx, log, id, {.limit = limit}); })
                     .ok());
  }
}

TEST_F(ManageWebhooks, OneOrARangeIsSentAgainInOrder) {
  const auto began = world_.now;
  const auto id = endpoint_with_deliveries(3);
  const auto one = replay(id, {.numbers = {2}});
  ASSERT_TRUE(one.ok()) << one.error().message;
  ASSERT_EQ(one->size(), 1U);
  EXPECT_EQ(one->at(0).number, 4);
  EXPECT_EQ(one->at(0).replay_of, 2);
  EXPECT_EQ(one->at(0).state, DeliveryState::waiting);
  const auto original = world_.deliveries(id).at(1);
  const auto sent = *world_.take_up(id);
  EXPECT_EQ(sent.deliveries, std::vector<std::int64_t>{4});
  world_.settle(sent);
  EXPECT_EQ(world_.deliveries(id).at(1).ended, original.ended) << "the first one stays as it was";

  const auto range = replay(id, {.from = began, .to = world_.now});
  ASSERT_TRUE(range.ok());
  ASSERT_EQ(range->size(), 3U) << "each event once, although one was sent twice";
  EXPECT_EQ(range->at(0).replay_of, 1);
  EXPECT_EQ(range->at(2).replay_of, 3);
  EXPECT_TRUE(replay(id, {.from = began, .to = world_.now, .state = DeliveryState::given_up})->empty());
}

TEST_F(ManageWebhooks, WhatCannotBeSentAgainIsRefusedAndNothingIsQueued) {
  const auto id = endpoint_with_deliveries(1);
  const auto missing = replay(id, {.numbers = {1, 99}});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_FALSE(replay(id, {}).ok());
  EXPECT_FALSE(replay(id, {.from = world_.now}).ok());
  EXPECT_FALSE(replay(id, {.from = world_.now, .to = world_.now - seconds{1}}).ok());
  EXPECT_FALSE(replay(id, {.numbers = {1}, .from = world_.now, .to = world_.now}).ok());
  EXPECT_FALSE(replay(id, {.numbers = std::vector<std::int64_t>(kMaxReplay + 1, 1)}).ok());
  EXPECT_EQ(world_.deliveries(id).size(), 1U);
  world_.test(id);
  world_.read_feed();
  EXPECT_TRUE(replay(id, {.numbers = {2}})->empty()) << "it still waits";
}

}  // namespace
}  // namespace latchkey::webhooks
