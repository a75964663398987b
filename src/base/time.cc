#include "base/time.h"

#include <fmt/format.h>

#include <charconv>

namespace latchkey {
namespace {

struct Civil {
  int year;
  unsigned month, day;
  std::int64_t hour, minute, second, micros;
};

Civil civil(TimePoint time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const auto rest = time - day;
  const auto in_day = rest.count();
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          in_day / 3'600'000'000,
          in_day / 60'000'000 % 60,
          in_day / 1'000'000 % 60,
          in_day % 1'000'000};
}

// Reads exactly `width` digits at the front of text and removes them.
std::optional<int> digits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return std::nullopt;
  int value = 0;
  for (std::size_t at = 0; at < width; ++at) {
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
    value = value * 10 + (text[at] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string to_rfc3339(TimePoint time) {
  const Civil c = civil(time);
  auto text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second);
  if (c.micros != 0) text += fmt::format(".{:06}", c.micros);
  return text + "Z";
}

std::string to_go_time(TimePoint time) {
  const Civil c = civil(time);
  auto text =
      fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second);
  if (c.micros != 0) {
    auto fraction = fmt::format(".{:06}", c.micros);
    fraction.resize(fraction.find_last_not_of('0') + 1);
    text += fraction;
  }
  return text + " +0000 UTC";
}

std::optional<TimePoint> from_rfc3339(std::string_view text) {
  const auto year = digits(text, 4);
  if (!year || *year == 0 || !take(text, '-')) return std::nullopt;
  const auto month = digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = digits(text, 2);
  if (!day || !(take(text, 'T') || take(text, 't') || take(text, ' '))) return std::nullopt;
  const auto hour = digits(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = digits(text, 2);
  if (!second) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  // Second 60 is a leap second (RFC 3339 section 5.6); it counts as the next second's start.
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;

  std::int64_t micros = 0;
  if (take(text, '.')) {
    std::size_t count = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; ++count, text.remove_prefix(1)) {
      if (count < 6) micros = micros * 10 + (text.front() - '0');
    }
    if (count == 0 || count > 9) return std::nullopt;
    for (; count < 6; ++count) micros *= 10;
  }

  minutes offset{0};
  if (!take(text, 'Z') && !take(text, 'z')) {
    const bool east = take(text, '+');
    if (!east && !take(text, '-')) return std::nullopt;
    const auto offset_hours = digits(text, 2);
    if (!offset_hours || !take(text, ':')) return std::nullopt;
    const auto offset_minutes = digits(text, 2);
    if (!offset_minutes || *offset_hours > 23 || *offset_minutes > 59) return std::nullopt;
    offset = hours{*offset_hours} + minutes{*offset_minutes};
    if (!east) offset = -offset;
  }
  if (!text.empty()) return std::nullopt;
  return TimePoint{std::chrono::sys_days{date}} + hours{*hour} + minutes{*minute} + seconds{*second} +
         std::chrono::microseconds{micros} - offset;
}

}  // namespace latchkey
