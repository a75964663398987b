#include "core/signon/session.h"

#include <gtest/gtest.h>

namespace latchkey::signon {
namespace {

using identity::Role;
using identity::UserStatus;

class SessionRules : public ::testing::Test {
 protected:
  SessionRules() {
    session_.digest.fill(1);
    session_.role = Role::admin;
    session_.created = now_;
    session_.last_seen = now_;
    session_.ends = now_ + hours{12};
    user_.role = Role::admin;
    old_.fill(2);
  }
  SessionVerdict verdict(TimePoint now) { return judge(session_, session_.digest, user_, limits_, now); }

  TimePoint now_ = *from_rfc3339("2026-01-05T09:00:00Z");
  Session session_;
  identity::User user_;
  SessionLimits limits_;
  crypto::Digest old_{};
};

TEST_F(SessionRules, EndsWhenIdleAndWhenOld) {
  EXPECT_EQ(verdict(now_ + minutes{59}), SessionVerdict::good);
  EXPECT_EQ(verdict(now_ + minutes{60}), SessionVerdict::over);
  session_.last_seen = now_ + hours{11} + minutes{59};
  EXPECT_EQ(verdict(now_ + hours{11} + minutes{59}), SessionVerdict::good);
  EXPECT_EQ(verdict(now_ + hours{12}), SessionVerdict::over);
}

TEST_F(SessionRules, ThePersonsStateCountsAtEachRequest) {
  user_.status = UserStatus::suspended;
  EXPECT_EQ(verdict(now_), SessionVerdict::denied);
  user_.status = UserStatus::needs_approval;
  EXPECT_EQ(verdict(now_), SessionVerdict::denied);
  user_.status = UserStatus::active;
  EXPECT_EQ(verdict(now_), SessionVerdict::good);
}

TEST_F(SessionRules, AnotherRoleMeansAnotherCookie) {
  user_.role = Role::member;
  EXPECT_EQ(verdict(now_), SessionVerdict::renew);
  user_.role = Role::owner;
  EXPECT_EQ(verdict(now_), SessionVerdict::renew);
}

TEST_F(SessionRules, ARenewedTextIsGoodForAMomentAndProofOfTheftAfterIt) {
  session_.old_digest = old_;
  session_.renewed = now_;
  EXPECT_EQ(judge(session_, old_, user_, limits_, now_ + seconds{29}), SessionVerdict::good);
  EXPECT_EQ(judge(session_, old_, user_, limits_, now_ + seconds{30}), SessionVerdict::stolen);
  EXPECT_EQ(judge(session_, session_.digest, user_, limits_, now_ + seconds{30}), SessionVerdict::good);
}

}  // namespace
}  // namespace latchkey::signon
