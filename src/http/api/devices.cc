// GET /tailnet/{tailnet}/devices; GET, DELETE /device/{deviceId}; POST .../authorized, name, tags, key,
// expire, ip; GET, POST .../routes.
#include <boost/json/array.hpp>
#include <functional>

#include <algorithm>
#include <cstdint>

#include "core/tailnet/magic_dns.h"
#include "core/tailnet/manage_devices.h"
#include "http/api/device_json.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;
using tailnet::Device;
using tailnet::MayManageDevice;

Result<DeviceFields> wanted_fields(const Call& call) {
  const auto fields = call.query_value("fields").value_or("default");
  if (fields == "all") return DeviceFields::all;
  if (fields == "default" || fields.empty()) return DeviceFields::upstream;
  return malformed("fields must be default or all", "fields");
}

Error required(std::string_view name) {
  return malformed(std::string(name) + " is required", std::string(name));
}

// One change of one device, once it was understood.
using Changed =
    std::function<Result<Device>(core::Tx&, const MayManageDevice&, const std::string&, TimePoint)>;

// The parts that every change of one device has: permission, id, time.
using Parse = Result<Changed> (*)(const JsonBody& body);

Answer change(Context& context, Call& call, Parse parse) {
  CO_TRY(auto may, identity::authorize<Operation::manage_device>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(auto changed, parse(body));
  auto work = [may, id = call.path_element("deviceId"), changed = std::move(changed),
               now = context.clock.now()](core::Tx& tx) -> Result<Device> {
    return changed(tx, may, id, now);
  };
  CO_TRY(const auto device, co_await context.db.write(std::move(work)));
  static_cast<void>(device);
  co_return empty_response();
}

Result<Changed> parse_authorized(const JsonBody& body) {
  TRY(const auto authorized, body.flag("authorized"));
  if (!authorized) return required("authorized");
  return Changed([on = *authorized](core::Tx& tx, const auto& may, const std::string& id, TimePoint now) {
    return tailnet::set_authorized(tx, may, id, on, now);
  });
}

Result<Changed> parse_name(const JsonBody& body) {
  TRY(const auto name, body.text("name"));
  if (!name) return required("name");
  return Changed([name = *name](core::Tx& tx, const auto& may, const std::string& id, TimePoint now) {
    const auto tailnet = tx.tailnets().find(may.tailnet());
    return tailnet::set_name(tx, may, id, std::string(tailnet::label_in(name, tailnet.value())), now);
  });
}

Result<Changed> parse_tags(const JsonBody& body) {
  if (!body.has("tags")) return required("tags");
  TRY(const auto tags, body.texts("tags"));
  return Changed([tags](core::Tx& tx, const auto& may, const std::string& id, TimePoint now) {
    return tailnet::set_tags(tx, may, id, tags, now);
  });
}

Result<Changed> parse_key(const JsonBody& body) {
  TRY(const auto disabled, body.flag("keyExpiryDisabled"));
  if (!disabled) return required("keyExpiryDisabled");
  return Changed([off = *disabled](core::Tx& tx, const auto& may, const std::string& id, TimePoint now) {
    return tailnet::set_key_expiry_disabled(tx, may, id, off, now);
  });
}

Result<Changed> parse_expire(const JsonBody& body) {
  TRY(const auto after, body.integer("expirySeconds"));
  // Larger numbers than any that are allowed would overflow as a duration.
  const seconds wanted{std::clamp<std::int64_t>(after.value_or(0), -1, INT32_MAX)};
  return Changed([wanted](core::Tx& tx, const auto& may, const std::string& id, TimePoint now) {
    return tailnet::expire_key(tx, may, id, wanted, now);
  });
}

Result<Changed> parse_ip(const JsonBody& body) {
  TRY(const auto address, body.text("ipv4"));
  if (!address) return required("ipv4");
  return Changed([address = *address](core::Tx& tx, const auto& may, const std::string& id, TimePoint now) {
    return tailnet::set_ipv4(tx, may, id, address, now);
  });
}

}  // namespace

Answer list_devices(Context& context, Call& call) {
  CO_TRY(const auto fields, wanted_fields(call));
  CO_TRY(auto filter, DeviceFilter::parse(call.query));
  CO_TRY(auto may, identity::authorize<Operation::list_devices>(call.caller));
  // Made into JSON on the database's thread: what devices report of themselves is long.
  auto work = [may, fields, filter](core::Tx& tx) -> Result<boost::json::array> {
    TRY(const auto views, tailnet::view_devices(tx, may));
    boost::json::array list;
    for (const auto& view : views) {
      if (!filter.empty() && !filter.matches(device_json(view, DeviceFields::all))) continue;
      list.push_back(device_json(view, fields));
    }
    return list;
  };
  CO_TRY(auto list, co_await context.db.read(std::move(work)));
  boost::json::object body;
  body["devices"] = std::move(list);
  co_return json_response(body);
}

Answer get_device(Context& context, Call& call) {
  CO_TRY(const auto fields, wanted_fields(call));
  CO_TRY(auto may, identity::authorize<Operation::read_device>(call.caller));
  auto work = [may, id = call.path_element("deviceId")](core::Tx& tx) {
    return tailnet::view_device(tx, may, id);
  };
  CO_TRY(const auto view, co_await context.db.read(std::move(work)));
  co_return json_response(device_json(view, fields));
}

Answer delete_device(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::manage_device>(call.caller));
  auto work = [may, id = call.path_element("deviceId"), now = context.clock.now()](core::Tx& tx) {
    return tailnet::remove_device(tx, may, id, now);
  };
  CO_TRY(co_await context.db.write(std::move(work)));
  co_return empty_response();
}

Answer authorize_device(Context& context, Call& call) {
  return change(context, call, parse_authorized);
}
Answer set_device_name(Context& context, Call& call) {
  return change(context, call, parse_name);
}
Answer set_device_tags(Context& context, Call& call) {
  return change(context, call, parse_tags);
}
Answer update_device_key(Context& context, Call& call) {
  return change(context, call, parse_key);
}
Answer expire_device_key(Context& context, Call& call) {
  return change(context, call, parse_expire);
}
Answer set_device_ip(Context& context, Call& call) {
  return change(context, call, parse_ip);
}

Answer get_device_routes(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_device_routes>(call.caller));
  auto work = [may, id = call.path_element("deviceId")](core::Tx& tx) {
    return tailnet::read_routes(tx, may, id);
  };
  CO_TRY(const auto device, co_await context.db.read(std::move(work)));
  co_return json_response(routes_json(device));
}

Answer set_device_routes(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::set_device_routes>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  if (!body.has("routes")) co_return required("routes");
  CO_TRY(const auto routes, body.texts("routes"));
  auto work = [may, id = call.path_element("deviceId"), routes, now = context.clock.now()](core::Tx& tx) {
    return tailnet::set_enabled_routes(tx, may, id, routes, now);
  };
  CO_TRY(const auto device, co_await context.db.write(std::move(work)));
  co_return json_response(routes_json(device));
}

}  // namespace latchkey::http
