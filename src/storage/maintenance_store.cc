#include "storage/maintenance_store.h"

#include <algorithm>

#include "storage/columns.h"

namespace latchkey::storage {
namespace {

const Statement kHoldLease{
    "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $4) ON CONFLICT (name) DO UPDATE"
    " SET holder = excluded.holder, until = excluded.until WHERE leases.holder = $2 OR leases.until <= $3"};
const Statement kForgetLeases{"DELETE FROM leases WHERE until <= $1"};
const Statement kTrimFeed{
    "DELETE FROM changes WHERE sequence IN"
    " (SELECT c.sequence FROM changes c WHERE c.at < $1"
    " AND NOT EXISTS (SELECT 1 FROM feed_readers r WHERE r.sequence < c.sequence)"
    " ORDER BY c.sequence LIMIT $2)"};
const Statement kTrimPolicyChanges{
    "DELETE FROM policy_changes WHERE (tailnet_id, group_id) IN (SELECT p.tailnet_id, p.group_id"
    " FROM policy_changes p WHERE p.at < $1"
    " AND NOT EXISTS (SELECT 1 FROM feed_readers r, changes c WHERE c.sequence > r.sequence AND c.at <= p.at)"
    " ORDER BY p.at LIMIT $2)"};

}  // namespace

bool SqlMaintenanceStore::hold_lease(std::string_view name, std::string_view holder, TimePoint now,
                                     TimePoint until) {
  auto& connection = work_.connection();
  connection.run(kHoldLease, {std::string(name), std::string(holder), time_value(now), time_value(until)});
  return connection.changed() == 1;
}

std::int64_t SqlMaintenanceStore::forget_leases(TimePoint ended) {
  auto& connection = work_.connection();
  connection.run(kForgetLeases, {time_value(ended)});
  return connection.changed();
}

std::int64_t SqlMaintenanceStore::trim_feed(TimePoint before, std::int64_t limit) {
  auto& connection = work_.connection();
  connection.run(kTrimFeed, {time_value(before), limit});
  const auto entries = connection.changed();
  connection.run(kTrimPolicyChanges, {time_value(before), limit});
  return std::max(entries, connection.changed());
}

}  // namespace latchkey::storage
