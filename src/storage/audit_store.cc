#include "storage/audit_store.h"

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

const Statement kNumbered{
    "SELECT " RECORD_COLUMNS
    " FROM audit_records WHERE tailnet_id = $1 AND sequence >= $2 AND sequence <= $3 ORDER BY sequence"};

const Statement kOfGroup{"SELECT " RECORD_COLUMNS
                         " FROM audit_records WHERE tailnet_id = $1 AND group_id = $2 ORDER BY sequence"};
const Statement kNewestAbout{"SELECT " RECORD_COLUMNS
                             " FROM audit_records WHERE tailnet_id = $1 AND target_id = $2"
                             " AND target_property = $3 ORDER BY sequence DESC LIMIT 1"};
// What an access token does, its trust credential does: that is the actor then.
#define LIVING "(SELECT id FROM credentials WHERE tailnet_id = $1 AND ended_at IS NULL)"
const Statement kAddressTraces{
    "SELECT credential_id, address FROM audit_records"
    " WHERE tailnet_id = $1 AND address <> '' AND credential_id IN " LIVING
    " UNION SELECT actor_id, address FROM audit_records"
    " WHERE tailnet_id = $1 AND address <> '' AND actor_type = 'OAUTH_CLIENT' AND actor_id IN " LIVING
    " ORDER BY 1, 2 LIMIT $2"};
const Statement kMakingTraces{
    "SELECT target_id, credential_id, actor_id FROM audit_records"
    " WHERE tailnet_id = $1 AND action = 'CREATE' AND target_type = 'API_KEY' AND credential_id <> ''"
    " AND target_id IN " LIVING " ORDER BY sequence LIMIT $2"};

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

// Nothing when the bytes are no link, which only an edit can bring about.
std::optional<audit::Link> link_of(const Value& value) {
  const auto* bytes = std::get_if<Blob>(&value.held());
  audit::Link link{};
  if (bytes == nullptr || bytes->size() != link.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), link.begin());
  return link;
}

audit::Link sound_link_of(const Value& value) {
  const auto link = link_of(value);
  if (!link) throw DatabaseError("the end of an audit chain is damaged");
  return *link;
}

// Columns of a row: tailnet_id, sequence, the other members of the record in their order, link.
constexpr std::size_t kSequence = 1;
constexpr std::size_t kLink = audit::kRecordMembers + 1;
constexpr std::size_t column_of(std::size_t member) {
  return member == 0 ? 0 : member + 1;
}

// As stored, whatever an edit has made of it.
std::optional<std::string> text_of(const Value& value) {
  if (value.is_null()) return std::nullopt;
  if (const auto* text = std::get_if<std::string>(&value.held())) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value.held())) return std::to_string(*number);
  return "(neither text nor number)";
}

audit::RecordTexts texts_of_row(const Row& row) {
  audit::RecordTexts texts;
  for (std::size_t member = 0; member < texts.size(); ++member)
    texts[member] = text_of(row.at(column_of(member)));
  return texts;
}

std::vector<Value> parameters_of(const audit::Record& record, const audit::RecordTexts& texts,
                                 std::int64_t sequence, const audit::Link& link) {
  std::vector<Value> parameters(kLink + 1);
  for (std::size_t member = 0; member < texts.size(); ++member) parameters[column_of(member)] = texts[member];
  parameters[column_of(1)] = time_value(record.at);
  parameters[kSequence] = sequence;
  parameters[kLink] = blob_of(link);
  return parameters;
}

}  // namespace

std::vector<audit::Record> SqlAuditStore::find(const TailnetId& tailnet, const audit::AuditQuery& query) {
  const auto rows =
      work_.connection().run(kWindow, {tailnet.str(), time_value(query.start), time_value(query.end)});
  std::vector<audit::Record> records;
  for (const auto& row : rows) {
    auto record = audit::record_from(texts_of_row(row));
    if (matches(query, record)) records.push_back(std::move(record));
  }
  return records;
}

std::vector<audit::Record> SqlAuditStore::numbered(const TailnetId& tailnet, std::int64_t first,
                                                   std::int64_t last) {
  std::vector<audit::Record> records;
  for (const auto& row : work_.connection().run(kNumbered, {tailnet.str(), first, last})) {
    records.push_back(audit::record_from(texts_of_row(row)));
  }
  return records;
}

