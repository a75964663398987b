#include "app/commands/sessions.h"

#include <fmt/format.h>

#include "app/commands/act_on_each.h"
#include "app/commands/json_fields.h"
#include "app/commands/listing.h"
#include "app/commands/when.h"
#include "base/text.h"

namespace latchkey::app::commands {
namespace {

constexpr const char* kSessions = "/api/console/sessions";
constexpr std::size_t kShownAgent = 40;

std::string ago(const boost::json::object& session, std::string_view member, TimePoint now) {
  const auto time = time_of(session, member);
  return time ? relative_time(*time, now) : std::string();
}

std::vector<Table::Cell> session_row(const boost::json::object& session, TimePoint now) {
  const auto provider = text_of(session, "provider");
  return {text_of(session, "id"),
          text_of(session, "loginName"),
          provider.empty() ? "one-time link" : provider,
          ago(session, "created", now),
          ago(session, "lastSeen", now),
          text_of(session, "address"),
          std::string(clip(text_of(session, "userAgent"), kShownAgent))};
}

}  // namespace

Result<Exit> list_sessions(Screen& screen, const ListSessionsFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("GET", kSessions);
  if (!flags.of.empty()) request.query.emplace_back("user", flags.of);
  TRY(const auto answer, api->send(request));
  return show_list(screen, answer, "sessions", flags.output,
                   {{"ID", "PERSON", "PROVIDER", "SIGNED IN", "LAST USED", "ADDRESS", "BROWSER"},
                    session_row,
                    "Nobody is signed in."});
}

std::string complaint_about(const EndSessionsFlags& flags) {
  if (flags.ids.empty() == flags.all_of.empty())
    return "name sessions by their ids, or a person with --all-of";
  return complaint_about(flags.server);
}

Result<Exit> end_sessions(Screen& screen, const EndSessionsFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  std::int64_t ended = 0;
  bool all_done = true;
  if (!flags.all_of.empty()) {
    auto request = request_for("DELETE", kSessions);
    request.query.emplace_back("user", flags.all_of);
    TRY(const auto answer, api->send(request));
    TRY(const auto* done, object_of(answer));
    ended = number_of(*done, "ended");
  }
  for (const auto& id : flags.ids) {
    const auto done = api->send(request_for("DELETE", std::string(kSessions) + "/" + percent_encode(id)));
    if (!done) screen.complain(about(id, done.error()).message);
    all_done = all_done && done;
    if (done) ++ended;
  }
  if (flags.output == OutputForm::json) {
    screen.print_json(boost::json::object{{"ended", ended}});
  } else {
    screen.print(fmt::format("ended {} session{}", ended, ended == 1 ? "" : "s"));
  }
  return all_done ? Exit::done : Exit::failed;
}

}  // namespace latchkey::app::commands
