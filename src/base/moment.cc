#include "base/moment.h"

#include <charconv>
#include <string>

namespace latchkey {
namespace {

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kMost = 36'525 * kDay;

std::int64_t unit_of(char letter) {
  switch (letter) {
    case 's':
      return 1;
    case 'm':
      return kMinute;
    case 'h':
      return kHour;
    case 'd':
      return kDay;
    default:
      return 0;
  }
}

}  // namespace

Result<seconds> parse_duration(std::string_view text) {
  const auto wrong = [] {
    return malformed("a duration is a number with d, h, m or s, such as 90d, 12h or 45s");
  };
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || number < 0) return wrong();
  const auto rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (rest.size() > 1) return wrong();
  const std::int64_t unit = rest.empty() ? 1 : unit_of(rest.front());
  if (unit == 0) return wrong();
  if (number == 0) return malformed("a duration must be longer than nothing");
  if (number > kMost / unit) return malformed("a duration must be shorter than a hundred years");
  return seconds{number * unit};
}

Result<TimePoint> parse_moment(std::string_view text, TimePoint now) {
  if (const auto time = from_rfc3339(text)) return *time;
  constexpr std::size_t kDateLength = 10;
  if (text.size() == kDateLength) {
    if (const auto date = from_rfc3339(std::string(text) + "T00:00:00Z")) return *date;
  }
  const auto before = parse_duration(text);
  if (!before) {
    return malformed(
        "a time is a duration before now, such as 24h, or like 2026-01-05T10:00:00Z, or 2026-01-05");
  }
  return now - *before;
}

}  // namespace latchkey
