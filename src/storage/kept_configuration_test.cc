// Posture integrations, log streams, external ids and services on both engines: every member comes back, and
// what is of one tailnet or taken stays so.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "core/logstream/manage.h"
#include "core/posture/integration_store.h"
#include "core/posture/manage.h"
#include "core/services/manage.h"
#include "core/services/service_store.h"
#include "core/tailnet/device_store.h"
#include "storage/migrations.h"
#include "testing/engines.h"
#include "testing/world.h"

namespace latchkey::storage {
namespace {

using identity::Operation;
using identity::Role;
using services::ServiceStore;
using testing::World;

class KeptConfigurationTest : public testing::EngineTest {
 protected:
  static Result<services::Service> put(SqlDatabase& db, World& world, const std::string& name,
                                       std::vector<std::string> addresses = {}) {
    services::WantedService want;
    want.ports = {"tcp:443"};
    want.addresses = std::move(addresses);
    const auto may = identity::authorize<Operation::write_services>(world.caller(Role::owner));
    return db.write_now([&](core::Tx& tx) { return services::put_service(tx, *may, name, want, world.now); });
  }
};

TEST_P(KeptConfigurationTest, EveryMemberOfAnIntegrationComesBack) {
  World world(open());
  const auto id = world.tailnet().tailnet.id;
  posture::Integration wanted{posture::IntegrationId("pOne"), id,           posture::Provider::intune,
                              {"global", "a", "b"},           {0, 1, 0xFF}, world.now};
  const auto may = identity::authorize<Operation::write_posture>(world.caller(Role::owner));
  const auto checked = world.db().write_now([&](core::Tx& tx) -> Result<void> {
    audit::Act act;
    act.record = identity::record_by(may->caller(), audit::Action::create, {}, world.now);
    act.change = {audit::ChangeKind::posture_updated, id, "pOne", 0, world.now};
    const auto same = [&] {
      const auto found = tx.integrations().find(id, wanted.id);
      return found && found->provider == wanted.provider && found->account == wanted.account &&
             found->sealed_secret == wanted.sealed_secret && found->updated == wanted.updated &&
             found->tailnet == id;
    };
    EXPECT_TRUE(tx.integrations().insert(wanted, act));
    EXPECT_TRUE(same());
    auto second = wanted;
    second.id = posture::IntegrationId("pTwo");
    EXPECT_FALSE(tx.integrations().insert(second, act));
    EXPECT_FALSE(tx.integrations().update(second, act));
    wanted.account = {"us-gov", "c", "d"};
    wanted.sealed_secret = {9};
    wanted.updated += seconds{1};
    EXPECT_TRUE(tx.integrations().update(wanted, act));
    EXPECT_TRUE(same());
    const TailnetId other("T11111111111CNTRL");
    EXPECT_FALSE(tx.integrations().find(other, wanted.id));
    EXPECT_TRUE(tx.integrations().list(other).empty());
    EXPECT_FALSE(tx.integrations().remove(other, wanted.id, act));
    EXPECT_EQ(tx.integrations().list(id).size(), 1U);
    EXPECT_TRUE(tx.integrations().remove(id, wanted.id, act));
    EXPECT_FALSE(tx.integrations().remove(id, wanted.id, act));
    return {};
  });
  EXPECT_TRUE(checked.ok());
}

TEST_P(KeptConfigurationTest, EveryMemberOfALogStreamComesBack) {
  World world(open());
  const auto id = world.tailnet().tailnet.id;
  const auto may = identity::authorize<Operation::write_log_streaming>(world.caller(Role::owner));
  const auto checked = world.db().write_now([&](core::Tx& tx) -> Result<void> {
    audit::Act act;
    act.record = identity::record_by(may->caller(), audit::Action::create, {}, world.now);
    act.change = {audit::ChangeKind::logstream_updated, id, "network", 0, world.now};
    logstream::Stream wanted{id,
                             logstream::LogType::network,
                             logstream::Destination::gcs,
                             {"https://x",
                              "user",
                              5,
                              "zstd",
                              "b",
                              "r",
                              "p",
                              "rolearn",
                              "k",
                              "arn",
                              "ext",
                              "gb",
                              "gp",
                              {"s1", "s2"},
                              "{}"},
                             {1, 2},
                             {}};
    const auto same = [&] {
      const auto found = tx.logstreams().find(id, logstream::LogType::network);
      return found && found->destination == wanted.destination && found->settings == wanted.settings &&
             found->sealed_token == wanted.sealed_token && found->sealed_s3_secret == wanted.sealed_s3_secret;
    };
    tx.logstreams().save(wanted, act);
    EXPECT_TRUE(same());
    wanted.settings.gcs_scopes.clear();
    wanted.destination = logstream::Destination::s3;
    wanted.sealed_token.clear();
    wanted.sealed_s3_secret = {7};
    tx.logstreams().save(wanted, act);
    EXPECT_TRUE(same());
    EXPECT_FALSE(tx.logstreams().find(id, logstream::LogType::configuration));
    EXPECT_FALSE(tx.logstreams().find(TailnetId("T11111111111CNTRL"), logstream::LogType::network));
    EXPECT_FALSE(tx.logstreams().remove(id, logstream::LogType::configuration, act));
    EXPECT_TRUE(tx.logstreams().remove(id, logstream::LogType::network, act));
    EXPECT_FALSE(tx.logstreams().find(id, logstream::LogType::network));
    return {};
  });
  EXPECT_TRUE(checked.ok());
}

TEST_P(KeptConfigurationTest, ExternalIdsThatNoStreamNamesAreForgottenOldestFirst) {
  World world(open());
  const auto id = world.tailnet().tailnet.id;
  const auto may = identity::authorize<Operation::write_log_streaming>(world.caller(Role::owner));
  const auto checked = world.db().write_now([&](core::Tx& tx) -> Result<void> {
    audit::Act act;
    act.record = identity::record_by(may->caller(), audit::Action::create, {}, world.now);
    act.change = {audit::ChangeKind::logstream_updated, id, "x", 0, world.now};
    auto& streams = tx.logstreams();
    for (int i = 0; i < 4; ++i) {
      streams.insert_external_id({id, "id" + std::to_string(i), i == 2, world.now + seconds{i}, ""}, act);
    }
    logstream::Stream stream{id, logstream::LogType::network, logstream::Destination::s3, {}, {}, {}};
    stream.settings.s3_external_id = "id0";
    streams.save(stream, act);
    EXPECT_EQ(streams.find_reusable_external_id(id)->id, "id2");
    streams.link_external_id(id, "id2", "123456789012");
    EXPECT_EQ(streams.find_external_id(id, "id2")->linked_account, "123456789012");
    EXPECT_FALSE(streams.find_reusable_external_id(id));
    streams.forget_external_ids(id, 2);
    EXPECT_TRUE(streams.find_external_id(id, "id0"));  // is named
    EXPECT_FALSE(streams.find_external_id(id, "id1"));
    EXPECT_TRUE(streams.find_external_id(id, "id2"));
    EXPECT_TRUE(streams.find_external_id(id, "id3"));
    EXPECT_FALSE(streams.find_external_id(TailnetId("T11111111111CNTRL"), "id3"));
    return {};
  });
  EXPECT_TRUE(checked.ok());
}

TEST_P(KeptConfigurationTest, EveryMemberOfAServiceComesBack) {
  World world(open());
  const auto id = world.tailnet().tailnet.id;
  const auto may = identity::authorize<Operation::write_services>(world.caller(Role::owner));
  const auto checked = world.db().write_now([&](core::Tx& tx) -> Result<void> {
    audit::Act act;
    act.record = identity::record_by(may->caller(), audit::Action::create, {}, world.now);
    act.change = {audit::ChangeKind::service_updated, id, "svc:web", 0, world.now};
    services::Service wanted{id,
                             "svc:web",
                             "100.64.3.3",
                             "fd7a:115c:a1e0::100:1",
                             "Web",
                             "comment",
                             {{"a\"b", "{\"c\":1}"}},
                             {"tcp:443", "tcp:80"},
                             {"tag:a"}};
    auto& store = tx.services();
    EXPECT_EQ(store.insert(wanted, act), ServiceStore::Written::done);
    EXPECT_EQ(store.find(id, "svc:web"), wanted);
    auto second = wanted;
    EXPECT_EQ(store.insert(second, act), ServiceStore::Written::name_taken);
    second.name = "svc:other";
    EXPECT_EQ(store.insert(second, act), ServiceStore::Written::ipv4_taken);
    second.ipv4 = "100.64.3.4";
    EXPECT_EQ(store.insert(second, act), ServiceStore::Written::ipv6_taken);
    second.ipv6 = "fd7a:115c:a1e0::100:2";
    EXPECT_EQ(store.insert(second, act), ServiceStore::Written::done);
    EXPECT_EQ(store.count(id), 2);
    EXPECT_EQ(store.list(id).front().name, "svc:other");
    wanted.name = "svc:renamed";
    wanted.ipv4 = "100.64.3.5";
    wanted.annotations.clear();
    wanted.display_name = wanted.comment = "";
    EXPECT_EQ(store.update("svc:web", wanted, act), ServiceStore::Written::done);
    EXPECT_EQ(store.find(id, "svc:renamed"), wanted);
    EXPECT_FALSE(store.find(id, "svc:web"));
    EXPECT_FALSE(tx.devices().is_address_taken(id, "100.64.3.3"));
    EXPECT_TRUE(tx.devices().is_address_taken(id, "100.64.3.5"));
    auto moved = wanted;
    moved.ipv4 = second.ipv4;
    EXPECT_EQ(store.update("svc:renamed", moved, act), ServiceStore::Written::ipv4_taken);
    moved = wanted;
    moved.name = "svc:other";
    EXPECT_EQ(store.update("svc:renamed", moved, act), ServiceStore::Written::name_taken);
    const TailnetId other("T11111111111CNTRL");
    EXPECT_FALSE(store.find(other, "svc:renamed"));
    EXPECT_FALSE(store.remove(other, "svc:renamed", act));
    EXPECT_FALSE(tx.devices().is_address_taken(other, "100.64.3.5"));
    EXPECT_TRUE(store.remove(id, "svc:renamed", act));
    EXPECT_FALSE(store.remove(id, "svc:renamed", act));
    EXPECT_FALSE(tx.devices().is_address_taken(id, "100.64.3.5"));
    return {};
  });
  EXPECT_TRUE(checked.ok());
}

TEST_P(KeptConfigurationTest, OfManyThatWantOneAddressOneGetsIt) {
  World world(open());
  const auto second = on_postgres() ? open() : nullptr;
  auto& elsewhere = second ? *second : world.db();
  credentials::NewAuthKey reusable;
  reusable.grant.reusable = true;
  const auto key = *world.issue_auth_key(Role::owner, reusable);
  const auto device = world.join(1, 1, key);
  world.caller(Role::owner);
  std::atomic<int> got = 0;
  constexpr int kRounds = 20;
  for (int round = 0; round < kRounds; ++round) {
    const std::string address = "100.70.0." + std::to_string(round + 1);
    const auto may = identity::authorize<Operation::manage_device>(world.caller(Role::owner));
    std::thread other([&] {
      if (put(elsewhere, world, "svc:s" + std::to_string(round), {address}).ok()) ++got;
    });
    const auto moved = world.db().write_now([&](core::Tx& tx) -> Result<bool> {
      auto mine = *tx.devices().find(device.tailnet, device.id);
      mine.ipv4 = address;
      return tx.devices().update(mine, {},
                                 {audit::ChangeKind::device_updated, mine.tailnet, mine.id.str(), 0, {}}) ==
             tailnet::DeviceStore::Written::done;
    });
    if (*moved) ++got;
    other.join();
    EXPECT_EQ(got, round + 1) << address;
  }
}

TEST_P(KeptConfigurationTest, AddressesOfDevicesFromBeforeAreInUse) {
  auto driver = this->driver();
  {
    auto connection = driver->connect_migrator();
    migrate(*connection, driver->dialect(), migrations().first(9));
    connection->execute(
        "INSERT INTO tailnets (id, name, name_folded, created_at) VALUES ('T1', 'a.example', 'a.example', 1);"
        "INSERT INTO devices SELECT 'T1', 'n1', 1, NULL, NULL, 'mkey:1', 'nodekey:1', '', 'web', 'web', "
        "FALSE,"
        " '100.64.0.9', 'fd7a::9', '[]', FALSE, TRUE, NULL, FALSE, FALSE, '[]', '[]', 1, NULL, '', '', '[]', "
        "'{}', 0,"
        " 1, 1");
    migrate(*connection, driver->dialect());
    EXPECT_EQ(testing::number(*connection, "SELECT COUNT(*) FROM addresses WHERE device_id = 'n1'"), 1);
    connection->execute("DELETE FROM devices");
    EXPECT_EQ(testing::number(*connection, "SELECT COUNT(*) FROM addresses"), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, KeptConfigurationTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::storage
