// Points in time, durations and their text. Rules never read a clock; they are given a TimePoint.
//
// Resolution is one microsecond, UTC. In the database a TimePoint is a BIGINT of microseconds since 1970
// (stored; never changes).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace latchkey {

using TimePoint = std::chrono::sys_time<std::chrono::microseconds>;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline std::int64_t to_micros(TimePoint time) {
  return time.time_since_epoch().count();
}
inline TimePoint from_micros(std::int64_t micros) {
  return TimePoint{std::chrono::microseconds{micros}};
}
inline TimePoint whole_second(TimePoint time) {
  return std::chrono::floor<seconds>(time);
}

// RFC 3339 in UTC with Z. Whole seconds print without a fraction, others with six digits.
std::string to_rfc3339(TimePoint time);

// Any offset and up to nine fractional digits (finer than a microsecond is cut). Years 0001 to 9999.
std::optional<TimePoint> from_rfc3339(std::string_view text);

// The form of Go's time.Time printing, "2026-01-05 10:00:00 +0000 UTC", which audit bodies carry.
std::string to_go_time(TimePoint time);

}  // namespace latchkey
