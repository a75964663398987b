#include "app/commands/when.h"

#include <fmt/format.h>

namespace latchkey::app::commands {
namespace {

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

// The number of units, rounded, with its name in the right number.
std::string counted(std::int64_t span, std::int64_t unit, std::string_view name) {
  const std::int64_t count = (span + unit / 2) / unit;
  return fmt::format("{} {}{}", count, name, count == 1 ? "" : "s");
}

}  // namespace

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
