// What a use case hands to a store together with a change: the record for the log and the entry for the feed.
#pragma once

#include "core/audit/change.h"
#include "core/audit/record.h"

namespace latchkey::audit {

struct Act {
  Record record;
  Change change;
};

}  // namespace latchkey::audit
