#include "core/tailnet/device_view.h"

#include <unordered_map>

#include "core/identity/user_store.h"
#include "core/tailnet/magic_dns.h"

namespace latchkey::tailnet {
namespace {

DeviceView view_of(Device device, std::string user_login, std::string_view suffix) {
  DeviceView view;
  view.host = host_info_from(device.report.host_info);
  view.full_name = device.name + "." + std::string(suffix);
  view.user_login = std::move(user_login);
  view.device = std::move(device);
  return view;
}

std::string suffix_of(core::Tx& tx, const TailnetId& id) {
  return magic_dns_suffix(tx.tailnets().find(id).value());
}

}  // namespace

Result<std::vector<DeviceView>> view_devices(core::Tx& tx, const MayListDevices& may) {
  TRY(auto devices, list_devices(tx, may));
  const auto suffix = suffix_of(tx, may.tailnet());
  std::unordered_map<UserId, std::string> logins;
  for (auto& user : tx.users().list(may.tailnet())) logins.emplace(user.id, std::move(user.login_name));
  std::vector<DeviceView> views;
  views.reserve(devices.size());
  for (auto& device : devices) {
    const auto login = logins.find(device.user);
    views.push_back(
        view_of(std::move(device), login == logins.end() ? std::string() : login->second, suffix));
  }
  return views;
}

Result<DeviceView> view_device(core::Tx& tx, const MayReadDevice& may, std::string_view id) {
  TRY(auto device, read_device(tx, may, id));
  const auto user = tx.users().find(may.tailnet(), device.user);
  return view_of(std::move(device), user ? user->login_name : std::string(), suffix_of(tx, may.tailnet()));
}

}  // namespace latchkey::tailnet
