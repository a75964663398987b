#include "core/posture/manage.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/posture/integration_store.h"
#include "testing/world.h"

namespace latchkey::posture {
namespace {

using identity::Operation;
using identity::Role;
using testing::World;

constexpr const char* kUuid = "d1ae389b-5207-43a2-afca-2de6b03ac7e3";

TEST(PostureIntegration, EachProviderHasItsMembersAndNoOthers) {
  const std::pair<Provider, Account> taken[] = {
      {Provider::falcon, {"us-1", "client", ""}},
      {Provider::falcon, {"us-gov", "client", ""}},
      {Provider::fleet, {"fleet.example.com", "", ""}},
      {Provider::huntress, {"", "key-id", ""}},
      {Provider::intune, {"global", kUuid, kUuid}},
      {Provider::jamfpro, {"otter.jamfcloud.com", "client", ""}},
      {Provider::kandji, {"otter.kandji.io", "", ""}},
      {Provider::kolide, {"", "", ""}},
      {Provider::sentinelone, {"otter.sentinelone.net", "", ""}},
  };
  for (const auto& [provider, account] : taken) {
    const auto checked = check(provider, account);
    EXPECT_TRUE(checked.ok()) << to_string(provider) << checked.error().message;
    EXPECT_EQ(provider_from(to_string(provider)), provider);
  }
  struct Refused {
    Provider provider;
    Account account;
    const char* member;
  };
  const Refused refused[] = {
      {Provider::falcon, {"", "client", ""}, "cloudId"},
      {Provider::falcon, {"us-3", "client", ""}, "cloudId"},
      {Provider::falcon, {"us-1", "", ""}, "clientId"},
      {Provider::falcon, {"us-1", "client", kUuid}, "tenantId"},
      {Provider::intune, {"us-1", kUuid, kUuid}, "cloudId"},
      {Provider::intune, {"global", "client", kUuid}, "clientId"},
      {Provider::intune, {"global", kUuid, ""}, "tenantId"},
      {Provider::intune, {"global", kUuid, std::string(kUuid) + "0"}, "tenantId"},
      {Provider::jamfpro, {"jamfcloud", "client", ""}, "cloudId"},
      {Provider::kandji, {"https://otter.kandji.io", "", ""}, "cloudId"},
      {Provider::kandji, {"otter.kandji.io", "client", ""}, "clientId"},
      {Provider::kolide, {"us-1", "", ""}, "cloudId"},
      {Provider::sentinelone, {"-otter.sentinelone.net", "", ""}, "cloudId"},
      {Provider::fleet, {std::string(kMaxMember + 1, 'a'), "", ""}, "cloudId"},
      {Provider::fleet, {"two words", "", ""}, "cloudId"},
      {Provider::huntress, {"", std::string("tskey") + "-api-x", ""}, "clientId"},
  };
  for (const auto& row : refused) {
    const auto checked = check(row.provider, row.account);
    ASSERT_FALSE(checked.ok()) << to_string(row.provider) << " " << row.account.cloud_id;
    EXPECT_EQ(checked.error().fields, std::vector<std::string>{row.member}) << checked.error().message;
  }
}

class PostureIntegrations : public ::testing::Test {
 protected:
  Result<Integration> create(const NewIntegration& want) {
    const auto may = identity::authorize<Operation::write_posture>(world_.caller(Role::it_admin));
    return world_.db().write_now(
        [&](core::Tx& tx) { return create_integration(tx, *may, want, world_.sealer(), world_.now); });
  }
  Result<Integration> change(const Integration& integration, const IntegrationChange& wanted) {
    const auto may = identity::authorize<Operation::write_posture>(world_.caller(Role::it_admin));
    return world_.db().write_now([&](core::Tx& tx) {
      return change_integration(tx, *may, integration.id.str(), wanted, world_.sealer(), world_.now);
    });
  }
  std::string secret_of(const Integration& integration) {
    const auto stored = *world_.db().read_now([&](core::Tx& tx) -> Result<Integration> {
      return tx.integrations().find(integration.tailnet, integration.id).value();
    });
    const auto opened = world_.sealer().open(seal_context(stored.tailnet, stored.id), stored.sealed_secret);
    return opened ? opened->expose() : "";
  }
  std::size_t events(const char* name) { return world_.log({.events = {name}}).size(); }

