#include "app/commands/devices.h"

#include <functional>

#include "app/commands/act_on_each.h"
#include "app/commands/device_table.h"
#include "app/commands/json_fields.h"
#include "app/commands/listing.h"
#include "app/commands/when.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/text.h"

namespace latchkey::app::commands {
namespace {

ApiRequest device_request(const char* method, const std::string& id, std::string_view rest = {}) {
  return request_for(method, "/api/v2/device/" + percent_encode(id) + std::string(rest));
}

ApiRequest post(const std::string& id, std::string_view rest, boost::json::object body) {
  auto request = device_request("POST", id, rest);
  request.body = std::move(body);
  return request;
}

bool is_id(const std::string& text) {
  return is_id_text('n', text) || text.find_first_not_of("0123456789") == std::string::npos;
}

Result<std::string> id_of_name(Api& api, const std::string& name) {
  TRY(const auto answer, api.send(request_for("GET", api.tailnet_path("/devices"))));
  TRY(const auto* devices, list_of(answer, "devices"));
  std::string id;
  for (const auto& device : *devices) {
    if (!device.is_object()) continue;
    const auto& object = device.get_object();
    if (!equals_ignore_case(device_label(object), name) && !equals_ignore_case(text_of(object, "name"), name))
      continue;
    if (!id.empty()) return conflict("more than one device has this name; use its id");
    id = text_of(object, "nodeId");
  }
  if (id.empty()) return not_found("no device has this name or id");
  return id;
}

Result<boost::json::value> read_device(Api& api, const std::string& wanted) {
  std::string id = wanted;
  if (!is_id(wanted)) {
    TRY(id, id_of_name(api, wanted));
  }
  auto request = device_request("GET", id);
  request.query.emplace_back("fields", "all");
  TRY(auto answer, api.send(request));
  TRY(object_of(answer));
  return answer;
}

using RequestFor = std::function<ApiRequest(const std::string& id)>;

struct Step {
  const char* done;      // "removed"
  const char* question;  // empty: nothing to ask
  RequestFor request;
  // For a device that waits at the address .../register/ID, if the step knows such.
  std::function<ApiRequest(Api& api, const std::string& login)> login = {};
};

// The id in the address that a waiting device shows; empty when it is no such address.
std::string login_id_in(const std::string& text) {
  constexpr std::string_view path = "/register/";
  const auto at = text.rfind(path);
  return at == std::string::npos ? std::string() : text.substr(at + path.size());
}

// The device as it is afterwards, or as it was when it is gone; nothing when the person declined.
Result<std::optional<boost::json::value>> take_step(Screen& screen, Api& api, const std::string& wanted,
                                                    const Step& step, bool ask) {
  if (const auto login = login_id_in(wanted); step.login && !login.empty()) {
    TRY(auto device, api.send(step.login(api, login)));
    TRY(object_of(device));
    return std::optional(std::move(device));
  }
  TRY(auto device, read_device(api, wanted));
  const auto id = text_of(device.get_object(), "nodeId");
  if (ask) {
    device_details(device.get_object(), SystemClock{}.now()).print_beside(screen);
    if (!screen.confirm(step.question)) return std::optional<boost::json::value>{};
  }
  const auto request = step.request(id);
  TRY(api.send(request));
  if (request.method == "DELETE") return std::optional(std::move(device));
  TRY(auto changed, read_device(api, id));
  return std::optional(std::move(changed));
}

Result<Exit> take_steps(Screen& screen, const DevicesFlags& flags, const Step& step) {
  TRY(const auto api, connect(flags.server, screen));
  const bool ask = *step.question != '\0' && !flags.yes && screen.may_ask();
  const auto act = [&](const std::string& wanted) -> Result<std::optional<Done>> {
    TRY(auto device, take_step(screen, *api, wanted, step, ask));
    if (!device) return std::optional<Done>{};
    const auto name = device_name(device->get_object());
    return std::optional(Done{name, *std::move(device)});
  };
  return act_on_each(screen, flags.devices, flags.output, {step.done, "devices", act});
}

// One change of one device, and then what it is.
Result<Exit> change(Screen& screen, const ServerChoice& server, const std::string& wanted, OutputForm output,
                    const RequestFor& request) {
  TRY(const auto api, connect(server, screen));
  const auto device = take_step(screen, *api, wanted, {"", "", request}, false);
  if (!device) return about(wanted, device.error());
  const auto& changed = device->value();
  if (output == OutputForm::json) {
    screen.print_json(changed);
  } else {
    device_details(changed.get_object(), SystemClock{}.now()).print(screen);
  }
  return Exit::done;
}

}  // namespace

Result<Exit> list_devices(Screen& screen, const ListDevicesFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("GET", api->tailnet_path("/devices"));
  request.query.emplace_back("fields", "all");
  for (const auto& tag : flags.tags) request.query.emplace_back("tags", tag);
  if (!flags.auth_key.empty()) request.query.emplace_back("authKeyId", flags.auth_key);
  TRY(const auto answer, api->send(request));
  return show_list(screen, answer, "devices", flags.output,
                   {device_headings(), device_row, "There are no such devices."});
}

Result<Exit> show_device(Screen& screen, const ShowDeviceFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  const auto device = read_device(*api, flags.device);
  if (!device) return about(flags.device, device.error());
  if (flags.output == OutputForm::json) {
    screen.print_json(*device);
  } else {
    device_details(device->get_object(), SystemClock{}.now()).print(screen);
  }
  return Exit::done;
}

Result<Exit> approve_devices(Screen& screen, const DevicesFlags& flags) {
  Step step{flags.undo ? "no longer approved:" : "approved", "",
            [&](const auto& id) { return post(id, "/authorized", {{"authorized", !flags.undo}}); }};
  if (!flags.undo) {
    step.login = [&](Api& api, const std::string& login) {
      auto request = request_for("POST", api.tailnet_path("/device-logins/" + percent_encode(login)));
      boost::json::object body;
      if (!flags.person.empty()) body["user"] = flags.person;
      request.body = std::move(body);
      return request;
    };
  }
  return take_steps(screen, flags, step);
}

Result<Exit> expire_devices(Screen& screen, const DevicesFlags& flags) {
  boost::json::object body;
  if (!flags.in.empty()) {
    TRY(const auto after, parse_duration(flags.in));
    body["expirySeconds"] = after.count();
  }
  return take_steps(screen, flags,
                    {flags.in.empty() ? "expired" : "will expire:",
                     "Expire its key? It is off the network from then on until somebody logs it in again.",
                     [&](const auto& id) { return post(id, "/expire", body); }});
}

Result<Exit> remove_devices(Screen& screen, const DevicesFlags& flags) {
  return take_steps(screen, flags,
                    {"removed", "Remove it? It is off the network at once, and must join again.",
                     [](const auto& id) { return device_request("DELETE", id); }});
}

Result<Exit> rename_device(Screen& screen, const RenameDeviceFlags& flags) {
  return change(screen, flags.server, flags.device, flags.output,
                [&](const auto& id) { return post(id, "/name", {{"name", flags.name}}); });
}

Result<Exit> tag_device(Screen& screen, const TagDeviceFlags& flags) {
  return change(screen, flags.server, flags.device, flags.output,
                [&](const auto& id) { return post(id, "/tags", {{"tags", list_json(flags.tags)}}); });
}

Result<Exit> device_routes(Screen& screen, const DeviceRoutesFlags& flags) {
  if (flags.enable.empty() && !flags.none) {
    return show_device(screen, {flags.server, flags.device, flags.output});
  }
  return change(screen, flags.server, flags.device, flags.output,
                [&](const auto& id) { return post(id, "/routes", {{"routes", list_json(flags.enable)}}); });
}

}  // namespace latchkey::app::commands
