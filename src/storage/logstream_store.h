// Log streams and external ids in SQL.
#pragma once

#include "core/logstream/logstream_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlLogstreamStore final : public logstream::LogstreamStore {
 public:
  explicit SqlLogstreamStore(UnitOfWork& work) : work_(work) {}
  std::optional<logstream::Stream> find(const TailnetId& tailnet, logstream::LogType type) override;
  void save(const logstream::Stream& stream, const audit::Act& act) override;
  bool remove(const TailnetId& tailnet, logstream::LogType type, const audit::Act& act) override;
  std::optional<logstream::ExternalId> find_external_id(const TailnetId& tailnet,
                                                        std::string_view id) override;
  std::optional<logstream::ExternalId> find_reusable_external_id(const TailnetId& tailnet) override;
  void insert_external_id(const logstream::ExternalId& id, const audit::Act& act) override;
  void link_external_id(const TailnetId& tailnet, std::string_view id, std::string_view account) override;
  void forget_external_ids(const TailnetId& tailnet, std::int64_t keep) override;

 private:
  UnitOfWork& work_;
};

}  // namespace latchkey::storage
