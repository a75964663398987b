#include "storage/device_store.h"

#include "storage/columns.h"

namespace latchkey::storage {
namespace {

using tailnet::Device;
using tailnet::DeviceReport;

#define DEVICE_COLUMNS                                                                                      \
  "tailnet_id, id, number, user_id, auth_key_id, machine_key, node_key, tailnet_lock_key, name, hostname, " \
  "name_is_chosen, ipv4, ipv6, tags, ephemeral, authorized, key_expires_at, key_expiry_disabled, "          \
  "expiry_announced, advertised_routes, enabled_routes, created_at, last_seen_at, connected_to, "           \
  "disco_key, endpoints, host_info, home_relay, capability_version, revision, "                             \
  "forwarding_off"
#define SELECT_DEVICES "SELECT " DEVICE_COLUMNS " FROM devices WHERE "

const Statement kFind{SELECT_DEVICES "tailnet_id = $1 AND id = $2"};
const Statement kFindByNumber{SELECT_DEVICES "tailnet_id = $1 AND number = $2"};
const Statement kList{SELECT_DEVICES "tailnet_id = $1 ORDER BY number"};
const Statement kListOfUser{SELECT_DEVICES "tailnet_id = $1 AND user_id = $2 ORDER BY number"};
// Labels have none of the characters that mean something in a pattern.
// A service has its name below the same suffix as devices.
const Statement kNamesLike{
    "SELECT name FROM devices WHERE tailnet_id = $1 AND name LIKE $2 || '%'"
    " UNION SELECT substr(name, 5) FROM services WHERE tailnet_id = $1 AND name LIKE 'svc:' || $2 || '%'"};
const Statement kCountOfKey{"SELECT COUNT(*) FROM devices WHERE tailnet_id = $1 AND auth_key_id = $2"};
const Statement kAddressTaken{"SELECT 1 FROM addresses WHERE tailnet_id = $1 AND ipv4 = $2"};
const Statement kFindByNodeKey{SELECT_DEVICES "node_key = $1"};
const Statement kListOfMachine{SELECT_DEVICES "machine_key = $1 ORDER BY number"};
const Statement kConflict{
    "SELECT CASE WHEN node_key = $3 THEN 1 WHEN number = $4 THEN 2 WHEN tailnet_id <> $1 THEN 0"
    " WHEN machine_key = $7 AND COALESCE(user_id, '') = $8 THEN 3 WHEN name = $5 THEN 4"
    " WHEN ipv4 = $6 THEN 5 ELSE 0 END FROM devices WHERE (node_key = $3 OR number = $4 OR (tailnet_id = $1"
    " AND (name = $5 OR ipv4 = $6 OR (machine_key = $7 AND COALESCE(user_id, '') = $8))))"
    " AND NOT (tailnet_id = $1 AND id = $2) UNION ALL SELECT CASE WHEN ipv4 = $6 THEN 5 ELSE 4 END"
    " FROM services WHERE tailnet_id = $1 AND (ipv4 = $6 OR (name = 'svc:' || $5 AND NOT EXISTS (SELECT 1 "
    "FROM"
    " devices WHERE tailnet_id = $1 AND id = $2 AND name = $5))) LIMIT 1"};
// Devices and services draw from one pool: of two that take an address at once, on any replicas, one gets it.
const Statement kTakeAddress{
    "INSERT INTO addresses (tailnet_id, ipv4, device_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"};
const Statement kHoldsAddress{
    "SELECT 1 FROM addresses WHERE tailnet_id = $1 AND ipv4 = $2 AND device_id = $3"};
const Statement kLeaveAddress{
    "DELETE FROM addresses WHERE tailnet_id = $1 AND device_id = $3 AND ipv4 <> $2"};
const Statement kInsert{
    "INSERT INTO devices (" DEVICE_COLUMNS
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,"
    " $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31) ON CONFLICT DO NOTHING"};
const Statement kUpdate{
    "UPDATE devices SET user_id = $3, auth_key_id = $4, node_key = $5, tailnet_lock_key = $6, name = $7,"
    " hostname = $8, name_is_chosen = $9, ipv4 = $10, ipv6 = $11, tags = $12, ephemeral = $13,"
    " authorized = $14, key_expires_at = $15, key_expiry_disabled = $16, expiry_announced = $17,"
    " advertised_routes = $18, enabled_routes = $19, revision = revision + 1"
    " WHERE tailnet_id = $1 AND id = $2 AND revision = $20"};
const Statement kRemove{"DELETE FROM devices WHERE tailnet_id = $1 AND id = $2"};
const Statement kReport{
    "UPDATE devices SET disco_key = $3, endpoints = $4, host_info = $5, home_relay = $6,"
    " capability_version = $7, forwarding_off = $8 WHERE tailnet_id = $1 AND id = $2"};
const Statement kConnect{
    "UPDATE devices SET connected_to = $3, last_seen_at = $4 WHERE tailnet_id = $1 AND id = $2"};
const Statement kDisconnect{
    "UPDATE devices SET connected_to = '', last_seen_at = $4"
    " WHERE tailnet_id = $1 AND id = $2 AND connected_to = $3"};
const Statement kLeftConnected{
    SELECT_DEVICES
    "connected_to <> '' AND NOT EXISTS (SELECT 1 FROM leases WHERE name = 'replica ' || holder AND until > $1"
    " AND substr(connected_to, 1, length(holder) + 1) = holder || '.') ORDER BY number LIMIT $2"};
const Statement kGone{SELECT_DEVICES
                      "ephemeral AND connected_to = '' AND COALESCE(last_seen_at, created_at) <= $1"
                      " ORDER BY COALESCE(last_seen_at, created_at) LIMIT $2"};
const Statement kRemoveIfGone{
    "DELETE FROM devices WHERE tailnet_id = $1 AND id = $2 AND ephemeral AND connected_to = ''"
    " AND COALESCE(last_seen_at, created_at) <= $3"};
const Statement kExpired{SELECT_DEVICES
                         "NOT key_expiry_disabled AND NOT expiry_announced AND key_expires_at <= $1"
                         " ORDER BY key_expires_at LIMIT $2"};
const Statement kAnnounceExpiry{
    "UPDATE devices SET expiry_announced = TRUE, revision = revision + 1 WHERE tailnet_id = $1 AND id = $2"
    " AND NOT key_expiry_disabled AND NOT expiry_announced AND key_expires_at = $3"};
const Statement kExpiring{SELECT_DEVICES
                          "NOT key_expiry_disabled AND NOT expiry_announced AND key_expires_at > $1"
                          " AND key_expires_at <= $2 AND (warned_expiry IS NULL"
                          " OR warned_expiry <> key_expires_at OR warned_days > $3)"
                          " ORDER BY key_expires_at LIMIT $4"};
const Statement kWarn{
    "UPDATE devices SET warned_expiry = key_expires_at, warned_days = $4 WHERE tailnet_id = $1 AND id = $2"
    " AND NOT key_expiry_disabled AND key_expires_at = $3"
    " AND (warned_expiry IS NULL OR warned_expiry <> key_expires_at OR warned_days > $4)"};

Device device_of(const Row& row) {
  Device device;
  device.tailnet = TailnetId(row[0].text());
  device.id = DeviceId(row[1].text());
  device.number = row[2].number();
  device.user = UserId(row[3].maybe_text().value_or(""));
  device.auth_key = CredentialId(row[4].maybe_text().value_or(""));
  device.machine_key = row[5].text();
  device.node_key = row[6].text();
  device.tailnet_lock_key = row[7].text();
  device.name = row[8].text();
  device.hostname = row[9].text();
  device.name_is_chosen = row[10].flag();
  device.ipv4 = row[11].text();
  device.ipv6 = row[12].text();
  device.tags = list_of(row[13].text());
  device.ephemeral = row[14].flag();
  device.authorized = row[15].flag();
  device.key_expires = maybe_time_of(row[16]);
  device.key_expiry_disabled = row[17].flag();
  device.expiry_announced = row[18].flag();
  device.advertised_routes = list_of(row[19].text());
  device.enabled_routes = list_of(row[20].text());
  device.created = time_of(row[21]);
  device.last_seen = maybe_time_of(row[22]);
  device.connected_to = row[23].text();
  device.report.disco_key = row[24].text();
  device.report.endpoints = list_of(row[25].text());
  device.report.host_info = row[26].text();
  device.report.home_relay = row[27].number();
  device.report.capability_version = row[28].number();
  device.revision = row[29].number();
  device.report.forwarding_off = row[30].flag();
  return device;
}

std::optional<Device> first_of(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return device_of(rows.front());
}

std::vector<Device> devices_of(const Rows& rows) {
  std::vector<Device> devices;
  devices.reserve(rows.size());
  for (const auto& row : rows) devices.push_back(device_of(row));
  return devices;
}

}  // namespace

bool SqlDeviceStore::told(Records records, const audit::Change& change) {
  if (work_.connection().changed() == 0) return false;
  work_.record(records, change);
  return true;
}

std::optional<Device> SqlDeviceStore::find(const TailnetId& tailnet, const DeviceId& id) {
  return first_of(work_.connection().run(kFind, {tailnet.str(), id.str()}));
}

std::optional<Device> SqlDeviceStore::find_by_number(const TailnetId& tailnet, std::int64_t number) {
  return first_of(work_.connection().run(kFindByNumber, {tailnet.str(), number}));
}

std::vector<Device> SqlDeviceStore::list(const TailnetId& tailnet) {
  return devices_of(work_.connection().run(kList, {tailnet.str()}));
}

std::vector<Device> SqlDeviceStore::list_of_user(const TailnetId& tailnet, const UserId& user) {
  return devices_of(work_.connection().run(kListOfUser, {tailnet.str(), user.str()}));
}

std::vector<std::string> SqlDeviceStore::names_like(const TailnetId& tailnet, std::string_view beginning) {
  std::vector<std::string> names;
  for (const auto& row : work_.connection().run(kNamesLike, {tailnet.str(), std::string(beginning)})) {
    names.push_back(row[0].text());
  }
  return names;
}

std::int64_t SqlDeviceStore::count_of_auth_key(const TailnetId& tailnet, const CredentialId& key) {
  return work_.connection().run(kCountOfKey, {tailnet.str(), key.str()}).at(0)[0].number();
}

bool SqlDeviceStore::is_address_taken(const TailnetId& tailnet, std::string_view ipv4) {
  return !work_.connection().run(kAddressTaken, {tailnet.str(), std::string(ipv4)}).empty();
}

std::optional<Device> SqlDeviceStore::find_by_node_key(std::string_view node_key) {
  return first_of(work_.connection().run(kFindByNodeKey, {std::string(node_key)}));
}

std::vector<Device> SqlDeviceStore::list_of_machine(std::string_view machine_key) {
  return devices_of(work_.connection().run(kListOfMachine, {std::string(machine_key)}));
}

SqlDeviceStore::Written SqlDeviceStore::conflict_of(const Device& device) {
  const auto rows = work_.connection().run(
      kConflict, {device.tailnet.str(), device.id.str(), device.node_key, device.number, device.name,
                  device.ipv4, device.machine_key, device.user.str()});
  if (rows.empty()) return Written::done;
  switch (rows[0][0].number()) {
    case 1:
      return Written::node_key_taken;
    case 2:
      return Written::number_taken;
    case 3:
      return Written::machine_taken;
    case 4:
      return Written::name_taken;
    case 5:
      return Written::address_taken;
    default:
      throw DatabaseError("a device conflicts with another in an unknown way");
  }
}

void SqlDeviceStore::move_address(const Device& device) {
  auto& connection = work_.connection();
  const std::initializer_list<Value> row{device.tailnet.str(), device.ipv4, device.id.str()};
  if (!connection.run(kHoldsAddress, row).empty()) return;
  connection.run(kTakeAddress, row);
  if (connection.changed() == 0) throw TransactionConflict("an address was taken since it was looked for");
  connection.run(kLeaveAddress, row);
}

SqlDeviceStore::Written SqlDeviceStore::insert(const Device& device, Records records,
                                               const audit::Change& change) {
  const DeviceReport& report = device.report;
  work_.connection().run(kInsert, {device.tailnet.str(),
                                   device.id.str(),
                                   device.number,
                                   text_or_null(device.user.str()),
                                   text_or_null(device.auth_key.str()),
                                   device.machine_key,
                                   device.node_key,
                                   device.tailnet_lock_key,
                                   device.name,
                                   device.hostname,
                                   device.name_is_chosen,
                                   device.ipv4,
                                   device.ipv6,
                                   list_text(device.tags),
                                   device.ephemeral,
                                   device.authorized,
                                   time_value(device.key_expires),
                                   device.key_expiry_disabled,
                                   device.expiry_announced,
                                   list_text(device.advertised_routes),
                                   list_text(device.enabled_routes),
                                   time_value(device.created),
                                   time_value(device.last_seen),
                                   device.connected_to,
                                   report.disco_key,
                                   list_text(report.endpoints),
                                   report.host_info,
                                   report.home_relay,
                                   report.capability_version,
                                   device.revision,
                                   report.forwarding_off});
  auto& connection = work_.connection();
  if (connection.changed() == 0) {
    const Written conflict = conflict_of(device);
    if (conflict == Written::done) throw DatabaseError("a device of this id exists already");
    return conflict;
  }
  connection.run(kTakeAddress, {device.tailnet.str(), device.ipv4, device.id.str()});
  if (!told(records, change)) {
    connection.run(kRemove, {device.tailnet.str(), device.id.str()});
    return Written::address_taken;
  }
  return Written::done;
}

// Looking first keeps a violated constraint from undoing the transaction. Where another replica is quicker
// between the two, the statement throws and the write queue runs the function again, which then sees it.
SqlDeviceStore::Written SqlDeviceStore::update(const Device& device, Records records,
                                               const audit::Change& change) {
  const Written conflict = conflict_of(device);
  if (conflict != Written::done) return conflict;
  work_.connection().run(kUpdate, {device.tailnet.str(),
                                   device.id.str(),
                                   text_or_null(device.user.str()),
                                   text_or_null(device.auth_key.str()),
                                   device.node_key,
                                   device.tailnet_lock_key,
                                   device.name,
                                   device.hostname,
                                   device.name_is_chosen,
                                   device.ipv4,
                                   device.ipv6,
                                   list_text(device.tags),
                                   device.ephemeral,
                                   device.authorized,
                                   time_value(device.key_expires),
                                   device.key_expiry_disabled,
                                   device.expiry_announced,
                                   list_text(device.advertised_routes),
                                   list_text(device.enabled_routes),
                                   device.revision});
  if (!told(records, change)) throw TransactionConflict("a device changed since it was read");
  move_address(device);
  return Written::done;
}

bool SqlDeviceStore::remove(const TailnetId& tailnet, const DeviceId& id, Records records,
                            const audit::Change& change) {
  work_.connection().run(kRemove, {tailnet.str(), id.str()});
  return told(records, change);
}

void SqlDeviceStore::report(const TailnetId& tailnet, const DeviceId& id, const DeviceReport& report,
                            const audit::Change& change) {
  work_.connection().run(
      kReport, {tailnet.str(), id.str(), report.disco_key, list_text(report.endpoints), report.host_info,
                report.home_relay, report.capability_version, report.forwarding_off});
  told({}, change);
}

bool SqlDeviceStore::set_connected(const TailnetId& tailnet, const DeviceId& id, std::string_view replica,
                                   std::string_view replica_was, TimePoint at, const audit::Change& change) {
  const bool begins = !replica.empty();
  work_.connection().run(
      begins ? kConnect : kDisconnect,
      {tailnet.str(), id.str(), std::string(begins ? replica : replica_was), time_value(at)});
  return told({}, change);
}

std::vector<Device> SqlDeviceStore::left_connected(TimePoint now, std::int64_t limit) {
  return devices_of(work_.connection().run(kLeftConnected, {time_value(now), limit}));
}

std::vector<Device> SqlDeviceStore::ephemeral_gone_since(TimePoint before, std::int64_t limit) {
  return devices_of(work_.connection().run(kGone, {time_value(before), limit}));
}

bool SqlDeviceStore::remove_if_gone(const Device& device, TimePoint before, Records records,
                                    const audit::Change& change) {
  work_.connection().run(kRemoveIfGone, {device.tailnet.str(), device.id.str(), time_value(before)});
  return told(records, change);
}

std::vector<Device> SqlDeviceStore::expired_unannounced(TimePoint now, std::int64_t limit) {
  return devices_of(work_.connection().run(kExpired, {time_value(now), limit}));
}

std::vector<Device> SqlDeviceStore::expiring_unwarned(TimePoint now, days within, std::int64_t limit) {
  return devices_of(work_.connection().run(
      kExpiring, {time_value(now), time_value(now + within), std::int64_t{within.count()}, limit}));
}

bool SqlDeviceStore::warn_of_expiry(const Device& device, days within,
                                    const std::optional<audit::Change>& change) {
  auto& connection = work_.connection();
  connection.run(kWarn, {device.tailnet.str(), device.id.str(), time_value(device.key_expires),
                         std::int64_t{within.count()}});
  if (connection.changed() == 0) return false;
  if (change) work_.announce(*change);
  return true;
}

bool SqlDeviceStore::announce_expiry(const Device& device, Records records, const audit::Change& change) {
  work_.connection().run(kAnnounceExpiry,
                         {device.tailnet.str(), device.id.str(), time_value(device.key_expires)});
  return told(records, change);
}

}  // namespace latchkey::storage
