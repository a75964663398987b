#include "storage/provisioning_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/json/parse.hpp>
#include <functional>
#include <random>
#include <thread>
#include <tuple>

#include "core/credentials/credential_store.h"
#include "core/identity/group_store.h"
#include "core/identity/user_store.h"
#include "core/provisioning/groups.h"
#include "core/provisioning/switch.h"
#include "core/provisioning/users.h"
#include "core/scim/document.h"
#include "core/scim/filter_match.h"
#include "core/scim/patch.h"
#include "testing/engines.h"
#include "testing/world.h"

namespace latchkey::storage {
namespace {

using identity::Operation;
using identity::Role;
using testing::World;

class ProvisioningStoreTest : public testing::EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    if (IsSkipped()) return;
    world_ = std::make_unique<World>(open());
    key_ = enable();
  }
  void TearDown() override {
    world_.reset();
    EngineTest::TearDown();
  }

  const TailnetId& tailnet() const { return world_->tailnet().tailnet.id; }

  CredentialId enable() {
    auto issued = world_->db().write_now([&](core::Tx& tx) -> Result<credentials::IssuedKey> {
      TRY(const auto may, identity::authorize<Operation::manage_provisioning>(world_->caller(Role::owner)));
      return provisioning::enable(tx, may, {world_->mint(), {}}, world_->now);
    });
    return issued->credential.id;
  }
  Result<CredentialId> generate(storage::SqlDatabase& db, const identity::Caller& caller) {
    return db.write_now([&](core::Tx& tx) -> Result<CredentialId> {
      TRY(const auto may, identity::authorize<Operation::manage_provisioning>(caller));
      TRY(const auto issued, provisioning::generate_key(tx, may, {world_->mint(), {}}, world_->now));
      return issued.credential.id;
    });
  }
  template <typename T>
  Result<T> sync(const std::function<Result<T>(const provisioning::Sync&)>& work) {
    const auto caller = identity::provisioning_caller(tailnet(), key_, {});
    return world_->db().write_now([&](core::Tx& tx) -> Result<T> {
      return work({tx, caller, rules_, "https://latchkey.example/scim/v2", world_->now});
    });
  }
  std::string make_user(const std::string& name, const boost::json::value& emails = {}) {
    boost::json::object document{{"userName", name}, {"externalId", "ext-" + name}};
    if (!emails.is_null()) document["emails"] = emails;
    const auto made = sync<std::string>([&](const auto& sync) -> Result<std::string> {
      TRY(const auto user, provisioning::create_user(sync, document));
      return std::string(user.done->document.at("id").as_string());
    });
    return *made;
  }
  std::vector<std::string> found(const std::string& filter) {
    scim::ListQuery query;
    query.filter = filter;
    const auto plan = scim::plan_list(scim::user_type(), query);
    const auto page =
        sync<provisioning::Page>([&](const auto& sync) { return provisioning::list_users(sync, *plan); });
    std::vector<std::string> names;
    for (const auto& each : page->resources) names.emplace_back(each.at("userName").as_string());
    return names;
  }

  // By SCIM, with everything that a request's body passes on its way.
  std::string post(const std::string& members) {
    return *sync<std::string>([&](const auto& sync) -> Result<std::string> {
      TRY(auto document,
          scim::read_resource(scim::user_type(),
                              body(R"("schemas":[")" + std::string(scim::kUserUrn) + "\"]," + members)));
      TRY(const auto user, provisioning::create_user(sync, std::move(document)));
      return std::string(user.done->document.at("id").as_string());
    });
  }
  void patch(const std::string& id, const std::string& operations) {
    const auto done = sync<bool>([&](const auto& sync) -> Result<bool> {
      TRY(const auto patch, scim::read_patch(body(R"("schemas":[")" + std::string(scim::kPatchOpUrn) +
                                                  R"("],"Operations":)" + operations)));
      TRY(const auto user,
          provisioning::change_user(sync, UserId(id), {},
                                    [&](const boost::json::object& stored) -> Result<boost::json::object> {
                                      TRY(auto patched, scim::apply_patch(scim::user_type(), stored, patch));
                                      return std::move(patched.document);
                                    }));
      return user.done.has_value();
    });
    EXPECT_TRUE(done.ok() && *done) << operations;
  }
  static boost::json::object body(const std::string& members) {
    return boost::json::parse("{" + members + "}").as_object();
  }
  // The same by reading every document, whatever columns say.
  std::vector<std::string> found_without_columns(const std::string& filter) {
    const auto parsed = scim::parse_filter(scim::user_type(), filter);
    const auto plan = scim::plan_list(scim::user_type(), {});
    const auto page =
        sync<provisioning::Page>([&](const auto& sync) { return provisioning::list_users(sync, *plan); });
    std::vector<std::string> names;
    for (const auto& each : page->resources) {
      if (scim::matches(*parsed, each.as_object())) names.emplace_back(each.at("userName").as_string());
    }
    return names;
  }

  std::unique_ptr<World> world_;
  provisioning::SyncRules rules_;
  CredentialId key_;
};

