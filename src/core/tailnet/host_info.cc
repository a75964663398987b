#include "core/tailnet/host_info.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace latchkey::tailnet {
namespace {

constexpr std::size_t kMaxShown = 128;   // bytes of one text
constexpr std::size_t kMaxRelays = 128;  // there are some thirty

std::string text_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(clip(std::string_view(value->get_string()), kMaxShown));
}

std::optional<bool> flag_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_bool()) return std::nullopt;
  return value->get_bool();
}

// "10-v4": the region's number and the family. The better of both families counts.
void add_relay(NetworkReport& network, std::string_view key, const boost::json::value& latency) {
  std::int64_t region = 0;
  const auto* end = key.data() + key.size();
  const auto [stopped, failed] = std::from_chars(key.data(), end, region);
  if (failed != std::errc{} || region <= 0 || (stopped != end && *stopped != '-')) return;
  boost::json::error_code no_number;
  const double seconds = latency.to_number<double>(no_number);
  if (no_number || !std::isfinite(seconds) || seconds < 0) return;
  if (network.relays.size() >= kMaxRelays && !network.relays.contains(region)) return;
  const double ms = seconds * 1000;
  const auto [entry, fresh] = network.relays.try_emplace(region, NetworkReport::Relay{ms, false});
  if (!fresh) entry->second.latency_ms = std::min(entry->second.latency_ms, ms);
}

NetworkReport network_from(const boost::json::object& json) {
  NetworkReport network;
  network.mapping_varies = flag_of(json, "MappingVariesByDestIP");
  network.ipv6 = flag_of(json, "OSHasIPv6");
  if (!network.ipv6) network.ipv6 = flag_of(json, "WorkingIPv6");
  network.udp = flag_of(json, "WorkingUDP");
  network.upnp = flag_of(json, "UPnP");
  network.nat_pmp = flag_of(json, "PMP");
  network.pcp = flag_of(json, "PCP");
  if (const auto* latencies = json.if_contains("DERPLatency"); latencies && latencies->is_object()) {
    for (const auto& [key, latency] : latencies->get_object()) add_relay(network, key, latency);
  }
  const auto* preferred = json.if_contains("PreferredDERP");
  if (preferred != nullptr && preferred->is_int64()) {
    if (const auto relay = network.relays.find(preferred->get_int64()); relay != network.relays.end()) {
      relay->second.preferred = true;
    }
  }
  return network;
}

}  // namespace

HostInfo host_info_from(std::string_view json) {
  HostInfo info;
  boost::json::error_code failed;
  const auto value = boost::json::parse(json, failed);
  if (failed || !value.is_object()) return info;
  const auto& object = value.get_object();
  info.os = text_of(object, "OS");
  info.os_version = text_of(object, "OSVersion");
  info.client_version = text_of(object, "IPNVersion");
  info.distro = text_of(object, "Distro");
  info.distro_version = text_of(object, "DistroVersion");
  info.distro_code_name = text_of(object, "DistroCodeName");
  info.blocks_incoming = flag_of(object, "ShieldsUp").value_or(false);
  const auto* ssh = object.if_contains("sshHostKeys");
  info.ssh_enabled = ssh != nullptr && ssh->is_array() && !ssh->get_array().empty();
  const auto* network = object.if_contains("NetInfo");
  if (network != nullptr && network->is_object()) info.network = network_from(network->get_object());
  return info;
}

}  // namespace latchkey::tailnet
