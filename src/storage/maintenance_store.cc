#include "storage/maintenance_store.h"

#include "storage/columns.h"

namespace latchkey::storage {
namespace {

const Statement kHoldLease{
    "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $4) ON CONFLICT (name) DO UPDATE"
    " SET holder = excluded.holder, until = excluded.until WHERE leases.holder = $2 OR leases.until <= $3"};
const Statement kForgetLeases{"DELETE FROM leases WHERE until <= $1"};
const Statement kTrimFeed{
    "DELETE FROM changes WHERE sequence IN"
    " (SELECT sequence FROM changes WHERE at < $1 ORDER BY sequence LIMIT $2)"};

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
  return connection.changed();
}

}  // namespace latchkey::storage
