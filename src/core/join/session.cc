#include "core/join/session.h"

#include "core/identity/user_store.h"
#include "core/join/host.h"
#include "core/maintenance_store.h"
#include "core/tailnet/device_audit.h"
#include "core/tailnet/device_store.h"

namespace latchkey::join {
namespace {

using audit::Action;
using audit::ChangeKind;
using tailnet::Device;
using tailnet::DeviceRecords;

DeviceRecords records_by_itself(core::Tx& tx, const Device& device, const audit::Source& source,
                                TimePoint now) {
  return {device, tailnet::actor_of(device, owner_of(tx, device)), source, now};
}

Result<void> write(core::Tx& tx, const Device& device, const DeviceRecords& records, TimePoint now) {
  const auto change = change_of(device, ChangeKind::device_updated, now);
  if (tx.devices().update(device, records, change) != tailnet::DeviceStore::Written::done) {
    return unavailable("another device took the name at the same moment; try again");
  }
  return {};
}

}  // namespace

Result<Device> device_of(core::Tx& tx, std::string_view machine_key, std::string_view node_key) {
  auto device = tx.devices().find_by_node_key(node_key);
  if (!device || device->machine_key != machine_key) return not_found("node not found");
  return *std::move(device);
}

std::optional<identity::User> owner_of(core::Tx& tx, const Device& device) {
  if (device.user.empty()) return std::nullopt;
  return tx.users().find(device.tailnet, device.user);
}

Result<Registered> go_on(core::Tx& tx, Device device, std::optional<TimePoint> wanted_expiry,
                         const audit::Source& source, TimePoint now) {
  if (wanted_expiry) {
    const auto expires = effective_expiry(device);
    if (expires && *wanted_expiry > *expires) {
      return forbidden("a device cannot extend its own node key; log in again");
    }
    if (!expires || *wanted_expiry < *expires) {
      auto records = records_by_itself(tx, device, source, now);
      if (device.key_expiry_disabled) records.add(Action::enable, "KEY_EXPIRY");
      records.add(Action::update, "KEY_EXPIRY_TIME", tailnet::json_time(device.key_expires),
                  tailnet::json_time(wanted_expiry));
      device.key_expires = wanted_expiry;
      device.key_expiry_disabled = false;
      device.expiry_announced = false;
      TRY(write(tx, device, records, now));
    }
  }
  Registered registered;
  registered.owner = owner_of(tx, device);
  registered.device = std::move(device);
  return registered;
}

void log_out_device(core::Tx& tx, Device device, const audit::Source& source, TimePoint now) {
  auto records = records_by_itself(tx, device, source, now);
  if (device.ephemeral) {
    records.add(Action::logout);
    records.add(Action::delete_).old_value = audit_view(device);
    tx.devices().remove(device.tailnet, device.id, records,
                        change_of(device, ChangeKind::device_removed, now));
    return;
  }
  if (is_key_expired(device, now)) return;
  if (device.key_expiry_disabled) records.add(Action::enable, "KEY_EXPIRY");
  records.add(Action::update, "KEY_EXPIRY_TIME", tailnet::json_time(device.key_expires),
              tailnet::json_time(now));
  records.add(Action::logout);
  device.key_expires = now;
  device.key_expiry_disabled = false;
  device.expiry_announced = true;  // the records above say it
  tx.devices().update(device, records, change_of(device, ChangeKind::device_updated, now));
}

Result<Reported> report(core::Tx& tx, const Device& device, const StatusReport& status,
                        const JoinContext& context, const audit::Source& source, TimePoint now) {
  Device told = device;
  if (!status.disco_key.empty()) {
    if (!tailnet::is_public_key(tailnet::kDiscoKeyPrefix, status.disco_key)) {
      return malformed("the disco key is malformed");
    }
    told.report.disco_key = status.disco_key;
  }
  if (status.endpoints) told.report.endpoints = usable_endpoints(*status.endpoints);
  if (status.capability_version > 0) told.report.capability_version = status.capability_version;
  if (status.forwarding_off) told.report.forwarding_off = *status.forwarding_off;
  if (status.host) {
    TRY(take_host_info(told.report, status.host->info));
    TRY(take_routes(tx, told, status.host->routable_ips, context));
    take_hostname(tx, told, status.host->hostname);
  }

  Reported reported{told, false};
  if (told.hostname != device.hostname || told.advertised_routes != device.advertised_routes ||
      told.enabled_routes != device.enabled_routes) {
    auto records = records_by_itself(tx, device, source, now);
    if (told.name != device.name) {
      records.add(Action::update, "MACHINE_NAME", boost::json::string(device.name),
                  boost::json::string(told.name));
    }
    if (told.enabled_routes != device.enabled_routes) {
      records.add(Action::update, "AUTO_APPROVED_ROUTES", tailnet::json_list(device.enabled_routes),
                  tailnet::json_list(told.enabled_routes));
    }
    TRY(write(tx, told, records, now));
    reported.changed = true;
  }
  if (told.report != device.report) {
    tx.devices().report(told.tailnet, told.id, told.report,
                        change_of(told, ChangeKind::device_reported, now));
    if (told.report.forwarding_off && !device.report.forwarding_off) {
      tx.devices().announce(change_of(told, ChangeKind::device_forwarding_off, now));
    }
    reported.changed = true;
  }
  return reported;
}

void connect(core::Tx& tx, const Device& device, std::string_view connection, TimePoint now) {
  tx.devices().set_connected(device.tailnet, device.id, connection, {}, now,
                             change_of(device, ChangeKind::device_connected, now));
}

void connect_again(core::Tx& tx, const TailnetId& tailnet, const DeviceId& id, std::string_view connection,
                   TimePoint now) {
  const auto device = tx.devices().find(tailnet, id);
  if (device && device->connected_to.empty()) connect(tx, *device, connection, now);
}

bool disconnect(core::Tx& tx, const TailnetId& tailnet, const DeviceId& id, std::string_view connection,
                TimePoint now) {
  return tx.devices().set_connected(tailnet, id, {}, connection, now,
                                    {ChangeKind::device_connected, tailnet, id.str(), 0, now});
}

void say_alive(core::Tx& tx, const std::string& replica, TimePoint now) {
  tx.maintenance().hold_lease("replica " + replica, replica, now, now + kReplicaLease);
}

std::int64_t disconnect_left(core::Tx& tx, TimePoint now) {
  const auto left = tx.devices().left_connected(now, kDisconnectBatch);
  for (const auto& device : left) disconnect(tx, device.tailnet, device.id, device.connected_to, now);
  if (left.empty()) tx.maintenance().forget_leases(now);
  return static_cast<std::int64_t>(left.size());
}

}  // namespace latchkey::join
