#include "core/people/standing.h"

#include <gtest/gtest.h>

#include <set>

#include "core/credentials/authenticate.h"
#include "core/credentials/trust_credential.h"
#include "core/people/admit.h"
#include "testing/world.h"

namespace latchkey::people {
namespace {

using identity::Caller;
using identity::Role;
using identity::User;
using identity::UserStatus;

User person(Role role) {
  User user;
  user.role = role;
  return user;
}

// Rows: the step. Columns: to another member, to the owner, to himself, by his own credential.
struct Row {
  Step step;
  const char* allowed;
};
constexpr Row kSteps[] = {
    {Step::approve, "xxxx"},        {Step::suspend, "x---"}, {Step::restore, "xxxx"},
    {Step::remove, "x---"},         {Step::rename, "xxxx"},  {Step::change_role, "x---"},
    {Step::take_ownership, "xx--"},
};

TEST(Standing, R40_NobodyDoesItToHimselfAndTheOwnerStaysUntilHeTransfers) {
  for (const auto& row : kSteps) {
    const auto letter = [&](Role role, Relation relation) {
      return check(row.step, person(role), relation).ok() ? 'x' : '-';
    };
    const std::string letters{letter(Role::member, Relation::other), letter(Role::owner, Relation::other),
                              letter(Role::admin, Relation::himself),
                              letter(Role::admin, Relation::his_credential)};
    EXPECT_EQ(letters, row.allowed) << static_cast<int>(row.step);
  }
}

class StandingTest : public ::testing::Test {
 protected:
  template <Operation operation>
  identity::Permit<operation> may(Role role, Caller::Kind kind = Caller::Kind::session) {
    return *identity::authorize<operation>(world_.caller(role, kind));
  }
  template <class Work>
  auto write(Work work) {
    return world_.db().write_now(work);
  }
  Result<User> suspend(Role by, const UserId& who) {
    const auto allowed = may<Operation::suspend_user>(by);
    return write([&](core::Tx& tx) { return people::suspend(tx, allowed, who, world_.now); });
  }
  Result<User> restore(Role by, const UserId& who) {
    const auto allowed = may<Operation::restore_user>(by);
    return write([&](core::Tx& tx) { return people::restore(tx, allowed, who, world_.now); });
  }
  Result<User> approve(const UserId& who) {
    const auto allowed = may<Operation::approve_user>(Role::it_admin);
    return write([&](core::Tx& tx) { return people::approve(tx, allowed, who, world_.now); });
  }
  Result<User> change_role(Role by, const UserId& who, Role role) {
    const auto allowed = may<Operation::change_user_role>(by);
    return write([&](core::Tx& tx) { return people::change_role(tx, allowed, who, role, world_.now); });
  }
  Result<User> rename(const UserId& who, const Names& names) {
    const auto allowed = may<Operation::update_user>(Role::admin);
    return write([&](core::Tx& tx) { return people::rename(tx, allowed, who, names, world_.now); });
  }
  Result<User> transfer(const UserId& to) {
    const auto allowed = may<Operation::transfer_ownership>(Role::owner);
    return write([&](core::Tx& tx) { return transfer_ownership(tx, allowed, to, world_.now); });
  }
  Result<Removed> remove(Role by, const UserId& who) {
    const auto allowed = may<Operation::delete_user>(by);
    return write([&](core::Tx& tx) { return people::remove(tx, allowed, who, world_.now); });
  }
  Result<User> admit(const NewPerson& person, Caller::Kind kind = Caller::Kind::session) {
    const auto by = kind == Caller::Kind::sign_on ? identity::sign_on_caller(world_.tailnet().tailnet.id, {})
                                                  : world_.caller(Role::owner, kind);
    const auto allowed = *identity::authorize<Operation::create_user>(by);
    return write([&](core::Tx& tx) { return people::admit(tx, allowed, person, world_.now); });
  }
  std::vector<std::string> names_since(std::size_t from) {
    std::vector<std::string> names;
    const auto log = world_.log();
    for (std::size_t i = from; i < log.size(); ++i) names.push_back(event_name(log[i]));
    return names;
  }