TEST_P(ProvisioningStoreTest, R22_ParallelGenerationsLeaveOneKey) {
  const auto caller = world_->caller(Role::owner);
  const auto second_replica = on_postgres() ? open() : nullptr;
  constexpr int kEach = 8;
  std::vector<std::thread> threads;
  std::atomic<int> made = 0;
  for (int i = 0; i < kEach; ++i) {
    threads.emplace_back([&, i] {
      auto& db = second_replica && i % 2 == 1 ? *second_replica : world_->db();
      if (generate(db, caller).ok()) ++made;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(made, kEach);
  std::ignore = world_->db().read_now([&](core::Tx& tx) -> Result<void> {
    auto& connection = testing::connection_of(tx);
    EXPECT_EQ(testing::number(connection,
                              "SELECT COUNT(*) FROM credentials WHERE type = 'scim' AND ended_at IS NULL"),
              1);
    EXPECT_EQ(testing::number(connection, "SELECT COUNT(*) FROM credentials WHERE type = 'scim'"), kEach + 1);
    return {};
  });
}

TEST_P(ProvisioningStoreTest, R22_TheDatabaseItselfTakesNoSecondKey) {
  EXPECT_THROW(std::ignore = world_->db().write_now([&](core::Tx& tx) -> Result<void> {
    auto second = *tx.credentials().find_scim_key(tailnet());
    second.id = CredentialId("kSecondCNTRL");
    tx.credentials().insert(second, {});
    testing::connection_of(tx).settle();
    return {};
  }),
               UniqueViolation);
}

TEST_P(ProvisioningStoreTest, KeepsWhatWasSaidOfAPersonAndCountsByColumns) {
  world_->now += seconds{1};
  const auto ines = make_user("Ines@x.example");
  world_->now += seconds{1};
  const auto tomas = make_user("tomas@x.example");
  EXPECT_EQ(found("userName eq \"INES@X.example\""), std::vector<std::string>{"Ines@x.example"});
  EXPECT_EQ(found("externalId eq \"ext-tomas@x.example\""), std::vector<std::string>{"tomas@x.example"});
  EXPECT_EQ(found("id eq \"" + tomas + "\" and active eq true"), std::vector<std::string>{"tomas@x.example"});
  EXPECT_TRUE(found("active eq false").empty());
  EXPECT_EQ(found("meta.lastModified gt \"2026-01-05T09:00:01Z\""),
            std::vector<std::string>{"tomas@x.example"});
  EXPECT_EQ(found("meta.lastModified le \"2026-01-05T09:00:01Z\" and externalId pr"),
            std::vector<std::string>{"Ines@x.example"});
}

TEST_P(ProvisioningStoreTest, FindsPeopleByTheirAddresses) {
  const auto mail = [](const char* value, const char* type) {
    return boost::json::object{{"value", value}, {"type", type}};
  };
  make_user("ines@x.example", {mail("Ines@Work.example", "work"), mail("ines@home.example", "home")});
  const auto tomas = make_user("tomas@x.example", {mail("ines@home.example", "work")});
  make_user("nomail@x.example");
  const auto by_work = [&](const std::string& address) {
    return found("emails[type eq \"work\"].value eq \"" + address + "\"");
  };
  EXPECT_EQ(by_work("INES@work.example"), std::vector<std::string>{"ines@x.example"});
  EXPECT_EQ(by_work("ines@home.example"), std::vector<std::string>{"tomas@x.example"})
      << "the other's is home";
  EXPECT_EQ(found("emails.value eq \"ines@home.example\"").size(), 2U);
  EXPECT_TRUE(by_work("nomail@x.example").empty()) << "the provider spoke of him, and named none";
  const auto owner = world_->user(Role::owner).login_name;
  EXPECT_EQ(by_work(owner), std::vector<std::string>{owner}) << "the provider never spoke of him";

  const boost::json::object changed{{"userName", "tomas@x.example"},
                                    {"emails", {mail("t@x.example", "work")}}};
  const auto done = sync<bool>([&](const auto& sync) -> Result<bool> {
    TRY(const auto user, provisioning::change_user(sync, UserId(tomas), {}, [&](const boost::json::object&) {
          return Result<boost::json::object>(changed);
        }));
    return user.done.has_value();
  });
  ASSERT_TRUE(done.ok() && *done);
  EXPECT_TRUE(by_work("ines@home.example").empty());
  std::ignore = world_->db().read_now([&](core::Tx& tx) -> Result<void> {
    EXPECT_EQ(testing::number(testing::connection_of(tx), "SELECT COUNT(*) FROM provisioned_addresses"), 3)
        << "what he has no more is not kept";
    return {};
  });
  EXPECT_EQ(by_work("t@x.example"), std::vector<std::string>{"tomas@x.example"});
}

// Text that no engine makes shorter by compressing it.
std::string random_text(std::size_t length) {
  std::mt19937 random(7);
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789+-_.";
  std::string text;
  while (text.size() < length) text += kLetters[random() % kLetters.size()];
  return text;
}

TEST_P(ProvisioningStoreTest, AnAddressOfAnyLengthIsKeptAndFound) {
  const auto address = random_text(8192);
  const auto like_it = address.substr(0, 8191) + "#";
  post(R"("userName":"long","emails":[{"value":")" + address + R"("}])");
  post(R"("userName":"alike","emails":[{"value":")" + like_it + R"("}])");
  const auto asked = address.substr(0, 4000);
  post(R"("userName":"part","emails":[{"value":")" + asked + R"("}])");
  EXPECT_EQ(found("emails.value eq \"" + asked + "\""), std::vector<std::string>{"part"});
  EXPECT_EQ(found("emails.value sw \"" + asked + "\"").size(), 3U);
}

TEST_P(ProvisioningStoreTest, AFilterFindsTheSamePeopleWithItsColumnsAsWithout) {
  const auto next = [&] { world_->now += std::chrono::microseconds(1500001); };
  const auto home = random_text(600) + "@x.example";
  post(
      R"("userName":"Ines@x.example","externalId":"E1","displayName":"Ines","emails":[)"
      R"({"value":"Ines@Work.example","type":"work","primary":true},{"value":"ines@home.example","type":"home"}])");
  next();
  // As providers write it that know no better.
  post(
      R"("userName":"plain","displayName":"INES","externalId":17,"active":"False","emails":"ines@home.example")");
  next();
  post(
      R"("userName":"one","emails":{"value":"ONE@x.example"},"phoneNumbers":[{"value":"ines@home.example"}])");
  next();
  post(R"("userName":"number","emails":[{"value":42},{"display":"none","type":"work"}])");
  next();
  post(R"("userName":"none","emails":[])");
  next();
  post(
      R"("userName":"twice","emails":[{"value":"T@x.example","type":"work"},{"value":"t@X.example","type":"home"}])");
  next();
  post(R"("userName":"far","emails":[{"value":")" + home + R"(","type":"home"}])");
  post(R"("userName":"as-far","emails":[{"value":")" + random_text(600) + R"(@y.example","type":"home"}])");
  const auto all_gone = post(R"("userName":"all-gone","emails":[{"value":"gone@x.example","type":"work"}])");
  const auto one_gone = post(
      R"("userName":"one-gone","emails":[{"value":"gone@x.example","type":"work"},{"value":"stays@x.example","type":"home"}])");
  const auto changed = post(R"("userName":"changed","emails":[{"value":"gone@x.example","type":"work"}])");
  const auto absent = post(R"("userName":"absent","emails":[{"value":"absent@x.example","type":"work"}])");
  next();
  patch(all_gone, R"([{"op":"remove","path":"emails"}])");
  patch(one_gone, R"([{"op":"remove","path":"emails[type eq \"work\"]"}])");
  patch(changed, R"([{"op":"replace","path":"emails[type eq \"work\"].value","value":"New@x.example"}])");
  patch(absent, R"([{"op":"remove","path":"active"}])");
  // The provider never spoke of these; it only reads them.
  const auto auditor = world_->user(Role::auditor).login_name;
  const auto taken_over = world_->user(Role::it_admin).login_name;
  post("\"userName\":\"" + taken_over + R"(","emails":[{"value":"other@x.example"}])");

  std::vector<std::string> terms{R"(userName eq "INES@x.example")",
                                 R"(externalId eq "E1")",
                                 R"(externalId eq "e1")",
                                 R"(externalId eq 17)",
                                 R"(displayName eq "ines")",
                                 R"(active eq true)",
                                 R"(active eq false)",
                                 R"(not (active eq true))",
                                 R"(emails[value eq null])",
                                 R"(emails eq "")",
                                 R"(emails pr)",
                                 R"(meta[lastModified gt "2026-01-05T09:00:03Z"])",
                                 R"(meta.lastModified lt "2026-01-05T09:00:03Z")",
                                 "id eq \"" + absent + "\""};
  for (const char* op : {"eq", "ge", "gt", "le", "lt", "ne"}) {
    terms.push_back(std::string("meta.lastModified ") + op + R"( "2026-01-05T09:00:01.500001Z")");
  }
  for (const auto& address :
       {std::string("ines@HOME.example"), std::string("INES@work.example"), std::string("one@x.example"),
        std::string("42"), std::string("none"), std::string("t@x.example"), home,
        std::string("gone@x.example"), std::string("STAYS@x.example"), std::string("new@x.example"),
        std::string("absent@x.example"), auditor, taken_over, std::string("other@x.example"),
        std::string("plain")}) {
    const auto is = " eq \"" + address + "\"";
    for (const auto& term :
         {"emails.value" + is, "emails" + is, "emails[value" + is + "]",
          "emails[type eq \"work\"].value" + is, "emails[type eq \"home\" and value" + is + "]",
          "emails[not (value" + is + ")]", "emails[type pr or value" + is + "]",
          "not (emails.value" + is + ")", "emails.value ne \"" + address + "\""}) {
      terms.push_back(term);
    }
  }
  std::size_t hits = 0;
  const auto compare = [&](const std::string& filter) {
    const auto expected = found_without_columns(filter);
    EXPECT_EQ(found(filter), expected) << filter;
    hits += expected.empty() ? 0 : 1;
  };
  for (const auto& term : terms) compare(term);
  std::mt19937 random(1);
  const auto any = [&]() -> const std::string& { return terms[random() % terms.size()]; };
  for (int i = 0; i < 150; ++i) {
    compare(any() + " and " + any());
    compare(any() + " or " + any());
    compare(any() + " and (" + any() + " or " + any() + ") and " + any());
  }
  EXPECT_GT(hits, 100U);
}

TEST_P(ProvisioningStoreTest, WhatOneQueryReadsIsBounded) {
  std::ignore = world_->db().write_now([&](core::Tx& tx) -> Result<void> {
    const std::string id = "'" + tailnet().str() + "'";
    const std::string numbers =
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) INSERT INTO ";
    auto& connection = testing::connection_of(tx);
    connection.execute(
        numbers +
        "users (tailnet_id, id, login_name, login_folded, display_name, role, status, created_at) SELECT " +
        id + ", 'u' || i, 'p' || i, 'p' || i, 'P', 'member', 'active', 0 FROM n");
    connection.execute(
        numbers +
        "synced_groups (tailnet_id, id, name, name_folded, revision, created_at, modified_at) SELECT " + id +
        ", 'g' || i, 'G' || i, 'g' || i, 1, i, i FROM n");
    connection.execute(
        "INSERT INTO group_members (tailnet_id, group_id, member_id, user_id)"
        " SELECT g.tailnet_id, g.id, u.id, u.id FROM synced_groups g JOIN users u ON u.tailnet_id = "
        "g.tailnet_id"
        " WHERE g.created_at < 6 AND u.created_at = 0");
    return {};
  });
  const auto refusal = [&](const scim::ResourceType& type, const char* filter, const char* excluded) {
    scim::ListQuery query;
    if (*filter != 0) query.filter = filter;
    if (*excluded != 0) query.excluded_attributes = {excluded};
    const auto plan = scim::plan_list(type, query);
    const auto page = sync<provisioning::Page>([&](const auto& sync) {
      return &type == &scim::user_type() ? provisioning::list_users(sync, *plan)
                                         : provisioning::list_groups(sync, *plan);
    });
    return page.ok() ? std::string() : std::string(page.error().protocol_code);
  };
  // 10,000 and the owner.
  EXPECT_EQ(refusal(scim::user_type(), R"(title eq "x")", ""), "tooMany");
  EXPECT_EQ(refusal(scim::user_type(), R"(userName eq "p7" and title eq "x")", ""), "");
  EXPECT_EQ(refusal(scim::user_type(), "", ""), "");
  // 60,000 members.
  EXPECT_EQ(refusal(scim::group_type(), "", ""), "tooMany");
  EXPECT_EQ(refusal(scim::group_type(), "", "members"), "");
  EXPECT_EQ(refusal(scim::group_type(), R"(displayName eq "G1")", ""), "");
  const auto make_group = [&] {
    const auto made = sync<std::string>([&](const auto& sync) -> Result<std::string> {
      TRY(const auto group,
          provisioning::create_group(sync, boost::json::object{{"displayName", "one more"}}));
      return group.id;
    });
    return made.ok() ? std::string() : std::string(made.error().protocol_code);
  };
  EXPECT_EQ(make_group(), "tooMany");
  std::ignore = world_->db().write_now([&](core::Tx& tx) -> Result<void> {
    tx.groups().remove(tailnet(), GroupId("g9999"), {});
    return {};
  });
  EXPECT_EQ(make_group(), "");
}

