#include "core/people/offboard_report.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "core/people/offboard.h"

namespace latchkey::people {
namespace {

bool is_summary(const audit::NumberedRecord& numbered, const UserId& id) {
  const auto& target = numbered.record.target;
  return target.id == id.str() && target.property == kOffboardingProperty;
}

std::string text_in(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// One line, nothing that Markdown would take for a mark of its own.
std::string cell(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ') {
      shown += ' ';
      continue;
    }
    if (std::string_view("\\`*_{}[]<>#|").find(c) != std::string_view::npos) shown += '\\';
    shown += c;
  }
  return shown;
}

std::string code(std::string text) {
  std::ranges::replace(text, '`', '\'');
  return "`" + text + "`";
}

std::string person(const audit::Actor& actor) {
  return cell(actor.login_name.empty() ? actor.display_name : actor.login_name);
}

std::string chain_line(const OffboardReport& report) {
  if (!report.chain) return {};
  const auto& chain = *report.chain;
  if (chain.first_broken == 0) {
    return "- Audit log: whole, " + std::to_string(chain.checked) + " records checked\n";
  }
  return "- Audit log: **broken at record " + std::to_string(chain.first_broken) + "**\n";
}

void fill_from(OffboardReport& report, const audit::Record& summary) {
  report.at = summary.at;
  report.by = summary.actor;
  report.reason = summary.details;
  report.login_name = summary.target.name;
  if (!summary.new_value || !summary.new_value->is_object()) return;
  const auto& said = summary.new_value->get_object();
  if (const auto* choices = said.if_contains("choices")) report.choices = *choices;
  if (const auto* going_on = said.if_contains("goingOn"); going_on != nullptr && going_on->is_array()) {
    report.going_on = going_on->get_array();
  }
  if (const auto* count = said.if_contains("goingOnCount"); count != nullptr && count->is_int64()) {
    report.going_on_count = count->get_int64();
  }
}

}  // namespace

Result<OffboardReport> report_offboarding(core::Tx& tx, const MayPreviewOffboarding& may, const UserId& id,
                                          const std::string& group, bool verify) {
  OffboardReport report;
  report.tailnet = may.tailnet();
  report.user = id;
  report.group = group;
  if (group.empty()) {
    const auto last = tx.audit().newest_about(may.tailnet(), id.str(), kOffboardingProperty);
    if (!last) return not_found("the log has no offboarding of this person");
    report.group = last->record.group_id;
  }
  report.records = tx.audit().of_group(may.tailnet(), report.group);
  const auto summary =
      std::ranges::find_if(report.records, [&](const auto& numbered) { return is_summary(numbered, id); });
  if (summary == report.records.end()) {
    return not_found("the log has no offboarding of this person in this event group");
  }
  fill_from(report, summary->record);
  if (verify) report.chain = tx.audit().verify(may.tailnet());
  return report;
}

std::string markdown_of(const OffboardReport& report) {
  std::string page = "# Offboarding of " + cell(report.login_name) + "\n\n";
  page += "- When: " + to_rfc3339(report.at) + "\n";
  page += "- By: " + person(report.by) + "\n";
  page += "- User: " + cell(report.user.str()) + ", tailnet " + cell(report.tailnet.str()) + "\n";
  page += "- Event group: " + cell(report.group) + "\n";
  if (!report.reason.empty()) page += "- Reason: " + cell(report.reason) + "\n";
  page += "- Choices: " + code(boost::json::serialize(report.choices)) + "\n";
  page += chain_line(report);
  page +=
      "\n## What was done\n\n| record | time | event | target | id | details |\n|---|---|---|---|---|---|\n";
  for (const auto& [number, record] : report.records) {
    page += "| " + std::to_string(number) + " | " + to_rfc3339(record.at) + " | " +
            cell(audit::event_name(record)) + " | " + cell(record.target.name) + " | " +
            cell(record.target.id) + " | " +
            cell(record.target.property == kOffboardingProperty ? "this report" : record.details) + " |\n";
  }
  page += "\n## What goes on\n\n";
  if (report.going_on.empty()) return page + "Nothing.\n";
  page += "| kind | name | id |\n|---|---|---|\n";
  for (const auto& holding : report.going_on) {
    if (!holding.is_object()) continue;
    const auto& object = holding.get_object();
    page += "| " + cell(text_in(object, "kind")) + " | " + cell(text_in(object, "name")) + " | " +
            cell(text_in(object, "id")) + " |\n";
  }
  const auto more = report.going_on_count - static_cast<std::int64_t>(report.going_on.size());
  if (more > 0) page += "\nAnd " + std::to_string(more) + " more.\n";
  return page;
}

}  // namespace latchkey::people
