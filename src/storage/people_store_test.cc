// People and invites at the store, on both engines: every member comes back, and what happens at once.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <thread>

#include "core/identity/user_store.h"
#include "core/people/admit.h"
#include "core/people/invite_store.h"
#include "core/people/invites.h"
#include "core/people/standing.h"
#include "core/tailnet/device_store.h"
#include "testing/engines.h"
#include "testing/world.h"

namespace latchkey::storage {
namespace {

using identity::Operation;
using identity::Role;
using identity::User;
using identity::UserStatus;
using testing::World;

class PeopleStoreTest : public testing::EngineTest {
 protected:
  static constexpr int kRounds = 20;

  // Two replicas on PostgreSQL; on SQLite there is one.
  void begin() {
    world_.emplace(open());
    if (on_postgres()) second_ = open();
  }
  io::Database& replica(int number) {
    if (number == 1 && second_) return *second_;
    return world_->db();
  }
  template <Operation operation>
  identity::Permit<operation> may(Role role = Role::owner) {
    return *identity::authorize<operation>(world_->caller(role));
  }
  User admit(const std::string& login) {
    const auto allowed = may<Operation::create_user>();
    return *world_->db().write_now(
        [&](core::Tx& tx) { return people::admit(tx, allowed, {login, ""}, world_->now); });
  }
  std::optional<User> stored(const UserId& id) {
    return *world_->db().read_now([&](core::Tx& tx) -> Result<std::optional<User>> {
      return tx.users().find(world_->tailnet().tailnet.id, id);
    });
  }
  Result<void> remove(int on, const UserId& id) {
    const auto allowed = *remove_permit_;
    TRY(replica(on).write_now([&](core::Tx& tx) { return people::remove(tx, allowed, id, world_->now); }));
    return {};
  }
  static void at_once(const std::function<void()>& one, const std::function<void()>& other) {
    std::jthread first(one);
    std::jthread second(other);
  }

