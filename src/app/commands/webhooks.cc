#include "app/commands/webhooks.h"

#include <fmt/format.h>

#include "app/commands/act_on_each.h"
#include "app/commands/json_fields.h"
#include "app/commands/listing.h"
#include "app/commands/webhook_table.h"
#include "app/commands/when.h"
#include "base/clock.h"
#include "base/text.h"

namespace latchkey::app::commands {
namespace {

ApiRequest endpoint_request(const char* method, const std::string& id, std::string_view rest = {}) {
  return request_for(method, "/api/v2/webhooks/" + percent_encode(id) + std::string(rest));
}

ApiRequest read_request(const std::string& id) {
  auto request = endpoint_request("GET", id);
  request.query.emplace_back("fields", "all");
  return request;
}

// The secret alone goes to standard output, so that a pipe into a store gets nothing else.
Result<Exit> show_secret(Screen& screen, const boost::json::value& answer, const std::string& said,
                         OutputForm output) {
  TRY(const auto* endpoint, object_of(answer));
  if (output == OutputForm::json) {
    screen.print_json(*endpoint);
    return Exit::done;
  }
  screen.note(fmt::format("{} {} ({}).", said, text_of(*endpoint, "endpointId"), webhook_address(*endpoint)));
  if (const auto until = time_of(*endpoint, "oldSecretUntil")) {
    screen.note("The secret before it signs too: it ends " + relative_time(*until, SystemClock{}.now()) +
                ".");
  }
  screen.note("Keep it now: it is shown this once.");
  screen.print_secret("", SecretString(text_of(*endpoint, "secret")));
  return Exit::done;
}

Result<std::optional<Done>> delete_one(Screen& screen, Api& api, const std::string& id, bool ask) {
  if (ask) {
    TRY(const auto answer, api.send(read_request(id)));
    TRY(const auto* endpoint, object_of(answer));
    webhook_details(*endpoint, SystemClock{}.now()).print_beside(screen);
    if (!screen.confirm("Delete it? Its secret, what waits for it and its log go too.")) {
      return std::optional<Done>{};
    }
  }
  TRY(api.send(endpoint_request("DELETE", id)));
  return std::optional(Done{printable(id), boost::json::string(id)});
}

Result<Exit> show_deliveries(Screen& screen, const boost::json::value& answer, OutputForm output,
                             const char* none) {
  return show_list(screen, answer, "deliveries", output, {delivery_headings(), delivery_row, none});
}

Result<Exit> show_delivery(Screen& screen, Api& api, const DeliveriesFlags& flags) {
  TRY(const auto answer,
      api.send(endpoint_request("GET", flags.id, "/deliveries/" + std::to_string(*flags.number))));
  TRY(const auto* delivery, object_of(answer));
  if (flags.output == OutputForm::json) {
    screen.print_json(*delivery);
    return Exit::done;
  }
  const auto now = SystemClock{}.now();
  delivery_details(*delivery, now).print(screen);
  TRY(const auto* attempts, list_of(answer, "attempts"));
  if (!attempts->empty()) attempt_table(*attempts, now).print(screen);
  return Exit::done;
}

}  // namespace

Result<Exit> list_webhooks(Screen& screen, const ListWebhooksFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("GET", api->tailnet_path("/webhooks"));
  request.query.emplace_back("fields", "all");
  TRY(const auto answer, api->send(request));
  return show_list(screen, answer, "webhooks", flags.output,
                   {webhook_headings(), webhook_row, "There are no webhook endpoints."});
}

Result<Exit> create_webhook(Screen& screen, const CreateWebhookFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("POST", api->tailnet_path("/webhooks"));
  request.body = boost::json::object{{"endpointUrl", flags.address},
                                     {"providerType", flags.provider},
                                     {"subscriptions", list_json(flags.events)}};
  TRY(const auto answer, api->send(request));
  return show_secret(screen, answer, "Made", flags.output);
}

Result<Exit> show_webhook(Screen& screen, const WebhookFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto answer, api->send(read_request(flags.id)));
  TRY(const auto* endpoint, object_of(answer));
  if (flags.output == OutputForm::json) {
    screen.print_json(*endpoint);
    return Exit::done;
  }
  const auto now = SystemClock{}.now();
  webhook_details(*endpoint, now).print(screen);
  TRY(const auto* attempts, list_of(answer, "recentAttempts"));
  if (!attempts->empty()) attempt_table(*attempts, now).print(screen);
  return Exit::done;
}

