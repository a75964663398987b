#include "app/commands/sessions.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "app/commands/json_fields.h"
#include "app/commands/when.h"
#include "base/clock.h"
#include "base/text.h"

namespace latchkey::app::commands {
namespace {

constexpr const char* kSessions = "/api/console/sessions";
constexpr std::size_t kShownAgent = 40;

ApiRequest request_for(std::string method, std::string path) {
  ApiRequest request;
  request.method = std::move(method);
  request.path = std::move(path);
  return request;
}

std::string ago(const boost::json::object& session, std::string_view member, TimePoint now) {
  const auto time = time_of(session, member);
  return time ? relative_time(*time, now) : std::string();
}

}  // namespace

Result<Exit> list_sessions(Screen& screen, const ListSessionsFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("GET", kSessions);
  if (!flags.of.empty()) request.query.emplace_back("user", flags.of);
  TRY(const auto answer, api->send(request));
  TRY(const auto* sessions, list_of(answer, "sessions"));
  if (flags.output == OutputForm::json) {
    screen.print_json(answer);
    return Exit::done;
  }
  const auto now = SystemClock{}.now();
  Table table({"ID", "PERSON", "PROVIDER", "SIGNED IN", "LAST USED", "ADDRESS", "BROWSER"});
  for (const auto& each : *sessions) {
    if (!each.is_object()) continue;
    const auto& session = each.get_object();
    const auto provider = text_of(session, "provider");
    table.add({printable(text_of(session, "id")), printable(text_of(session, "loginName")),
               provider.empty() ? "one-time link" : printable(provider), ago(session, "created", now),
               ago(session, "lastSeen", now), printable(text_of(session, "address")),
               printable(clip(text_of(session, "userAgent"), kShownAgent))});
  }
  if (table.empty()) {
    screen.note("Nobody is signed in.");
    return Exit::done;
  }
  table.print(screen);
  return Exit::done;
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
    if (!done) screen.complain(printable(id) + ": " + done.error().message);
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
