// No change without its record, on both engines: when the audit log or the change feed cannot be written,
// nothing changes, and only who is to blame fails. And no record is altered unnoticed: whatever raw SQL does
// to the audit log, verifying it tells.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/credentials/credential_store.h"
#include "core/credentials/sweep.h"
#include "crypto/digest.h"
#include "storage/unit_of_work.h"
#include "testing/postgres_server.h"
#include "testing/world.h"

namespace latchkey {
namespace {

using credentials::IssuedKey;
using identity::Role;
using storage::Engine;
using storage::Statement;
using testing::PostgresServer;
using testing::World;

storage::DatabaseOptions options() {
  const std::array<std::uint8_t, 32> chain_key{4, 5, 6};
  return {.keys = {.audit_chain = crypto::HmacKey(chain_key)}};
}

std::string shown(const storage::Value& value) {
  struct Show {
    std::string operator()(std::monostate) const { return "NULL"; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(bool flag) const { return flag ? "1" : "0"; }
    std::string operator()(const std::string& text) const { return "'" + text + "'"; }
    std::string operator()(const storage::Blob& bytes) const {
      return std::string(bytes.begin(), bytes.end());
    }
  };
  return std::visit(Show{}, value.held());
}

class OnBothEngines : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    if (GetParam() == Engine::sqlite) {
      world_ = std::make_unique<World>(storage::open_sqlite_in_memory(options()));
      return;
    }
    if (const auto usable = PostgresServer::available(); !usable) GTEST_SKIP() << usable.error().message;
    world_ =
        std::make_unique<World>(storage::open_postgres(PostgresServer::shared().new_database(), options()));
  }

  World& world() { return *world_; }
  bool on_sqlite() const { return GetParam() == Engine::sqlite; }

  // What somebody with access to the database can do, past all stores.
  storage::Rows sql(const std::string& text) {
    storage::Rows rows;
    const auto done = world().db().write_now([&](core::Tx& tx) -> Result<void> {
      // Connections keep what they prepared for a Statement as long as they live.
      static std::map<std::string, Statement> statements;
      rows = dynamic_cast<storage::UnitOfWork&>(tx).connection().run(
          statements.try_emplace(text, text).first->second, {});
      return {};
    });
    EXPECT_TRUE(done.ok());
    return rows;
  }
  void script(const std::string& text) {
    const auto done = world().db().write_now([&](core::Tx& tx) -> Result<void> {
      dynamic_cast<storage::UnitOfWork&>(tx).connection().execute(text);
      return {};
    });
    EXPECT_TRUE(done.ok());
  }

  // Every row of every table that a use case may touch.
  std::string everything() {
    std::string all;
    for (const auto* query :
         {"SELECT * FROM users ORDER BY id", "SELECT * FROM credentials ORDER BY id",
          "SELECT * FROM redemptions ORDER BY machine", "SELECT * FROM audit_records ORDER BY sequence",
          "SELECT * FROM audit_chains ORDER BY tailnet_id", "SELECT * FROM changes ORDER BY sequence",
          "SELECT * FROM feed_head"}) {
      for (const auto& row : sql(query)) {
        for (const auto& value : row) all += shown(value) + "|";
        all += "\n";
      }
    }
    return all;
  }

  // From now on the table takes no new row for which `condition` holds (SQL over NEW).
  void refuse_rows(const std::string& table, const std::string& condition = "1 = 1") {
    if (on_sqlite()) {
      script("CREATE TRIGGER refuse BEFORE INSERT ON " + table + " WHEN " + condition +
             " BEGIN SELECT RAISE(ABORT, 'refused'); END");
    } else {
      script(
          "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
          " $$ BEGIN RAISE EXCEPTION 'refused'; END $$; CREATE TRIGGER refuse BEFORE INSERT ON " +
          table + " FOR EACH ROW WHEN (" + condition + ") EXECUTE FUNCTION refuse()");
    }
  }
  void accept_rows(const std::string& table) {
    script(on_sqlite() ? "DROP TRIGGER refuse"
                       : "DROP TRIGGER refuse ON " + table + "; DROP FUNCTION refuse()");
  }

  audit::ChainReport verified() {
    return *world().db().read_now([&](core::Tx& tx) -> Result<audit::ChainReport> {
      return tx.audit().verify(world().tailnet().tailnet.id);
    });
  }

