#include "core/services/manage.h"

#include <gtest/gtest.h>

#include "core/services/service_store.h"
#include "core/tailnet/address.h"
#include "core/tailnet/device_store.h"
#include "core/tailnet/manage_devices.h"
#include "testing/world.h"

namespace latchkey::services {
namespace {

using identity::Operation;
using identity::Role;
using testing::World;

WantedService web() {
  WantedService want;
  want.ports = {"tcp:443"};
  return want;
}

class Services : public ::testing::Test {
 protected:
  Services() { world_.store_policy(R"({"tagOwners": {"tag:web": [], "tag:api": []}})"); }

  Result<Service> put(const std::string& name, const WantedService& want, Role by = Role::owner) {
    TRY(const auto may, identity::authorize<Operation::write_services>(world_.caller(by)));
    return world_.db().write_now([&](core::Tx& tx) { return put_service(tx, may, name, want, world_.now); });
  }
  Result<void> remove(const std::string& name) {
    const auto may = identity::authorize<Operation::write_services>(world_.caller(Role::owner));
    return world_.db().write_now([&](core::Tx& tx) { return remove_service(tx, *may, name, world_.now); });
  }
  Result<Service> get(const std::string& name) {
    const auto may = identity::authorize<Operation::read_services>(world_.caller(Role::auditor));
    return world_.db().read_now([&](core::Tx& tx) { return read_service(tx, *may, name); });
  }
  tailnet::Device join() {
    credentials::NewAuthKey want;
    want.grant.reusable = true;
    return world_.join(1, 1, *world_.issue_auth_key(Role::owner, want));
  }
  std::size_t events(const char* name) { return world_.log({.events = {name}}).size(); }

