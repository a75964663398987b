// Times as people write them: in the command line and in queries.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace latchkey {

// "90d", "12h", "30m", "45s", or a plain number of seconds. At least a second, at most a hundred years.
Result<seconds> parse_duration(std::string_view text);

// An RFC 3339 time, a date (its beginning, in UTC), or a duration before now.
Result<TimePoint> parse_moment(std::string_view text, TimePoint now);

}  // namespace latchkey
