#include "core/join/host.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/text.h"
#include "core/tailnet/address.h"
#include "core/tailnet/device_name.h"
#include "core/tailnet/free_name.h"

namespace latchkey::join {
namespace {

std::int64_t home_relay_of(const boost::json::object& host) {
  const auto* net = host.if_contains("NetInfo");
  if (net == nullptr || !net->is_object()) return 0;
  const auto* relay = net->get_object().if_contains("PreferredDERP");
  if (relay == nullptr || !relay->is_int64()) return 0;
  return std::max<std::int64_t>(relay->get_int64(), 0);
}

bool is_usable_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  auto host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const auto address = tailnet::Address::parse(host);
  if (failed != std::errc{} || end != digits.data() + digits.size() || port == 0 || !address) return false;
  static const auto link_local = *tailnet::Prefix::parse("fe80::/10");
  return address->is_v4() != bracketed && !link_local.contains(*address);
}

}  // namespace

Result<void> take_host_info(tailnet::DeviceReport& report, std::string_view host_info) {
  if (host_info.size() > tailnet::kMaxHostInfo) return malformed("the host information is too long");
  boost::json::error_code failed;
  auto value = boost::json::parse(redact_keys(host_info), failed);
  if (failed || !value.is_object()) return malformed("the host information is no JSON object");
  auto& host = value.get_object();

  const auto* net = host.if_contains("NetInfo");
  if (net == nullptr || net->is_null()) {
    const auto before = boost::json::parse(report.host_info);
    if (const auto* known = before.as_object().if_contains("NetInfo")) host["NetInfo"] = *known;
  }
  report.home_relay = home_relay_of(host);
  report.host_info = boost::json::serialize(host);
  return {};
}

bool take_hostname(core::Tx& tx, tailnet::Device& device, std::string_view hostname) {
  std::string reported = tailnet::storable_hostname(hostname);
  if (reported == device.hostname) return false;
  const bool same_label = tailnet::label_of(reported) == tailnet::label_of(device.hostname);
  device.hostname = std::move(reported);
  if (device.name_is_chosen || same_label) return false;
  device.name = tailnet::free_name(tx, device.tailnet, device.hostname, device.name);
  return true;
}

Result<void> take_routes(core::Tx& tx, tailnet::Device& device, const std::vector<std::string>& routable_ips,
                         const JoinContext& context) {
  TRY(device.advertised_routes, tailnet::canonical_prefixes(routable_ips, "routes"));
  if (!context.auto_approved) return {};
  auto enabled = device.enabled_routes;
  for (auto& route : context.auto_approved(tx, device)) {
    if (std::ranges::find(device.advertised_routes, route) != device.advertised_routes.end()) {
      enabled.push_back(std::move(route));
    }
  }
  TRY(device.enabled_routes, tailnet::canonical_prefixes(enabled, "routes"));
  return {};
}

std::vector<std::string> usable_endpoints(const std::vector<std::string>& endpoints) {
  std::vector<std::string> usable;
  for (const auto& endpoint : endpoints) {
    if (usable.size() == tailnet::kMaxEndpoints) break;
    if (is_usable_endpoint(endpoint)) usable.push_back(endpoint);
  }
  return usable;
}

}  // namespace latchkey::join
