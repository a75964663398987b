// Redeeming under contention, through the use case and the database, on both engines: a one-off key is
// redeemed once, a key with a limit as often as the limit says, a revoked key not at all (R17, R18).
//
// LATCHKEY_TEST_LONG=1 in the environment makes two replicas run as many rounds as one.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "crypto/digest.h"
#include "testing/postgres_server.h"
#include "testing/world.h"

namespace latchkey {
namespace {

using credentials::IssuedKey;
using credentials::JoinRequest;
using identity::Role;
using testing::PostgresServer;
using testing::World;

constexpr int kMachines = 64;
constexpr int kRounds = 1000;

int replica_rounds() {
  const char* wish = std::getenv("LATCHKEY_TEST_LONG");
  return wish != nullptr && std::string_view(wish) == "1" ? kRounds : 200;
}

storage::DatabaseOptions options() {
  const std::array<std::uint8_t, 32> chain_key{4, 5, 6};
  return {.keys = {.audit_chain = crypto::HmacKey(chain_key)}};
}

// Threads that wait for each other and then do the same thing at once, round after round.
class Crowd {
 public:
  // `act` is given the number of the thread.
  explicit Crowd(std::function<void(int)> act) : act_(std::move(act)) {
    for (int i = 0; i < kMachines; ++i) threads_.emplace_back([this, i] { work(i); });
  }
  ~Crowd() {
    over_ = true;
    start_.arrive_and_wait();
  }

  void act_once() {
    start_.arrive_and_wait();
    end_.arrive_and_wait();
  }

 private:
  void work(int number) {
    for (;;) {
      start_.arrive_and_wait();
      if (over_) return;
      act_(number);
      end_.arrive_and_wait();
    }
  }

  std::function<void(int)> act_;
  std::barrier<> start_{kMachines + 1};
  std::barrier<> end_{kMachines + 1};
  std::atomic<bool> over_{false};
  std::vector<std::jthread> threads_;
};

JoinRequest join(const IssuedKey& key, int machine) {
  JoinRequest request;
  request.key_text = key.text;
  request.machine = "mkey:" + std::to_string(machine);
  request.hostname = "build-" + std::to_string(machine);
  request.device = {"n" + std::to_string(machine) + "CNTRL", audit::ActorType::node, {}, request.hostname};
  request.source.origin = audit::Origin::node;
  return request;
}

// Many machines redeem one key after another, spread over one or several replicas of the same database.
class Race {
 public:
  explicit Race(World& world, std::vector<io::Database*> replicas)
      : world_(world), replicas_(std::move(replicas)), crowd_([this](int machine) { redeem(machine); }) {}

  int successes_with(const IssuedKey& key) {
    key_ = &key;
    successes_ = 0;
    crowd_.act_once();
    return successes_;
  }
  // What went wrong other than a refusal: must stay empty.
  std::string trouble() {
    std::lock_guard lock(mutex_);
    return trouble_;
  }

 private:
  void redeem(int machine) {
    try {
      const JoinRequest request = join(*key_, machine);
      auto& db = *replicas_[static_cast<std::size_t>(machine) % replicas_.size()];
      const auto joined = db.write_now(
          [&](core::Tx& tx) { return credentials::redeem(tx, request, world_.mint(), world_.now); });
      if (joined) {
        ++successes_;
      } else if (joined.error().code != ErrorCode::unauthenticated) {
        note(joined.error().message);
      }
    } catch (const std::exception& failure) {
      note(failure.what());
    }
  }

  void note(const std::string& what) {
    std::lock_guard lock(mutex_);
    trouble_ = what;
  }