TEST_P(ProvisioningStoreTest, Z2_TwoChangesOfOneGroupAtOnceLoseNobody) {
  std::vector<std::string> ids;
  for (int i = 0; i < 8; ++i) ids.push_back(make_user("p" + std::to_string(i)));
  const auto group = sync<std::string>([&](const auto& sync) -> Result<std::string> {
    TRY(const auto made, provisioning::create_group(sync, boost::json::object{{"displayName", "ops"}}));
    return made.id;
  });
  const auto second_replica = on_postgres() ? open() : nullptr;
  const auto caller = identity::provisioning_caller(tailnet(), key_, {});
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    threads.emplace_back([&, i] {
      auto& db = second_replica && i % 2 == 1 ? *second_replica : world_->db();
      const auto done = db.write_now([&](core::Tx& tx) -> Result<provisioning::ShownGroup> {
        const std::vector<scim::PatchOperation> add{
            {scim::PatchOperation::Verb::add, "members",
             boost::json::array{boost::json::object{{"value", ids[i]}}}}};
        return provisioning::change_group(
            {tx, caller, rules_, "x", world_->now}, GroupId(*group), {},
            [&](const boost::json::object& stored) -> Result<boost::json::object> {
              TRY(auto patched, scim::apply_patch(scim::group_type(), stored, add));
              return std::move(patched.document);
            });
      });
      EXPECT_TRUE(done.ok());
    });
  }
  for (auto& thread : threads) thread.join();
  std::ignore = world_->db().read_now([&](core::Tx& tx) -> Result<void> {
    EXPECT_EQ(tx.groups().members(tailnet(), GroupId(*group)).size(), ids.size());
    return {};
  });
}

