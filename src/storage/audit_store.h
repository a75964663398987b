// Audit records in SQL, each tailnet's linked in a chain.
#pragma once

#include "core/audit/audit_store.h"
#include "crypto/digest.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlAuditStore final : public audit::AuditStore {
 public:
  SqlAuditStore(UnitOfWork& work, const crypto::HmacKey& chain_key) : work_(work), chain_key_(chain_key) {}

  void append(const audit::Record& record) override { work_.record_only(record); }
  void set_group(std::string group_id) override { work_.set_group(std::move(group_id)); }
  std::vector<audit::Record> find(const TailnetId& tailnet, const audit::AuditQuery& query) override;
  std::vector<audit::NumberedRecord> of_group(const TailnetId& tailnet, std::string_view group) override;
  std::optional<audit::NumberedRecord> newest_about(const TailnetId& tailnet, std::string_view target,
                                                    std::string_view property) override;
  std::vector<audit::CredentialTrace> credential_traces(const TailnetId& tailnet,
                                                        std::int64_t limit) override;
  audit::ChainReport verify(const TailnetId& tailnet) override;
  std::int64_t purge(TimePoint before, std::int64_t limit) override;

  // Writes the records of a whole unit of work at the ends of their chains. Returns their numbers in those,
  // in the order of the records. Only UnitOfWork::flush calls this.
  std::vector<std::int64_t> write(std::span<const audit::Record> records);
  // The records with these numbers, both inclusive, as far as they are still there.
  std::vector<audit::Record> numbered(const TailnetId& tailnet, std::int64_t first, std::int64_t last);

 private:
  UnitOfWork& work_;
  const crypto::HmacKey& chain_key_;
};

}  // namespace latchkey::storage
