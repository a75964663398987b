// What people want to know of a device, out of the host information it reports (tailcfg.Hostinfo). Devices
// write that text, so every member may be absent, of another type or nonsense: such members count as absent.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace latchkey::tailnet {

struct NetworkReport {
  struct Relay {
    double latency_ms = 0;
    bool preferred = false;
  };
  std::map<std::int64_t, Relay> relays;  // by DERP region
  std::optional<bool> mapping_varies;    // by destination, behind a hard NAT
  std::optional<bool> ipv6;
  std::optional<bool> udp;
  std::optional<bool> upnp;
  std::optional<bool> nat_pmp;
  std::optional<bool> pcp;
};

struct HostInfo {
  std::string os;          // "linux", "macOS", "windows" ...
  std::string os_version;  // of the kernel, on Linux
  std::string client_version;
  std::string distro;
  std::string distro_version;
  std::string distro_code_name;
  bool blocks_incoming = false;
  bool ssh_enabled = false;
  std::optional<NetworkReport> network;
};

HostInfo host_info_from(std::string_view json);

}  // namespace latchkey::tailnet