TEST_P(ProvisioningStoreTest, AGroupsOwnIdComesBeforeThatWhichAnotherClaims) {
  const auto ines = make_user("ines");
  const auto thief = make_user("thief");
  std::ignore = world_->db().write_now([&](core::Tx& tx) -> Result<void> {
    const auto add = [&](const char* id, const char* external_id, const std::string& member,
                         TimePoint created) {
      identity::Group group;
      group.id = GroupId(id);
      group.tailnet = tailnet();
      group.name = id;
      group.external_id = external_id;
      group.created = created;
      EXPECT_TRUE(tx.groups().insert(group, {}));
      const std::vector<identity::GroupMember> members{{member, false}};
      tx.groups().add_members(tailnet(), group.id, members);
    };
    add("gTwoCNTRL", "gOneCNTRL", thief, world_->now);
    add("gOneCNTRL", "shared", ines, world_->now + seconds{1});
    add("gLateCNTRL", "shared", thief, world_->now + seconds{2});
    return {};
  });
  std::ignore = world_->db().read_now([&](core::Tx& tx) -> Result<void> {
    EXPECT_EQ(*tx.groups().logins_of(tailnet(), {{}, {}, "gOneCNTRL"}), std::vector<std::string>{"ines"});
    EXPECT_EQ(*tx.groups().logins_of(tailnet(), {{}, {}, "shared"}), std::vector<std::string>{"ines"})
        << "the older one";
    EXPECT_FALSE(tx.groups().logins_of(tailnet(), {{}, {}, "nobody"}));
    return {};
  });
}

