#include "storage/sign_on_store.h"

#include <gtest/gtest.h>

#include "storage/session_store.h"
#include "testing/engines.h"
#include "testing/world.h"

namespace latchkey::storage {
namespace {

using testing::World;

crypto::Digest digest(std::uint8_t first) {
  crypto::Digest bytes{};
  bytes[0] = first;
  return bytes;
}

audit::Act act_in(const World& world, audit::Action action) {
  audit::Act act;
  act.record.tailnet = world.tailnet().tailnet.id;
  act.record.at = world.now;
  act.record.group_id = std::string(32, '0');
  act.record.action = action;
  act.record.target = {"x", "x", audit::TargetType::user, {}};
  act.change = {audit::ChangeKind::user_updated, act.record.tailnet, "x", 0, world.now};
  return act;
}

signon::Provider provider_in(const World& world, std::string id) {
  signon::Provider provider;
  provider.id = id;
  provider.tailnet = world.tailnet().tailnet.id;
  provider.settings = {.name = "Name",
                       .issuer = "https://" + id + ".example",
                       .client_id = "client",
                       .login_claim = signon::LoginClaim::upn,
                       .login_is_verified = true,
                       .domains = {"a.example", "b.example"},
                       .scopes = {"groups"},
                       .groups_claim = "roles",
                       .allowed_groups = {"eng"},
                       .enabled = true};
  provider.sealed_secret = {1, 2, 3};
  provider.set_up_by = identity::Role::admin;
  provider.created = provider.modified = world.now;
  return provider;
}

signon::Session session_in(const World& world, std::uint8_t number) {
  signon::Session session;
  session.id = "s" + std::to_string(number);
  session.tailnet = world.tailnet().tailnet.id;
  session.user = world.tailnet().owner.id;
  session.digest = digest(number);
  session.role = identity::Role::owner;
  session.provider = "idp";
  session.created = world.now + seconds{number};
  session.last_seen = world.now;
  session.ends = world.now + hours{12};
  session.address = "203.0.113.9";
  session.user_agent = "Browser/1";
  return session;
}

class SignOnStoreTest : public testing::EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    if (!IsSkipped()) world_.emplace(open());
  }
  void in_tx(const std::function<void(core::Tx&)>& work) {
    ASSERT_TRUE(world_->db()
                    .write_now([&](core::Tx& tx) -> Result<void> {
                      work(tx);
                      return {};
                    })
                    .ok());
  }
  std::optional<World> world_;
};

TEST_P(SignOnStoreTest, KeepsProvidersWithOneIssuerEach) {
  in_tx([&](core::Tx& tx) {
    auto provider = provider_in(*world_, "idp");
    const auto& tailnet = provider.tailnet;
    EXPECT_TRUE(tx.sign_on().insert(provider, act_in(*world_, audit::Action::create)));
    EXPECT_FALSE(tx.sign_on().insert(provider, act_in(*world_, audit::Action::create)));
    auto same_issuer = provider_in(*world_, "other");
    same_issuer.settings.issuer = provider.settings.issuer;
    EXPECT_FALSE(tx.sign_on().insert(same_issuer, act_in(*world_, audit::Action::create)));
    EXPECT_TRUE(tx.sign_on().insert(provider_in(*world_, "another"), act_in(*world_, audit::Action::create)));

    const auto kept = tx.sign_on().provider(tailnet, "idp");
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->settings, provider.settings);
    EXPECT_EQ(kept->sealed_secret, provider.sealed_secret);
    EXPECT_EQ(kept->set_up_by, identity::Role::admin);
    EXPECT_EQ(tx.sign_on().providers(tailnet).at(0).id, "another");
    EXPECT_FALSE(tx.sign_on().provider(TailnetId("Tother"), "idp"));

    provider.settings.enabled = false;
    provider.settings.domains = {"c.example"};
    provider.sealed_secret = {9};
    EXPECT_TRUE(tx.sign_on().update(provider, act_in(*world_, audit::Action::update)));
    EXPECT_EQ(tx.sign_on().provider(tailnet, "idp")->settings, provider.settings);
    EXPECT_TRUE(tx.sign_on().remove_provider(tailnet, "idp", act_in(*world_, audit::Action::delete_)));
    EXPECT_FALSE(tx.sign_on().remove_provider(tailnet, "idp", act_in(*world_, audit::Action::delete_)));
    EXPECT_FALSE(tx.sign_on().update(provider, act_in(*world_, audit::Action::update)));
  });
}

