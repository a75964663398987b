#include "core/identity/hold_caller.h"

#include <gtest/gtest.h>

#include "core/credentials/issue.h"
#include "core/credentials/trust_credential.h"
#include "core/people/invites.h"
#include "core/people/standing.h"
#include "testing/webhook_world.h"

namespace latchkey::identity {
namespace {

class HoldCaller : public ::testing::Test {
 protected:
  // What becomes of a use case whose caller was authenticated, and was deleted before its turn.
  template <Operation operation, class Act>
  ErrorCode once_he_is_gone(const Act& act) {
    const auto may = *authorize<operation>(world_.caller(Role::admin, Caller::Kind::local_administrator));
    const auto deleting = *authorize<Operation::delete_user>(world_.caller(Role::owner));
    const auto done = world_.db().write_now([&](core::Tx& tx) {
      EXPECT_TRUE(people::remove(tx, deleting, may.caller().user, world_.now).ok());
      return act(tx, may);
    });
    EXPECT_FALSE(done.ok());
    return done.ok() ? ErrorCode::internal : done.error().code;
  }

  testing::WebhookWorld world_;
  credentials::Issuer issuer_{world_.mint(), {}};
};

TEST_F(HoldCaller, NothingThatOutlivesARequestIsMadeForSomebodyWhoIsGone) {
  EXPECT_EQ(once_he_is_gone<Operation::create_auth_key>([&](core::Tx& tx, const auto& may) {
              return credentials::issue_auth_key(tx, may, {}, issuer_, world_.now);
            }),
            ErrorCode::unauthenticated);
  EXPECT_EQ(once_he_is_gone<Operation::create_api_token>([&](core::Tx& tx, const auto& may) {
              return credentials::issue_api_token(tx, may, {}, issuer_, world_.now);
            }),
            ErrorCode::unauthenticated);
  credentials::NewClient client;
  client.terms.scopes = {"dns"};
  EXPECT_EQ(once_he_is_gone<Operation::create_trust_credential>([&](core::Tx& tx, const auto& may) {
              return credentials::create_client(tx, may, client, issuer_, world_.now);
            }),
            ErrorCode::unauthenticated);
  EXPECT_EQ(once_he_is_gone<Operation::create_trust_credential>([&](core::Tx& tx, const auto& may) {
              return credentials::create_federated_identity(tx, may, client.terms, issuer_, world_.now);
            }),
            ErrorCode::unauthenticated);
  const auto hooks = world_.context();
  EXPECT_EQ(once_he_is_gone<Operation::create_webhook>([&](core::Tx& tx, const auto& may) {
              return webhooks::create_endpoint(tx, may, {"https://ops.example/hook", "", {"nodeCreated"}},
                                               hooks, world_.now);
            }),
            ErrorCode::unauthenticated);
  EXPECT_EQ(once_he_is_gone<Operation::create_user_invite>([&](core::Tx& tx, const auto& may) {
              return people::invite(tx, may, {{}}, world_.mint(), world_.now);
            }),
            ErrorCode::unauthenticated);
}

TEST_F(HoldCaller, ATrustCredentialActsForNobody) {
  auto caller = world_.caller(Role::owner);
  caller.user = UserId();
  EXPECT_FALSE(world_.db().write_now([&](core::Tx& tx) { return hold_caller(tx, caller); }).ok());
  caller.trust = TrustGrant{};
  EXPECT_TRUE(world_.db().write_now([&](core::Tx& tx) { return hold_caller(tx, caller); }).ok());
}

}  // namespace
}  // namespace latchkey::identity