 private:
  std::unique_ptr<World> world_;
};

// A use case that changes something, and must not while its record cannot be written.
struct Change {
  const char* name;
  std::function<bool()> act;
};

class FailClosed : public OnBothEngines {
 protected:
  void SetUp() override {
    OnBothEngines::SetUp();
    if (IsSkipped()) return;
    credentials::NewAuthKey want;
    to_revoke_ = std::make_unique<IssuedKey>(*world().issue_auth_key(Role::owner, want));
    to_redeem_ = std::make_unique<IssuedKey>(*world().issue_auth_key(Role::owner, want));
    want.expiry_seconds = 86'400;
    to_expire_ = std::make_unique<IssuedKey>(*world().issue_auth_key(Role::owner, want));
  }

  std::vector<Change> changes() {
    return {{"issue auth key", [this] { return world().issue_auth_key(Role::owner).ok(); }},
            {"issue API token", [this] { return world().issue_api_token(Role::owner).ok(); }},
            {"revoke", [this] { return world().revoke(Role::owner, to_revoke_->credential.id).ok(); }},
            {"redeem a one-off key", [this] { return world().redeem(*to_redeem_).ok(); }},
            {"announce expiry", [this] { return announce_expiry(); }}};
  }

  bool announce_expiry() {
    const TimePoint then = *to_expire_->credential.expires;
    const auto done = world().db().write_now([&](core::Tx& tx) -> Result<bool> {
      audit::Act act;
      act.record = identity::record_by(
          identity::worker_caller(to_expire_->credential.tailnet, "expire API key"), audit::Action::expired,
          {to_expire_->credential.id.str(), {}, audit::TargetType::api_key, {}}, then);
      act.change = {audit::ChangeKind::credential_expired, to_expire_->credential.tailnet,
                    to_expire_->credential.id.str(), 0, then};
      return tx.credentials().announce_expiry(to_expire_->credential.tailnet, to_expire_->credential.id, then,
                                              act);
    });
    return done.ok() && *done;
  }

  // Breaks, tries everything, mends, and does everything.
  void nothing_changes_while(const std::function<void()>& broken, const std::function<void()>& mended) {
    broken();
    // Reading what was broken may be impossible until it is mended.
    std::vector<std::string> succeeded;
    for (const auto& change : changes()) {
      try {
        if (change.act()) succeeded.emplace_back(change.name);
      } catch (const std::exception&) {
        // How a use case is told of a database that fails.
      }
    }
    mended();
    EXPECT_EQ(succeeded, std::vector<std::string>{});
    EXPECT_EQ(everything(), before_);
    EXPECT_EQ(verified().first_broken, 0);

    for (const auto& change : changes()) EXPECT_TRUE(change.act()) << change.name << " after mending";
    EXPECT_EQ(verified().first_broken, 0);
    EXPECT_NE(everything(), before_);
  }
  void remember() { before_ = everything(); }

 private:
  std::unique_ptr<IssuedKey> to_revoke_, to_redeem_, to_expire_;
  std::string before_;
};

TEST_P(FailClosed, NothingChangesWhenTheAuditLogRefusesRecords) {
  remember();
  nothing_changes_while([this] { refuse_rows("audit_records"); }, [this] { accept_rows("audit_records"); });
}

TEST_P(FailClosed, NothingChangesWhenTheAuditLogIsGone) {
  remember();
  nothing_changes_while([this] { script("ALTER TABLE audit_records RENAME TO elsewhere"); },
                        [this] { script("ALTER TABLE elsewhere RENAME TO audit_records"); });
}

TEST_P(FailClosed, NothingChangesWhenTheChainsEndsAreGone) {
  remember();
  nothing_changes_while([this] { script("ALTER TABLE audit_chains RENAME TO elsewhere"); },
                        [this] { script("ALTER TABLE elsewhere RENAME TO audit_chains"); });
}

TEST_P(FailClosed, NothingChangesWhenTheChangeFeedRefusesEntries) {
  remember();
  nothing_changes_while([this] { refuse_rows("changes"); }, [this] { accept_rows("changes"); });
}

TEST_P(FailClosed, NothingChangesWhenTheChangeFeedHasLostItsHead) {
  remember();
  nothing_changes_while(
      [this] { script("CREATE TABLE kept AS SELECT * FROM feed_head; DELETE FROM feed_head"); },
      [this] { script("INSERT INTO feed_head SELECT * FROM kept; DROP TABLE kept"); });
}

TEST_P(FailClosed, OnlyThePoisonedMemberOfAGroupFails) {
  constexpr std::size_t kMembers = 10;
  constexpr std::size_t kPoisoned = 4;
  refuse_rows("audit_records", "NEW.new_value LIKE '%poison%'");
  // The writer is held until all members wait, so that they form one group.
  std::promise<void> holds;
  std::promise<void> all_wait;
  auto holding = std::async(std::launch::async, [&] {
    return world().db().write_now([&](core::Tx&) -> Result<void> {
      holds.set_value();
      all_wait.get_future().wait();
      return {};
    });
  });
  holds.get_future().wait();  // in a group of its own, since nobody else waits yet
  const auto alone_before = world().db().statistics().run_alone;
  const auto count = "SELECT CAST(count(*) AS BIGINT) FROM credentials";

  std::vector<std::future<bool>> members;
  for (std::size_t i = 0; i < kMembers; ++i) {
    members.push_back(std::async(std::launch::async, [this, i] {
      credentials::NewApiToken want;
      want.description = i == kPoisoned ? "poison" : "good " + std::to_string(i);
      try {
        return world().issue_api_token(Role::owner, want).ok();
      } catch (const storage::DatabaseError&) {
        return false;
      }
    }));
  }
  // What each member reads first goes through the readers, which are free.
  while (world().db().statistics().queued_writes < kMembers) std::this_thread::yield();
  all_wait.set_value();
  EXPECT_TRUE(holding.get().ok());

  for (std::size_t i = 0; i < kMembers; ++i) EXPECT_EQ(members[i].get(), i != kPoisoned) << i;
  EXPECT_EQ(world().db().statistics().run_alone - alone_before, kMembers);
  EXPECT_EQ(sql(count).at(0)[0].number(), 3 + static_cast<std::int64_t>(kMembers) - 1);
  EXPECT_EQ(verified().first_broken, 0);
  accept_rows("audit_records");
}

class AuditTampering : public OnBothEngines {
 protected:
  static constexpr int kRecords = 8;

