#include "storage/feed_reader_store.h"

#include <stdexcept>

#include "storage/audit_store.h"
#include "storage/columns.h"

namespace latchkey::storage {
namespace {

const Statement kHasNews{
    "SELECT 1 FROM feed_head h LEFT JOIN feed_readers r ON r.name = $1"
    " WHERE h.id = 1 AND (r.sequence IS NULL OR r.sequence < h.sequence)"};
// The update takes the row's lock: from here to COMMIT no other replica reads under this name.
const Statement kHold{"UPDATE feed_readers SET sequence = sequence WHERE name = $1 RETURNING sequence"};
const Statement kBegin{
    "INSERT INTO feed_readers (name, sequence) SELECT $1, sequence FROM feed_head WHERE id = 1"
    " ON CONFLICT (name) DO NOTHING"};
const Statement kAfter{
    "SELECT sequence, tailnet_id, at, kind, subject, first_record, last_record FROM changes"
    " WHERE sequence > $1 ORDER BY sequence LIMIT $2"};
const Statement kMove{"UPDATE feed_readers SET sequence = $2 WHERE name = $1"};

}  // namespace

bool SqlFeedReaderStore::has_news(std::string_view reader) {
  return !work_.connection().run(kHasNews, {std::string(reader)}).empty();
}

std::int64_t SqlFeedReaderStore::hold(std::string_view reader) {
  auto& connection = work_.connection();
  auto rows = connection.run(kHold, {std::string(reader)});
  if (rows.empty()) {
    connection.run(kBegin, {std::string(reader)});
    rows = connection.run(kHold, {std::string(reader)});
  }
  return rows.at(0)[0].number();
}

audit::News SqlFeedReaderStore::after(std::int64_t position, std::int64_t limit) {
  audit::News news;
  news.position = position;
  auto& records = static_cast<SqlAuditStore&>(work_.audit());
  for (const auto& row : work_.connection().run(kAfter, {position, limit})) {
    news.position = row[0].number();
    ++news.read;
    // A newer replica may write words that this program does not know; nothing here can tell what they mean.
    try {
      audit::FeedEntry entry;
      entry.change.kind = audit::change_kind_from(row[3].text());
      entry.change.sequence = news.position;
      entry.change.tailnet = TailnetId(row[1].text());
      entry.change.at = time_of(row[2]);
      entry.change.subject = row[4].text();
      entry.change.first_record = row[5].maybe_number().value_or(0);
      entry.change.last_record = row[6].maybe_number().value_or(0);
      if (entry.change.first_record != 0) {
        entry.records =
            records.numbered(entry.change.tailnet, entry.change.first_record, entry.change.last_record);
      }
      news.entries.push_back(std::move(entry));
    } catch (const std::invalid_argument&) {
    }
  }
  return news;
}

void SqlFeedReaderStore::move(std::string_view reader, std::int64_t position) {
  work_.connection().run(kMove, {std::string(reader), position});
}

}  // namespace latchkey::storage
