#include "core/tailnet/manage_devices.h"

#include <algorithm>

#include "core/identity/user_store.h"
#include "core/policy/manage.h"
#include "core/policy/ownership.h"
#include "core/tailnet/address.h"
#include "core/tailnet/device_audit.h"
#include "core/tailnet/device_name.h"
#include "core/tailnet/device_store.h"
#include "core/tailnet/find_device.h"
#include "core/tailnet/free_name.h"

namespace latchkey::tailnet {
namespace {

using audit::Action;
using identity::Caller;

DeviceRecords records_by(const Caller& caller, const Device& device, TimePoint now) {
  return {device, identity::actor_of(caller), caller.source, now};
}

Result<Device> write(core::Tx& tx, Device device, const DeviceRecords& records, TimePoint now) {
  switch (tx.devices().update(device, records, change_of(device, audit::ChangeKind::device_updated, now))) {
    case DeviceStore::Written::done:
      return device;
    case DeviceStore::Written::name_taken:
      return conflict("a device of this name exists already");
    case DeviceStore::Written::address_taken:
      return conflict("another device has this address");
    case DeviceStore::Written::machine_taken:
      return conflict("the same machine has " +
                      std::string(is_tagged(device) ? "a tagged device" : "a device of that person") +
                      " already; remove one of the two");
    case DeviceStore::Written::node_key_taken:
    case DeviceStore::Written::number_taken:
      break;
  }
  return conflict("another device has the same key");
}

// A new date for the key, which a sweep announces again once it has passed.
void set_expiry(Device& device, TimePoint expires, DeviceRecords& records) {
  if (device.key_expiry_disabled) records.add(Action::enable, "KEY_EXPIRY");
  records.add(Action::update, "KEY_EXPIRY_TIME", json_time(device.key_expires), json_time(expires));
  device.key_expires = expires;
  device.key_expiry_disabled = false;
  device.expiry_announced = false;
}

}  // namespace

Result<std::vector<Device>> list_devices(core::Tx& tx, const MayListDevices& may) {
  auto devices = tx.devices().list(may.tailnet());
  std::erase_if(devices, [&](const Device& device) { return !reaches(may, device); });
  return devices;
}

Result<Device> read_device(core::Tx& tx, const MayReadDevice& may, std::string_view id) {
  return find_device(tx, may, id);
}

Result<Device> read_routes(core::Tx& tx, const MayReadRoutes& may, std::string_view id) {
  return find_device(tx, may, id);
}

Result<Device> set_authorized(core::Tx& tx, const MayManageDevice& may, std::string_view id, bool authorized,
                              TimePoint now) {
  TRY(auto device, find_device(tx, may, id));
  if (device.authorized == authorized) return device;
  auto records = records_by(may.caller(), device, now);
  records.add(authorized ? Action::approve : Action::revoke);
  device.authorized = authorized;
  return write(tx, std::move(device), records, now);
}

Result<Device> set_tags(core::Tx& tx, const MayManageDevice& may, std::string_view id,
                        const std::vector<std::string>& tags, TimePoint now) {
  TRY(auto device, find_device(tx, may, id));
  auto wanted = tags;
  std::ranges::sort(wanted);
  const auto repeated = std::ranges::unique(wanted);
  wanted.erase(repeated.begin(), repeated.end());
  if (wanted == device.tags) return device;
  if (wanted.empty()) {
    return malformed("a device without a user must keep a tag; to give it to a user, log it in again",
                     "tags");
  }
  TRY(policy::check_tags(wanted, policy::identity_of(may.caller()),
                         policy::current_policy(tx, may.tailnet())));
  auto records = records_by(may.caller(), device, now);
  records.add(Action::update, "ACL_TAGS", json_list(device.tags), json_list(wanted));
  device.tags = std::move(wanted);
  device.user = UserId();
  return write(tx, std::move(device), records, now);
}

Result<Device> hand_over(core::Tx& tx, const MayManageDevice& may, std::string_view id, const UserId& to,
                         TimePoint now) {
  TRY(auto device, find_device(tx, may, id));
  const auto heir = tx.users().find(may.tailnet(), to);
  if (!heir || heir->status != identity::UserStatus::active) {
    return conflict("a device is handed over to somebody who is active");
  }
  if (is_tagged(device)) return conflict("the device belongs to the tailnet, by its tags");
  if (device.user == to) return device;
  auto records = records_by(may.caller(), device, now);
  records.add(Action::update, "USER", boost::json::string(device.user.str()), boost::json::string(to.str()));
  device.user = to;
  return write(tx, std::move(device), records, now);
}

Result<Device> set_name(core::Tx& tx, const MayManageDevice& may, std::string_view id,
                        const std::string& name, TimePoint now) {
  TRY(auto device, find_device(tx, may, id));
  const bool chosen = !name.empty();
  if (chosen) TRY(check_device_name(name));
  const std::string wanted = chosen ? name : free_name(tx, device.tailnet, device.hostname, device.name);
  if (wanted == device.name && chosen == device.name_is_chosen) return device;
  auto records = records_by(may.caller(), device, now);
  records.add(Action::update, "MACHINE_NAME", boost::json::string(device.name), boost::json::string(wanted));
  device.name = wanted;
  device.name_is_chosen = chosen;
  return write(tx, std::move(device), records, now);
}

Result<Device> set_ipv4(core::Tx& tx, const MayManageDevice& may, std::string_view id,
                        const std::string& address, TimePoint now) {
  TRY(auto device, find_device(tx, may, id));
  const auto wanted = Address::parse(address);
  if (!wanted || !may_be_assigned(*wanted)) {
    return malformed("a device address is in 100.64.0.0/10 and not one of those reserved there", "ipv4");
  }
  if (wanted->str() == device.ipv4) return device;
  auto records = records_by(may.caller(), device, now);
  records.add(Action::update, "ALLOWED_IPS", boost::json::array{device.ipv4, device.ipv6},
              boost::json::array{wanted->str(), ipv6_beside(*wanted).str()});
  device.ipv4 = wanted->str();
  device.ipv6 = ipv6_beside(*wanted).str();
  return write(tx, std::move(device), records, now);
}

Result<Device> expire_key(core::Tx& tx, const MayManageDevice& may, std::string_view id, seconds after,
                          TimePoint now) {
  if (after < seconds{0} || after > kLongestKeyExpiry) {
    return malformed("expirySeconds must be between 0 and " +
                         std::to_string(seconds{kLongestKeyExpiry}.count()) + " (180 days)",
                     "expirySeconds");
  }
  TRY(auto device, find_device(tx, may, id));
  if (is_key_expired(device, now)) return device;
  const auto expires = now + after;
  if (const auto before = effective_expiry(device); before && *before < expires) {
    return conflict("the key of this device expires before that, at " + to_rfc3339(*before) +
                    "; for a later date the device must log in again");
  }
  auto records = records_by(may.caller(), device, now);
  set_expiry(device, expires, records);
  return write(tx, std::move(device), records, now);
}

Result<Device> set_key_expiry_disabled(core::Tx& tx, const MayManageDevice& may, std::string_view id,
                                       bool disabled, TimePoint now) {
  TRY(auto device, find_device(tx, may, id));
  if (device.key_expiry_disabled == disabled) return device;
  auto records = records_by(may.caller(), device, now);
  records.add(disabled ? Action::disable : Action::enable, "KEY_EXPIRY");
  device.key_expiry_disabled = disabled;
  device.expiry_announced = false;
  return write(tx, std::move(device), records, now);
}

Result<Device> extend_key(core::Tx& tx, const MayManageDevice& may, std::string_view id, TimePoint now) {
  TRY(auto device, find_device(tx, may, id));
  if (!is_key_expired(device, now)) return conflict("the key of this device has not expired");
  auto records = records_by(may.caller(), device, now);
  set_expiry(device, now + kKeyExtension, records);
  return write(tx, std::move(device), records, now);
}

Result<Device> set_enabled_routes(core::Tx& tx, const MaySetRoutes& may, std::string_view id,
                                  const std::vector<std::string>& routes, TimePoint now) {
  TRY(auto device, find_device(tx, may, id));
  auto wanted = routes;
  if (std::ranges::any_of(wanted,
                          [](const auto& route) { return route == "0.0.0.0/0" || route == "::/0"; })) {
    wanted.insert(wanted.end(), {"0.0.0.0/0", "::/0"});
  }
  TRY(wanted, canonical_prefixes(wanted, "routes"));
  if (wanted == device.enabled_routes) return device;
  auto records = records_by(may.caller(), device, now);
  records.add(Action::update, "ALLOWED_IPS", json_list(device.enabled_routes), json_list(wanted));
  device.enabled_routes = std::move(wanted);
  return write(tx, std::move(device), records, now);
}

Result<void> remove_device(core::Tx& tx, const MayManageDevice& may, std::string_view id, TimePoint now) {
  TRY(const auto device, find_device(tx, may, id));
  auto records = records_by(may.caller(), device, now);
  records.add(Action::delete_).old_value = audit_view(device);
  tx.devices().remove(device.tailnet, device.id, records,
                      change_of(device, audit::ChangeKind::device_removed, now));
  return {};
}

}  // namespace latchkey::tailnet
