#include "core/policy/policy_store.h"

#include <gtest/gtest.h>

#include "core/policy/manage.h"
#include "testing/engines.h"
#include "testing/world.h"

namespace latchkey::storage {
namespace {

using identity::Operation;
using testing::World;

class PolicyStoreTest : public testing::EngineTest {
 protected:
  std::optional<std::string> stored(World& world, const TailnetId& tailnet) {
    return *world.db().read_now(
        [&](core::Tx& tx) -> Result<std::optional<std::string>> { return tx.policies().find(tailnet); });
  }
  void write(World& world, const std::string& text) {
    const auto may = identity::authorize<Operation::write_policy>(world.caller(identity::Role::owner));
    const auto written = world.db().write_now(
        [&](core::Tx& tx) { return policy::write_policy(tx, *may, {text, {}}, {}, world.now); });
    ASSERT_TRUE(written.ok()) << written.error().message;
  }
};

TEST_P(PolicyStoreTest, KeepsOneTextForEachTailnet) {
  World world(open());
  const auto own = world.tailnet().tailnet.id;
  EXPECT_EQ(stored(world, own), std::nullopt);
  write(world, "{\"acls\": [], // π\n}");
  EXPECT_EQ(stored(world, own), "{\"acls\": [], // π\n}");
  write(world, "{}");
  EXPECT_EQ(stored(world, own), "{}");
  EXPECT_EQ(stored(world, TailnetId("TotherCNTRL")), std::nullopt);
  write(world, "");
  EXPECT_EQ(stored(world, own), std::nullopt);
}

TEST_P(PolicyStoreTest, EveryChangeIsInTheFeed) {
  World world(open());
  std::vector<std::string> kinds;
  world.db().set_commit_hook([&](std::span<const audit::Change> changes) {
    for (const auto& change : changes) kinds.emplace_back(to_string(change.kind));
  });
  write(world, "{}");
  write(world, "{}");
  write(world, "");
  EXPECT_EQ(kinds, (std::vector<std::string>{"policy.updated", "policy.updated"}));
}

INSTANTIATE_TEST_SUITE_P(Engines, PolicyStoreTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::storage
