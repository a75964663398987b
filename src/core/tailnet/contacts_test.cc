#include "core/tailnet/contacts.h"

#include <gtest/gtest.h>

#include "testing/world.h"

namespace latchkey::tailnet {
namespace {

using identity::Operation;
using identity::Role;
using testing::World;

constexpr const char* kOwner = "olive@otter-reef.example";

Result<void> change(World& world, Role by, ContactKind kind, const std::string& email) {
  if (kind == ContactKind::security) {
    TRY(const auto may, identity::authorize<Operation::write_security_contact>(world.caller(by)));
    return world.db().write_now(
        [&](core::Tx& tx) { return change_security_contact(tx, may, email, world.now); });
  }
  TRY(const auto may, identity::authorize<Operation::write_contact>(world.caller(by)));
  return world.db().write_now([&](core::Tx& tx) { return change_contact(tx, may, kind, email, world.now); });
}

Contacts shown(World& world) {
  return *world.db().read_now([&](core::Tx& tx) -> Result<Contacts> {
    TRY(const auto may, identity::authorize<Operation::read_contacts>(world.caller(Role::auditor)));
    return read_contacts(tx, may);
  });
}

TEST(Contacts, AreTheOwnerUntilSomebodySetsThem) {
  World world;
  for (const auto kind : kContactKinds) EXPECT_EQ(shown(world).of(kind), kOwner);
  ASSERT_TRUE(change(world, Role::admin, ContactKind::security, "sec@otter-reef.example").ok());
  EXPECT_EQ(shown(world).of(ContactKind::security), "sec@otter-reef.example");
  EXPECT_EQ(shown(world).of(ContactKind::account), kOwner);
}

TEST(Contacts, EachIsRecordedUnderItsOwnName) {
  World world;
  const std::pair<ContactKind, const char*> rows[] = {
      {ContactKind::account, "TAILNET.UPDATE.ACCOUNT_EMAIL"},
      {ContactKind::support, "TAILNET.UPDATE.SUPPORT_EMAIL"},
      {ContactKind::security, "TAILNET.UPDATE.SECURITY_EMAIL"}};
  for (const auto& [kind, event] : rows) {
    ASSERT_TRUE(change(world, Role::owner, kind, "first@x.example").ok());
    ASSERT_TRUE(change(world, Role::owner, kind, "second@x.example").ok());
    ASSERT_TRUE(change(world, Role::owner, kind, "second@x.example").ok());
    const auto records = world.log({.events = {event}});
    ASSERT_EQ(records.size(), 2U) << event;
    EXPECT_TRUE(records[0].old_value->is_null());
    EXPECT_EQ(*records[1].old_value, "first@x.example");
    EXPECT_EQ(*records[1].new_value, "second@x.example");
  }
}

TEST(Contacts, R40_EachHasItsRight) {
  for (const auto role : identity::kRoles) {
    World world;
    const bool account = identity::may(role, identity::Right::set_account_contact);
    const bool security = identity::may(role, identity::Right::set_security_contact);
    EXPECT_EQ(change(world, role, ContactKind::account, "a@x.example").ok(), account) << to_string(role);
    EXPECT_EQ(change(world, role, ContactKind::support, "a@x.example").ok(), account) << to_string(role);
    EXPECT_EQ(change(world, role, ContactKind::security, "a@x.example").ok(), security) << to_string(role);
  }
}

TEST(Contacts, TheRightForAccountsDoesNotReachSecurity) {
  World world;
  const auto may = identity::authorize<Operation::write_contact>(world.caller(Role::it_admin));
  const auto refused = world.db().write_now([&](core::Tx& tx) {
    return change_contact(tx, *may, ContactKind::security, "a@x.example", world.now);
  });
  EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
}

TEST(Contacts, RefuseWhatIsNoAddress) {
  World world;
  for (const std::string email :
       {std::string(), std::string("@"), std::string("a@"), std::string("@b"), std::string("a b@c"),
        std::string("a@b@c"), std::string("a@b,c@d"), std::string("<a@b>"), std::string("a@b\r\nBcc: c"),
        std::string("a"), std::string(250, 'a') + "@b.de", std::string("tskey-auth-x@b")}) {
    const auto refused = change(world, Role::owner, ContactKind::account, email);
    ASSERT_FALSE(refused.ok()) << email;
    EXPECT_EQ(refused.error().fields, std::vector<std::string>{"email"});
  }
}

}  // namespace
}  // namespace latchkey::tailnet
