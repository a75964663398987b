#include "app/commands/key_table.h"

#include <fmt/format.h>

#include "app/commands/json_fields.h"
#include "app/commands/when.h"
#include "core/credentials/key_text.h"

namespace latchkey::app::commands {
namespace {

// Warned about from here on, and again: in words, since not everybody sees the colour.
constexpr days kSoon{7};
constexpr days kVerySoon{1};

std::string dated(TimePoint time, TimePoint now) {
  return fmt::format("{} ({})", relative_time(time, now), date_of(time));
}

std::string type_of(const boost::json::object& key) {
  const auto type = credentials::key_type_from(text_of(key, "keyType"));
  if (type == credentials::KeyType::client) return "OAuth client";
  if (!text_of(key, "mintedBy").empty()) return "OAuth access token";
  return type ? std::string(credentials::name_of(*type)) : text_of(key, "keyType");
}

// Servers other than Latchkey send no state.
std::string state_of(const boost::json::object& key) {
  const auto state = text_of(key, "state");
  if (!state.empty()) return state;
  return flag_of(key, "invalid") ? "invalid" : "active";
}

Style style_of_state(const std::string& state) {
  if (state == "active") return Style::good;
  if (state == "dormant") return Style::warning;
  return Style::faint;
}

Table::Cell expiry(const boost::json::object& key, TimePoint now) {
  const auto expires = time_of(key, "expires");
  if (!expires) return {"never"};
  const auto left = *expires - now;
  if (state_of(key) != "active" || left > kSoon) return {dated(*expires, now)};
  return {dated(*expires, now) + (left > kVerySoon ? ", soon" : ", within a day"), Style::warning};
}

std::string uses(const boost::json::object& key) {
  const auto count = std::to_string(number_of(key, "uses"));
  const auto limit = number_of(key, "maxUses");
  return limit == 0 ? count : count + " of " + std::to_string(limit);
}

std::string last_used(const boost::json::object& key, TimePoint now) {
  const auto used = time_of(key, "lastUsed");
  return used ? relative_time(*used, now) : "never";
}

// Of a trust credential or one of its access tokens.
void add_trust(Table& table, const boost::json::object& key, TimePoint now) {
  const auto scopes = texts_of(key, "scopes");
  if (scopes.empty()) return;
  table.add({"scopes", scopes});
  const auto tags = texts_of(key, "tags");
  table.add({"tags", tags.empty() ? "none" : tags});
  if (flag_of(key, "deviceTagsOnly")) table.add({"devices", "only those with one of its tags"});
  if (const auto minter = text_of(key, "mintedBy"); !minter.empty()) table.add({"minted by", minter});
  if (text_of(key, "keyType") == "federated") {
    for (const char* name : {"issuer", "subject", "audience"}) table.add({name, text_of(key, name)});
    if (const auto* rules = member_of(key, "customClaimRules")) {
      for (const auto& [claim, pattern] : *rules) {
        table.add({"claim", std::string(claim) + "=" + text_of(*rules, claim)});
      }
    }
    if (const auto error = text_of(key, "lastError"); !error.empty())
      table.add({"last error", {error, Style::warning}});
  }
  if (const auto until = time_of(key, "oldSecretUntil")) {
    const auto used = time_of(key, "oldSecretLastUsed");
    table.add(
        {"old secret", dated(*until, now) + ", last used " + (used ? relative_time(*used, now) : "never")});
  }
}

void add_grant(Table& table, const boost::json::object& key) {
  const auto* capabilities = member_of(key, "capabilities");
  const auto* devices = capabilities == nullptr ? nullptr : member_of(*capabilities, "devices");
  const auto* create = devices == nullptr ? nullptr : member_of(*devices, "create");
  if (create == nullptr) return;
  const auto yes_or_no = [create](std::string_view name) { return flag_of(*create, name) ? "yes" : "no"; };
  table.add({"reusable", yes_or_no("reusable")});
  table.add({"ephemeral", yes_or_no("ephemeral")});
  table.add({"preauthorized", yes_or_no("preauthorized")});
  const auto tags = texts_of(*create, "tags");
  table.add({"tags", tags.empty() ? "none" : tags});
  const auto names = texts_of(key, "allowedHostnames");
  table.add({"host names", names.empty() ? "any" : names});
}

}  // namespace

std::vector<std::string> key_headings() {
  return {"TYPE", "ID", "DESCRIPTION", "STATE", "EXPIRES", "LAST USED", "USES"};
}

std::vector<Table::Cell> key_row(const boost::json::object& key, TimePoint now) {
  const auto state = state_of(key);
  return {text_of(key, "keyType"),
          text_of(key, "id"),
          text_of(key, "description"),
          {state, style_of_state(state)},
          expiry(key, now),
          last_used(key, now),
          uses(key)};
}

std::vector<std::string> client_headings() {
  return {"ID", "DESCRIPTION", "SCOPES", "TAGS", "EXPIRES", "LAST USED", "TOKENS"};
}

std::vector<std::string> identity_headings() {
  return {"ID", "DESCRIPTION", "ISSUER", "SUBJECT", "SCOPES", "LAST USED", "LAST ERROR"};
}

std::vector<Table::Cell> identity_row(const boost::json::object& identity, TimePoint now) {
  return {text_of(identity, "id"),       text_of(identity, "description"), text_of(identity, "issuer"),
          text_of(identity, "subject"),  texts_of(identity, "scopes"),     last_used(identity, now),
          text_of(identity, "lastError")};
}

std::vector<Table::Cell> client_row(const boost::json::object& client, TimePoint now) {
  return {text_of(client, "id"),
          text_of(client, "description"),
          texts_of(client, "scopes"),
          texts_of(client, "tags"),
          expiry(client, now),
          last_used(client, now),
          std::to_string(number_of(client, "uses"))};
}

Table key_details(const boost::json::object& key, const std::string& owner, TimePoint now) {
  Table table({});
  const auto state = state_of(key);
  const auto add_time = [&](const char* name, std::string_view member) {
    if (const auto time = time_of(key, member)) table.add({name, dated(*time, now)});
  };
  table.add({"type", type_of(key)});
  table.add({"id", text_of(key, "id")});
  table.add({"description", text_of(key, "description")});
  table.add({"state", {state, style_of_state(state)}});
  const auto user = text_of(key, "userId");
  const auto person = owner.empty() ? user : owner;
  // A trust credential belongs to nobody: it outlives who made it.
  const bool is_trust = text_of(key, "keyType") == "client" || text_of(key, "keyType") == "federated";
  table.add({"owner", is_trust || person.empty() ? "the tailnet" : person});
  if (is_trust && !person.empty()) table.add({"made by", person});
  add_time("created", "created");
  table.add({"expires", expiry(key, now)});
  add_time("revoked", "revoked");
  add_time("spent", "spent");
  const auto from = text_of(key, "lastUsedFrom");
  table.add({"last used", last_used(key, now) + (from.empty() ? "" : " from " + from)});
  table.add({"uses", uses(key)});
  if (const auto* devices = key.if_contains("devices"); devices != nullptr && devices->is_int64()) {
    table.add({"devices", std::to_string(devices->get_int64())});
  }
  if (const auto refused = number_of(key, "refusedUses"); refused > 0) {
    const auto last = time_of(key, "lastRefused");
    table.add({"refused since", fmt::format("{} times{}", refused,
                                            last ? ", last " + relative_time(*last, now) : std::string())});
  }
  add_trust(table, key, now);
  add_grant(table, key);
  return table;
}

std::string key_name(const boost::json::object& key) {
  const auto description = text_of(key, "description");
  return fmt::format("{} {}{}", type_of(key), text_of(key, "id"),
                     description.empty() ? "" : " (" + printable(description) + ")");
}

}  // namespace latchkey::app::commands
