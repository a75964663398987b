#include "app/commands/offboard.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <fstream>

#include "app/commands/json_fields.h"
#include "app/commands/offboard_table.h"
#include "app/commands/user_lookup.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/text.h"

namespace latchkey::app::commands {
namespace {

Result<std::string> id_of(Api& api, const std::string& wanted) {
  if (is_id_text('u', wanted)) return wanted;
  TRY(const auto user, user_with_login(api, wanted));
  if (!user) return not_found("nobody has the login name " + printable(wanted));
  return text_of(user->get_object(), "id");
}

std::string path_of(const std::string& id, std::string_view rest = {}) {
  return "/api/console/users/" + percent_encode(id) + "/offboarding" + std::string(rest);
}

ApiRequest act_request(const std::string& id, const OffboardFlags& flags, std::string fingerprint) {
  auto request = request_for("POST", path_of(id));
  boost::json::object body;
  body["end"] = flags.remove ? "delete" : "suspend";
  body["fingerprint"] = std::move(fingerprint);
  if (!flags.hand_over_to.empty()) body["handOverTo"] = flags.hand_over_to;
  if (!flags.tags.empty()) body["tags"] = list_json(flags.tags);
  if (!flags.revoke.empty()) body["revoke"] = list_json(flags.revoke);
  if (!flags.rotate.empty()) body["rotate"] = list_json(flags.rotate);
  if (!flags.new_owner.empty()) body["newOwner"] = flags.new_owner;
  if (!flags.reason.empty()) body["reason"] = flags.reason;
  request.body = std::move(body);
  return request;
}

Result<boost::json::value> report_of(Api& api, const std::string& id, const std::string& group) {
  auto request = request_for("GET", path_of(id, "-report"));
  if (!group.empty()) request.query.emplace_back("group", group);
  request.query.emplace_back("verify", "true");
  TRY(auto answer, api.send(request));
  TRY(object_of(answer));
  return answer;
}

Result<void> write_report(const std::string& file, const boost::json::object& report) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  if (file.ends_with(".json")) {
    out << boost::json::serialize(report) << "\n";
  } else {
    out << text_of(report, "markdown");
  }
  out.close();
  if (!out) return conflict("cannot write " + file + "; what was done is in the log all the same");
  return {};
}

void show(Screen& screen, const boost::json::object& preview, const boost::json::array& holdings,
          const OffboardFlags& flags, bool beside) {
  const auto table = holding_table(holdings, flags.remove, SystemClock{}.now());
  screen.note(fmt::format("{} ({}, {}). What rests on him: {}.", text_of(preview, "loginName"),
                          text_of(preview, "role"), text_of(preview, "status"), holdings.size()));
  if (table.empty()) return;
  if (beside) {
    table.print_beside(screen);
  } else {
    table.print(screen);
  }
}

void show_secrets(Screen& screen, const boost::json::array& secrets) {
  if (!secrets.empty()) screen.note("Keep the new secrets now: they are shown this once.");
  for (const auto& value : secrets) {
    if (!value.is_object()) continue;
    const auto& rotated = value.get_object();
    screen.print_secret(text_of(rotated, "id") + " ", SecretString(text_of(rotated, "secret")));
  }
}

void show_report(Screen& screen, const boost::json::object& report, const boost::json::array& records) {
  record_table(records).print(screen);
  const auto* log = member_of(report, "auditLog");
  const bool whole = log != nullptr && flag_of(*log, "whole");
  screen.note(fmt::format("Event group {}. The audit log is {}. Going on: {}.",
                          text_of(report, "eventGroupID"), whole ? "whole" : "BROKEN",
                          number_of(report, "goingOnCount")));
}

}  // namespace

std::string complaint_about(const OffboardFlags& flags) {
  if (auto wrong = complaint_about(flags.server); !wrong.empty()) return wrong;
  if (!flags.hand_over_to.empty() && !flags.tags.empty()) {
    return "devices are handed over or tagged: not both";
  }
  if (flags.dry_run && !flags.report.empty()) return "a dry run has no report: it does nothing";
  return {};
}

Result<Exit> offboard(Screen& screen, const OffboardFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto id, id_of(*api, flags.login));
  TRY(const auto shown, api->send(request_for("GET", path_of(id))));
  TRY(const auto* preview, object_of(shown));
  TRY(const auto* holdings, list_of(shown, "holdings"));
  const bool json = flags.output == OutputForm::json;
  if (flags.dry_run) {
    if (json) {
      screen.print_json(shown);
    } else {
      show(screen, *preview, *holdings, flags, false);
      screen.note("Nothing was changed.");
    }
    return Exit::done;
  }
  if (!flags.yes) {
    if (!screen.may_ask()) return malformed("nobody is there to ask: look with --dry-run, then add --yes");
    show(screen, *preview, *holdings, flags, true);
    const auto* question = flags.remove ? "Delete this person? That is for good." : "Suspend this person?";
    if (!screen.confirm(question)) return Exit::failed;
  }
  TRY(const auto answer, api->send(act_request(id, flags, text_of(*preview, "fingerprint"))));
  TRY(const auto* done, object_of(answer));
  TRY(const auto* secrets, list_of(answer, "secrets"));
  if (!json) show_secrets(screen, *secrets);
  const auto group = text_of(*done, "eventGroupID");
  if (group.empty()) {
    screen.note("There was nothing left to do.");
    if (json) screen.print_json(answer);
    return Exit::done;
  }
  const auto report = report_of(*api, id, group);
  if (json) {
    auto whole = *done;
    if (report) whole["report"] = *report;
    screen.print_json(whole);
  }
  if (!report) return report.error();
  if (!flags.report.empty()) TRY(write_report(flags.report, report->get_object()));
  TRY(const auto* records, list_of(*report, "records"));
  if (!json) show_report(screen, report->get_object(), *records);
  return Exit::done;
}

}  // namespace latchkey::app::commands
