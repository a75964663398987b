#include "core/people/invites.h"

#include <gtest/gtest.h>

#include "core/identity/user_store.h"
#include "core/people/standing.h"
#include "testing/world.h"

namespace latchkey::people {
namespace {

using identity::Role;
using identity::User;
using identity::UserStatus;

class Invites : public ::testing::Test {
 protected:
  Result<std::vector<InviteWithCode>> invite_all(const std::vector<NewInvite>& wanted,
                                                 Role by = Role::it_admin) {
    const auto may = *identity::authorize<Operation::create_user_invite>(world_.caller(by));
    return world_.db().write_now(
        [&](core::Tx& tx) { return people::invite(tx, may, wanted, world_.mint(), world_.now); });
  }
  InviteWithCode invite(const NewInvite& want = {}) { return std::move(invite_all({want})->front()); }
  Result<User> accept(const SecretString& code, const std::string& login) {
    const auto may = *identity::authorize<Operation::create_user>(
        identity::sign_on_caller(world_.tailnet().tailnet.id, {}));
    return world_.db().write_now(
        [&](core::Tx& tx) { return accept_invite(tx, may, code, {login, ""}, world_.mint(), world_.now); });
  }
  std::size_t open() {
    const auto may = *identity::authorize<Operation::list_user_invites>(world_.caller(Role::auditor));
    return world_.db()
        .read_now(
            [&](core::Tx& tx) -> Result<std::size_t> { return list_invites(tx, may, world_.now).size(); })
        .value();
  }

  testing::World world_;
};

TEST_F(Invites, LetSomebodyInOnceWithTheRoleTheyName) {
  world_.change_settings({.users_approval = true});
  const auto made = invite({"network-admin", "bob@example.com"});
  const auto bob = accept(made.code, "bob@otter-reef.example");
  ASSERT_TRUE(bob.ok()) << bob.error().message;
  EXPECT_EQ(bob->role, Role::network_admin);
  EXPECT_EQ(bob->status, UserStatus::active) << "who is invited is approved";
  const auto accepted = world_.log({.events = {"INVITE.ACCEPT.TAILNET_INVITE"}});
  ASSERT_EQ(accepted.size(), 1U);
  EXPECT_EQ(accepted[0].actor.id, bob->id.str());
  EXPECT_EQ(world_.log({.events = {"INVITE.CREATE.TAILNET_INVITE"}}).size(), 1U);
  EXPECT_EQ(accept(made.code, "eve@otter-reef.example").error().code, ErrorCode::not_found);
  EXPECT_EQ(open(), 0U);
}

TEST_F(Invites, AreRefusedAlikeWhenWrongOldOrWithdrawn) {
  const auto made = invite();
  EXPECT_EQ(accept(SecretString("0123"), "a@otter-reef.example").error().message, "invite not found");
  world_.now += days{90};
  EXPECT_EQ(accept(made.code, "a@otter-reef.example").error().message, "invite not found");
  world_.now -= seconds{1};
  const auto here = accept(made.code, "olive@otter-reef.example");
  EXPECT_EQ(here.error().code, ErrorCode::conflict);
  EXPECT_TRUE(accept(made.code, "a@otter-reef.example").ok()) << "a second before, and still unused";
}

TEST_F(Invites, SentAgainHaveAnotherLinkAndTheOneBeforeEnds) {
  const auto made = invite({"auditor", "bob@example.com"});
  const auto may = *identity::authorize<Operation::resend_user_invite>(world_.caller(Role::admin));
  const auto resend = [&] {
    return world_.db().write_now(
        [&](core::Tx& tx) { return resend_invite(tx, may, made.invite.id, world_.mint(), world_.now); });
  };
  world_.now += kResendPause - seconds{1};
  EXPECT_EQ(resend().error().code, ErrorCode::rate_limited);
  world_.now += days{89};
  const auto again = resend();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->invite.expires, world_.now + kInviteLifetime);
  EXPECT_EQ(resend().error().code, ErrorCode::rate_limited);
  EXPECT_EQ(accept(made.code, "bob@otter-reef.example").error().code, ErrorCode::not_found);
  world_.now += days{89};
  const auto bob = accept(again->code, "bob@otter-reef.example");
  ASSERT_TRUE(bob.ok());
  EXPECT_EQ(bob->role, Role::auditor);
  EXPECT_EQ(resend().error().code, ErrorCode::not_found);
}

TEST_F(Invites, ThatAreWithdrawnLetNobodyIn) {
  const auto made = invite();
  const auto may = *identity::authorize<Operation::delete_user_invite>(world_.caller(Role::admin));
  ASSERT_TRUE(world_.db()
                  .write_now([&](core::Tx& tx) { return delete_invite(tx, may, made.invite.id, world_.now); })
                  .ok());
  EXPECT_EQ(accept(made.code, "a@otter-reef.example").error().code, ErrorCode::not_found);
}

TEST_F(Invites, EndWithTheRightOfWhoeverInvited) {
  const auto by_demoted = invite();
  world_.set_role(Role::it_admin, Role::auditor);
  EXPECT_EQ(accept(by_demoted.code, "a@otter-reef.example").error().code, ErrorCode::not_found);
  world_.set_role(Role::it_admin, Role::it_admin);
  world_.set_status(Role::it_admin, UserStatus::suspended);
  EXPECT_EQ(accept(by_demoted.code, "a@otter-reef.example").error().code, ErrorCode::not_found);
  world_.set_status(Role::it_admin, UserStatus::active);
  EXPECT_EQ(open(), 1U);
  const auto inviter = world_.user(Role::it_admin).id;
  const auto may = *identity::authorize<Operation::delete_user>(world_.caller(Role::admin));
  ASSERT_TRUE(world_.db().write_now([&](core::Tx& tx) { return remove(tx, may, inviter, world_.now); }).ok());
  EXPECT_EQ(open(), 0U) << "they go with him";
  EXPECT_EQ(accept(by_demoted.code, "a@otter-reef.example").error().code, ErrorCode::not_found);
}

TEST_F(Invites, AreBoundedAndAllOrNone) {
  EXPECT_FALSE(invite_all(std::vector<NewInvite>(kMaxInvitesAtOnce + 1)).ok());
  EXPECT_FALSE(invite_all({{}, {"owner", ""}}).ok());
  EXPECT_EQ(open(), 0U);
  for (std::size_t i = 0; i < kMaxOpenInvites / kMaxInvitesAtOnce; ++i) {
    ASSERT_TRUE(invite_all(std::vector<NewInvite>(kMaxInvitesAtOnce)).ok());
  }
  EXPECT_EQ(invite_all({{}}).error().code, ErrorCode::conflict);
  world_.now += kInviteLifetime;
  EXPECT_TRUE(invite_all({{}}).ok()) << "expired ones make room";
}

TEST(InviteNumbers, AreStableAndSmall) {
  EXPECT_EQ(number_of("TabcCNTRL"), number_of("TabcCNTRL"));
  EXPECT_NE(number_of("TabcCNTRL"), number_of("TabdCNTRL"));
  EXPECT_GE(number_of("x"), 0);
  EXPECT_LT(number_of("x"), std::int64_t{1} << 53);
}

}  // namespace
}  // namespace latchkey::people
