// A device with what is shown beside it: the person's login, its whole name, what it says of its machine.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/tailnet/host_info.h"
#include "core/tailnet/manage_devices.h"

namespace latchkey::tailnet {

struct DeviceView {
  Device device;
  std::string user_login;  // empty when tagged
  std::string full_name;   // "web1.otter-reef-example.latchkey.internal"
  HostInfo host;
};

Result<std::vector<DeviceView>> view_devices(core::Tx& tx, const MayListDevices& may);
Result<DeviceView> view_device(core::Tx& tx, const MayReadDevice& may, std::string_view id);

}  // namespace latchkey::tailnet
