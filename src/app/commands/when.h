// Times as people write and read them on the command line.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace latchkey::app::commands {

// "90d", "12h", "30m", "45s", or a plain number of seconds. At least a second, at most a hundred years.
Result<seconds> parse_duration(std::string_view text);

// An RFC 3339 time, or a duration before now.
Result<TimePoint> parse_moment(std::string_view text, TimePoint now);

// "in 90 days", "3 hours ago", "now": rounded to the unit that reads best.
std::string relative_time(TimePoint time, TimePoint now);

// "2026-01-05".
std::string date_of(TimePoint time);

}  // namespace latchkey::app::commands
