// Where audit records are kept. Appending is part of the transaction it happens in; nothing alters or removes
// a record before its retention ends.
#pragma once

#include <cstdint>
#include <vector>

#include "core/audit/audit_query.h"
#include "core/audit/record.h"

namespace latchkey::audit {

struct ChainReport {
  std::int64_t checked = 0;
  // The sequence of the first record whose link does not fit, 0 when the chain is whole.
  std::int64_t first_broken = 0;
};

class AuditStore {
 public:
  virtual ~AuditStore() = default;

  // For acts that change nothing, such as refusals; acts that change something go through the store that
  // changes.
  virtual void append(const Record& record) = 0;
  // Chronological.
  virtual std::vector<Record> find(const TailnetId& tailnet, const AuditQuery& query) = 0;
  // Walks the whole chain of a tailnet.
  virtual ChainReport verify(const TailnetId& tailnet) = 0;
  // Removes records older than `before`, oldest first, at most `limit`; the chain stays verifiable from the
  // first kept record on. Returns how many were removed.
  virtual std::int64_t purge(TimePoint before, std::int64_t limit) = 0;
};

}  // namespace latchkey::audit
