#include "app/commands/incident.h"

#include <fmt/format.h>

#include "app/commands/json_fields.h"
#include "app/commands/key_table.h"
#include "base/clock.h"

namespace latchkey::app::commands {
namespace {

ApiRequest revoke_request(boost::json::object body) {
  auto request = request_for("POST", "/api/console/credentials/revoke");
  request.body = std::move(body);
  return request;
}

Result<Table> table_of(const boost::json::value& answer) {
  TRY(const auto* keys, list_of(answer, "keys"));
  const auto now = SystemClock{}.now();
  Table table(key_headings());
  for (const auto& key : *keys) {
    if (key.is_object()) table.add(key_row(key.get_object(), now));
  }
  return table;
}

std::string counted(std::int64_t count) {
  return fmt::format("{} key{}", count, count == 1 ? "" : "s");
}

// What a person wants to know before he says yes.
void warn(Screen& screen, const boost::json::object& found) {
  if (const auto devices = number_of(found, "devices"); devices > 0) {
    screen.note(fmt::format("{} of the tailnet's devices joined with one of them; those stay.", devices));
  }
  if (const auto beyond = number_of(found, "beyondReach"); beyond > 0) {
    screen.note(counted(beyond) + " more match that you may not revoke.");
  }
  if (flag_of(found, "includesCaller")) screen.note("The key that you use now is one of them.");
}

}  // namespace

Result<Exit> revoke_matching_keys(Screen& screen, const RevokeKeysFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto shown, api->send(revoke_request({{"query", flags.matching}, {"dryRun", true}})));
  TRY(const auto* found, object_of(shown));
  TRY(const auto table, table_of(shown));
  const auto count = number_of(*found, "count");
  if (flags.dry_run || count == 0) {
    if (flags.output == OutputForm::json) {
      screen.print_json(shown);
      return Exit::done;
    }
    if (!table.empty()) table.print(screen);
    screen.note(count == 0 ? "No key matches." : counted(count) + " would be revoked.");
    warn(screen, *found);
    return Exit::done;
  }
  if (!flags.yes) {
    if (!screen.may_ask()) return malformed("nobody is there to ask: look with --dry-run, then add --yes");
    table.print_beside(screen);
    warn(screen, *found);
    if (!screen.confirm("Revoke " + counted(count) + "? Whatever uses them is refused from then on.")) {
      return Exit::failed;
    }
  }
  TRY(const auto answer, api->send(revoke_request({{"query", text_of(*found, "query")},
                                                   {"dryRun", false},
                                                   {"fingerprint", text_of(*found, "fingerprint")},
                                                   {"reason", flags.reason}})));
  TRY(const auto* ended, object_of(answer));
  if (flags.output == OutputForm::json) {
    screen.print_json(answer);
    return Exit::done;
  }
  TRY(const auto ended_table, table_of(answer));
  ended_table.print(screen);
  screen.note("Revoked " + counted(number_of(*ended, "count")) + ". Their records are in event group " +
              text_of(*ended, "eventGroupID") + ".");
  return Exit::done;
}

}  // namespace latchkey::app::commands
