#include "control/map/node.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace latchkey::control {
namespace {

namespace json = boost::json;

json::array list_json(const std::vector<std::string>& list) {
  return json::array(list.begin(), list.end());
}

// What peers have no use for, or should not know.
std::string host_info_for_peers(const std::string& text) {
  boost::system::error_code failed;
  auto value = json::parse(text, failed);
  if (failed || !value.is_object()) return "{}";
  auto& host = value.as_object();
  for (const auto* name : {"NetInfo", "BackendLogID", "FrontendLogID", "RequestTags"}) host.erase(name);
  return json::serialize(host);
}

std::vector<std::string> allowed_ips(const tailnet::Device& device) {
  std::vector<std::string> prefixes{device.ipv4 + "/32", device.ipv6 + "/128"};
  prefixes.insert(prefixes.end(), device.enabled_routes.begin(), device.enabled_routes.end());
  return prefixes;
}

json::object common_json(const Node& node) {
  const auto& device = node.device;
  json::object out;
  out["ID"] = device.number;
  out["StableID"] = device.id.str();
  out["Name"] = node.full_name;
  out["User"] = node.owner.number;
  out["Key"] = device.node_key;
  if (device.key_expires && !device.key_expiry_disabled) out["KeyExpiry"] = to_rfc3339(*device.key_expires);
  out["Machine"] = device.machine_key;
  if (!device.report.disco_key.empty()) out["DiscoKey"] = device.report.disco_key;
  out["Addresses"] = json::array{device.ipv4 + "/32", device.ipv6 + "/128"};
  out["AllowedIPs"] = list_json(allowed_ips(device));
  out["Created"] = to_rfc3339(device.created);
  out["Cap"] = device.report.capability_version;
  if (!device.tags.empty()) out["Tags"] = list_json(device.tags);
  if (!device.enabled_routes.empty()) out["PrimaryRoutes"] = list_json(device.enabled_routes);
  return out;
}

bool is_online(const Node& node) {
  return !node.device.connected_to.empty();
}

std::string make_peer_json(const Node& node) {
  const auto& device = node.device;
  auto out = common_json(node);
  if (node.key_expired) {
    out["Expired"] = true;
  } else {
    if (!device.report.endpoints.empty()) out["Endpoints"] = list_json(device.report.endpoints);
    if (device.report.home_relay != 0) out["HomeDERP"] = device.report.home_relay;
  }
  out["Online"] = is_online(node);
  if (!is_online(node) && device.last_seen) out["LastSeen"] = to_rfc3339(*device.last_seen);
  out["MachineAuthorized"] = true;
  std::string text = json::serialize(out);
  text.pop_back();
  return text + R"(,"Hostinfo":)" + node.host_info + "}";
}

std::string self_with(const Node& node, json::object out) {
  const auto& device = node.device;
  if (device.authorized) out["MachineAuthorized"] = true;
  // Looking for captive portals asks servers of upstream's.
  out["CapMap"] = json::object{{"disable-captive-portal-detection", json::array{}}};
  std::string text = json::serialize(out);
  text.pop_back();
  return text + R"(,"Hostinfo":)" + node.host_info + "}";
}

// A peer's members that a patch cannot express.
bool only_patchable_differs(const Node& a, const Node& b) {
  const auto& one = a.device;
  const auto& two = b.device;
  return a.full_name == b.full_name && a.owner.number == b.owner.number && a.host_info == b.host_info &&
         a.key_expired == b.key_expired && one.machine_key == two.machine_key && one.ipv4 == two.ipv4 &&
         one.ipv6 == two.ipv6 && one.tags == two.tags && one.enabled_routes == two.enabled_routes &&
         one.key_expiry_disabled == two.key_expiry_disabled &&
         one.key_expires.has_value() == two.key_expires.has_value() &&
         one.report.disco_key.empty() == two.report.disco_key.empty() &&
         !(two.report.endpoints.empty() && !one.report.endpoints.empty()) &&
         !(two.report.home_relay == 0 && one.report.home_relay != 0);
}

}  // namespace

NodePtr make_node(NodeSource source, TimePoint now) {
  auto node = std::make_shared<Node>();
  node->device = std::move(source.device);
  node->owner = std::move(source.owner);
  node->standing = std::move(source.standing);
  node->full_name = node->device.name + "." + source.dns_suffix + ".";
  node->takes_part = node->device.authorized && !source.owner_blocked;
  node->key_expired = tailnet::is_key_expired(node->device, now);
  node->host_info = host_info_for_peers(node->device.report.host_info);
  node->as_peer = make_peer_json(*node);
  return node;
}

bool stands_alike(const Node& a, const Node& b) {
  return a.takes_part == b.takes_part && a.standing == b.standing;
}

std::string self_json(const Node& node) {
  return self_with(node, common_json(node));
}

std::string farewell_json(const Node& node, TimePoint now) {
  auto out = common_json(node);
  out["KeyExpiry"] = to_rfc3339(whole_second(now) - hours(1));
  return self_with(node, std::move(out));
}

PeerUpdate peer_update(const Node& before, const Node& after) {
  if (before.as_peer == after.as_peer) return {};
  if (!only_patchable_differs(before, after)) return {PeerUpdate::Kind::whole, {}};
  const auto& was = before.device;
  const auto& is = after.device;
  json::object patch;
  patch["NodeID"] = is.number;
  // Where a device with an expired key can be reached is not told.
  const bool reachable = !after.key_expired;
  if (reachable && was.report.home_relay != is.report.home_relay) patch["DERPRegion"] = is.report.home_relay;
  if (was.report.capability_version != is.report.capability_version)
    patch["Cap"] = is.report.capability_version;
  if (reachable && was.report.endpoints != is.report.endpoints)
    patch["Endpoints"] = list_json(is.report.endpoints);
  if (was.node_key != is.node_key) patch["Key"] = is.node_key;
  if (was.report.disco_key != is.report.disco_key) patch["DiscoKey"] = is.report.disco_key;
  if (!is.key_expiry_disabled && was.key_expires != is.key_expires && is.key_expires)
    patch["KeyExpiry"] = to_rfc3339(*is.key_expires);
  if (was.connected_to.empty() != is.connected_to.empty()) {
    patch["Online"] = !is.connected_to.empty();
    if (is.connected_to.empty() && is.last_seen) patch["LastSeen"] = to_rfc3339(*is.last_seen);
  }
  if (patch.size() == 1) return {};
  return {PeerUpdate::Kind::patch, json::serialize(patch)};
}

}  // namespace latchkey::control
