#include "app/commands/when.h"

#include <fmt/format.h>

#include <charconv>

namespace latchkey::app::commands {
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

// The number of units, rounded, with its name in the right number.
std::string counted(std::int64_t span, std::int64_t unit, std::string_view name) {
  const std::int64_t count = (span + unit / 2) / unit;
  return fmt::format("{} {}{}", count, name, count == 1 ? "" : "s");
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
  const auto before = parse_duration(text);
  if (!before) return malformed("a time is a duration before now, such as 24h, or like 2026-01-05T10:00:00Z");
  return now - *before;
}

std::string relative_time(TimePoint time, TimePoint now) {
  const std::int64_t distance = std::chrono::round<seconds>(time - now).count();
  const std::int64_t span = distance < 0 ? -distance : distance;
  if (span == 0) return "now";
  std::string text;
  if (span < 90) {
    text = counted(span, 1, "second");
  } else if (span < 90 * kMinute) {
    text = counted(span, kMinute, "minute");
  } else if (span < 2 * kDay) {
    text = counted(span, kHour, "hour");
  } else {
    text = counted(span, kDay, "day");
  }
  return distance < 0 ? text + " ago" : "in " + text;
}

std::string date_of(TimePoint time) {
  return to_rfc3339(whole_second(time)).substr(0, 10);
}

}  // namespace latchkey::app::commands