Result<Exit> update_webhook(Screen& screen, const UpdateWebhookFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = endpoint_request("PATCH", flags.id);
  request.query.emplace_back("fields", "all");
  request.body = boost::json::object{{"subscriptions", list_json(flags.events)}};
  TRY(const auto answer, api->send(request));
  TRY(const auto* endpoint, object_of(answer));
  if (flags.output == OutputForm::json) {
    screen.print_json(*endpoint);
  } else {
    webhook_details(*endpoint, SystemClock{}.now()).print(screen);
  }
  return Exit::done;
}

Result<Exit> test_webhook(Screen& screen, const WebhookFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto answer, api->send(endpoint_request("POST", flags.id, "/test")));
  if (flags.output == OutputForm::json) {
    screen.print_json(answer);
    return Exit::done;
  }
  screen.print("The event test is on its way to " + printable(flags.id) + ".");
  screen.note("What became of it: latchkey webhooks deliveries " + flags.id);
  return Exit::done;
}

Result<Exit> rotate_webhook(Screen& screen, const RotateWebhookFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = endpoint_request("POST", flags.id, "/rotate");
  request.body = boost::json::object();
  if (!flags.overlap.empty()) {
    TRY(const auto overlap, parse_duration(flags.overlap));
    (*request.body)["overlapSeconds"] = overlap.count();
  }
  TRY(const auto answer, api->send(request));
  return show_secret(screen, answer, "Made a new secret for", flags.output);
}

Result<Exit> delete_webhooks(Screen& screen, const DeleteWebhooksFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  const bool ask = !flags.yes && screen.may_ask();
  return act_on_each(screen, flags.ids, flags.output, {"deleted", "deleted", [&](const std::string& id) {
                                                         return delete_one(screen, *api, id, ask);
                                                       }});
}

Result<Exit> webhook_deliveries(Screen& screen, const DeliveriesFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  if (flags.number) return show_delivery(screen, *api, flags);
  auto request = endpoint_request("GET", flags.id, "/deliveries");
  if (!flags.state.empty()) request.query.emplace_back("state", flags.state);
  if (flags.before) request.query.emplace_back("before", std::to_string(*flags.before));
  if (flags.limit) request.query.emplace_back("limit", std::to_string(*flags.limit));
  TRY(const auto answer, api->send(request));
  return show_deliveries(screen, answer, flags.output, "There are no such deliveries.");
}

std::string complaint_about(const ReplayFlags& flags) {
  if (auto wrong = complaint_about(flags.server); !wrong.empty()) return wrong;
  const bool window = !flags.since.empty() || !flags.until.empty() || !flags.state.empty();
  if (flags.numbers.empty() && flags.since.empty()) {
    return "name deliveries by their numbers, or a window with --since";
  }
  if (!flags.numbers.empty() && window) return "name deliveries, or a window: not both";
  return {};
}

Result<Exit> replay_webhook(Screen& screen, const ReplayFlags& flags) {
  const auto now = SystemClock{}.now();
  boost::json::object body;
  if (flags.numbers.empty()) {
    TRY(const auto since, parse_moment(flags.since, now));
    auto until = now;
    if (!flags.until.empty()) {
      TRY(until, parse_moment(flags.until, now));
    }
    body["from"] = to_rfc3339(since);
    body["to"] = to_rfc3339(until);
    if (!flags.state.empty()) body["state"] = flags.state;
  } else {
    body["numbers"] = boost::json::array(flags.numbers.begin(), flags.numbers.end());
  }
  TRY(const auto api, connect(flags.server, screen));
  auto request = endpoint_request("POST", flags.id, "/deliveries/replay");
  request.body = std::move(body);
  TRY(const auto answer, api->send(request));
  return show_deliveries(screen, answer, flags.output, "Nothing to send again.");
}

}  // namespace latchkey::app::commands