TEST_P(SignOnStoreTest, AnAttemptIsTakenOnceAndGoesWithItsProvider) {
  in_tx([&](core::Tx& tx) {
    const auto provider = provider_in(*world_, "idp");
    tx.sign_on().insert(provider, act_in(*world_, audit::Action::create));
    for (std::uint8_t number = 1; number <= 4; ++number) {
      tx.sign_on().put({digest(number), digest(number == 4 ? 8 : 7), provider.tailnet, "idp", "/keys",
                        world_->now + seconds{number}, world_->now + minutes{number}});
    }
    EXPECT_EQ(tx.sign_on().attempts(), 4);
    EXPECT_EQ(tx.sign_on().attempts_of(digest(7)), 3);
    tx.sign_on().drop_oldest_attempt(digest(7));
    EXPECT_FALSE(tx.sign_on().take_attempt(digest(1)));
    const auto taken = tx.sign_on().take_attempt(digest(3));
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->browser, digest(7));
    EXPECT_EQ(taken->next, "/keys");
    EXPECT_EQ(taken->expires, world_->now + minutes{3});
    EXPECT_FALSE(tx.sign_on().take_attempt(digest(3)));
    tx.sign_on().remove_expired_attempts(world_->now + minutes{2});
    EXPECT_EQ(tx.sign_on().attempts(), 1);
    tx.sign_on().remove_provider(provider.tailnet, "idp", act_in(*world_, audit::Action::delete_));
    EXPECT_EQ(tx.sign_on().attempts(), 0);
  });
}

TEST_P(SignOnStoreTest, AnIdentityIsOnePersonAndGoesWithThem) {
  in_tx([&](core::Tx& tx) {
    const auto& owner = world_->tailnet().owner;
    const signon::IdentityLink link{owner.tailnet, "https://idp.example",        "sub",
                                    owner.id,      signon::LinkRule::login_name, world_->now};
    EXPECT_TRUE(tx.sign_on().insert(link, act_in(*world_, audit::Action::create)));
    EXPECT_FALSE(tx.sign_on().insert(link, act_in(*world_, audit::Action::create)));
    const auto kept = tx.sign_on().link(owner.tailnet, link.issuer, "sub");
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->user, owner.id);
    EXPECT_EQ(kept->rule, signon::LinkRule::login_name);
    EXPECT_FALSE(tx.sign_on().link(owner.tailnet, "https://idp.example/", "sub"));
    EXPECT_FALSE(tx.sign_on().link(owner.tailnet, link.issuer, "Sub"));
    EXPECT_FALSE(tx.sign_on().link(TailnetId("Tother"), link.issuer, "sub"));
    EXPECT_EQ(tx.sign_on().links_of(owner.tailnet, owner.id).size(), 1U);
    tx.sign_on().remove_link(link, act_in(*world_, audit::Action::delete_));
    EXPECT_TRUE(tx.sign_on().links_of(owner.tailnet, owner.id).empty());
  });
}