std::vector<audit::NumberedRecord> SqlAuditStore::of_group(const TailnetId& tailnet, std::string_view group) {
  std::vector<audit::NumberedRecord> records;
  for (const auto& row : work_.connection().run(kOfGroup, {tailnet.str(), std::string(group)})) {
    records.push_back({row[kSequence].number(), audit::record_from(texts_of_row(row))});
  }
  return records;
}

std::optional<audit::NumberedRecord> SqlAuditStore::newest_about(const TailnetId& tailnet,
                                                                 std::string_view target,
                                                                 std::string_view property) {
  const auto rows =
      work_.connection().run(kNewestAbout, {tailnet.str(), std::string(target), std::string(property)});
  if (rows.empty()) return std::nullopt;
  return audit::NumberedRecord{rows[0][kSequence].number(), audit::record_from(texts_of_row(rows[0]))};
}

std::vector<audit::CredentialTrace> SqlAuditStore::credential_traces(const TailnetId& tailnet,
                                                                     std::int64_t limit) {
  std::vector<audit::CredentialTrace> traces;
  for (const auto& row : work_.connection().run(kAddressTraces, {tailnet.str(), limit})) {
    traces.push_back({CredentialId(row[0].text()), row[1].text(), {}});
  }
  for (const auto& row : work_.connection().run(kMakingTraces, {tailnet.str(), limit})) {
    traces.push_back(
        {CredentialId(row[0].text()), {}, {CredentialId(row[1].text()), CredentialId(row[2].text())}});
  }
  return traces;
}

std::vector<std::int64_t> SqlAuditStore::write(std::span<const audit::Record> records) {
  auto& connection = work_.connection();
  std::vector<std::int64_t> numbers(records.size());
  // Chains in the order of their tailnets, so that two replicas cannot wait for each other.
  std::map<TailnetId, std::vector<std::size_t>> by_tailnet;
  for (std::size_t i = 0; i < records.size(); ++i) by_tailnet[records[i].tailnet].push_back(i);

  for (const auto& [tailnet, chain] : by_tailnet) {
    auto head = connection.run(kLockChain, {tailnet.str()});
    if (head.empty()) {
      connection.run(kStartChain, {tailnet.str(), blob_of(audit::first_link())});
      head = connection.run(kLockChain, {tailnet.str()});
    }
    std::int64_t sequence = head.at(0)[0].number();
    audit::Link link = sound_link_of(head.at(0)[1]);
    for (const auto index : chain) {
      const auto& record = records[index];
      numbers[index] = ++sequence;
      const auto texts = audit::texts_of(record);
      link = audit::next_link(chain_key_, link, texts, sequence);
      connection.send(kInsert, parameters_of(record, texts, sequence, link));
    }
    connection.send(kMoveHead, {tailnet.str(), sequence, blob_of(link)});
  }
  return numbers;
}

audit::ChainReport SqlAuditStore::verify(const TailnetId& tailnet) {
  auto& connection = work_.connection();
  audit::ChainReport report;
  const auto broken_at = [&report](std::int64_t sequence) {
    report.first_broken = sequence;
    return report;
  };
  // A tailnet's chain begins with its creation: without ends it was tampered with.
  const auto ends = connection.run(kChainEnds, {tailnet.str()});
  if (ends.empty()) return broken_at(1);
  std::int64_t sequence = ends[0][0].number();
  const auto tail = link_of(ends[0][1]);
  if (!tail) return broken_at(sequence + 1);
  audit::Link link = *tail;
  for (;;) {
    const auto rows = connection.run(kAfter, {tailnet.str(), sequence});
    for (const auto& row : rows) {
      ++sequence;
      ++report.checked;
      link = audit::next_link(chain_key_, link, texts_of_row(row), sequence);
      if (row[kSequence].number() != sequence || link_of(row[kLink]) != link) return broken_at(sequence);
    }
    if (rows.empty()) break;
  }
  // Records cut off at the end leave the head pointing beyond them.
  if (ends[0][2].number() != sequence || link_of(ends[0][3]) != link) return broken_at(sequence + 1);
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
