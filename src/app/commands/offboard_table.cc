#include "app/commands/offboard_table.h"

#include <fmt/format.h>

#include <array>

#include "app/commands/json_fields.h"
#include "app/commands/when.h"

namespace latchkey::app::commands {
namespace {

struct Word {
  std::string_view wire;
  std::string_view shown;
};
constexpr std::array kKinds{Word{"device", "device"},
                            Word{"taggedDevice", "tagged device"},
                            Word{"apiToken", "API access token"},
                            Word{"authKey", "auth key"},
                            Word{"client", "OAuth client"},
                            Word{"identity", "federated identity"},
                            Word{"scimKey", "SCIM key"},
                            Word{"webhook", "webhook endpoint"},
                            Word{"invite", "invite"},
                            Word{"session", "session"},
                            Word{"group", "synced group"},
                            Word{"policy", "policy file"},
                            Word{"contact", "contact"},
                            Word{"ownership", "ownership"}};

// A word of a newer server is shown as it came.
std::string kind_of(const boost::json::object& holding) {
  const auto wire = text_of(holding, "kind");
  for (const auto& kind : kKinds) {
    if (kind.wire == wire) return std::string(kind.shown);
  }
  return wire;
}

Table::Cell fate_of(const boost::json::object& holding, bool remove) {
  const auto fate = text_of(holding, remove ? "ifDeleted" : "ifSuspended");
  if (fate == "goesOn") return {"goes on", Style::warning};
  if (fate == "forbids") return {fate, Style::warning};
  return {fate};
}

std::string last_used(const boost::json::object& holding, TimePoint now) {
  const auto used = time_of(holding, "lastUsed");
  if (!used) return "never";
  const auto from = text_of(holding, "lastUsedFrom");
  return relative_time(*used, now) + (from.empty() ? "" : " from " + from);
}

std::string used_by(const boost::json::object& holding) {
  const auto names = texts_of(holding, "usedBy");
  const auto users = number_of(holding, "users");
  const auto shown = list_of_texts(holding, "usedBy").size();
  const auto more = users - static_cast<std::int64_t>(shown);
  return more > 0 ? fmt::format("{} and {} more", names, more) : names;
}

}  // namespace

Table holding_table(const boost::json::array& holdings, bool remove, TimePoint now) {
  Table table({"WHAT", "ID", "NAME", "LAST USED", "USED BY", "THEN", "ADVICE"});
  for (const auto& value : holdings) {
    if (!value.is_object()) continue;
    const auto& holding = value.get_object();
    table.add({kind_of(holding), text_of(holding, "id"), text_of(holding, "name"), last_used(holding, now),
               used_by(holding), fate_of(holding, remove), text_of(holding, "advice")});
  }
  return table;
}

Table record_table(const boost::json::array& records) {
  Table table({"RECORD", "TIME", "EVENT", "TARGET", "ID"});
  for (const auto& value : records) {
    if (!value.is_object()) continue;
    const auto& record = value.get_object();
    table.add({std::to_string(number_of(record, "record")), text_of(record, "eventTime"),
               text_of(record, "event"), text_of(record, "target", "name"), text_of(record, "target", "id")});
  }
  return table;
}

}  // namespace latchkey::app::commands
