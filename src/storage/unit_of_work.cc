#include "storage/unit_of_work.h"

#include "storage/attribute_store.h"
#include "storage/audit_store.h"
#include "storage/credential_store.h"
#include "storage/device_store.h"
#include "storage/feed_reader_store.h"
#include "storage/group_store.h"
#include "storage/integration_store.h"
#include "storage/invite_store.h"
#include "storage/logstream_store.h"
#include "storage/maintenance_store.h"
#include "storage/pending_login_store.h"
#include "storage/policy_store.h"
#include "storage/provisioning_store.h"
#include "storage/service_store.h"
#include "storage/session_store.h"
#include "storage/settings_store.h"
#include "storage/sign_on_store.h"
#include "storage/tailnet_store.h"
#include "storage/user_store.h"
#include "storage/webhook_store.h"

namespace latchkey::storage {
namespace {

const Statement kTakeSequences{
    "UPDATE feed_head SET sequence = sequence + $1 WHERE id = 1 RETURNING sequence"};
const Statement kInsertChange{
    "INSERT INTO changes (sequence, tailnet_id, at, kind, subject, first_record, last_record)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)"};

// Of the records that were written: the one behind this count of them.
Value record_number(std::int64_t count, const std::vector<std::int64_t>& numbers) {
  return count == 0 ? Value() : Value(numbers.at(static_cast<std::size_t>(count - 1)));
}

const Statement kNotify{kPostgresDialect.notify_feed};

}  // namespace

struct UnitOfWork::Stores {
  Stores(UnitOfWork& work, const StorageKeys& keys)
      : audit(work, keys.audit_chain),
        tailnets(work),
        settings(work),
        users(work),
        groups(work),
        policies(work),
        credentials(work),
        devices(work),
        attributes(work),
        pending_logins(work),
        integrations(work),
        logstreams(work),
        services(work),
        webhooks(work),
        invites(work),
        sign_on(work),
        sessions(work),
        provisioning(work),
        feed(work),
        maintenance(work) {}

  SqlAuditStore audit;
  SqlTailnetStore tailnets;
  SqlSettingsStore settings;
  SqlUserStore users;
  SqlGroupStore groups;
  SqlPolicyStore policies;
  SqlCredentialStore credentials;
  SqlDeviceStore devices;
  SqlAttributeStore attributes;
  SqlPendingLoginStore pending_logins;
  SqlIntegrationStore integrations;
  SqlLogstreamStore logstreams;
  SqlServiceStore services;
  SqlWebhookStore webhooks;
  SqlInviteStore invites;
  SqlSignOnStore sign_on;
  SqlSessionStore sessions;
  SqlProvisioningStore provisioning;
  SqlFeedReaderStore feed;
  SqlMaintenanceStore maintenance;
};

UnitOfWork::UnitOfWork(Connection& connection, const Dialect& dialect, const StorageKeys& keys)
    : connection_(connection), dialect_(dialect), stores_(std::make_unique<Stores>(*this, keys)) {}

UnitOfWork::~UnitOfWork() = default;

audit::AuditStore& UnitOfWork::audit() {
  return stores_->audit;
}
tailnet::TailnetStore& UnitOfWork::tailnets() {
  return stores_->tailnets;
}
tailnet::SettingsStore& UnitOfWork::settings() {
  return stores_->settings;
}
identity::UserStore& UnitOfWork::users() {
  return stores_->users;
}
identity::GroupStore& UnitOfWork::groups() {
  return stores_->groups;
}
policy::PolicyStore& UnitOfWork::policies() {
  return stores_->policies;
}
credentials::CredentialStore& UnitOfWork::credentials() {
  return stores_->credentials;
}
tailnet::DeviceStore& UnitOfWork::devices() {
  return stores_->devices;
}
tailnet::AttributeStore& UnitOfWork::attributes() {
  return stores_->attributes;
}
join::PendingLoginStore& UnitOfWork::pending_logins() {
  return stores_->pending_logins;
}
posture::IntegrationStore& UnitOfWork::integrations() {
  return stores_->integrations;
}
logstream::LogstreamStore& UnitOfWork::logstreams() {
  return stores_->logstreams;
}
services::ServiceStore& UnitOfWork::services() {
  return stores_->services;
}
webhooks::WebhookStore& UnitOfWork::webhooks() {
  return stores_->webhooks;
}
people::InviteStore& UnitOfWork::invites() {
  return stores_->invites;
}
signon::SignOnStore& UnitOfWork::sign_on() {
  return stores_->sign_on;
}
signon::SessionStore& UnitOfWork::sessions() {
  return stores_->sessions;
}
provisioning::ProvisioningStore& UnitOfWork::provisioning() {
  return stores_->provisioning;
}
audit::FeedReaderStore& UnitOfWork::feed() {
  return stores_->feed;
}
core::MaintenanceStore& UnitOfWork::maintenance() {
  return stores_->maintenance;
}

void UnitOfWork::record(const audit::Act& act) {
  record({&act.record, 1}, act.change);
}

bool UnitOfWork::record_if_changed(const audit::Act& act) {
  if (connection_.changed() == 0) return false;
  record(act);
  return true;
}

// Until flush() a change counts the records of this unit of work, from 1.
void UnitOfWork::record(std::span<const audit::Record> records, const audit::Change& change) {
  auto& added = changes_.emplace_back(change);
  added.first_record = added.last_record = 0;
  if (records.empty()) return;
  added.first_record = static_cast<std::int64_t>(records_.size()) + 1;
  for (const auto& record : records) keep(record);
  added.last_record = static_cast<std::int64_t>(records_.size());
}

void UnitOfWork::record_only(const audit::Record& record) {
  keep(record);
}

void UnitOfWork::keep(const audit::Record& record) {
  auto& kept = records_.emplace_back(record);
  if (!group_id_.empty()) kept.group_id = group_id_;
}

void UnitOfWork::announce(const audit::Change& change) {
  record({}, change);
}

UnitOfWork::Mark UnitOfWork::mark() const {
  return {records_.size(), changes_.size()};
}

void UnitOfWork::undo_to(Mark mark) {
  records_.resize(mark.records);
  changes_.resize(mark.changes);
}

void UnitOfWork::flush() {
  // Taking sequences locks feed_head until COMMIT, so that they are in commit order; nothing that could wait
  // for another row comes between but the chains, which everybody locks after it.
  const auto count = static_cast<std::int64_t>(changes_.size());
  std::int64_t sequence = 0;
  if (count > 0) sequence = connection_.run(kTakeSequences, {count}).at(0)[0].number() - count;
  const auto numbers = stores_->audit.write(records_);
  for (auto& change : changes_) {
    change.sequence = ++sequence;
    const auto first = record_number(change.first_record, numbers);
    const auto last = record_number(change.last_record, numbers);
    connection_.send(kInsertChange, {change.sequence, change.tailnet.str(), to_micros(change.at),
                                     std::string(to_string(change.kind)), change.subject, first, last});
    change.first_record = first.maybe_number().value_or(0);
    change.last_record = last.maybe_number().value_or(0);
  }
  if (!changes_.empty() && !dialect_.notify_feed.empty()) connection_.send(kNotify);
}

std::span<const audit::Change> UnitOfWork::committed_changes() const {
  return changes_;
}

}  // namespace latchkey::storage