  World world_;
};

TEST_F(Services, GetAnAddressOfEachFamilyAndKeepThem) {
  const auto made = put("svc:web", web());
  ASSERT_TRUE(made.ok()) << made.error().message;
  const auto ipv4 = tailnet::Address::parse(made->ipv4);
  ASSERT_TRUE(ipv4);
  EXPECT_TRUE(tailnet::may_be_assigned(*ipv4));
  EXPECT_TRUE(tailnet::Prefix::parse("fd7a:115c:a1e0::/96")->contains(*tailnet::Address::parse(made->ipv6)));
  auto want = web();
  want.comment = "changed";
  EXPECT_EQ(put("svc:web", want)->ipv4, made->ipv4);
  want.addresses = {made->ipv4, made->ipv6};
  const auto again = put("svc:web", want);
  EXPECT_EQ(again->ipv6, made->ipv6);
  EXPECT_EQ(*get("svc:web"), *again);
  EXPECT_EQ(events("TAILNET.CREATE.SERVICE"), 1U);
  EXPECT_EQ(events("TAILNET.UPDATE.SERVICE"), 1U);  // the second changed nothing
}

TEST_F(Services, Ipv4CanBeChosenAndMovedAndIpv6Stays) {
  auto want = web();
  want.addresses = {"100.64.7.7"};
  const auto made = put("svc:web", want);
  EXPECT_EQ(made->ipv4, "100.64.7.7");
  want.addresses = {"100.64.7.8", made->ipv6};
  const auto moved = put("svc:web", want);
  ASSERT_TRUE(moved.ok()) << moved.error().message;
  EXPECT_EQ(moved->ipv4, "100.64.7.8");
  EXPECT_EQ(moved->ipv6, made->ipv6);
  want.addresses = {"100.64.7.7"};
  EXPECT_TRUE(put("svc:other", want).ok());  // the one it left is free
  const std::vector<std::vector<std::string>> refused = {
      {"100.64.7.9", "fd7a:115c:a1e0::1"}, {"10.0.0.1"}, {"100.100.100.100"}, {"x"}, {"100.64.7.9", "y", "z"},
      {made->ipv6, "100.64.7.9"}};
  for (const auto& addresses : refused) {
    want.addresses = addresses;
    EXPECT_EQ(put("svc:web", want).error().fields, std::vector<std::string>{"addrs"});
  }
  want.addresses = {"100.64.9.9", "fd7a:115c:a1e0::ff00:1"};
  EXPECT_EQ(put("svc:new", want).error().fields, std::vector<std::string>{"addrs"});
}

TEST_F(Services, NoAddressIsGivenOutTwiceToServicesAndDevices) {
  const auto device = join();
  auto want = web();
  want.addresses = {device.ipv4};
  EXPECT_EQ(put("svc:web", want).error().code, ErrorCode::conflict);
  const auto made = *put("svc:web", web());
  EXPECT_EQ(put("svc:other",
                [&] {
                  auto other = web();
                  other.addresses = {made.ipv4};
                  return other;
                }())
                .error()
                .code,
            ErrorCode::conflict);
  const auto may = identity::authorize<Operation::manage_device>(world_.caller(Role::owner));
  const auto move = [&](const std::string& address) {
    return world_.db().write_now(
        [&](core::Tx& tx) { return tailnet::set_ipv4(tx, *may, device.id.str(), address, world_.now); });
  };
  EXPECT_EQ(move(made.ipv4).error().code, ErrorCode::conflict);
  ASSERT_TRUE(remove("svc:web").ok());
  EXPECT_TRUE(move(made.ipv4).ok());
  want.addresses = {made.ipv4};
  EXPECT_EQ(put("svc:web", want).error().code, ErrorCode::conflict);
  want.addresses = {device.ipv4};  // where the device was
  EXPECT_TRUE(put("svc:web", want).ok());
}

TEST_F(Services, NamesAreSharedWithDevices) {
  const auto device = join();
  EXPECT_EQ(put("svc:" + device.name, web()).error().code, ErrorCode::conflict);
  ASSERT_TRUE(put("svc:web", web()).ok());
  const auto may = identity::authorize<Operation::manage_device>(world_.caller(Role::owner));
  const auto named = world_.db().write_now(
      [&](core::Tx& tx) { return tailnet::set_name(tx, *may, device.id.str(), "web", world_.now); });
  EXPECT_EQ(named.error().code, ErrorCode::conflict);
  const auto names = world_.db().read_now([&](core::Tx& tx) -> Result<std::vector<std::string>> {
    return tx.devices().names_like(world_.tailnet().tailnet.id, "we");
  });
  EXPECT_EQ(*names, std::vector<std::string>{"web"});
}

TEST_F(Services, AnotherNameInTheBodyRenamesOneThatIsThere) {
  auto want = web();
  want.name = "svc:api";
  EXPECT_EQ(put("svc:web", want).error().fields, std::vector<std::string>{"name"});
  const auto made = *put("svc:web", web());
  const auto renamed = put("svc:web", want);
  ASSERT_TRUE(renamed.ok()) << renamed.error().message;
  EXPECT_EQ(renamed->ipv4, made.ipv4);
  EXPECT_EQ(get("svc:web").error().code, ErrorCode::not_found);
  EXPECT_EQ(get("svc:api")->ipv6, made.ipv6);
  ASSERT_TRUE(put("svc:web", web()).ok());
  EXPECT_EQ(put("svc:web", want).error().code, ErrorCode::conflict);
  want.name = "api";
  EXPECT_EQ(put("svc:web", want).error().fields, std::vector<std::string>{"name"});
  // The address went with the name.
  want = web();
  want.addresses = {made.ipv4};
  EXPECT_EQ(put("svc:third", want).error().code, ErrorCode::conflict);
}

TEST_F(Services, PutReplacesAllButWhatClientsKeepForThemselves) {
  auto want = web();
  want.comment = "a comment";
  want.display_name = "Web";
  want.annotations = Annotations{{"example.com/owner", R"({"a":["b"]})"}};
  want.tags = {"tag:web", "tag:api", "tag:web"};
  want.ports = {"tcp:8443", "tcp:443", "tcp:8443"};
  const auto made = *put("svc:web", want);
  EXPECT_EQ(made.tags, (std::vector<std::string>{"tag:api", "tag:web"}));
  EXPECT_EQ(made.ports, (std::vector<std::string>{"tcp:8443", "tcp:443"}));
  const auto replaced = *put("svc:web", web());
  EXPECT_EQ(replaced.comment, "");
  EXPECT_TRUE(replaced.tags.empty());
  EXPECT_EQ(replaced.annotations, *want.annotations);
  EXPECT_EQ(replaced.display_name, "Web");
  want = web();
  want.annotations.emplace();
  want.display_name = "";
  EXPECT_TRUE(put("svc:web", want)->annotations.empty());
  EXPECT_EQ(get("svc:web")->display_name, "");
}

TEST_F(Services, EveryRefusalNamesTheMember) {
  const auto refused = [&](const std::string& name, const WantedService& want, const char* member) {
    const auto answer = put(name, want);
    ASSERT_FALSE(answer.ok()) << member;
    EXPECT_EQ(answer.error().fields, std::vector<std::string>{member}) << answer.error().message;
  };
  for (const char* name : {"web", "svc:", "svc:Web", "svc:-web", "svc:a.b", "svc:a b"})
    refused(name, web(), "name");
  refused("svc:" + std::string(64, 'a'), web(), "name");
  EXPECT_TRUE(put("svc:" + std::string(63, 'a'), web()).ok());
  const std::vector<std::vector<std::string>> ports = {{},
                                                       {"443"},
                                                       {"udp:53"},
                                                       {"tcp:0"},
                                                       {"tcp:65536"},
                                                       {"tcp:"},
                                                       {"tcp:01"},
                                                       {"tcp:1-5"},
                                                       {"tcp:443 "},
                                                       {"do-not-validate", "tcp:443"},
                                                       std::vector<std::string>(kMaxPorts + 1, "tcp:1")};
  for (const auto& list : ports) {
    auto want = web();
    want.ports = list;
    refused("svc:web", want, "ports");
  }
  auto want = web();
  want.comment = std::string(kMaxComment + 1, 'a');
  refused("svc:web", want, "comment");
  want = web();
  want.display_name = std::string(kMaxDisplayName + 1, 'a');
  refused("svc:web", want, "displayName");
  want = web();
  want.annotations = Annotations{{"a", std::string(kMaxAnnotation + 1, 'a')}};
  refused("svc:web", want, "annotations");
  want.annotations = Annotations{{"", "a"}};
  refused("svc:web", want, "annotations");
  want.annotations = Annotations{{"a", std::string("tskey") + "-api-x"}};
  refused("svc:web", want, "annotations");
  want.annotations.emplace();
  for (std::size_t i = 0; i <= kMaxAnnotations; ++i) want.annotations->emplace(std::to_string(i), "");
  refused("svc:web", want, "annotations");
  want = web();
  want.ports = {"do-not-validate"};
  EXPECT_TRUE(put("svc:web", want).ok());
}

TEST_F(Services, TagsExistAndAreTheCallersToGive) {
  auto want = web();
  want.tags = {"tag:nobody"};
  const auto refused = put("svc:web", want);
  EXPECT_EQ(refused.error().message, "requested tags [tag:nobody] are invalid or not permitted");
  want.tags = {"tag:web"};
  ASSERT_TRUE(put("svc:web", want).ok());
  // A trust credential that may not give the tag changes another member, and leaves the tag.
  auto trust = world_.caller(Role::owner);
  trust.kind = identity::Caller::Kind::trust_credential;
  trust.user = {};
  trust.trust.emplace();
  trust.trust->scopes = *identity::ScopeSet::parse(std::vector<std::string>{"services"});
  trust.trust->tags = {"tag:api"};
  const auto may = identity::authorize<Operation::write_services>(trust);
  const auto by_trust = [&](const WantedService& wanted) {
    return world_.db().write_now(
        [&](core::Tx& tx) { return put_service(tx, *may, "svc:web", wanted, world_.now); });
  };
  want.comment = "changed";
  EXPECT_TRUE(by_trust(want).ok());
  want.tags = {"tag:api"};
  EXPECT_TRUE(by_trust(want).ok());
  want.tags = {"tag:web"};
  EXPECT_FALSE(by_trust(want).ok());
}

TEST_F(Services, RemovedOnesAreGoneAndOnesOfAnotherTailnetHidden) {
  ASSERT_TRUE(put("svc:web", web()).ok());
  auto stranger = world_.caller(Role::owner);
  stranger.tailnet = TailnetId("Tother");
  const auto may = identity::authorize<Operation::read_services>(stranger);
  EXPECT_EQ(
      world_.db().read_now([&](core::Tx& tx) { return read_service(tx, *may, "svc:web"); }).error().code,
      ErrorCode::not_found);
  ASSERT_TRUE(remove("svc:web").ok());
  EXPECT_EQ(remove("svc:web").error().code, ErrorCode::not_found);
  EXPECT_EQ(get("svc:web").error().code, ErrorCode::not_found);
  EXPECT_EQ(events("TAILNET.DELETE.SERVICE"), 1U);
}

TEST_F(Services, NoDeviceHostsAny) {
  const auto device = join();
  ASSERT_TRUE(put("svc:web", web()).ok());
  const auto may = identity::authorize<Operation::read_service_hosts>(world_.caller(Role::auditor));
  const auto says = [&](const std::string& name, const std::string& id) {
    return world_.db()
        .read_now([&](core::Tx& tx) -> Result<void> { return host_not_found(tx, *may, name, id); })
        .error()
        .message;
  };
  EXPECT_EQ(says("svc:none", device.id.str()), "service not found");
  EXPECT_EQ(says("svc:web", "nNobody"), "device not found");
  EXPECT_EQ(says("svc:web", device.id.str()), "this device does not host the service");
}

TEST(ServiceAddress, SkipsTheClientsOwn) {
  EXPECT_FALSE(choose_ipv6(0x53));
  EXPECT_FALSE(choose_ipv6(0xFFFFFF));
  EXPECT_EQ(*choose_ipv6(0xABCDEF0034563CB4), "fd7a:115c:a1e0::3456:3cb4");  // by the low bits
}

}  // namespace
}  // namespace latchkey::services
