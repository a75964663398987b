// What a device says of itself, checked and merged with what it said before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/join/join.h"
#include "core/tailnet/device.h"
#include "core/tx.h"

namespace latchkey::join {

// Takes Hostinfo, one JSON object, into the report: the last known NetInfo stays where the new one has none,
// since without it peers lose the way to the device's relay. What looks like a key is made unreadable.
Result<void> take_host_info(tailnet::DeviceReport& report, std::string_view host_info);

// The host name, and with it the device's name unless somebody chose that. True when the name changed.
bool take_hostname(core::Tx& tx, tailnet::Device& device, std::string_view hostname);

// The routes it advertises; those that are approved without an administrator are enabled.
Result<void> take_routes(core::Tx& tx, tailnet::Device& device, const std::vector<std::string>& routable_ips,
                         const JoinContext& context);

// Those that are an address and a port, at most kMaxEndpoints; link-local ones are useless to peers.
std::vector<std::string> usable_endpoints(const std::vector<std::string>& endpoints);

}  // namespace latchkey::join
