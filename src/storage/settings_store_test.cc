#include "storage/settings_store.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/tailnet/change_dns.h"
#include "testing/engines.h"
#include "testing/world.h"

namespace latchkey::storage {
namespace {

using identity::Operation;
using identity::Role;
using testing::World;

class SettingsStoreTest : public testing::EngineTest {};

TEST_P(SettingsStoreTest, EveryMemberComesBackAsItWasSaved) {
  World world(open());
  tailnet::SettingsChange settings;
  settings.devices_approval = true;
  settings.devices_key_duration_days = 7;
  settings.devices_auto_updates = true;
  settings.users_approval = true;
  settings.users_join_external = "member";
  settings.acls_externally_managed = true;
  settings.acls_external_link = "https://git.example/policy";
  settings.posture_identity_collection = true;
  settings.https = true;
  settings.network_flow_logging = true;
  settings.regional_routing = true;
  tailnet::DnsChange dns;
  dns.whole = tailnet::DnsConfiguration{
      {{"1.1.1.1", true}, {"2001:db8::1", false}},
      {{"corp.example", {{"10.0.0.2", false}, {"10.0.0.1", true}}}, {"b.example", {{"10.0.0.3", false}}}},
      {"z.example", "a.example"},
      true,
      false};
  const auto may_set = identity::authorize<Operation::write_settings>(world.caller(Role::owner));
  const auto may_dns = identity::authorize<Operation::write_dns>(world.caller(Role::owner));
  const auto may_contact = identity::authorize<Operation::write_contact>(world.caller(Role::owner));
  const auto written = world.db().write_now([&](core::Tx& tx) -> Result<void> {
    TRY(tailnet::change_settings(tx, *may_set, settings, world.now));
    TRY(tailnet::change_dns(tx, *may_dns, dns, world.now));
    return tailnet::change_contact(tx, *may_contact, tailnet::ContactKind::support, "s@x.example", world.now);
  });
  ASSERT_TRUE(written.ok()) << written.error().message;
  const auto checked = world.db().read_now([&](core::Tx& tx) -> Result<void> {
    const auto& id = world.tailnet().tailnet.id;
    EXPECT_EQ(tx.settings().settings(id), *tailnet::apply(settings, {}));
    EXPECT_EQ(tx.settings().dns(id), *dns.whole);
    EXPECT_EQ(tx.settings().contacts(id).of(tailnet::ContactKind::support), "s@x.example");
    EXPECT_EQ(tx.settings().contacts(id).of(tailnet::ContactKind::account), "");
    const TailnetId other("T11111111111CNTRL");
    EXPECT_EQ(tx.settings().settings(other), tailnet::TailnetSettings{});
    EXPECT_EQ(tx.settings().dns(other), tailnet::DnsConfiguration{});
    return {};
  });
  EXPECT_TRUE(checked.ok());
}

TEST_P(SettingsStoreTest, ChangesOfTwoReplicasToDifferentDomainsBothStay) {
  World world(open());
  // The first replica's own connection, or on SQLite the only writer there may be.
  const auto second = on_postgres() ? open() : nullptr;
  auto& other = second ? *second : world.db();
  const auto may = identity::authorize<Operation::write_dns>(world.caller(Role::owner));
  constexpr int kEach = 20;
  const auto add = [&](SqlDatabase& db, const std::string& name) {
    for (int i = 0; i < kEach; ++i) {
      tailnet::DnsChange change;
      change.split_dns.emplace().domains[name + std::to_string(i)] = {"10.0.0.1"};
      EXPECT_TRUE(
          db.write_now([&](core::Tx& tx) { return tailnet::change_dns(tx, *may, change, world.now); }).ok());
    }
  };
  std::thread elsewhere([&] { add(other, "b"); });
  add(world.db(), "a");
  elsewhere.join();
  const auto dns = world.db().read_now([&](core::Tx& tx) -> Result<tailnet::DnsConfiguration> {
    return tx.settings().dns(world.tailnet().tailnet.id);
  });
  EXPECT_EQ(dns->split_dns.size(), 2U * kEach);
}

TEST_P(SettingsStoreTest, AnActOfSeveralRecordsIsOneEntryOfTheFeed) {
  World world(open());
  const auto entries = [&] {
    return *world.db().read_now([&](core::Tx& tx) -> Result<std::int64_t> {
      return testing::number(testing::connection_of(tx),
                             "SELECT COUNT(*) FROM changes WHERE kind = 'dns.updated'");
    });
  };
  tailnet::DnsChange change;
  change.nameservers = {"1.1.1.1"};
  change.magic_dns = false;
  const auto may = identity::authorize<Operation::write_dns>(world.caller(Role::owner));
  for (int i = 0; i < 2; ++i) {  // the second time nothing changes
    ASSERT_TRUE(world.db()
                    .write_now([&](core::Tx& tx) { return tailnet::change_dns(tx, *may, change, world.now); })
                    .ok());
    EXPECT_EQ(entries(), 1);
  }
  EXPECT_EQ(world.log({.events = {"TAILNET.UPDATE.DNS_CONFIG", "TAILNET.DISABLE.MAGIC_DNS"}}).size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(Engines, SettingsStoreTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::storage
