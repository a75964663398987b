#include "app/commands/scim.h"

#include <fmt/format.h>

#include "app/commands/json_fields.h"
#include "app/commands/when.h"
#include "base/clock.h"

namespace latchkey::app::commands {
namespace {

ApiRequest provisioning_request(const char* method, std::string_view rest = {}) {
  return request_for(method, "/api/console/provisioning" + std::string(rest));
}

std::string when(const boost::json::object& object, std::string_view member) {
  const auto time = time_of(object, member);
  return time ? relative_time(*time, SystemClock{}.now()) : "never";
}

// The key alone goes to standard output, so that a pipe into a store gets nothing else.
Result<Exit> show_key(Screen& screen, const boost::json::value& answer, OutputForm output, const char* said) {
  TRY(const auto* key, object_of(answer));
  if (output == OutputForm::json) {
    screen.print_json(*key);
    return Exit::done;
  }
  screen.note(fmt::format("{} {}. It never expires, and no other SCIM key of this tailnet works now.", said,
                          text_of(*key, "id")));
  screen.note("Keep it now: it is shown this once.");
  screen.print_secret("", SecretString(text_of(*key, "key")));
  return Exit::done;
}

Result<Exit> show_guard(Screen& screen, const boost::json::value& answer, OutputForm output,
                        const char* said) {
  TRY(const auto* guard, object_of(answer));
  if (output == OutputForm::json) {
    screen.print_json(*guard);
  } else {
    screen.print(said);
  }
  return Exit::done;
}

Table::Cell guard_cell(const boost::json::object& guard) {
  const auto state = text_of(guard, "state");
  const auto held = number_of(guard, "heldRequests");
  if (state == "holding") {
    return {fmt::format("holds since {}: {} requests did not pass; release or refuse them",
                        when(guard, "since"), held),
            Style::bad};
  }
  if (state == "refused") {
    return {
        fmt::format("refused by {}: nobody is suspended or removed by the sync", text_of(guard, "decidedBy")),
        Style::bad};
  }
  if (state == "released") {
    return {fmt::format("released by {}, ends {}", text_of(guard, "decidedBy"), when(guard, "releasedUntil")),
            Style::warning};
  }
  return {
      fmt::format("watches: {} of {} taken away in the last {} minutes", number_of(guard, "removedLately"),
                  number_of(guard, "allowed"), number_of(guard, "withinSeconds") / 60),
      Style::good};
}

Result<bool> wants_key_revoked(Screen& screen, const DisableScimFlags& flags) {
  if (!flags.key.empty()) return flags.key == "revoke";
  if (flags.yes || !screen.may_ask()) return true;
  return screen.confirm("Revoke the key too? The identity provider is refused either way.");
}

}  // namespace

Result<Exit> enable_scim(Screen& screen, const ScimFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto answer, api->send(provisioning_request("POST", "/enable")));
  return show_key(screen, answer, flags.output, "Provisioning is enabled. Its key is");
}

Result<Exit> disable_scim(Screen& screen, const DisableScimFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  if (!flags.yes && screen.may_ask() &&
      !screen.confirm("Disable provisioning? People and groups stay as last synced.")) {
    return Exit::failed;
  }
  TRY(const bool revoke, wants_key_revoked(screen, flags));
  auto request = provisioning_request("POST", "/disable");
  request.body = boost::json::object{{"revokeKey", revoke}};
  TRY(const auto answer, api->send(request));
  if (flags.output == OutputForm::json) {
    screen.print_json(answer);
  } else {
    screen.print(revoke ? "Provisioning is disabled and its key revoked." : "Provisioning is disabled.");
  }
  return Exit::done;
}

Result<Exit> generate_scim_key(Screen& screen, const ScimKeyFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  if (!flags.yes && screen.may_ask() &&
      !screen.confirm(
          "Generate a new key? The present one ends at once, and the identity provider with it until it "
          "has the new one.")) {
    return Exit::failed;
  }
  TRY(const auto answer, api->send(provisioning_request("POST", "/key")));
  return show_key(screen, answer, flags.output, "The new key is");
}

Result<Exit> revoke_scim_key(Screen& screen, const ScimKeyFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  if (!flags.yes && screen.may_ask() &&
      !screen.confirm("Revoke the key? The identity provider is refused from then on.")) {
    return Exit::failed;
  }
  TRY(const auto answer, api->send(provisioning_request("DELETE", "/key")));
  TRY(const auto* key, object_of(answer));
  if (flags.output == OutputForm::json) {
    screen.print_json(answer);
  } else if (const auto id = text_of(*key, "id"); !id.empty()) {
    screen.print("revoked " + printable(id));
  } else {
    screen.note("There is no key.");
  }
  return Exit::done;
}

Result<Exit> scim_status(Screen& screen, const ScimFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto answer, api->send(provisioning_request("GET")));
  TRY(const auto* status, object_of(answer));
  if (flags.output == OutputForm::json) {
    screen.print_json(*status);
    return Exit::done;
  }
  Table table({});
  const bool enabled = flag_of(*status, "enabled");
  table.add({"Provisioning",
             enabled ? Table::Cell{"enabled", Style::good} : Table::Cell{"disabled", Style::faint}});
  if (enabled)
    table.add(
        {"Enabled", fmt::format("{} by {}", when(*status, "enabledAt"), text_of(*status, "enabledBy"))});
  table.add({"Base URL", text_of(*status, "baseUrl")});
  if (const auto* key = member_of(*status, "key")) {
    table.add({"Key", fmt::format("{}, made {}", text_of(*key, "id"), when(*key, "created"))});
    table.add({"Last used",
               flag_of(*status, "quiet")
                   ? Table::Cell{when(*key, "lastUsed") + ": is the sync still running?", Style::warning}
                   : Table::Cell{when(*key, "lastUsed")}});
  } else {
    table.add({"Key", enabled ? Table::Cell{"none: latchkey scim generate-key", Style::warning}
                              : Table::Cell{"none"}});
  }
  if (const auto* guard = member_of(*status, "guard"); guard != nullptr && enabled) {
    table.add({"Guard", guard_cell(*guard)});
  }
  table.print(screen);
  return Exit::done;
}

Result<Exit> release_guard(Screen& screen, const ReleaseGuardFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = provisioning_request("POST", "/guard/release");
  request.body = boost::json::object();
  if (!flags.length.empty()) {
    TRY(const auto length, parse_duration(flags.length));
    (*request.body)["seconds"] = length.count();
  }
  TRY(const auto answer, api->send(request));
  return show_guard(screen, answer, flags.output, "Released: the sync may take people away until then.");
}

Result<Exit> refuse_guard(Screen& screen, const ScimFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto answer, api->send(provisioning_request("POST", "/guard/refuse")));
  return show_guard(screen, answer, flags.output,
                    "Refused: the sync takes nobody away until somebody releases it.");
}

}  // namespace latchkey::app::commands