  testing::World world_;
};

TEST_F(StandingTest, WhoComesInWaitsOnlyWhereNewPeopleDo) {
  const auto ann = admit({.login_name = "ann@otter-reef.example", .display_name = "Ann Otter"});
  ASSERT_TRUE(ann.ok());
  EXPECT_EQ(ann->status, UserStatus::active);
  EXPECT_EQ(ann->role, Role::member);
  EXPECT_EQ(ann->display_name, "Ann Otter");
  EXPECT_EQ(admit({.login_name = "ANN@otter-reef.example"}).error().code, ErrorCode::conflict);
  EXPECT_EQ(admit({.login_name = "x@otter-reef.example", .role = Role::owner}).error().code,
            ErrorCode::malformed_input);
  EXPECT_FALSE(admit({.login_name = "no spaces"}).ok());

  world_.change_settings({.users_approval = true});
  const auto bob = admit({.login_name = "bob@otter-reef.example"}, Caller::Kind::sign_on);
  ASSERT_TRUE(bob.ok());
  EXPECT_EQ(bob->status, UserStatus::needs_approval);
  EXPECT_EQ(bob->display_name, "bob");
  const auto record = world_.log().back();
  EXPECT_EQ(event_name(record), "USER.CREATE");
  EXPECT_EQ(record.actor.id, bob->id.str()) << "he let himself in";
  EXPECT_EQ(record.source.origin, audit::Origin::identity_provider);
  EXPECT_EQ(admit({.login_name = "cat@otter-reef.example", .approved = true})->status, UserStatus::active);

  EXPECT_EQ(approve(bob->id)->status, UserStatus::active);
  const auto before = world_.log().size();
  EXPECT_EQ(approve(bob->id)->status, UserStatus::active) << "once more: nothing happens";
  EXPECT_EQ(world_.log().size(), before);
}

TEST_F(StandingTest, R39_SuspensionStopsTokensAndKeysAndRestoreBringsThemBack) {
  const auto it = world_.user(Role::it_admin);
  const auto token = world_.issue_api_token(Role::it_admin);
  const auto key = world_.issue_auth_key(Role::it_admin, {});
  ASSERT_TRUE(token.ok() && key.ok());
  const auto works = [&] {
    return world_.db()
        .read_now([&](core::Tx& tx) -> Result<Caller> {
          return credentials::caller_of(*tx.credentials().find_for_authentication(token->credential.id),
                                        world_.now);
        })
        .ok();
  };
  ASSERT_TRUE(works());
  ASSERT_TRUE(suspend(Role::admin, it.id).ok());
  const auto record = world_.log().back();
  EXPECT_EQ(event_name(record), "USER.SUSPEND");
  EXPECT_NE(record.details.find(token->credential.id.str()), std::string::npos) << record.details;
  EXPECT_NE(record.details.find(key->credential.id.str()), std::string::npos) << record.details;
  EXPECT_FALSE(works());
  EXPECT_FALSE(world_.redeem(*key).ok());
  const auto before = world_.log().size();
  ASSERT_TRUE(suspend(Role::admin, it.id).ok());
  EXPECT_EQ(world_.log().size(), before) << "nothing changed, nothing is recorded";
  ASSERT_TRUE(restore(Role::admin, it.id).ok());
  EXPECT_TRUE(works());
  EXPECT_TRUE(world_.redeem(*key).ok());
  EXPECT_EQ(names_since(before).front(), "USER.RESTORE");
}

TEST_F(StandingTest, R40_RolesAreGivenToOthersAndNeverTheOwners) {
  const auto it = world_.user(Role::it_admin);
  const auto member = world_.user(Role::member);
  EXPECT_EQ(change_role(Role::it_admin, it.id, Role::admin).error().code, ErrorCode::forbidden);
  EXPECT_EQ(change_role(Role::it_admin, member.id, Role::admin)->role, Role::admin) << "also one above him";
  const auto record = world_.log().back();
  EXPECT_EQ(event_name(record), "USER.UPDATE.USER_ROLE");
  EXPECT_EQ(*record.old_value, boost::json::value("member"));
  EXPECT_EQ(*record.new_value, boost::json::value("admin"));
  const auto before = world_.log().size();
  EXPECT_TRUE(change_role(Role::it_admin, member.id, Role::admin).ok());
  EXPECT_EQ(world_.log().size(), before);
  EXPECT_EQ(change_role(Role::it_admin, member.id, Role::owner).error().code, ErrorCode::malformed_input);
  EXPECT_EQ(change_role(Role::it_admin, world_.tailnet().owner.id, Role::member).error().code,
            ErrorCode::forbidden);
  EXPECT_EQ(suspend(Role::admin, world_.tailnet().owner.id).error().code, ErrorCode::forbidden);
  EXPECT_EQ(remove(Role::admin, world_.tailnet().owner.id).error().code, ErrorCode::forbidden);
  EXPECT_EQ(suspend(Role::admin, UserId("uNobodyCNTRL")).error().code, ErrorCode::not_found);
}

TEST_F(StandingTest, R40_NobodyPromotesHimselfByACredentialThatHeMade) {
  const auto it = world_.user(Role::it_admin);
  credentials::NewClient want;
  want.terms.scopes = {"users"};
  const auto making = may<Operation::create_trust_credential>(Role::it_admin);
  const auto made = write([&](core::Tx& tx) {
    return credentials::create_client(tx, making, want, {world_.mint(), {}}, world_.now);
  });
  ASSERT_TRUE(made.ok()) << made.error().message;
  Caller caller;
  caller.kind = Caller::Kind::trust_credential;
  caller.tailnet = it.tailnet;
  caller.trust = identity::TrustGrant{};
  caller.trust->credential = made->credential.id;
  caller.trust->scopes = *identity::ScopeSet::parse(std::vector<std::string>{"users"});
  const auto allowed = *identity::authorize<Operation::change_user_role>(caller);
  const auto promote = [&](const UserId& who) {
    return write(
        [&](core::Tx& tx) { return people::change_role(tx, allowed, who, Role::admin, world_.now); });
  };
  EXPECT_EQ(promote(it.id).error().code, ErrorCode::forbidden);
  EXPECT_TRUE(promote(world_.user(Role::member).id).ok());
}

TEST_F(StandingTest, OwnershipMovesWholeAndTheOldOwnerBecomesAdmin) {
  const auto heir = world_.user(Role::auditor);
  EXPECT_EQ(transfer(world_.tailnet().owner.id).error().code, ErrorCode::forbidden);
  ASSERT_TRUE(suspend(Role::admin, heir.id).ok());
  EXPECT_EQ(transfer(heir.id).error().code, ErrorCode::conflict);
  ASSERT_TRUE(restore(Role::admin, heir.id).ok());
  const auto before = world_.log().size();
  const auto allowed = may<Operation::transfer_ownership>(Role::owner);
  ASSERT_TRUE(transfer(heir.id).ok());
  EXPECT_EQ(world_.user(Role::auditor).role, Role::owner);
  EXPECT_EQ(world_.user(Role::owner).role, Role::admin);
  const auto log = world_.log();
  ASSERT_EQ(log.size(), before + 2);
  EXPECT_EQ(log[before].group_id, log[before + 1].group_id);
  const auto again =
      write([&](core::Tx& tx) { return transfer_ownership(tx, allowed, heir.id, world_.now); });
  EXPECT_EQ(again.error().code, ErrorCode::forbidden) << "with a permit from before";
}

TEST_F(StandingTest, ANewNameIsRecordedOnceAndNeverSomebodyElses) {
  const auto member = world_.user(Role::member);
  const auto renamed = rename(member.id, {"mia@otter-reef.example", "Mia Kelp"});
  ASSERT_TRUE(renamed.ok());
  EXPECT_EQ(world_.user(Role::member).login_name, "mia@otter-reef.example");
  EXPECT_EQ(event_name(world_.log().back()), "USER.UPDATE.ATTRIBUTES");
  const auto before = world_.log().size();
  EXPECT_TRUE(rename(member.id, {"mia@otter-reef.example", "Mia Kelp"}).ok());
  EXPECT_EQ(world_.log().size(), before);
  EXPECT_TRUE(rename(member.id, {"MIA@otter-reef.example", "Mia Kelp"}).ok()) << "her own, in capitals";
  EXPECT_EQ(rename(member.id, {"Olive@otter-reef.example", "x"}).error().code, ErrorCode::conflict);
  EXPECT_FALSE(rename(member.id, {"mia@otter-reef.example", "a\nb"}).ok());
}

TEST_F(StandingTest, R39_DeletionEndsWhatWasHisInOneGroupAndLeavesWhatIsNot) {
  world_.store_policy(R"({"tagOwners": {"tag:ci": ["it-admin@otter-reef.example"]},
    "groups": {"group:ops": ["it-admin@otter-reef.example", "olive@otter-reef.example"]},
    "acls": [{"action": "accept", "src": ["it-admin@otter-reef.example"], "dst": ["tag:ci:*"]}]})");
  const auto it = world_.user(Role::it_admin);
  const auto token = world_.issue_api_token(Role::it_admin);
  credentials::NewAuthKey reusable;
  reusable.grant.reusable = true;
  const auto key = world_.issue_auth_key(Role::it_admin, reusable);
  const auto laptop = world_.join(1, 1, *key);
  const auto phone = world_.join(2, 2, *key);
  credentials::NewAuthKey tagged;
  tagged.grant.tags = {"tag:ci"};
  const auto builder = world_.join(3, 3, *world_.issue_auth_key(Role::it_admin, tagged));
  const auto others = world_.join(4, 4, *world_.issue_auth_key(Role::owner, {}));
  world_.user(Role::admin);  // made before what is counted
  const auto before = world_.log().size();

