#include "core/identity/authorize.h"

#include <gtest/gtest.h>

#include <set>

namespace latchkey::identity {
namespace {

// The table of credentials reference section 3, written a second time: by letters, in the order owner, admin,
// network, it, billing, auditor, member. x: all, o: own, t: own and the tailnet's, h: held, -: none.
struct Row {
  Right right;
  const char* letters;
};
constexpr Row kExpected[] = {
    {Right::sign_in, "ooooooo"},
    {Right::open_console, "xxxxxx-"},
    {Right::read_people_and_machines, "xxxxxx-"},
    {Right::read_audit_log, "xxxxxx-"},
    {Right::read_keys, "xxttxx-"},
    {Right::generate_api_tokens, "xxxx---"},
    {Right::generate_auth_keys, "xxxx---"},
    {Right::revoke_keys, "xxoo---"},
    {Right::use_any_tag, "xxx----"},
    {Right::manage_trust_credentials, "xxhh---"},
    {Right::manage_webhooks, "xxxx---"},
    {Right::manage_provisioning, "xx-x---"},
    {Right::manage_users, "xx-x---"},
    {Right::manage_sessions, "xxoxooo"},
    {Right::manage_machines, "xx-x---"},
    {Right::configure_features, "xx-x---"},
    {Right::configure_network, "xxx----"},
    {Right::write_policy_file, "xxx----"},
    {Right::manage_log_streaming, "xxxx---"},
    {Right::manage_tailnet_lock, "xx-x---"},
    {Right::set_account_contact, "xx-x---"},
    {Right::set_security_contact, "xx-----"},
    {Right::rename_tailnet, "xxx----"},
    {Right::manage_billing, "xx--x--"},
    {Right::transfer_ownership, "x------"},
};

char letter(Extent extent) {
  switch (extent) {
    case Extent::none:
      return '-';
    case Extent::own:
      return 'o';
    case Extent::own_and_tailnet:
      return 't';
    case Extent::held:
      return 'h';
    case Extent::all:
      return 'x';
  }
  return '?';
}

TEST(RoleMatrix, R40_IsTheDocumentedTable) {
  for (const auto& row : kExpected) {
    std::string letters;
    for (const auto role : kRoles) letters += letter(extent_of(role, row.right));
    EXPECT_EQ(letters, row.letters) << static_cast<int>(row.right);
  }
}

TEST(RoleMatrix, RoleNamesRoundTrip) {
  for (const auto role : kRoles) EXPECT_EQ(role_from(to_string(role)), role);
  EXPECT_EQ(role_from("Owner"), std::nullopt);
}

Caller caller_with(Role role, Caller::Kind kind = Caller::Kind::api_token) {
  Caller caller;
  caller.kind = kind;
  caller.user = UserId("uCaller");
  caller.role = role;
  return caller;
}

TEST(Authorize, RefusesWithUpstreamsText) {
  const auto refused = authorize<Operation::create_auth_key>(caller_with(Role::member));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
  EXPECT_TRUE(refused.error().refusal);
  EXPECT_EQ(refused.error().message,
            "calling actor does not have enough permissions to perform this function");
}

TEST(Permit, ReachesAsFarAsTheRoleDoes) {
  const UserId own("uCaller");
  const UserId other("uOther");
  const UserId tailnet;
  const auto all = authorize<Operation::revoke_key>(caller_with(Role::admin));
  EXPECT_TRUE(all->reaches(own) && all->reaches(other) && all->reaches(tailnet));
  const auto mine = authorize<Operation::revoke_key>(caller_with(Role::it_admin));
  EXPECT_TRUE(mine->reaches(own));
  EXPECT_FALSE(mine->reaches(other) || mine->reaches(tailnet));
  const auto ours = authorize<Operation::read_key>(caller_with(Role::network_admin));
  EXPECT_TRUE(ours->reaches(own) && ours->reaches(tailnet));
  EXPECT_FALSE(ours->reaches(other));
}

TEST(Permit, IsMadeByAuthorizeOnly) {
  static_assert(!std::is_default_constructible_v<Permit<Operation::revoke_key>>);
  static_assert(!std::is_constructible_v<Permit<Operation::revoke_key>, Caller, Extent>);
  static_assert(!std::is_convertible_v<Permit<Operation::read_key>, Permit<Operation::revoke_key>>);
}

TEST(Authorize, TokensCannotMakeTokensOrBackups) {
  EXPECT_FALSE(authorize<Operation::create_api_token>(caller_with(Role::owner)).ok());
  EXPECT_FALSE(authorize<Operation::back_up>(caller_with(Role::owner)).ok());
  EXPECT_TRUE(
      authorize<Operation::create_api_token>(caller_with(Role::owner, Caller::Kind::local_administrator))
          .ok());
}

// Owner, Admin, Network, IT, Billing admin, Auditor, Member; then provisioning and sign-on; x: may, -: not.
struct PeopleRow {
  Operation operation;
  const char* api_tokens;
  const char* sessions;
  const char* machines;
};
constexpr PeopleRow kPeople[] = {
    {Operation::list_users, "xxxxxx-", "xxxxxx-", "x-"},
    {Operation::read_user, "xxxxxx-", "xxxxxx-", "x-"},
    {Operation::create_user, "xx-x---", "xx-x---", "xx"},
    {Operation::approve_user, "xx-x---", "xx-x---", "--"},
    {Operation::suspend_user, "xx-x---", "xx-x---", "x-"},
    {Operation::restore_user, "xx-x---", "xx-x---", "x-"},
    {Operation::delete_user, "xx-x---", "xx-x---", "x-"},
    {Operation::change_user_role, "xx-x---", "xx-x---", "x-"},
    {Operation::read_provisioning, "xx-x---", "xx-x---", "--"},
    {Operation::manage_provisioning, "xx-x---", "xx-x---", "--"},
    {Operation::manage_groups, "xx-x---", "xx-x---", "x-"},
    {Operation::update_user, "xx-x---", "xx-x---", "x-"},
    {Operation::transfer_ownership, "-------", "x------", "--"},
    {Operation::list_user_invites, "xxxxxx-", "xxxxxx-", "--"},
    {Operation::read_user_invite, "xxxxxx-", "xxxxxx-", "--"},
    {Operation::create_user_invite, "xx-x---", "xx-x---", "--"},
    {Operation::resend_user_invite, "xx-x---", "xx-x---", "--"},
    {Operation::delete_user_invite, "xx-x---", "xx-x---", "--"},
    {Operation::create_api_token, "-------", "xxxx---", "--"},
    {Operation::create_auth_key, "xxxx---", "xxxx---", "--"},
    {Operation::read_audit_log, "xxxxxx-", "xxxxxx-", "--"},
};

TEST(Authorize, R40_WhoMayDoWhatToPeople) {
  const auto letter_of = [](const Caller& caller, Operation operation) {
    const auto decided = detail::decide(caller, operation);
    return decided.ok() ? 'x' : '-';
  };
  for (const auto& row : kPeople) {
    std::string tokens;
    std::string sessions;
    for (const auto role : kRoles) {
      tokens += letter_of(caller_with(role), row.operation);
      sessions += letter_of(caller_with(role, Caller::Kind::session), row.operation);
    }
    const std::string machines{
        letter_of(provisioning_caller(TailnetId("T1"), CredentialId("k1"), {}), row.operation),
        letter_of(sign_on_caller(TailnetId("T1"), {}), row.operation)};
    EXPECT_EQ(tokens, row.api_tokens) << to_string(row.operation);
    EXPECT_EQ(sessions, row.sessions) << to_string(row.operation);
    EXPECT_EQ(machines, row.machines) << to_string(row.operation);
  }
}

TEST(Authorize, ProvisioningAndSignOnGetNothingElse) {
  const auto provisioning = provisioning_caller(TailnetId("T1"), CredentialId("k1"), {});
  const auto sign_on = sign_on_caller(TailnetId("T1"), {});
  const std::set<Operation> people{
      Operation::list_users,  Operation::read_user,     Operation::create_user,
      Operation::update_user, Operation::suspend_user,  Operation::restore_user,
      Operation::delete_user, Operation::manage_groups, Operation::change_user_role};
  for (const auto operation : operations()) {
    EXPECT_EQ(detail::decide(provisioning, operation).ok(), people.contains(operation))
        << to_string(operation);
    EXPECT_EQ(detail::decide(sign_on, operation).ok(), operation == Operation::create_user)
        << to_string(operation);
  }
}

TEST(Authorize, ASessionOfSomebodyWithoutTheConsoleConnectsDevicesAndKeepsItsSessions) {
  const std::set<Operation> own{Operation::connect_device, Operation::list_sessions, Operation::end_session};
  for (const auto operation : operations()) {
    const auto extent = detail::decide(caller_with(Role::member, Caller::Kind::session), operation);
    EXPECT_EQ(extent.ok(), own.contains(operation)) << to_string(operation);
    if (extent) EXPECT_EQ(*extent, Extent::own) << to_string(operation);
  }
}

TEST(Authorize, DevicesAreConnectedInABrowserAndLinksAreMadeOnTheMachineAlone) {
  for (const auto kind :
       {Caller::Kind::api_token, Caller::Kind::session, Caller::Kind::local_administrator}) {
    const auto caller = caller_with(Role::owner, kind);
    EXPECT_EQ(detail::decide(caller, Operation::connect_device).ok(), kind == Caller::Kind::session);
    EXPECT_EQ(detail::decide(caller, Operation::create_login_link).ok(),
              kind == Caller::Kind::local_administrator);
  }
}

TEST(ActorOf, SaysWhatKindOfCallerItWas) {
  const auto scim = provisioning_caller(TailnetId("T1"), CredentialId("kScim"), {});
  EXPECT_EQ(actor_of(scim).type, audit::ActorType::scim);
  EXPECT_EQ(actor_of(scim).id, "kScim");
  EXPECT_EQ(scim.source.origin, audit::Origin::identity_provider);
  EXPECT_EQ(actor_of(sign_on_caller(TailnetId("T1"), {})).type, audit::ActorType::automated_worker);
  const auto person = actor_of(caller_with(Role::admin, Caller::Kind::session));
  EXPECT_EQ(person.type, audit::ActorType::user);
  EXPECT_EQ(person.id, "uCaller");
}

}  // namespace
}  // namespace latchkey::identity
