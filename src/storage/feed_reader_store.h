// Positions in the change feed, in SQL.
#pragma once

#include "core/audit/feed_reader_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlFeedReaderStore final : public audit::FeedReaderStore {
 public:
  explicit SqlFeedReaderStore(UnitOfWork& work) : work_(work) {}

  bool has_news(std::string_view reader) override;
  std::int64_t hold(std::string_view reader) override;
  audit::News after(std::int64_t position, std::int64_t limit) override;
  void move(std::string_view reader, std::int64_t position) override;

 private:
  UnitOfWork& work_;
};

}  // namespace latchkey::storage