  World& world_;
  std::vector<io::Database*> replicas_;
  const IssuedKey* key_ = nullptr;
  std::atomic<int> successes_{0};
  std::mutex mutex_;
  std::string trouble_;
  Crowd crowd_;  // last: its threads use the rest
};

void one_off_keys_have_one_winner(World& world, std::vector<io::Database*> replicas, int rounds) {
  Race race(world, std::move(replicas));
  for (int round = 0; round < rounds; ++round) {
    const auto key = world.issue_auth_key(Role::owner);
    ASSERT_TRUE(key.ok());
    ASSERT_EQ(race.successes_with(*key), 1) << "round " << round << " " << race.trouble();
    const auto stored = world.stored(key->credential.id);
    ASSERT_EQ(stored.usage.uses, 1);
    ASSERT_TRUE(stored.spent.has_value());
  }
  EXPECT_EQ(race.trouble(), "");
}

void limited_keys_have_as_many_winners(World& world, std::vector<io::Database*> replicas, int rounds) {
  Race race(world, std::move(replicas));
  for (int round = 0; round < rounds; ++round) {
    credentials::NewAuthKey want;
    want.grant.reusable = true;
    want.grant.max_uses = 5;
    const auto key = world.issue_auth_key(Role::owner, want);
    ASSERT_TRUE(key.ok());
    ASSERT_EQ(race.successes_with(*key), 5) << "round " << round << " " << race.trouble();
    ASSERT_EQ(world.stored(key->credential.id).usage.uses, 5);
  }
  EXPECT_EQ(race.trouble(), "");
}

// Every machine counts what it got from attempts begun after the revocation was answered.
void no_redemption_begins_after_revocation(World& world, std::vector<io::Database*> replicas, int rounds) {
  const IssuedKey* key = nullptr;
  std::atomic<bool> revoked{false};
  std::atomic<int> before{0}, after{0}, refused_after{0};
  Crowd crowd([&](int machine) {
    auto& db = *replicas[static_cast<std::size_t>(machine) % replicas.size()];
    // New machine keys each time: a retry by the same machine is another rule.
    for (int attempt = 1;; ++attempt) {
      const bool began_after = revoked;
      const JoinRequest request = join(*key, machine + kMachines * attempt);
      const auto joined = db.write_now(
          [&](core::Tx& tx) { return credentials::redeem(tx, request, world.mint(), world.now); });
      if (joined) ++(began_after ? after : before);
      if (!joined && began_after) ++refused_after;
      if (began_after) return;
    }
  });
  for (int round = 0; round < rounds; ++round) {
    credentials::NewAuthKey want;
    want.grant.reusable = true;
    const auto issued = world.issue_auth_key(Role::owner, want);
    ASSERT_TRUE(issued.ok());
    key = &*issued;
    revoked = false;
    std::thread revoking([&] {
      // At another moment of the race each time.
      const int most = before + round % (2 * kMachines);
      for (int look = 0; before < most && look < 10'000; ++look) std::this_thread::yield();
      EXPECT_TRUE(world.revoke(Role::owner, key->credential.id).ok());
      revoked = true;
    });
    crowd.act_once();
    revoking.join();
    ASSERT_EQ(after, 0) << "round " << round;
  }
  EXPECT_GT(before, 0);
  EXPECT_EQ(refused_after, rounds * kMachines);
}

TEST(RaceOnSqlite, R18OneOffKeyIsRedeemedOnceByParallelMachines) {
  World world;
  one_off_keys_have_one_winner(world, {&world.db()}, kRounds);
}

TEST(RaceOnSqlite, KeyWithUseLimitIsRedeemedExactlyThatOften) {
  World world;
  limited_keys_have_as_many_winners(world, {&world.db()}, 100);
}

TEST(RaceOnSqlite, R17NoRedemptionThatBeginsAfterRevocationSucceeds) {
  World world;
  no_redemption_begins_after_revocation(world, {&world.db()}, 50);
}

class RaceOnPostgres : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto usable = PostgresServer::available(); !usable) GTEST_SKIP() << usable.error().message;
    url_ = PostgresServer::shared().new_database();
    world_ = std::make_unique<World>(storage::open_postgres(url_, options()));
  }
  World& world() { return *world_; }
  std::unique_ptr<storage::SqlDatabase> another_replica() { return storage::open_postgres(url_, options()); }

 private:
  SecretString url_;
  std::unique_ptr<World> world_;
};

TEST_F(RaceOnPostgres, R18OneOffKeyIsRedeemedOnceByParallelMachines) {
  one_off_keys_have_one_winner(world(), {&world().db()}, kRounds);
}

TEST_F(RaceOnPostgres, R18OneOffKeyIsRedeemedOnceOverTwoReplicas) {
  const auto other = another_replica();
  one_off_keys_have_one_winner(world(), {&world().db(), other.get()}, replica_rounds());
}

TEST_F(RaceOnPostgres, KeyWithUseLimitIsRedeemedExactlyThatOftenOverTwoReplicas) {
  const auto other = another_replica();
  limited_keys_have_as_many_winners(world(), {&world().db(), other.get()}, 50);
}

TEST_F(RaceOnPostgres, R17NoRedemptionThatBeginsAfterRevocationSucceedsOnAnyReplica) {
  const auto other = another_replica();
  no_redemption_begins_after_revocation(world(), {&world().db(), other.get()}, 20);
}

}  // namespace
}  // namespace latchkey
