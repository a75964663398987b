// The Tx over one SQL connection, and the buffer of what the transaction will record.
//
// Records and feed entries are kept in memory while the functions run and written by flush(), once, as the
// last statements before COMMIT: so that positions in the feed and the audit chains are locked for the
// shortest time and taken in commit order on every engine (docs/decisions/0004-change-feed.md).
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/audit/act.h"
#include "core/tx.h"
#include "crypto/digest.h"
#include "storage/driver/connection.h"
#include "storage/driver/dialect.h"

namespace latchkey::storage {

// What a unit of work needs beside its connection. Outlives every unit of work.
struct StorageKeys {
  crypto::HmacKey audit_chain;  // seals the audit chain against editing by who can only write the database
};

class UnitOfWork final : public core::Tx {
 public:
  UnitOfWork(Connection& connection, const Dialect& dialect, const StorageKeys& keys);
  ~UnitOfWork() override;

  audit::AuditStore& audit() override;
  tailnet::TailnetStore& tailnets() override;
  tailnet::SettingsStore& settings() override;
  identity::UserStore& users() override;
  identity::GroupStore& groups() override;
  policy::PolicyStore& policies() override;
  credentials::CredentialStore& credentials() override;
  tailnet::DeviceStore& devices() override;
  tailnet::AttributeStore& attributes() override;
  join::PendingLoginStore& pending_logins() override;
  posture::IntegrationStore& integrations() override;
  logstream::LogstreamStore& logstreams() override;
  services::ServiceStore& services() override;
  webhooks::WebhookStore& webhooks() override;
  people::InviteStore& invites() override;
  signon::SignOnStore& sign_on() override;
  signon::SessionStore& sessions() override;
  provisioning::ProvisioningStore& provisioning() override;
  audit::FeedReaderStore& feed() override;
  core::MaintenanceStore& maintenance() override;

  Connection& connection() { return connection_; }
  const Dialect& dialect() const { return dialect_; }

  // Called by stores with each change.
  void record(const audit::Act& act);
  // Only when the statement before changed a row; says whether it did.
  bool record_if_changed(const audit::Act& act);
  // Of several records and one change.
  void record(std::span<const audit::Record> records, const audit::Change& change);
  void record_only(const audit::Record& record);
  // A feed entry without a record: what is no configuration.
  void announce(const audit::Change& change);

  // See AuditStore::set_group.
  void set_group(std::string group_id) { group_id_ = std::move(group_id); }

  // A member of a group that failed takes its records with it: remember the mark at its savepoint.
  struct Mark {
    std::size_t records = 0;
    std::size_t changes = 0;
  };
  Mark mark() const;
  void undo_to(Mark mark);

  // Writes everything recorded; call once, last, inside the transaction. Throws DatabaseError.
  void flush();
  // After COMMIT: what the transaction announced, with sequences set by flush().
  std::span<const audit::Change> committed_changes() const;

 private:
  struct Stores;
  Connection& connection_;
  const Dialect& dialect_;
  std::unique_ptr<Stores> stores_;
  std::vector<audit::Record> records_;
  std::vector<audit::Change> changes_;
  std::string group_id_;

  void keep(const audit::Record& record);
};

}  // namespace latchkey::storage
