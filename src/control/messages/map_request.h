// MapRequest (public source: tailscale/tailscale, tailcfg/tailcfg.go).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latchkey::control {

struct MapRequest {
  std::int64_t capability_version = 0;
  bool compress = false;  // with zstd
  std::string node_key;
  std::string disco_key;
  bool stream = false;
  bool omit_peers = false;
  bool read_only = false;
  std::string host_info;  // JSON; empty when the request has none
  std::string hostname;
  std::vector<std::string> requested_tags;
  std::vector<std::string> routable_ips;
  std::vector<std::string> endpoints;
  bool forwarding_off = false;  // DebugFlags has "warn-ip-forwarding-off"
};

Result<MapRequest> parse_map_request(std::string_view body);

}  // namespace latchkey::control
