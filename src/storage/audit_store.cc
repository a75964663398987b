#include "storage/audit_store.h"

#include <boost/json.hpp>
#include <map>

#include "core/audit/chain.h"
#include "storage/columns.h"

namespace latchkey::storage {
namespace {

#define RECORD_COLUMNS                                                                                     \
  "tailnet_id, sequence, at, group_id, origin, credential_id, address, user_agent, request_id, actor_id, " \
  "actor_type,"                                                                                            \
  " actor_login, actor_name, target_id, target_name, target_type, target_property, action, old_value, "    \
  "new_value,"                                                                                             \
  " details, error, link"

const Statement kInsert{"INSERT INTO audit_records (" RECORD_COLUMNS
                        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
                        " $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)"};
const Statement kWindow{
    "SELECT " RECORD_COLUMNS
    " FROM audit_records WHERE tailnet_id = $1 AND at >= $2 AND at <= $3 ORDER BY at, sequence"};
const Statement kAfter{
    "SELECT " RECORD_COLUMNS
    " FROM audit_records WHERE tailnet_id = $1 AND sequence > $2 ORDER BY sequence LIMIT 500"};

// The update takes the row's lock: from here to COMMIT no other replica appends to this chain.
const Statement kLockChain{
    "UPDATE audit_chains SET head_sequence = head_sequence WHERE tailnet_id = $1 RETURNING head_sequence, "
    "head_link"};
const Statement kStartChain{
    "INSERT INTO audit_chains (tailnet_id, head_sequence, head_link, tail_sequence, tail_link)"
    " VALUES ($1, 0, $2, 0, $2) ON CONFLICT (tailnet_id) DO NOTHING"};
const Statement kMoveHead{"UPDATE audit_chains SET head_sequence = $2, head_link = $3 WHERE tailnet_id = $1"};
const Statement kChainEnds{
    "SELECT tail_sequence, tail_link, head_sequence, head_link FROM audit_chains WHERE tailnet_id = $1"};

const Statement kOldest{
    "SELECT tailnet_id, sequence, link FROM audit_records WHERE at < $1 ORDER BY tailnet_id, sequence LIMIT "
    "$2"};
const Statement kRemoveUpTo{"DELETE FROM audit_records WHERE tailnet_id = $1 AND sequence <= $2"};
const Statement kMoveTail{"UPDATE audit_chains SET tail_sequence = $2, tail_link = $3 WHERE tailnet_id = $1"};

Value json_value(const std::optional<boost::json::value>& value) {
  return value ? Value(boost::json::serialize(*value)) : Value();
}

std::optional<boost::json::value> json_of(const Value& value) {
  if (value.is_null()) return std::nullopt;
  return boost::json::parse(value.text());
}

Blob blob_of(const audit::Link& link) {
  return Blob(link.begin(), link.end());
}

audit::Link link_of(const Value& value) {
  const Blob& bytes = value.bytes();
  audit::Link link{};
  if (bytes.size() != link.size()) throw DatabaseError("an audit link has the wrong length");
  std::copy(bytes.begin(), bytes.end(), link.begin());
  return link;
}

audit::Record record_of(const Row& row) {
  audit::Record record;
  record.tailnet = TailnetId(row[0].text());
  record.at = time_of(row[2]);
  record.group_id = row[3].text();
  record.source.origin = audit::origin_from(row[4].text());
  record.source.credential = CredentialId(row[5].text());
  record.source.address = row[6].text();
  record.source.user_agent = row[7].text();
  record.source.request_id = row[8].text();
  record.actor.id = row[9].text();
  record.actor.type = audit::actor_type_from(row[10].text());
  record.actor.login_name = row[11].text();
  record.actor.display_name = row[12].text();
  record.target.id = row[13].text();
  record.target.name = row[14].text();
  record.target.type = audit::target_type_from(row[15].text());
  record.target.property = row[16].text();
  record.action = audit::action_from(row[17].text());
  record.old_value = json_of(row[18]);
  record.new_value = json_of(row[19]);
  record.details = row[20].text();
  record.error = row[21].text();
  return record;
}

}  // namespace

std::vector<audit::Record> SqlAuditStore::find(const TailnetId& tailnet, const audit::AuditQuery& query) {
  const auto rows =
      work_.connection().run(kWindow, {tailnet.str(), time_value(query.start), time_value(query.end)});
  std::vector<audit::Record> records;
  for (const auto& row : rows) {
    auto record = record_of(row);
    if (matches(query, record)) records.push_back(std::move(record));
  }
  return records;
}

void SqlAuditStore::write(std::span<const audit::Record> records) {
  auto& connection = work_.connection();
  // Chains in the order of their tailnets, so that two replicas cannot wait for each other.
  std::map<TailnetId, std::vector<const audit::Record*>> by_tailnet;
  for (const auto& record : records) by_tailnet[record.tailnet].push_back(&record);

  for (const auto& [tailnet, chain] : by_tailnet) {
    auto head = connection.run(kLockChain, {tailnet.str()});
    if (head.empty()) {
      connection.run(kStartChain, {tailnet.str(), blob_of(audit::first_link())});
      head = connection.run(kLockChain, {tailnet.str()});
    }
    std::int64_t sequence = head.at(0)[0].number();
    audit::Link link = link_of(head.at(0)[1]);
    for (const auto* record : chain) {
      ++sequence;
      link = audit::next_link(chain_key_, link, *record, sequence);
      connection.run(kInsert, {tailnet.str(),
                               sequence,
                               time_value(record->at),
                               record->group_id,
                               std::string(to_string(record->source.origin)),
                               record->source.credential.str(),
                               record->source.address,
                               record->source.user_agent,
                               record->source.request_id,
                               record->actor.id,
                               std::string(to_string(record->actor.type)),
                               record->actor.login_name,
                               record->actor.display_name,
                               record->target.id,
                               record->target.name,
                               std::string(to_string(record->target.type)),
                               record->target.property,
                               std::string(to_string(record->action)),
                               json_value(record->old_value),
                               json_value(record->new_value),
                               record->details,
                               record->error,
                               blob_of(link)});
    }
    connection.run(kMoveHead, {tailnet.str(), sequence, blob_of(link)});
  }
}

audit::ChainReport SqlAuditStore::verify(const TailnetId& tailnet) {
  auto& connection = work_.connection();
  audit::ChainReport report;
  const auto ends = connection.run(kChainEnds, {tailnet.str()});
  std::int64_t sequence = ends.empty() ? 0 : ends[0][0].number();
  audit::Link link = ends.empty() ? audit::first_link() : link_of(ends[0][1]);
  for (;;) {
    const auto rows = connection.run(kAfter, {tailnet.str(), sequence});
    for (const auto& row : rows) {
      ++sequence;
      ++report.checked;
      link = audit::next_link(chain_key_, link, record_of(row), sequence);
      if (row[1].number() != sequence || link_of(row[22]) != link) {
        report.first_broken = sequence;
        return report;
      }
    }
    if (rows.empty()) break;
  }
  // Records cut off at the end leave the head pointing beyond them.
  const bool whole = ends.empty() || (ends[0][2].number() == sequence && link_of(ends[0][3]) == link);
  if (!whole) report.first_broken = sequence + 1;
  return report;
}

std::int64_t SqlAuditStore::purge(TimePoint before, std::int64_t limit) {
  auto& connection = work_.connection();
  const auto rows = connection.run(kOldest, {time_value(before), limit});
  std::map<std::string, const Row*> last_of_tailnet;
  for (const auto& row : rows) last_of_tailnet[row[0].text()] = &row;
  std::int64_t removed = 0;
  for (const auto& [tailnet, last] : last_of_tailnet) {
    connection.run(kRemoveUpTo, {tailnet, (*last)[1]});
    removed += connection.changed();
    connection.run(kMoveTail, {tailnet, (*last)[1], (*last)[2]});
  }
  return removed;
}

}  // namespace latchkey::storage
