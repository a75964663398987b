#include "app/commands/user_table.h"

#include <fmt/format.h>

#include "app/commands/json_fields.h"
#include "app/commands/when.h"

namespace latchkey::app::commands {
namespace {

std::string dated(TimePoint time, TimePoint now) {
  return fmt::format("{} ({})", relative_time(time, now), date_of(time));
}

Table::Cell status(const boost::json::object& user) {
  const auto text = text_of(user, "status");
  if (text == "suspended") return {text, Style::bad};
  if (text == "needs-approval") return {"needs approval", Style::warning};
  return {text, text == "active" ? Style::good : Style::faint};
}

std::string last_seen(const boost::json::object& user, TimePoint now) {
  if (flag_of(user, "currentlyConnected")) return "now";
  const auto seen = time_of(user, "lastSeen");
  return seen ? relative_time(*seen, now) : "never";
}

std::string devices(const boost::json::object& user) {
  return std::to_string(number_of(user, "deviceCount"));
}

}  // namespace

std::vector<std::string> user_headings() {
  return {"LOGIN", "ID", "NAME", "ROLE", "STATUS", "DEVICES", "LAST SEEN"};
}

std::vector<Table::Cell> user_row(const boost::json::object& user, TimePoint now) {
  return {text_of(user, "loginName"), text_of(user, "id"), text_of(user, "displayName"),
          text_of(user, "role"),      status(user),        devices(user),
          last_seen(user, now)};
}

Table user_details(const boost::json::object& user, TimePoint now) {
  Table table({});
  table.add({"login", text_of(user, "loginName")});
  table.add({"name", text_of(user, "displayName")});
  table.add({"id", text_of(user, "id")});
  table.add({"role", text_of(user, "role")});
  table.add({"status", status(user)});
  table.add({"devices", devices(user)});
  table.add({"last seen", last_seen(user, now)});
  if (const auto created = time_of(user, "created")) table.add({"here since", dated(*created, now)});
  return table;
}

std::string user_name(const boost::json::object& user) {
  return fmt::format("{} ({})", printable(text_of(user, "loginName")), text_of(user, "id"));
}

std::vector<std::string> invite_headings() {
  return {"ID", "ROLE", "FOR", "EXPIRES"};
}

std::vector<Table::Cell> invite_row(const boost::json::object& invite, TimePoint now) {
  const auto email = text_of(invite, "email");
  const auto expires = time_of(invite, "expires");
  return {text_of(invite, "id"), text_of(invite, "role"), email.empty() ? "anybody" : email,
          expires ? dated(*expires, now) : ""};
}

}  // namespace latchkey::app::commands