  void SetUp() override {
    OnBothEngines::SetUp();
    if (IsSkipped()) return;
    while (verified().checked < kRecords) {
      const auto key = world().issue_auth_key(Role::owner);
      ASSERT_TRUE(key.ok());
      ASSERT_TRUE(world().revoke(Role::owner, key->credential.id).ok());
    }
    records_ = verified().checked;
    ASSERT_EQ(verified().first_broken, 0);
    script(
        "CREATE TABLE kept_records AS SELECT * FROM audit_records;"
        " CREATE TABLE kept_chains AS SELECT * FROM audit_chains");
  }

  // Does it, expects that it is noticed, undoes it.
  void is_noticed(const std::string& tampering) {
    ASSERT_NO_THROW(script(tampering)) << tampering;
    try {
      EXPECT_NE(verified().first_broken, 0) << "not noticed: " << tampering;
    } catch (const std::exception& failure) {
      ADD_FAILURE() << "verifying ended with an exception instead of a report: " << failure.what()
                    << "\nafter " << tampering;
    }
    script(
        "DELETE FROM audit_records; INSERT INTO audit_records SELECT * FROM kept_records;"
        " DELETE FROM audit_chains; INSERT INTO audit_chains SELECT * FROM kept_chains");
    ASSERT_EQ(verified().first_broken, 0) << "the test did not undo " << tampering;
  }

  std::int64_t records() const { return records_; }
  static std::string in_record(std::int64_t number) { return " WHERE sequence = " + std::to_string(number); }

