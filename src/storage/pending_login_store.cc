#include "storage/pending_login_store.h"

#include "storage/columns.h"

namespace latchkey::storage {
namespace {

using join::PendingLogin;

#define LOGIN_COLUMNS                                                                               \
  "id, machine_key, node_key, old_node_key, tailnet_lock_key, wanted_expiry, host_info, hostname, " \
  "requested_tags, routable_ips, ephemeral, capability_version, address, created_at, expires_at"

const Statement kFind{"SELECT " LOGIN_COLUMNS " FROM pending_logins WHERE id = $1"};
const Statement kCount{"SELECT COUNT(*) FROM pending_logins"};
const Statement kCountOfAddress{"SELECT COUNT(*) FROM pending_logins WHERE address = $1"};
const Statement kRemoveOfNodeKey{"DELETE FROM pending_logins WHERE node_key = $1"};
const Statement kInsert{"INSERT INTO pending_logins (" LOGIN_COLUMNS
                        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"};
const Statement kRemove{"DELETE FROM pending_logins WHERE id = $1"};
const Statement kRemoveExpired{"DELETE FROM pending_logins WHERE expires_at <= $1"};

PendingLogin login_of(const Row& row) {
  PendingLogin login;
  auto& request = login.request;
  login.id = row[0].text();
  request.machine_key = row[1].text();
  request.node_key = row[2].text();
  request.old_node_key = row[3].text();
  request.tailnet_lock_key = row[4].text();
  request.expiry = maybe_time_of(row[5]);
  request.host_info = row[6].text();
  request.hostname = row[7].text();
  request.requested_tags = list_of(row[8].text());
  request.routable_ips = list_of(row[9].text());
  request.ephemeral = row[10].flag();
  request.capability_version = row[11].number();
  request.source.origin = audit::Origin::control;
  request.source.address = row[12].text();
  login.created = time_of(row[13]);
  login.expires = time_of(row[14]);
  return login;
}

}  // namespace

std::optional<PendingLogin> SqlPendingLoginStore::find(std::string_view id) {
  const auto rows = work_.connection().run(kFind, {std::string(id)});
  if (rows.empty()) return std::nullopt;
  return login_of(rows.front());
}

std::int64_t SqlPendingLoginStore::count() {
  return work_.connection().run(kCount, {}).at(0)[0].number();
}

std::int64_t SqlPendingLoginStore::count_of_address(std::string_view address) {
  return work_.connection().run(kCountOfAddress, {std::string(address)}).at(0)[0].number();
}

void SqlPendingLoginStore::put(const PendingLogin& login) {
  const auto& request = login.request;
  auto& connection = work_.connection();
  connection.run(kRemoveOfNodeKey, {request.node_key});
  connection.run(kInsert, {login.id, request.machine_key, request.node_key, request.old_node_key,
                           request.tailnet_lock_key, time_value(request.expiry), request.host_info,
                           request.hostname, list_text(request.requested_tags),
                           list_text(request.routable_ips), request.ephemeral, request.capability_version,
                           request.source.address, time_value(login.created), time_value(login.expires)});
}

void SqlPendingLoginStore::remove(std::string_view id, const audit::Change& change) {
  work_.connection().run(kRemove, {std::string(id)});
  work_.announce(change);
}

void SqlPendingLoginStore::remove_expired(TimePoint now) {
  work_.connection().run(kRemoveExpired, {time_value(now)});
}

}  // namespace latchkey::storage