  std::optional<World> world_;
  std::unique_ptr<SqlDatabase> second_;
  std::optional<identity::Permit<Operation::delete_user>> remove_permit_;
};

TEST_P(PeopleStoreTest, AUserIsWrittenWholeAndOnlyAsHeWasRead) {
  begin();
  auto user = admit("ann@otter-reef.example");
  const auto first = *stored(user.id);
  user = first;
  user.login_name = "Anna@otter-reef.example";
  user.display_name = "Anna";
  user.role = Role::auditor;
  user.status = UserStatus::suspended;
  audit::Act act;
  act.record =
      identity::record_by(world_->caller(Role::owner), audit::Action::update,
                          {user.id.str(), user.login_name, audit::TargetType::user, {}}, world_->now);
  act.change = {audit::ChangeKind::user_updated, user.tailnet, user.id.str(), 0, world_->now};
  const auto write = [&](const User& as) {
    return world_->db().write_now(
        [&](core::Tx& tx) -> Result<identity::UserStore::Written> { return tx.users().update(as, act); });
  };
  EXPECT_EQ(*write(user), identity::UserStore::Written::done);
  const auto back = *stored(user.id);
  EXPECT_EQ(back.login_name, user.login_name);
  EXPECT_EQ(back.display_name, "Anna");
  EXPECT_EQ(back.role, Role::auditor);
  EXPECT_EQ(back.status, UserStatus::suspended);
  EXPECT_GT(back.revision, first.revision);
  auto taken = back;
  taken.login_name = "OLIVE@otter-reef.example";
  EXPECT_EQ(*write(taken), identity::UserStore::Written::login_taken);
  auto removed = world_->db().write_now([&](core::Tx& tx) -> Result<void> {
    tx.users().remove(*tx.users().find(back.tailnet, back.id), act);
    return {};
  });
  EXPECT_TRUE(removed.ok());
  EXPECT_FALSE(stored(user.id));
}

TEST_P(PeopleStoreTest, OfTwoDeletionsAtOnceOneHappens) {
  begin();
  remove_permit_ = may<Operation::delete_user>(Role::admin);
  for (int round = 0; round < kRounds; ++round) {
    const auto user = admit("x" + std::to_string(round) + "@otter-reef.example");
    std::array<std::optional<ErrorCode>, 2> ended;
    const auto work = [&](int on) {
      return [&, on] {
        const auto done = remove(on, user.id);
        if (!done) ended.at(on) = done.error().code;
      };
    };
    at_once(work(0), work(1));
    EXPECT_EQ(ended[0].has_value() + ended[1].has_value(), 1);
    EXPECT_EQ(ended[0].value_or(ErrorCode::not_found), ErrorCode::not_found);
    EXPECT_EQ(ended[1].value_or(ErrorCode::not_found), ErrorCode::not_found);
  }
  EXPECT_EQ(world_->log({.events = {"USER.DELETE"}}).size(), static_cast<std::size_t>(kRounds));
}

TEST_P(PeopleStoreTest, ApproveAndDeleteAtOnceLeaveNobodyHalfIn) {
  begin();
  world_->change_settings({.users_approval = true});
  remove_permit_ = may<Operation::delete_user>(Role::admin);
  const auto approving = may<Operation::approve_user>();
  for (int round = 0; round < kRounds; ++round) {
    const auto user = admit("x" + std::to_string(round) + "@otter-reef.example");
    Result<User> approved = not_found("");
    Result<void> removed;
    at_once(
        [&] {
          approved = replica(0).write_now(
              [&](core::Tx& tx) { return people::approve(tx, approving, user.id, world_->now); });
        },
        [&] { removed = remove(1, user.id); });
    EXPECT_TRUE(removed.ok());
    EXPECT_FALSE(stored(user.id));
    if (!approved) EXPECT_EQ(approved.error().code, ErrorCode::not_found);
  }
}

TEST_P(PeopleStoreTest, ASuspensionIsNotUndoneByARoleGivenAtOnce) {
  begin();
  const auto suspending = may<Operation::suspend_user>();
  const auto promoting = may<Operation::change_user_role>();
  for (int round = 0; round < kRounds; ++round) {
    const auto user = admit("x" + std::to_string(round) + "@otter-reef.example");
    at_once(
        [&] {
          EXPECT_TRUE(replica(0)
                          .write_now([&](core::Tx& tx) {
                            return people::suspend(tx, suspending, user.id, world_->now);
                          })
                          .ok());
        },
        [&] {
          EXPECT_TRUE(replica(1)
                          .write_now([&](core::Tx& tx) {
                            return people::change_role(tx, promoting, user.id, Role::auditor, world_->now);
                          })
                          .ok());
        });
    const auto after = *stored(user.id);
    EXPECT_EQ(after.status, UserStatus::suspended);
    EXPECT_EQ(after.role, Role::auditor);
  }
}

TEST_P(PeopleStoreTest, ADeviceThatJoinsWhileItsPersonIsDeletedDoesNotStay) {
  begin();
  remove_permit_ = may<Operation::delete_user>(Role::admin);
  int joined_first = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto user = admit("x" + std::to_string(round) + "@otter-reef.example");
    identity::Caller caller = world_->caller(Role::admin);
    caller.user = user.id;
    caller.login_name = user.login_name;
    const auto issuing = *identity::authorize<Operation::create_auth_key>(caller);
    const auto key = world_->db().write_now([&](core::Tx& tx) {
      return credentials::issue_auth_key(tx, issuing, {}, {world_->mint(), {}}, world_->now);
    });
    ASSERT_TRUE(key.ok());
    const auto request = world_->join_request(round + 1, round + 1, &*key);
    bool joined = false;
    at_once(
        [&] {
          joined = replica(0)
                       .write_now([&](core::Tx& tx) {
                         return join::register_device(tx, request, world_->join_context(), world_->now);
                       })
                       .ok();
        },
        [&] { EXPECT_TRUE(remove(1, user.id).ok()); });
    joined_first += joined ? 1 : 0;
    const auto left = world_->db().read_now([&](core::Tx& tx) -> Result<std::size_t> {
      return tx.devices().list_of_user(user.tailnet, user.id).size();
    });
    EXPECT_EQ(*left, 0U) << "round " << round << (joined ? ", joined" : ", refused");
  }
  RecordProperty("joined_first", joined_first);
}

TEST_P(PeopleStoreTest, AnInviteComesBackWholeAndIsAcceptedOnce) {
  begin();
  const auto inviting = may<Operation::create_user_invite>();
  const auto signing_on = *identity::authorize<Operation::create_user>(
      identity::sign_on_caller(world_->tailnet().tailnet.id, {}));
  for (int round = 0; round < kRounds; ++round) {
    const auto made = world_->db().write_now([&](core::Tx& tx) {
      return people::invite(tx, inviting, {{"it-admin", "bob@example.com"}}, world_->mint(), world_->now);
    });
    ASSERT_TRUE(made.ok());
    const auto& invite = made->front().invite;
    const auto back = *world_->db().read_now([&](core::Tx& tx) -> Result<people::Invite> {
      EXPECT_FALSE(tx.invites().find(TailnetId("TOtherCNTRL"), invite.id));
      EXPECT_FALSE(tx.invites().find_by_code(TailnetId("TOtherCNTRL"), invite.code));
      return *tx.invites().find(invite.tailnet, invite.id);
    });
    EXPECT_EQ(back.inviter, world_->tailnet().owner.id);
    EXPECT_EQ(back.role, Role::it_admin);
    EXPECT_EQ(back.email, "bob@example.com");
    EXPECT_EQ(back.code, invite.code);
    EXPECT_EQ(back.expires, world_->now + people::kInviteLifetime);

    std::array<bool, 2> in{};
    const auto work = [&](int on) {
      return [&, on] {
        const auto login = std::to_string(round) + (on == 0 ? "a" : "b") + "@otter-reef.example";
        in.at(on) = replica(on)
                        .write_now([&](core::Tx& tx) {
                          return people::accept_invite(tx, signing_on, made->front().code, {login, ""},
                                                       world_->mint(), world_->now);
                        })
                        .ok();
      };
    };
    at_once(work(0), work(1));
    EXPECT_EQ(in[0] + in[1], 1);
  }
  EXPECT_EQ(world_->log({.events = {"USER.CREATE"}}).size(), static_cast<std::size_t>(kRounds) + 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, PeopleStoreTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::storage