 private:
  std::int64_t records_ = 0;
};

TEST_P(AuditTampering, AnotherValueInAnyColumnOfAnyRecordIsNoticed) {
  const std::map<std::string, std::string> edits{
      {"tailnet_id", "tailnet_id || 'x'"},
      {"sequence", "sequence + 1000"},
      {"at", "at + 1"},
      {"group_id", "group_id || '0'"},
      {"origin", "CASE WHEN origin = 'NODE' THEN 'CONTROL' ELSE 'NODE' END"},
      {"credential_id", "credential_id || 'x'"},
      {"address", "address || 'x'"},
      {"user_agent", "user_agent || 'x'"},
      {"request_id", "request_id || 'x'"},
      {"actor_id", "actor_id || 'x'"},
      {"actor_type", "CASE WHEN actor_type = 'NODE' THEN 'USER' ELSE 'NODE' END"},
      {"actor_login", "actor_login || 'x'"},
      {"actor_name", "actor_name || 'x'"},
      {"target_id", "target_id || 'x'"},
      {"target_name", "target_name || 'x'"},
      {"target_type", "CASE WHEN target_type = 'USER' THEN 'TAILNET' ELSE 'USER' END"},
      {"target_property", "target_property || 'x'"},
      {"action", "CASE WHEN action = 'UPDATE' THEN 'CREATE' ELSE 'UPDATE' END"},
      {"old_value", "CASE WHEN old_value IS NULL THEN 'null' ELSE NULL END"},
      {"new_value", "'{\"a\":1}'"},
      {"details", "details || 'x'"},
      {"error", "error || 'x'"},
  };
  for (std::int64_t number = 1; number <= records(); ++number) {
    for (const auto& [column, value] : edits) {
      is_noticed("UPDATE audit_records SET " + column + " = " + value + in_record(number));
    }
    is_noticed("UPDATE audit_records SET link = (SELECT link FROM kept_records" +
               in_record(number % records() + 1) + ")" + in_record(number));
  }
  // The columns above are all there are.
  const auto row = sql("SELECT * FROM audit_records" + in_record(1));
  EXPECT_EQ(row.at(0).size(), edits.size() + 1);
}

// A value that no release has written is reported like any other edit, not as a failure of the server.
TEST_P(AuditTampering, ValuesThatCannotBeReadAreReported) {
  for (const auto* column : {"origin", "actor_type", "target_type", "action"}) {
    is_noticed("UPDATE audit_records SET " + std::string(column) + " = 'NONSENSE'" + in_record(3));
  }
  is_noticed("UPDATE audit_records SET new_value = '{'" + in_record(3));
  is_noticed("UPDATE audit_records SET link = " + std::string(on_sqlite() ? "x'00'" : "'\\x00'") +
             in_record(3));
}

TEST_P(AuditTampering, JsonWrittenInAnotherWayIsNoticed) {
  is_noticed("UPDATE audit_records SET new_value = ' ' || new_value WHERE new_value IS NOT NULL");
  is_noticed("UPDATE audit_records SET old_value = old_value || ' ' WHERE old_value IS NOT NULL");
}

TEST_P(AuditTampering, ADeletedRecordIsNoticed) {
  for (std::int64_t number = 1; number <= records(); ++number) {
    is_noticed("DELETE FROM audit_records" + in_record(number));
  }
}

TEST_P(AuditTampering, ADeletedRecordIsNoticedWhenThoseBehindItMoveUp) {
  for (std::int64_t number = 1; number < records(); ++number) {
    const auto behind = " WHERE sequence > " + std::to_string(number);
    is_noticed("DELETE FROM audit_records" + in_record(number) +
               "; UPDATE audit_records SET sequence = -sequence" + behind +
               "; UPDATE audit_records SET sequence = -sequence - 1 WHERE sequence < 0");
  }
}

TEST_P(AuditTampering, AnInsertedRecordIsNoticed) {
  for (std::int64_t number = 1; number <= records(); ++number) {
    const auto behind = " WHERE sequence >= " + std::to_string(number);
    is_noticed("UPDATE audit_records SET sequence = -sequence" + behind +
               "; UPDATE audit_records SET sequence = 1 - sequence WHERE sequence < 0"
               "; CREATE TEMPORARY TABLE forged AS SELECT * FROM kept_records" +
               in_record(number) + "; INSERT INTO audit_records SELECT * FROM forged; DROP TABLE forged");
  }
  is_noticed("CREATE TEMPORARY TABLE forged AS SELECT * FROM kept_records" + in_record(records()) +
             "; UPDATE forged SET sequence = sequence + 1; INSERT INTO audit_records SELECT * FROM forged;"
             " DROP TABLE forged");
}

TEST_P(AuditTampering, TwoSwappedRecordsAreNoticed) {
  for (std::int64_t a = 1; a <= records(); ++a) {
    for (std::int64_t b = a + 1; b <= records(); ++b) {
      is_noticed("UPDATE audit_records SET sequence = 0" + in_record(a) +
                 "; UPDATE audit_records SET sequence = " + std::to_string(a) + in_record(b) +
                 "; UPDATE audit_records SET sequence = " + std::to_string(b) + in_record(0));
    }
  }
}

TEST_P(AuditTampering, ACutTailIsNoticed) {
  for (std::int64_t last = 0; last < records(); ++last) {
    is_noticed("DELETE FROM audit_records WHERE sequence > " + std::to_string(last));
  }
}

TEST_P(AuditTampering, ACutTailIsNoticedWhenTheChainsEndGoesWithIt) {
  is_noticed("DELETE FROM audit_records" + in_record(records()) + "; DELETE FROM audit_chains");
}

TEST_P(AuditTampering, AnEndThatIsMovedBackWithoutItsLinkIsNoticed) {
  is_noticed("DELETE FROM audit_records" + in_record(records()) +
             "; UPDATE audit_chains SET head_sequence = head_sequence - 1");
}

std::string name_of(const ::testing::TestParamInfo<Engine>& info) {
  return info.param == Engine::sqlite ? "Sqlite" : "Postgres";
}
INSTANTIATE_TEST_SUITE_P(Engines, FailClosed, ::testing::Values(Engine::sqlite, Engine::postgres), name_of);
INSTANTIATE_TEST_SUITE_P(Engines, AuditTampering, ::testing::Values(Engine::sqlite, Engine::postgres),
                         name_of);

}  // namespace
}  // namespace latchkey
