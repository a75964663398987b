#include "core/credentials/credential.h"

#include <gtest/gtest.h>

#include "core/credentials/hostname_pattern.h"
#include "core/credentials/lifetime.h"
#include "testing/world.h"

namespace latchkey::credentials {
namespace {

using identity::UserStatus;
using testing::at;

const TimePoint kCreated = at("2026-01-05T09:00:00Z");

Credential living() {
  Credential key;
  key.created = kCreated;
  key.expires = kCreated + days{90};
  return key;
}

TEST(CredentialState, IsExpiredFromItsDateOn) {
  const auto key = living();
  EXPECT_EQ(state_of(key, UserStatus::active, *key.expires - std::chrono::microseconds{1}), State::active);
  EXPECT_EQ(state_of(key, UserStatus::active, *key.expires), State::expired);
}

TEST(CredentialState, FollowsTheTable) {
  struct Row {
    bool revoked, spent, past;
    std::optional<UserStatus> owner;
    State state;
    bool invalid;
  };
  // Final states win over the owner's; a suspended owner's key sleeps and wakes without a write.
  const Row rows[] = {
      {false, false, false, UserStatus::active, State::active, false},
      {false, false, false, std::nullopt, State::active, false},
      {false, false, false, UserStatus::suspended, State::dormant, false},
      {false, false, false, UserStatus::needs_approval, State::dormant, false},
      {false, false, true, UserStatus::active, State::expired, true},
      {false, false, true, UserStatus::suspended, State::expired, true},
      {false, true, false, UserStatus::active, State::spent, true},
      {false, true, true, UserStatus::suspended, State::spent, true},
      {true, false, false, UserStatus::active, State::revoked, true},
      {true, true, true, UserStatus::suspended, State::revoked, true},
  };
  for (const auto& row : rows) {
    auto key = living();
    if (row.revoked) key.revoked = kCreated + hours{1};
    if (row.spent) key.spent = kCreated + hours{1};
    const TimePoint now = row.past ? *key.expires + seconds{1} : kCreated + hours{2};
    EXPECT_EQ(state_of(key, row.owner, now), row.state);
    EXPECT_EQ(is_invalid(key, now), row.invalid);
  }
}

TEST(Lifetime, R37_R38_VariesByTypeWithinItsBounds) {
  struct Row {
    KeyType type;
    std::optional<std::int64_t> asked;
    std::optional<std::int64_t> given;  // nothing: refused
  };
  const Row rows[] = {
      {KeyType::auth, std::nullopt, 7'776'000},
      {KeyType::auth, 0, 7'776'000},
      {KeyType::auth, 1, 1},
      {KeyType::auth, 300, 300},
      {KeyType::auth, 7'776'000, 7'776'000},
      {KeyType::auth, 7'776'001, std::nullopt},
      {KeyType::auth, -1, std::nullopt},
      {KeyType::api, std::nullopt, 7'776'000},
      {KeyType::api, 86'400, 86'400},
      {KeyType::api, 86'399, std::nullopt},
      {KeyType::api, 7'776'000, 7'776'000},
      {KeyType::api, 91 * 86'400, std::nullopt},
      {KeyType::scim, 3600, std::nullopt},
      {KeyType::webhook, 3600, std::nullopt},
      {KeyType::auth, INT64_MAX, std::nullopt},
      {KeyType::auth, INT64_MIN, std::nullopt},
  };
  for (const auto& row : rows) {
    const auto chosen = choose_lifetime(row.type, row.asked);
    EXPECT_EQ(chosen.ok(), row.given.has_value()) << to_string(row.type) << " " << row.asked.value_or(0);
    if (chosen.ok() && row.given) {
      EXPECT_EQ(chosen->count(), *row.given);
    }
  }
}

TEST(Lifetime, OperatorMayOnlyLowerTheBound) {
  EXPECT_EQ(*choose_lifetime(KeyType::auth, std::nullopt, days{30}), days{30});
  EXPECT_FALSE(choose_lifetime(KeyType::auth, 31 * 86'400, days{30}).ok());
  EXPECT_FALSE(choose_lifetime(KeyType::auth, 91 * 86'400, days{365}).ok());
}

TEST(HostnamePattern, MatchesWithoutCase) {
  EXPECT_TRUE(hostname_matches("build-*", "BUILD-12"));
  EXPECT_TRUE(hostname_matches("*.ci.example", "a.b.ci.example"));
  EXPECT_TRUE(hostname_matches("a*b*c", "axxbyyc"));
  EXPECT_TRUE(hostname_matches("*", ""));
  EXPECT_FALSE(hostname_matches("build-*", "rebuild-1"));
  EXPECT_FALSE(hostname_matches("a*b*c", "axxbyy"));
  EXPECT_FALSE(hostname_matches("", "x"));
  EXPECT_FALSE(is_hostname_pattern("a b"));
  EXPECT_FALSE(is_hostname_pattern(""));
}

TEST(HostnamePattern, IsNotSlowOnHostilePatterns) {
  const std::string pattern = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
  EXPECT_FALSE(hostname_matches(pattern, std::string(253, 'a')));
}

}  // namespace
}  // namespace latchkey::credentials