TEST_P(SignOnStoreTest, KeepsSessionsAndFindsThemByBothTexts) {
  in_tx([&](core::Tx& tx) {
    auto session = session_in(*world_, 1);
    tx.sessions().insert(session, act_in(*world_, audit::Action::login));
    tx.sessions().insert(session_in(*world_, 2), act_in(*world_, audit::Action::login));
    const auto kept = tx.sessions().find(digest(1));
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->id, "s1");
    EXPECT_EQ(kept->user, session.user);
    EXPECT_EQ(kept->provider, "idp");
    EXPECT_EQ(kept->ends, session.ends);
    EXPECT_EQ(kept->user_agent, "Browser/1");
    EXPECT_FALSE(kept->old_digest);

    session.digest = digest(11);
    session.old_digest = digest(1);
    session.renewed = world_->now;
    session.role = identity::Role::member;
    EXPECT_TRUE(tx.sessions().renew(session, digest(1), act_in(*world_, audit::Action::update)));
    EXPECT_FALSE(tx.sessions().renew(session, digest(1), act_in(*world_, audit::Action::update)));
    EXPECT_EQ(tx.sessions().find(digest(11))->id, "s1");
    EXPECT_EQ(tx.sessions().find(digest(1))->role, identity::Role::member);
    EXPECT_EQ(tx.sessions().find(digest(1))->renewed, world_->now);

    session.last_seen = world_->now + minutes{5};
    session.address = "203.0.113.10";
    tx.sessions().touch(session);
    EXPECT_EQ(tx.sessions().find(session.tailnet, "s1")->address, "203.0.113.10");
    EXPECT_FALSE(tx.sessions().find(TailnetId("Tother"), "s1"));
    const auto list = tx.sessions().list(session.tailnet, {}, 10);
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list.front().id, "s1");
    EXPECT_EQ(tx.sessions().list(session.tailnet, session.user, 1).size(), 1U);
    EXPECT_TRUE(tx.sessions().list(session.tailnet, UserId("uOther"), 10).empty());
    EXPECT_TRUE(tx.sessions().remove(session, act_in(*world_, audit::Action::logout)));
    EXPECT_FALSE(tx.sessions().remove(session, act_in(*world_, audit::Action::logout)));
    EXPECT_EQ(tx.sessions().remove_of_provider(session.tailnet, "idp"), 1);
  });
}

TEST_P(SignOnStoreTest, ForgetsWhatIsOver) {
  in_tx([&](core::Tx& tx) {
    auto idle = session_in(*world_, 1);
    auto old = session_in(*world_, 2);
    auto good = session_in(*world_, 3);
    idle.last_seen = world_->now - hours{2};
    old.ends = world_->now;
    for (const auto& each : {idle, old, good}) {
      tx.sessions().insert(each, act_in(*world_, audit::Action::login));
    }
    tx.sessions().put({digest(1), good.tailnet, good.user, world_->now, world_->now});
    tx.sessions().put({digest(2), good.tailnet, good.user, world_->now, world_->now + minutes{1}});
    EXPECT_EQ(tx.sessions().forget(world_->now - hours{1}, world_->now, 100), 2);
    EXPECT_EQ(tx.sessions().list(good.tailnet, {}, 10).size(), 1U);
    EXPECT_FALSE(tx.sessions().take_link(digest(1)));
    const auto link = tx.sessions().take_link(digest(2));
    ASSERT_TRUE(link);
    EXPECT_EQ(link->user, good.user);
    EXPECT_FALSE(tx.sessions().take_link(digest(2)));
  });
}

TEST_P(SignOnStoreTest, EverythingOfAPersonGoesWithThem) {
  in_tx([&](core::Tx& tx) {
    const auto& owner = world_->tailnet().owner;
    tx.sign_on().insert(signon::IdentityLink{owner.tailnet, "https://idp.example", "sub", owner.id,
                                             signon::LinkRule::admitted, world_->now},
                        act_in(*world_, audit::Action::create));
    tx.sessions().insert(session_in(*world_, 1), act_in(*world_, audit::Action::login));
    tx.sessions().put({digest(2), owner.tailnet, owner.id, world_->now, world_->now + minutes{1}});
    static const Statement kDeleteUser{"DELETE FROM users WHERE tailnet_id = $1 AND id = $2"};
    testing::connection_of(tx).run(kDeleteUser, {owner.tailnet.str(), owner.id.str()});
    EXPECT_FALSE(tx.sessions().find(digest(1)));
    EXPECT_FALSE(tx.sessions().take_link(digest(2)));
    EXPECT_FALSE(tx.sign_on().link(owner.tailnet, "https://idp.example", "sub"));
  });
}

INSTANTIATE_TEST_SUITE_P(Engines, SignOnStoreTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::storage
