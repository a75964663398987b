#include "app/commands/webhook_table.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "app/commands/json_fields.h"
#include "app/commands/when.h"
#include "core/webhooks/endpoint.h"

namespace latchkey::app::commands {
namespace {

std::string dated(TimePoint time, TimePoint now) {
  return fmt::format("{} ({})", relative_time(time, now), to_rfc3339(whole_second(time)));
}

void add_time(Table& table, const char* name, const boost::json::object& object, std::string_view member,
              TimePoint now) {
  if (const auto time = time_of(object, member)) table.add({name, dated(*time, now)});
}

Table::Cell state(const boost::json::object& endpoint, TimePoint now) {
  const auto* health = member_of(endpoint, "health");
  if (health == nullptr || !time_of(*health, "lastAttempt")) return {"not called yet", Style::faint};
  const auto since = time_of(*health, "failingSince");
  if (!since) return {"works", Style::good};
  constexpr std::string_view kAgo = " ago";
  auto span = relative_time(*since, now);
  if (!span.ends_with(kAgo)) return {"failing", Style::bad};
  span.resize(span.size() - kAgo.size());
  return {"failing for " + span, Style::bad};
}

std::string last_attempt(const boost::json::object& endpoint, TimePoint now) {
  const auto* health = member_of(endpoint, "health");
  const auto time = health == nullptr ? std::nullopt : time_of(*health, "lastAttempt");
  return time ? relative_time(*time, now) : "never";
}

// What was answered, or why nothing was.
std::string outcome(const boost::json::object& object, std::string_view status, std::string_view error) {
  const auto number = number_of(object, status);
  auto why = text_of(object, error);
  if (number == 0) return why;
  return why.empty() ? std::to_string(number) : fmt::format("{} {}", number, why);
}

Style style_of(std::string_view state) {
  if (state == "delivered") return Style::good;
  return state == "waiting" ? Style::plain : Style::bad;
}

std::string words_of(const std::string& state) {
  return state == "givenUp" ? "given up" : state;
}

}  // namespace

std::string webhook_address(const boost::json::object& endpoint) {
  webhooks::WebhookEndpoint shown;
  shown.url = text_of(endpoint, "endpointUrl");
  shown.provider =
      webhooks::provider_from(text_of(endpoint, "providerType")).value_or(webhooks::Provider::generic);
  return webhooks::masked_url(shown);
}

std::vector<std::string> webhook_headings() {
  return {"ID", "ADDRESS", "STATE", "LAST CALLED", "EVENTS"};
}

std::vector<Table::Cell> webhook_row(const boost::json::object& endpoint, TimePoint now) {
  return {text_of(endpoint, "endpointId"), webhook_address(endpoint), state(endpoint, now),
          last_attempt(endpoint, now), texts_of(endpoint, "subscriptions")};
}

Table webhook_details(const boost::json::object& endpoint, TimePoint now) {
  Table table({});
  table.add({"id", text_of(endpoint, "endpointId")});
  table.add({"address", webhook_address(endpoint)});
  const auto format = text_of(endpoint, "format");
  table.add({"format", format.empty() ? "generic" : format});
  table.add({"events", texts_of(endpoint, "subscriptions")});
  const auto creator = text_of(endpoint, "creatorLoginName");
  table.add({"made by", creator.empty() ? "a trust credential" : creator});
  add_time(table, "made", endpoint, "created", now);
  add_time(table, "changed", endpoint, "lastModified", now);
  add_time(table, "old secret ends", endpoint, "oldSecretUntil", now);
  table.add({"state", state(endpoint, now)});
  const auto* health = member_of(endpoint, "health");
  if (health == nullptr) return table;
  add_time(table, "last called", *health, "lastAttempt", now);
  if (auto said = outcome(*health, "lastStatus", "lastError"); !said.empty()) {
    table.add({"it answered", std::move(said)});
  }
  if (const auto failures = number_of(*health, "failures"); failures > 0) {
    table.add({"failures in a row", {std::to_string(failures), Style::bad}});
  }
  add_time(table, "paused until", *health, "pausedUntil", now);
  return table;
}

std::vector<std::string> delivery_headings() {
  return {"NUMBER", "STATE", "QUEUED", "ATTEMPTS", "EVENT", "MESSAGE"};
}

std::vector<Table::Cell> delivery_row(const boost::json::object& delivery, TimePoint now) {
  const auto state = text_of(delivery, "state");
  const auto queued = time_of(delivery, "queued");
  return {std::to_string(number_of(delivery, "number")),
          {words_of(state), style_of(state)},
          queued ? relative_time(*queued, now) : "",
          std::to_string(number_of(delivery, "attemptCount")),
          text_of(delivery, "type"),
          text_of(delivery, "message")};
}

Table delivery_details(const boost::json::object& delivery, TimePoint now) {
  Table table({});
  const auto state = text_of(delivery, "state");
  table.add({"number", std::to_string(number_of(delivery, "number"))});
  table.add({"event", text_of(delivery, "type")});
  table.add({"message", text_of(delivery, "message")});
  add_time(table, "happened", delivery, "timestamp", now);
  table.add({"state", {words_of(state), style_of(state)}});
  add_time(table, "queued", delivery, "queued", now);
  table.add({"attempts", std::to_string(number_of(delivery, "attemptCount"))});
  add_time(table, "next attempt", delivery, "nextAttempt", now);
  add_time(table, "ended", delivery, "ended", now);
  if (const auto before = number_of(delivery, "replayOf"); before > 0) {
    table.add({"sent again from", std::to_string(before)});
  }
  if (const auto* event = delivery.if_contains("event")) {
    table.add({"sent", boost::json::serialize(*event)});
  }
  return table;
}

Table attempt_table(const boost::json::array& attempts, TimePoint now) {
  Table table({"ATTEMPT", "TOOK", "OUTCOME", "ANSWER"});
  for (const auto& attempt : attempts) {
    if (!attempt.is_object()) continue;
    const auto& object = attempt.get_object();
    const auto at = time_of(object, "at");
    const auto status = number_of(object, "status");
    const bool taken = status >= 200 && status < 300;
    table.add({at ? dated(*at, now) : "",
               fmt::format("{} ms", number_of(object, "tookMs")),
               {outcome(object, "status", "error"), taken ? Style::good : Style::bad},
               text_of(object, "answer")});
  }
  return table;
}

}  // namespace latchkey::app::commands