  const auto removed = remove(Role::admin, it.id);
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(std::set(removed->devices.begin(), removed->devices.end()), (std::set{laptop.id, phone.id}));
  EXPECT_EQ(std::set(removed->keys.begin(), removed->keys.end()),
            (std::set{token->credential.id, key->credential.id}));
  EXPECT_EQ(removed->mentions,
            (std::vector<std::string>{"tagOwners.tag:ci[0] in line 1", "groups.group:ops[0] in line 2",
                                      "acls[0].src[0] in line 3"}));
  EXPECT_FALSE(world_.device(laptop.id) || world_.device(phone.id));
  EXPECT_TRUE(world_.device(builder.id) && world_.device(others.id)) << "tagged, and another's";
  EXPECT_TRUE(world_.stored(token->credential.id).revoked && world_.stored(key->credential.id).revoked);

  const auto log = world_.log();
  std::multiset<std::string> events;
  for (std::size_t i = before; i < log.size(); ++i) {
    events.insert(event_name(log[i]));
    EXPECT_EQ(log[i].group_id, log[before].group_id);
    EXPECT_EQ(log[i].actor.login_name, "admin@otter-reef.example");
  }
  EXPECT_EQ(events, (std::multiset<std::string>{"API_KEY.REVOKE", "API_KEY.REVOKE", "NODE.DELETE",
                                                "NODE.DELETE", "USER.DELETE"}));
  EXPECT_EQ(remove(Role::admin, it.id).error().code, ErrorCode::not_found);
  const auto again = admit({.login_name = it.login_name});
  ASSERT_TRUE(again.ok());
  EXPECT_NE(again->id, it.id) << "who comes again is somebody new";
}

}  // namespace
}  // namespace latchkey::people
