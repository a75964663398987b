// What an offboarding ended and when, taken from the audit log afterwards: it is evidence, and says no more
// than the log does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/audit/audit_store.h"
#include "core/people/offboard_preview.h"

namespace latchkey::people {

struct OffboardReport {
  TailnetId tailnet;
  UserId user;
  std::string login_name;
  std::string group;
  TimePoint at{};
  audit::Actor by;
  std::string reason;
  boost::json::value choices;
  // What goes on, as it was recorded: objects with kind, id and name; at most kMostRecordedHoldings.
  boost::json::array going_on;
  std::int64_t going_on_count = 0;
  std::vector<audit::NumberedRecord> records;  // of the whole act, in their order
  std::optional<audit::ChainReport> chain;     // when it was asked for: whether the log is whole
};

// Of this event group, or of the last offboarding of this person, who may be gone. not_found: there is none
// in the log.
Result<OffboardReport> report_offboarding(core::Tx& tx, const MayPreviewOffboarding& may, const UserId& id,
                                          const std::string& group, bool verify);

// The same for people: a page of Markdown.
std::string markdown_of(const OffboardReport& report);

}  // namespace latchkey::people