TEST_P(ProvisioningStoreTest, MembersGoWithTheirUserAndTheirGroup) {
  const auto ines = make_user("ines");
  const auto tomas = make_user("tomas");
  std::ignore = world_->db().write_now([&](core::Tx& tx) -> Result<void> {
    identity::Group group;
    group.id = GroupId("gOneCNTRL");
    group.tailnet = tailnet();
    group.name = "Ops";
    EXPECT_TRUE(tx.groups().insert(group, {}));
    group.id = GroupId("gTwoCNTRL");
    EXPECT_FALSE(tx.groups().insert(group, {}));  // the name is taken
    group.name = "Outer";
    EXPECT_TRUE(tx.groups().insert(group, {}));
    const std::vector<identity::GroupMember> people{{ines, false}, {tomas, false}};
    tx.groups().add_members(tailnet(), GroupId("gOneCNTRL"), people);
    tx.groups().add_members(tailnet(), GroupId("gOneCNTRL"), people);  // again: nothing
    const std::vector<identity::GroupMember> inner{{"gOneCNTRL", true}};
    tx.groups().add_members(tailnet(), GroupId("gTwoCNTRL"), inner);
    return {};
  });
  std::ignore = world_->db().write_now([&](core::Tx& tx) -> Result<void> {
    EXPECT_EQ(tx.groups().find(tailnet(), GroupId("gOneCNTRL"))->members, 2);
    EXPECT_EQ(tx.groups().find_by_name(tailnet(), "OPS")->id.str(), "gOneCNTRL");
    EXPECT_EQ(*tx.groups().logins_of(tailnet(), {{}, {}, "gOneCNTRL"}),
              (std::vector<std::string>{"ines", "tomas"}));
    EXPECT_EQ(tx.groups().groups_of(tailnet(), UserId(ines)).size(), 1U);
    tx.users().remove(*tx.users().find(tailnet(), UserId(ines)), {});
    return {};
  });
  std::ignore = world_->db().write_now([&](core::Tx& tx) -> Result<void> {
    EXPECT_EQ(tx.groups().find(tailnet(), GroupId("gOneCNTRL"))->members, 1);
    tx.groups().remove(tailnet(), GroupId("gOneCNTRL"), {});
    EXPECT_TRUE(tx.groups().members(tailnet(), GroupId("gTwoCNTRL")).empty());
    return {};
  });
}

INSTANTIATE_TEST_SUITE_P(Engines, ProvisioningStoreTest, testing::both_engines(), testing::engine_name);

}  // namespace
}  // namespace latchkey::storage
