#include "http/api/device_json.h"

#include <algorithm>
#include <boost/json/array.hpp>

#include "base/text.h"

namespace latchkey::http {
namespace {

// What upstream calls the owner of a device that belongs to no person.
constexpr std::string_view kNobody = "tagged-devices";

constexpr std::string_view kUpstreamMembers[] = {"addresses",
                                                 "id",
                                                 "nodeId",
                                                 "user",
                                                 "name",
                                                 "hostname",
                                                 "clientVersion",
                                                 "updateAvailable",
                                                 "os",
                                                 "created",
                                                 "connectedToControl",
                                                 "lastSeen",
                                                 "keyExpiryDisabled",
                                                 "expires",
                                                 "authorized",
                                                 "isExternal",
                                                 "isEphemeral",
                                                 "tags",
                                                 "machineKey",
                                                 "nodeKey",
                                                 "blocksIncomingConnections",
                                                 "tailnetLockKey",
                                                 "tailnetLockError"};
constexpr std::string_view kFurtherMembers[] = {"enabledRoutes", "advertisedRoutes", "sshEnabled",
                                                "authKeyId"};

boost::json::array list_json(const std::vector<std::string>& list) {
  return boost::json::array(list.begin(), list.end());
}

// null: the device did not say.
boost::json::value maybe(std::optional<bool> flag) {
  return flag ? boost::json::value(*flag) : boost::json::value(nullptr);
}

boost::json::object connectivity_json(const tailnet::DeviceView& view) {
  const auto network = view.host.network.value_or(tailnet::NetworkReport{});
  boost::json::object latency;
  for (const auto& [region, relay] : network.relays) {
    boost::json::object json{{"latencyMs", relay.latency_ms}};
    if (relay.preferred) json["preferred"] = true;
    latency[std::to_string(region)] = std::move(json);
  }
  boost::json::object json;
  json["endpoints"] = list_json(view.device.report.endpoints);
  json["derp"] = "";
  json["mappingVariesByDestIP"] = network.mapping_varies.value_or(false);
  json["latency"] = std::move(latency);
  json["clientSupports"] = {{"hairPinning", nullptr},    {"ipv6", maybe(network.ipv6)},
                            {"pcp", maybe(network.pcp)}, {"pmp", maybe(network.nat_pmp)},
                            {"udp", maybe(network.udp)}, {"upnp", maybe(network.upnp)}};
  return json;
}

void add_further_members(boost::json::object& json, const tailnet::DeviceView& view) {
  const auto& device = view.device;
  json["enabledRoutes"] = list_json(device.enabled_routes);
  json["advertisedRoutes"] = list_json(device.advertised_routes);
  json["clientConnectivity"] = connectivity_json(view);
  json["sshEnabled"] = view.host.ssh_enabled;
  json["postureIdentity"] = {{"disabled", true}};  // it is not collected here
  if (!view.host.distro.empty()) {
    json["distro"] = {{"name", view.host.distro},
                      {"version", view.host.distro_version},
                      {"codeName", view.host.distro_code_name}};
  }
  if (!device.auth_key.empty()) json["authKeyId"] = device.auth_key.str();
}

bool has(const boost::json::value& member, const std::string& wanted) {
  if (member.is_string()) return member.get_string() == wanted;
  if (member.is_bool()) return wanted == (member.get_bool() ? "true" : "false");
  if (!member.is_array()) return false;
  return std::ranges::any_of(member.get_array(), [&](const auto& item) { return has(item, wanted); });
}

}  // namespace

boost::json::object device_json(const tailnet::DeviceView& view, DeviceFields fields) {
  const auto& device = view.device;
  const bool connected = !device.connected_to.empty();
  boost::json::object json;
  json["addresses"] = boost::json::array{device.ipv4, device.ipv6};
  json["id"] = std::to_string(device.number);
  json["nodeId"] = device.id.str();
  json["user"] = view.user_login.empty() ? std::string(kNobody) : view.user_login;
  json["name"] = view.full_name;
  json["hostname"] = device.hostname;
  json["clientVersion"] = view.host.client_version;
  json["updateAvailable"] = false;  // nobody tells this server of new versions
  json["os"] = view.host.os;
  json["created"] = to_rfc3339(whole_second(device.created));
  json["connectedToControl"] = connected;
  if (!connected && device.last_seen) json["lastSeen"] = to_rfc3339(whole_second(*device.last_seen));
  json["keyExpiryDisabled"] = device.key_expiry_disabled;
  if (device.key_expires) json["expires"] = to_rfc3339(whole_second(*device.key_expires));
  json["authorized"] = device.authorized;
  json["isExternal"] = false;
  json["isEphemeral"] = device.ephemeral;
  if (tailnet::is_tagged(device)) json["tags"] = list_json(device.tags);
  json["machineKey"] = device.machine_key;
  json["nodeKey"] = device.node_key;
  json["blocksIncomingConnections"] = view.host.blocks_incoming;
  json["tailnetLockKey"] = device.tailnet_lock_key;
  json["tailnetLockError"] = "";
  if (fields == DeviceFields::all) add_further_members(json, view);
  return json;
}

boost::json::object routes_json(const tailnet::Device& device) {
  boost::json::object json;
  json["advertisedRoutes"] = list_json(device.advertised_routes);
  json["enabledRoutes"] = list_json(device.enabled_routes);
  return json;
}

Result<DeviceFilter> DeviceFilter::parse(const std::vector<std::pair<std::string, std::string>>& query) {
  constexpr std::size_t kMaxFilters = 100;
  DeviceFilter filter;
  for (const auto& [name, value] : query) {
    if (name == "fields") continue;
    if (std::ranges::find(kUpstreamMembers, name) == std::end(kUpstreamMembers) &&
        std::ranges::find(kFurtherMembers, name) == std::end(kFurtherMembers)) {
      const std::string shown(clip(name, 64));
      return malformed("devices cannot be filtered by '" + shown + "'", shown);
    }
    filter.wanted_.emplace_back(name, value);
  }
  if (filter.wanted_.size() > kMaxFilters) {
    return malformed("at most " + std::to_string(kMaxFilters) + " filters are allowed");
  }
  return filter;
}

bool DeviceFilter::matches(const boost::json::object& device) const {
  return std::ranges::all_of(wanted_, [&device](const auto& pair) {
    const auto* member = device.if_contains(pair.first);
    return member != nullptr && has(*member, pair.second);
  });
}

}  // namespace latchkey::http
