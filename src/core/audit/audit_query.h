// Reading the audit log: which entries of a window, chosen by actor, target and event.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/audit/record.h"

namespace latchkey::audit {

// Whether text is a name the `event` filter knows, such as "API_KEY.CREATE". Unknown names are refused, not
// matched against nothing.
bool is_event_name(std::string_view text);

struct AuditQuery {
  TimePoint start{};
  TimePoint end{};                   // inclusive, like start
  std::vector<std::string> actors;   // actor ids, or "~text" to be found in login or display name
  std::vector<std::string> targets;  // found in any member of the target, without regard to case
  std::vector<std::string> events;   // event names
};

// Filters of one kind are alternatives; different kinds must all match. The window is the store's to apply.
bool matches(const AuditQuery& query, const Record& record);

}  // namespace latchkey::audit
