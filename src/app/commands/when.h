// Times as people read them on the command line; how they write them is base/moment.h.
#pragma once

#include <string>

#include "base/moment.h"
#include "base/time.h"

namespace latchkey::app::commands {

// "in 90 days", "3 hours ago", "now": rounded to the unit that reads best.
std::string relative_time(TimePoint time, TimePoint now);

// "2026-01-05".
std::string date_of(TimePoint time);

}  // namespace latchkey::app::commands
