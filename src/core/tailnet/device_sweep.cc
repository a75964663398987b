#include "core/tailnet/device_sweep.h"

#include "core/identity/caller.h"
#include "core/tailnet/device_audit.h"
#include "core/tailnet/device_store.h"
#include "core/tailnet/settings_store.h"

namespace latchkey::tailnet {
namespace {

DeviceRecords records_by_worker(const Device& device, std::string_view task, TimePoint now) {
  const auto worker = identity::worker_caller(device.tailnet, task);
  return {device, identity::actor_of(worker), worker.source, now};
}

std::int64_t warn(core::Tx& tx, days within, audit::ChangeKind kind, TimePoint now) {
  std::int64_t done = 0;
  for (const auto& device : tx.devices().expiring_unwarned(now, within, kDeviceSweepBatch)) {
    const auto settings = tx.settings().settings(device.tailnet);
    std::optional<audit::Change> change;
    if (settings.devices_key_duration_days > within.count()) change = change_of(device, kind, now);
    // Remembered in any case, so that the next batch is another one.
    if (tx.devices().warn_of_expiry(device, within, change)) ++done;
  }
  return done;
}

}  // namespace

std::int64_t warn_of_expiring_node_keys(core::Tx& tx, TimePoint now) {
  // The day first: who has only that left is not told of the week.
  return warn(tx, days{1}, audit::ChangeKind::device_key_expiring_in_one_day, now) +
         warn(tx, days{7}, audit::ChangeKind::device_key_expiring_in_one_week, now);
}

std::int64_t announce_expired_node_keys(core::Tx& tx, TimePoint now) {
  std::int64_t announced = 0;
  for (const auto& device : tx.devices().expired_unannounced(now, kDeviceSweepBatch)) {
    auto records = records_by_worker(device, "expire node key", now);
    records.add(audit::Action::expired, "KEY_EXPIRY_TIME").old_value = json_time(device.key_expires);
    const auto change = change_of(device, audit::ChangeKind::device_updated, now);
    if (tx.devices().announce_expiry(device, records, change)) ++announced;
  }
  return announced;
}

std::int64_t remove_gone_devices(core::Tx& tx, TimePoint now, seconds absence) {
  std::int64_t removed = 0;
  for (const auto& device : tx.devices().ephemeral_gone_since(now - absence, kDeviceSweepBatch)) {
    auto records = records_by_worker(device, "remove ephemeral node", now);
    records.add(audit::Action::delete_).old_value = audit_view(device);
    const auto change = change_of(device, audit::ChangeKind::device_removed, now);
    if (tx.devices().remove_if_gone(device, now - absence, records, change)) ++removed;
  }
  return removed;
}

}  // namespace latchkey::tailnet
