// Where audit records are kept. Appending is part of the transaction it happens in; nothing alters or removes
// a record before its retention ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/audit/audit_query.h"
#include "core/audit/record.h"

namespace latchkey::audit {

struct ChainReport {
  std::int64_t checked = 0;
  // The sequence of the first record whose link does not fit, 0 when the chain is whole.
  std::int64_t first_broken = 0;
};

// That a credential which is still kept acted from an address, or was made with another one.
struct CredentialTrace {
  CredentialId credential;
  std::string address;
  std::vector<CredentialId> made_with;
};

// A record with its number in the tailnet's chain, by which it can be named.
struct NumberedRecord {
  std::int64_t number = 0;
  Record record;
};

class AuditStore {
 public:
  virtual ~AuditStore() = default;

  // For acts that change nothing, such as refusals; acts that change something go through the store that
  // changes.
  virtual void append(const Record& record) = 0;
  // From now on every record of this transaction goes into this group, whoever makes it; empty: into its own
  // again. For OneAct alone.
  virtual void set_group(std::string group_id) = 0;
  // Chronological.
  virtual std::vector<Record> find(const TailnetId& tailnet, const AuditQuery& query) = 0;
  // The records of one act, in their order.
  virtual std::vector<NumberedRecord> of_group(const TailnetId& tailnet, std::string_view group) = 0;
  // The newest record about this property of this target.
  virtual std::optional<NumberedRecord> newest_about(const TailnetId& tailnet, std::string_view target,
                                                     std::string_view property) = 0;
  // As far back as the log goes, at most `limit` of each kind; no credential that has ended.
  virtual std::vector<CredentialTrace> credential_traces(const TailnetId& tailnet, std::int64_t limit) = 0;
  // Walks the whole chain of a tailnet.
  virtual ChainReport verify(const TailnetId& tailnet) = 0;
  // Removes records older than `before`, oldest first, at most `limit`; the chain stays verifiable from the
  // first kept record on. Returns how many were removed.
  virtual std::int64_t purge(TimePoint before, std::int64_t limit) = 0;
};

}  // namespace latchkey::audit
