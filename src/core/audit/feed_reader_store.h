// Reading the change feed from a position that is kept in the database: for readers that must take each entry
// exactly once, whatever crashes. Readers that only drop caches follow the feed in memory
// (storage/change_feed.h).
//
// A reader calls hold() first and move() last, in one transaction with what it makes of the entries. Between
// the two no other replica reads under the same name. Entries that a named reader has not taken are kept
// however old they are (MaintenanceStore::trim_feed).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/audit/change.h"
#include "core/audit/record.h"

namespace latchkey::audit {

// A change with the records that were committed for it, in their order; none for what is not in the log.
struct FeedEntry {
  Change change;
  std::vector<Record> records;
};

struct News {
  std::vector<FeedEntry> entries;  // in commit order; without kinds that this release does not know
  std::int64_t position = 0;       // of the last one read, known or not
  std::int64_t read = 0;
};

class FeedReaderStore {
 public:
  virtual ~FeedReaderStore() = default;

  // Whether there is anything that this reader has not taken. For a read, before hold() makes others wait.
  virtual bool has_news(std::string_view reader) = 0;
  // The position of this reader; others that ask for it wait until the transaction ends. A new reader begins
  // with the newest entry.
  virtual std::int64_t hold(std::string_view reader) = 0;
  virtual News after(std::int64_t position, std::int64_t limit) = 0;
  virtual void move(std::string_view reader, std::int64_t position) = 0;
};

}  // namespace latchkey::audit
