#include "storage/service_store.h"

#include <boost/json.hpp>

#include "storage/columns.h"

namespace latchkey::storage {
namespace {

using services::Service;

#define SELECT_SERVICES                                                                                     \
  "SELECT name, ipv4, ipv6, display_name, comment, annotations, ports, tags FROM services WHERE tailnet_id" \
  " = $1"

const Statement kList{SELECT_SERVICES " ORDER BY name"};
const Statement kFind{SELECT_SERVICES " AND name = $2"};
const Statement kCount{"SELECT COUNT(*) FROM services WHERE tailnet_id = $1"};
const Statement kNameTaken{
    "SELECT 1 FROM services WHERE tailnet_id = $1 AND name = $2 AND name <> $3"
    " UNION ALL SELECT 1 FROM devices WHERE tailnet_id = $1 AND 'svc:' || name = $2 AND $2 <> $3"};
const Statement kIpv4Taken{
    "SELECT 1 FROM addresses WHERE tailnet_id = $1 AND ipv4 = $2 AND (service IS NULL OR service <> $3)"};
const Statement kIpv6Taken{"SELECT 1 FROM services WHERE tailnet_id = $1 AND ipv6 = $2 AND name <> $3"};
const Statement kInsert{
    "INSERT INTO services (tailnet_id, name, ipv4, ipv6, display_name, comment, annotations, ports, tags)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
const Statement kHoldsAddress{"SELECT 1 FROM addresses WHERE tailnet_id = $1 AND ipv4 = $2 AND service = $3"};
const Statement kTakeAddress{
    "INSERT INTO addresses (tailnet_id, ipv4, service) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"};
const Statement kLeaveAddress{"DELETE FROM addresses WHERE tailnet_id = $1 AND service = $3 AND ipv4 <> $2"};
const Statement kUpdate{
    "UPDATE services SET name = $3, ipv4 = $4, display_name = $5, comment = $6, annotations = $7, ports = $8,"
    " tags = $9 WHERE tailnet_id = $1 AND name = $2"};
const Statement kRemove{"DELETE FROM services WHERE tailnet_id = $1 AND name = $2"};

std::string annotations_text(const services::Annotations& annotations) {
  boost::json::object json;
  for (const auto& [name, value] : annotations) json[name] = value;
  return boost::json::serialize(json);
}

services::Annotations annotations_of(const std::string& text) {
  boost::json::error_code failed;
  const auto json = boost::json::parse(text, failed);
  if (failed || !json.is_object()) throw DatabaseError("the annotations of a service are no JSON object");
  services::Annotations annotations;
  for (const auto& [name, value] : json.get_object()) {
    if (!value.is_string()) throw DatabaseError("an annotation of a service is no text");
    annotations.emplace(name, value.get_string());
  }
  return annotations;
}

Service service_of(const TailnetId& tailnet, const Row& row) {
  return {tailnet,
          row.at(0).text(),
          row.at(1).text(),
          row.at(2).text(),
          row.at(3).text(),
          row.at(4).text(),
          annotations_of(row.at(5).text()),
          list_of(row.at(6).text()),
          list_of(row.at(7).text())};
}

}  // namespace

std::vector<Service> SqlServiceStore::list(const TailnetId& tailnet) {
  std::vector<Service> found;
  for (const auto& row : work_.connection().run(kList, {tailnet.str()})) {
    found.push_back(service_of(tailnet, row));
  }
  return found;
}

std::int64_t SqlServiceStore::count(const TailnetId& tailnet) {
  return work_.connection().run(kCount, {tailnet.str()}).at(0).at(0).number();
}

std::optional<Service> SqlServiceStore::find(const TailnetId& tailnet, std::string_view name) {
  const auto rows = work_.connection().run(kFind, {tailnet.str(), std::string(name)});
  if (rows.empty()) return std::nullopt;
  return service_of(tailnet, rows.front());
}

void SqlServiceStore::move_address(const Service& service) {
  auto& connection = work_.connection();
  const std::initializer_list<Value> row{service.tailnet.str(), service.ipv4, service.name};
  if (!connection.run(kHoldsAddress, row).empty()) return;
  connection.run(kTakeAddress, row);
  if (connection.changed() == 0) throw TransactionConflict("an address was taken since it was looked for");
  connection.run(kLeaveAddress, row);
}

SqlServiceStore::Written SqlServiceStore::conflict_of(std::string_view name, const Service& service) {
  auto& connection = work_.connection();
  const auto taken = [&](const Statement& statement, const std::string& what) {
    return !connection.run(statement, {service.tailnet.str(), what, std::string(name)}).empty();
  };
  if (taken(kNameTaken, service.name)) return Written::name_taken;
  if (taken(kIpv4Taken, service.ipv4)) return Written::ipv4_taken;
  if (taken(kIpv6Taken, service.ipv6)) return Written::ipv6_taken;
  return Written::done;
}

SqlServiceStore::Written SqlServiceStore::insert(const Service& service, const audit::Act& act) {
  const auto conflict = conflict_of("", service);
  if (conflict != Written::done) return conflict;
  auto& connection = work_.connection();
  connection.run(kInsert, {service.tailnet.str(), service.name, service.ipv4, service.ipv6,
                           service.display_name, service.comment, annotations_text(service.annotations),
                           list_text(service.ports), list_text(service.tags)});
  move_address(service);
  work_.record(act);
  return Written::done;
}

SqlServiceStore::Written SqlServiceStore::update(std::string_view name, const Service& service,
                                                 const audit::Act& act) {
  const auto conflict = conflict_of(name, service);
  if (conflict != Written::done) return conflict;
  auto& connection = work_.connection();
  const std::string was(name);
  connection.run(
      kUpdate, {service.tailnet.str(), was, service.name, service.ipv4, service.display_name, service.comment,
                annotations_text(service.annotations), list_text(service.ports), list_text(service.tags)});
  if (connection.changed() == 0) throw TransactionConflict("a service was removed since it was read");
  move_address(service);
  work_.record(act);
  return Written::done;
}

bool SqlServiceStore::remove(const TailnetId& tailnet, std::string_view name, const audit::Act& act) {
  work_.connection().run(kRemove, {tailnet.str(), std::string(name)});
  if (work_.connection().changed() == 0) return false;
  work_.record(act);
  return true;
}

}  // namespace latchkey::storage
