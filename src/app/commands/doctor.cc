#include "app/commands/doctor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/array.hpp>

#include "app/commands/json_fields.h"
#include "base/clock.h"

namespace latchkey::app::commands {
namespace {

constexpr hours kClockSlack{1};
constexpr days kFarFuture{3650};

ApiRequest get(std::string path) {
  auto request = request_for("GET", std::move(path));
  request.patience = seconds{300};
  return request;
}

Finding check_audit_log(Api& api) {
  const auto answer = api.send(get("/api/console/audit-verification"));
  if (!answer) {
    const Error error = answer.error();
    // Several tailnets, or none yet: the server itself is well.
    const bool choice = error.code == ErrorCode::malformed_input || error.code == ErrorCode::not_found;
    return {"audit log", choice ? Verdict::warning : Verdict::failed, error.message,
            choice ? "not checked" : "see the server's log"};
  }
  const auto report = object_of(*answer);
  if (!report) return {"audit log", Verdict::failed, report.error().message, {}};
  if (flag_of(**report, "whole")) {
    return {"audit log", Verdict::ok, fmt::format("whole, {} entries", number_of(**report, "records")), {}};
  }
  return {"audit log", Verdict::failed,
          fmt::format("entry {} was tampered with", number_of(**report, "firstBroken")),
          "compare it with a backup and find out who can write the database"};
}

// Entries from the future: the clock was turned back since they were written.
std::optional<Finding> check_no_future(Api& api, TimePoint now) {
  auto request = get(api.tailnet_path("/logging/configuration"));
  request.query = {{"start", to_rfc3339(now + kClockSlack)}, {"end", to_rfc3339(now + kFarFuture)}};
  const auto answer = api.send(request);
  if (!answer) return std::nullopt;
  const auto entries = list_of(*answer, "logs");
  if (!entries || (*entries)->empty()) return std::nullopt;
  return Finding{"clock", Verdict::failed, "the audit log has entries from the future",
                 "set the clock: it was turned back, or was wrong before"};
}

void check_server(std::vector<Finding>& findings, const Settings& settings, const DoctorFlags& flags,
                  TimePoint now) {
  LocalDoorOptions options;
  options.settings = settings;
  options.tailnet = flags.tailnet;
  const auto door = LocalDoor::open(std::move(options));
  if (!door) {
    findings.push_back({"database", Verdict::failed, door.error().message, "see docs/operations.md"});
    return;
  }
  auto& api = **door;
  const bool running = api.server_was_running();
  const auto ready = api.send(get("/readyz"));
  if (!ready) {
    findings.push_back({"database", Verdict::failed, ready.error().message, "see the server's log"});
    return;
  }
  findings.push_back(
      {"database", Verdict::ok, running ? "the running server answers" : "opens, and the root key fits", {}});
  findings.push_back(check_audit_log(api));
  if (auto future = check_no_future(api, now)) findings.push_back(*std::move(future));
}

std::vector<Finding> examine(const DoctorFlags& flags) {
  std::vector<Finding> findings;
  const TimePoint now = SystemClock{}.now();
  const auto settings = settings_of(flags.place);
  if (!settings) {
    findings.push_back({"settings", Verdict::failed, settings.error().message, "see docs/settings.md"});
    return findings;
  }
  const auto unknown = unknown_variables(environ);
  findings.push_back(
      unknown.empty()
          ? Finding{"settings", Verdict::ok, flags.place.config.empty() ? "no file" : flags.place.config, {}}
          : Finding{"settings", Verdict::warning, "unknown variable " + unknown.front(),
                    "see docs/settings.md for its name"});
  findings.push_back(check_directory(*settings));
  findings.push_back(check_file_modes(*settings));
  const auto root_key = check_root_key(*settings);
  findings.push_back(root_key);
  // A server without a root key would make a new one.
  if (root_key.verdict != Verdict::failed) check_server(findings, *settings, flags, now);
  findings.push_back(check_disk(*settings));
  findings.push_back(check_open_files(*settings));
  findings.push_back(check_clock(now));
  if (!settings->tls_certificate.empty()) findings.push_back(check_certificate(*settings, now));
  return findings;
}

Style style_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return Style::good;
    case Verdict::warning:
      return Style::warning;
    case Verdict::failed:
      return Style::bad;
  }
  return Style::plain;
}

void print_table(Screen& screen, const std::vector<Finding>& findings) {
  Table table({"CHECK", "RESULT", "FINDING", "WHAT TO DO"});
  for (const auto& finding : findings) {
    table.add({finding.check,
               {std::string(to_string(finding.verdict)), style_of(finding.verdict)},
               finding.what,
               finding.advice});
  }
  table.print(screen);
}

void print_json(Screen& screen, const std::vector<Finding>& findings) {
  boost::json::array checks;
  for (const auto& finding : findings) {
    boost::json::object check;
    check["check"] = finding.check;
    check["result"] = to_string(finding.verdict);
    check["finding"] = finding.what;
    if (!finding.advice.empty()) check["advice"] = finding.advice;
    checks.push_back(std::move(check));
  }
  screen.print_json(boost::json::object{{"checks", std::move(checks)}});
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::warning:
      return "warning";
    case Verdict::failed:
      return "failed";
  }
  return "";
}

Result<Exit> doctor(Screen& screen, const DoctorFlags& given) {
  DoctorFlags flags = given;
  flags.place = with_environment(flags.place);
  std::vector<Finding> findings;
  {
    const Progress progress(screen, "looking");
    findings = examine(flags);
  }
  if (flags.output == OutputForm::json) {
    print_json(screen, findings);
  } else {
    print_table(screen, findings);
  }
  const bool failed =
      std::ranges::any_of(findings, [](const Finding& one) { return one.verdict == Verdict::failed; });
  return failed ? Exit::failed : Exit::done;
}

}  // namespace latchkey::app::commands
