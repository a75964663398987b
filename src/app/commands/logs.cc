#include "app/commands/logs.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <set>
#include <thread>

#include "app/commands/json_fields.h"
#include "app/commands/when.h"
#include "base/clock.h"

namespace latchkey::app::commands {
namespace {

constexpr seconds kPollEvery{2};
// An entry carries the time at which its act began, and shows when that is committed: each poll looks back a
// little.
constexpr seconds kOverlap{15};
constexpr seconds kLogPatience{300};

struct Window {
  TimePoint start;
  TimePoint end;
};

ApiRequest log_request(const Api& api, const LogsFlags& flags, Window window) {
  auto request = request_for("GET", api.tailnet_path("/logging/configuration"));
  request.patience = kLogPatience;
  request.query = {{"start", to_rfc3339(window.start)}, {"end", to_rfc3339(window.end)}, {"fields", "all"}};
  for (const auto& actor : flags.actors) request.query.emplace_back("actor", actor);
  for (const auto& target : flags.targets) request.query.emplace_back("target", target);
  for (const auto& event : flags.events) request.query.emplace_back("event", event);
  return request;
}

// "API_KEY.CREATE", as the event filter takes it.
std::string event_of(const boost::json::object& entry) {
  const auto property = text_of(entry, "target", "property");
  return text_of(entry, "target", "type") + "." + text_of(entry, "action") +
         (property.empty() ? "" : "." + property);
}

std::string target_of(const boost::json::object& entry) {
  const auto name = text_of(entry, "target", "name");
  const auto id = text_of(entry, "target", "id");
  return name.empty() || id.empty() ? name + id : fmt::format("{} {}", name, id);
}

std::vector<Table::Cell> row_of(const boost::json::object& entry) {
  const auto error = text_of(entry, "error");
  auto actor = text_of(entry, "actor", "loginName");
  if (actor.empty()) actor = text_of(entry, "actor", "displayName");
  if (actor.empty()) actor = text_of(entry, "actor", "id");
  const auto time = time_of(entry, "eventTime");
  return {time ? to_rfc3339(whole_second(*time)) : text_of(entry, "eventTime"),
          {event_of(entry), error.empty() ? Style::plain : Style::bad},
          actor,
          target_of(entry),
          text_of(entry, "source", "address"),
          error};
}

// Which entries were shown already, for as long as a poll may bring them again.
class Seen {
 public:
  bool add(TimePoint time, const std::string& entry) { return shown_.emplace(time, entry).second; }
  void forget_before(TimePoint time) { shown_.erase(shown_.begin(), shown_.lower_bound({time, {}})); }

 private:
  std::set<std::pair<TimePoint, std::string>> shown_;
};

void print(Screen& screen, const boost::json::array& entries, const LogsFlags& flags, bool first,
           Seen* seen) {
  Table table(first ? std::vector<std::string>{"TIME", "EVENT", "ACTOR", "TARGET", "FROM", "REFUSED"}
                    : std::vector<std::string>{});
  for (const auto& entry : entries) {
    if (!entry.is_object()) continue;
    const auto& object = entry.get_object();
    if (seen != nullptr &&
        !seen->add(time_of(object, "eventTime").value_or(TimePoint{}), boost::json::serialize(entry))) {
      continue;
    }
    if (flags.output == OutputForm::json) {
      screen.print_json(entry);
    } else {
      table.add(row_of(object));
    }
  }
  if (!table.empty() || (flags.output == OutputForm::table && first && flags.follow)) table.print(screen);
}

Result<Exit> follow(Screen& screen, Api& api, const LogsFlags& flags, TimePoint since) {
  Seen seen;
  bool first = true;
  while (true) {
    const TimePoint now = SystemClock{}.now();
    // Beyond now, for a server whose clock is ahead of ours.
    TRY(const auto answer, api.send(log_request(api, flags, {since, now + kOverlap})));
    TRY(const auto* entries, list_of(answer, "logs"));
    print(screen, *entries, flags, first, &seen);
    if (!screen.flush()) return Exit::failed;
    first = false;
    since = std::max(since, now - kOverlap);
    seen.forget_before(since);
    std::this_thread::sleep_for(kPollEvery);
  }
}

}  // namespace

Result<Exit> logs(Screen& screen, const LogsFlags& flags) {
  const TimePoint now = SystemClock{}.now();
  TRY(const auto since, parse_moment(flags.since, now));
  Window window{since, now};
  if (!flags.until.empty()) {
    TRY(window.end, parse_moment(flags.until, now));
  }
  // Following a server of our own would show nothing and keep a real one from starting.
  TRY(const auto api, connect(flags.server, screen, !flags.follow));
  if (flags.follow) return follow(screen, *api, flags, since);
  TRY(const auto answer, api->send(log_request(*api, flags, window)));
  TRY(const auto* entries, list_of(answer, "logs"));
  if (entries->empty()) screen.note("No entries in this time.");
  print(screen, *entries, flags, true, nullptr);
  return Exit::done;
}

Result<Exit> verify_audit(Screen& screen, const VerifyFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("GET", "/api/console/audit-verification");
  request.patience = kLogPatience;
  TRY(const auto answer, api->send(request));
  TRY(const auto* report, object_of(answer));
  const bool whole = flag_of(*report, "whole");
  if (flags.output == OutputForm::json) {
    screen.print_json(*report);
  } else if (whole) {
    screen.print(fmt::format("The audit log is whole: {} entries checked.", number_of(*report, "records")));
  } else {
    screen.complain(
        fmt::format("the audit log is not whole: entry {} is the first that was changed, removed or added "
                    "by something other than this server",
                    number_of(*report, "firstBroken")));
  }
  return whole ? Exit::done : Exit::failed;
}

}  // namespace latchkey::app::commands