  World world_;
  NewIntegration falcon_{"falcon", {"us-1", "client", ""}, SecretString("s3cret")};
};

TEST_F(PostureIntegrations, OneForEachProvider) {
  const auto made = create(falcon_);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_TRUE(is_id_text('p', made->id.str()));
  const auto second = create(falcon_);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_TRUE(create({"kolide", {}, SecretString("other")}).ok());
  EXPECT_EQ(events("TAILNET.CREATE.POSTURE_INTEGRATION"), 2U);
  for (const auto& bad :
       {NewIntegration{"acme", {}, SecretString("x")}, NewIntegration{"kolide", {}, SecretString()},
        NewIntegration{"kolide", {}, SecretString(std::string(kMaxSecret + 1, 'x'))}}) {
    EXPECT_EQ(create(bad).error().code, ErrorCode::malformed_input);
  }
}

TEST_F(PostureIntegrations, SecretIsSealedForItsPlaceAndKeptUntilAnotherComes) {
  const auto made = create(falcon_);
  EXPECT_EQ(secret_of(*made), "s3cret");
  EXPECT_FALSE(
      world_.sealer().open(seal_context(made->tailnet, IntegrationId("pOther")), made->sealed_secret));
  world_.now += seconds{60};
  IntegrationChange wanted;
  wanted.cloud_id = "us-2";
  const auto changed = change(*made, wanted);
  ASSERT_TRUE(changed.ok()) << changed.error().message;
  EXPECT_EQ(changed->account, (Account{"us-2", "client", ""}));
  EXPECT_EQ(changed->updated, world_.now);
  EXPECT_EQ(secret_of(*made), "s3cret");
  IntegrationChange secret;
  secret.client_secret = SecretString("another");
  ASSERT_TRUE(change(*made, secret).ok());
  EXPECT_EQ(secret_of(*made), "another");
  EXPECT_EQ(events("TAILNET.UPDATE.POSTURE_INTEGRATION"), 2U);
}

TEST_F(PostureIntegrations, WhatIsAlreadySoIsNotWrittenAndTheProviderStays) {
  const auto made = create(falcon_);
  IntegrationChange same;
  same.provider = "falcon";
  same.cloud_id = "us-1";
  world_.now += seconds{60};
  EXPECT_EQ(change(*made, same)->updated, made->updated);
  EXPECT_EQ(events("TAILNET.UPDATE.POSTURE_INTEGRATION"), 0U);
  IntegrationChange other;
  other.provider = "kolide";
  EXPECT_EQ(change(*made, other).error().fields, std::vector<std::string>{"provider"});
  IntegrationChange bad;
  bad.cloud_id = "mars";
  EXPECT_EQ(change(*made, bad).error().fields, std::vector<std::string>{"cloudId"});
  IntegrationChange empty;
  empty.client_secret = SecretString();
  EXPECT_EQ(change(*made, empty).error().fields, std::vector<std::string>{"clientSecret"});
}

TEST_F(PostureIntegrations, R40_AuditHoldsNoSecret) {
  const auto made = create(falcon_);
  IntegrationChange secret;
  secret.client_secret = SecretString("another-s3cret");
  ASSERT_TRUE(change(*made, secret).ok());
  const auto may = identity::authorize<Operation::write_posture>(world_.caller(Role::owner));
  const auto remove = [&] {
    return world_.db().write_now(
        [&](core::Tx& tx) { return remove_integration(tx, *may, made->id.str(), world_.now); });
  };
  EXPECT_TRUE(remove().ok());
  EXPECT_EQ(remove().error().code, ErrorCode::not_found);
  EXPECT_EQ(events("TAILNET.DELETE.POSTURE_INTEGRATION"), 1U);
  for (const auto& record : world_.log()) {
    std::string all = record.details;
    if (record.old_value) all += boost::json::serialize(*record.old_value);
    if (record.new_value) all += boost::json::serialize(*record.new_value);
    EXPECT_EQ(all.find("s3cret"), std::string::npos) << all;
  }
}

TEST_F(PostureIntegrations, OfAnotherTailnetAreAnsweredLikeNone) {
  const auto made = create(falcon_);
  auto stranger = world_.caller(Role::owner);
  stranger.tailnet = TailnetId("Tother");
  const auto may = identity::authorize<Operation::read_posture>(stranger);
  const auto hidden =
      world_.db().read_now([&](core::Tx& tx) { return read_integration(tx, *may, made->id.str()); });
  const auto missing =
      world_.db().read_now([&](core::Tx& tx) { return read_integration(tx, *may, "pNobody"); });
  EXPECT_EQ(hidden.error().code, ErrorCode::not_found);
  EXPECT_EQ(hidden.error().message, missing.error().message);
}

}  // namespace
}  // namespace latchkey::posture
