// The doors to services: /tailnet/{tailnet}/services, as upstream documents them, and
// /tailnet/{tailnet}/vip-services, as clients call them.
#include <boost/json/array.hpp>

#include "core/services/manage.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;
using services::Service;

boost::json::object service_json(const Service& service) {
  boost::json::object json{{"name", service.name},
                           {"addrs", boost::json::array{service.ipv4, service.ipv6}},
                           {"comment", service.comment}};
  json["ports"] = boost::json::array(service.ports.begin(), service.ports.end());
  json["tags"] = boost::json::array(service.tags.begin(), service.tags.end());
  if (!service.display_name.empty()) json["displayName"] = service.display_name;
  if (!service.annotations.empty()) {
    boost::json::object annotations;
    for (const auto& [name, value] : service.annotations) annotations[name] = value;
    json["annotations"] = std::move(annotations);
  }
  return json;
}

Result<services::WantedService> parse_service(const JsonBody& body) {
  services::WantedService want;
  TRY(auto name, body.text("name"));
  want.name = std::move(name).value_or("");
  TRY(want.addresses, body.texts("addrs"));
  TRY(want.display_name, body.text("displayName"));
  TRY(auto comment, body.text("comment"));
  want.comment = std::move(comment).value_or("");
  TRY(const auto annotations, body.object("annotations"));
  if (annotations) {
    want.annotations.emplace();
    for (const auto& key : annotations->names()) {
      TRY(auto value, annotations->text(key));
      if (value) want.annotations->emplace(key, *std::move(value));
    }
  }
  TRY(want.ports, body.texts("ports"));
  TRY(want.tags, body.texts("tags"));
  return want;
}

}  // namespace

Answer list_services(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_services>(call.caller));
  auto work = [may](core::Tx& tx) -> Result<std::vector<Service>> {
    return services::list_services(tx, may);
  };
  CO_TRY(const auto found, co_await context.db.read(std::move(work)));
  boost::json::array list;
  for (const auto& service : found) list.emplace_back(service_json(service));
  boost::json::object body;
  body["vipServices"] = std::move(list);
  co_return json_response(body);
}

Answer get_service(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_services>(call.caller));
  auto work = [may, name = call.path_element("serviceName")](core::Tx& tx) {
    return services::read_service(tx, may, name);
  };
  CO_TRY(const auto service, co_await context.db.read(std::move(work)));
  co_return json_response(service_json(service));
}

Answer put_service(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::write_services>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(auto want, parse_service(body));
  auto work = [may, name = call.path_element("serviceName"), want = std::move(want),
               now = context.clock.now()](core::Tx& tx) {
    return services::put_service(tx, may, name, want, now);
  };
  CO_TRY(const auto service, co_await context.db.write(std::move(work)));
  co_return json_response(service_json(service));
}

Answer delete_service(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::write_services>(call.caller));
  auto work = [may, name = call.path_element("serviceName"), now = context.clock.now()](core::Tx& tx) {
    return services::remove_service(tx, may, name, now);
  };
  CO_TRY(co_await context.db.write(std::move(work)));
  co_return empty_response();
}

Answer list_service_hosts(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_service_hosts>(call.caller));
  auto work = [may, name = call.path_element("serviceName")](core::Tx& tx) {
    return services::find_hosts(tx, may, name);
  };
  CO_TRY(co_await context.db.read(std::move(work)));
  boost::json::object body;
  body["hosts"] = boost::json::array();  // devices cannot host services yet
  co_return json_response(body);
}

Answer get_service_approval(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_service_hosts>(call.caller));
  auto work = [may, name = call.path_element("serviceName"), device = call.path_element("deviceId")](
                  core::Tx& tx) -> Result<void> { return services::host_not_found(tx, may, name, device); };
  CO_TRY(co_await context.db.read(std::move(work)));
  co_return empty_response();
}

Answer set_service_approval(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::approve_service_host>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(const auto approved, body.flag("approved"));
  if (!approved) co_return malformed("approved is required", "approved");
  auto work = [may, name = call.path_element("serviceName"), device = call.path_element("deviceId")](
                  core::Tx& tx) -> Result<void> { return services::host_not_found(tx, may, name, device); };
  CO_TRY(co_await context.db.read(std::move(work)));
  co_return empty_response();
}

}  // namespace latchkey::http
