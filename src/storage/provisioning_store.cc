#include "storage/provisioning_store.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "storage/column_terms.h"
#include "storage/columns.h"
#include "storage/group_store.h"
#include "storage/interned_statement.h"
#include "storage/user_store.h"

namespace latchkey::storage {
namespace {

using provisioning::KeptUser;
using provisioning::Membership;
using provisioning::Provisioning;
using provisioning::UserResource;
using provisioning::Window;

const Statement kState{
    "SELECT enabled, enabled_at, enabled_by, guard, guard_since, released_until, decided_by, held"
    " FROM provisioning WHERE tailnet_id = $1"};
const Statement kSave{
    "INSERT INTO provisioning (tailnet_id, enabled, enabled_at, enabled_by, guard, guard_since, "
    "released_until,"
    " decided_by, held) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    " ON CONFLICT (tailnet_id) DO UPDATE SET enabled = excluded.enabled, enabled_at = excluded.enabled_at,"
    " enabled_by = excluded.enabled_by, guard = excluded.guard, guard_since = excluded.guard_since,"
    " released_until = excluded.released_until, decided_by = excluded.decided_by, held = excluded.held"};
const Statement kCountHeld{"UPDATE provisioning SET held = held + 1 WHERE tailnet_id = $1"};
const Statement kNoteRemoval{
    "INSERT INTO provisioning_removals (tailnet_id, at, user_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"};
const Statement kRemovalsSince{
    "SELECT COUNT(DISTINCT user_id) FROM provisioning_removals WHERE tailnet_id = $1 AND at > $2 AND user_id "
    "<> $3"};
const Statement kForgetRemovals{"DELETE FROM provisioning_removals WHERE tailnet_id = $1 AND at <= $2"};
const Statement kCountActive{"SELECT COUNT(*) FROM users WHERE tailnet_id = $1 AND status = 'active'"};
const Statement kCountUsers{"SELECT COUNT(*) FROM users WHERE tailnet_id = $1"};
const Statement kSaveUser{
    "INSERT INTO provisioned_users (tailnet_id, user_id, external_id, document, active_removed, revision,"
    " modified_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
    " ON CONFLICT (tailnet_id, user_id) DO UPDATE SET external_id = excluded.external_id,"
    " document = excluded.document, active_removed = excluded.active_removed, revision = excluded.revision,"
    " modified_at = excluded.modified_at"};
const Statement kForgetAddresses{"DELETE FROM provisioned_addresses WHERE tailnet_id = $1 AND user_id = $2"};
const Statement kAddAddress{
    "INSERT INTO provisioned_addresses (tailnet_id, address_folded, user_id) VALUES ($1, $2, $3)"
    " ON CONFLICT DO NOTHING"};
const Statement kMarkSuspension{
    "UPDATE users SET suspended_by_sync = TRUE WHERE tailnet_id = $1 AND id = $2 AND status = 'suspended'"};

#define RESOURCE_COLUMNS                                                                           \
  "u.id, u.tailnet_id, u.login_name, u.display_name, u.role, u.status, u.created_at, u.revision, " \
  "u.suspended_by_sync, "                                                                          \
  "p.document, p.external_id, p.active_removed, p.revision, p.modified_at"
#define RESOURCES                                                                                   \
  " FROM users u LEFT JOIN provisioned_users p ON p.tailnet_id = u.tailnet_id AND p.user_id = u.id" \
  " WHERE u.tailnet_id = $1"

const Statement kFindUser{"SELECT " RESOURCE_COLUMNS RESOURCES " AND u.id = $2"};

constexpr ColumnSql kUserColumns[] = {{scim::Column::id, "u.id"},
                                      {scim::Column::user_name, "u.login_folded"},
                                      {scim::Column::external_id, "p.external_id"},
                                      // Of whom the provider never spoke, the login name is the address.
                                      {scim::Column::email,
                                       "u.id IN (SELECT a.user_id FROM (SELECT user_id, address_folded FROM"
                                       " provisioned_addresses WHERE tailnet_id = $1 UNION ALL SELECT id,"
                                       " login_folded FROM users WHERE tailnet_id = $1) a"
                                       " WHERE a.address_folded = ",
                                       ")"},
                                      {scim::Column::last_modified, "COALESCE(p.modified_at, u.created_at)"}};
constexpr FlagSql kUserActive{"u.status <> 'suspended'",
                              "u.status = 'suspended' AND COALESCE(p.active_removed, FALSE) = FALSE"};
constexpr ColumnSql kGroupColumns[] = {{scim::Column::id, "id"},
                                       {scim::Column::display_name, "name_folded"},
                                       {scim::Column::external_id, "external_id"},
                                       {scim::Column::last_modified, "modified_at"}};
// No group has this attribute.
constexpr FlagSql kGroupActive{"1 = 0", "1 = 0"};

UserResource resource_of(const Row& row) {
  UserResource resource;
  resource.user = user_of(row);
  resource.suspended_by_sync = row[8].flag();
  if (row[9].is_null()) return resource;
  boost::system::error_code failed;
  auto document = boost::json::parse(row[9].text(), failed);
  if (failed || !document.is_object()) throw DatabaseError("a provisioned user has a damaged document");
  KeptUser kept;
  kept.document = std::move(document.get_object());
  kept.external_id = row[10].maybe_text().value_or("");
  kept.active_removed = row[11].flag();
  kept.revision = static_cast<std::uint64_t>(row[12].number());
  kept.modified = time_of(row[13]);
  resource.kept = std::move(kept);
  return resource;
}

std::vector<std::string> addresses_of(const boost::json::object& document) {
  std::vector<std::string> addresses;
  const auto* emails = document.if_contains("emails");
  if (emails == nullptr || !emails->is_array()) return addresses;
  for (const auto& each : emails->get_array()) {
    const auto* value = each.is_object() ? each.get_object().if_contains("value") : nullptr;
    if (value != nullptr && value->is_string()) addresses.push_back(scim::fold_address(value->get_string()));
  }
  return addresses;
}

std::string window_sql(std::vector<Value>& parameters, Window window) {
  parameters.emplace_back(window.limit);
  parameters.emplace_back(window.offset);
  return " LIMIT $" + std::to_string(parameters.size() - 1) + " OFFSET $" + std::to_string(parameters.size());
}

// Memberships of those whose ids are bound from the second parameter on, in pieces of a bounded size.
std::vector<Membership> memberships_where(Connection& connection, const TailnetId& tailnet,
                                          const std::string& column, std::span<const std::string> ids,
                                          std::int64_t limit) {
  std::vector<Membership> found;
  while (!ids.empty() && std::ssize(found) < limit) {
    const auto some = ids.first(std::min(ids.size(), kMostListed));
    ids = ids.subspan(some.size());
    std::vector<Value> parameters{tailnet.str(), limit - std::ssize(found)};
    append_padded(parameters, some);
    const auto& statement = interned(
        "SELECT m.group_id, (SELECT g.name FROM synced_groups g WHERE g.tailnet_id = m.tailnet_id"
        " AND g.id = m.group_id), m.member_id, m.inner_group_id FROM group_members m"
        " WHERE m.tailnet_id = $1 AND " +
        column + " IN (" + parameter_list(3, some.size()) + ") LIMIT $2");
    for (const auto& row : connection.run(statement, parameters)) {
      found.push_back(
          {GroupId(row[0].text()), row[1].text(), identity::GroupMember{row[2].text(), !row[3].is_null()}});
    }
  }
  // Not in SQL: an engine that sorts by an index reads all members of the tailnet in its order.
  std::ranges::sort(found, {}, [](const Membership& each) { return std::pair(each.group, each.member); });
  return found;
}

}  // namespace

Provisioning SqlProvisioningStore::state(const TailnetId& tailnet) {
  const auto rows = work_.connection().run(kState, {tailnet.str()});
  Provisioning state;
  if (rows.empty()) return state;
  const auto& row = rows.front();
  state.enabled = row[0].flag();
  state.enabled_at = maybe_time_of(row[1]);
  state.enabled_by = row[2].text();
  const auto guard = provisioning::guard_state_from(row[3].text());
  if (!guard) throw DatabaseError("a provisioning guard is in an unknown state");
  state.guard.state = *guard;
  state.guard.since = maybe_time_of(row[4]);
  state.guard.released_until = maybe_time_of(row[5]);
  state.guard.decided_by = row[6].text();
  state.guard.held = row[7].number();
  return state;
}

void SqlProvisioningStore::save(const TailnetId& tailnet, const Provisioning& state,
                                std::span<const audit::Record> records, const audit::Change& change) {
  const auto& guard = state.guard;
  work_.connection().run(kSave, {tailnet.str(), state.enabled, time_value(state.enabled_at), state.enabled_by,
                                 std::string(to_string(guard.state)), time_value(guard.since),
                                 time_value(guard.released_until), guard.decided_by, guard.held});
  work_.record(records, change);
}

void SqlProvisioningStore::count_held(const TailnetId& tailnet) {
  work_.connection().run(kCountHeld, {tailnet.str()});
}

void SqlProvisioningStore::note_removal(const TailnetId& tailnet, const UserId& user, TimePoint at) {
  work_.connection().run(kNoteRemoval, {tailnet.str(), time_value(at), user.str()});
}

std::int64_t SqlProvisioningStore::removals_since(const TailnetId& tailnet, TimePoint since,
                                                  const UserId& without) {
  return work_.connection()
      .run(kRemovalsSince, {tailnet.str(), time_value(since), without.str()})
      .at(0)
      .at(0)
      .number();
}

void SqlProvisioningStore::forget_removals(const TailnetId& tailnet, TimePoint before) {
  work_.connection().run(kForgetRemovals, {tailnet.str(), time_value(before)});
}

std::int64_t SqlProvisioningStore::count_active_users(const TailnetId& tailnet) {
  return work_.connection().run(kCountActive, {tailnet.str()}).at(0).at(0).number();
}

std::optional<UserResource> SqlProvisioningStore::find_user(const TailnetId& tailnet, const UserId& id) {
  const auto rows = work_.connection().run(kFindUser, {tailnet.str(), id.str()});
  if (rows.empty()) return std::nullopt;
  return resource_of(rows.front());
}

std::int64_t SqlProvisioningStore::count_users(const TailnetId& tailnet,
                                               std::span<const scim::ColumnTerm> terms) {
  if (terms.empty()) return work_.connection().run(kCountUsers, {tailnet.str()}).at(0).at(0).number();
  std::vector<Value> parameters{tailnet.str()};
  const auto where = conditions(terms, kUserColumns, kUserActive, parameters);
  return work_.connection()
      .run(interned("SELECT COUNT(*)" RESOURCES + where), parameters)
      .at(0)
      .at(0)
      .number();
}

std::vector<UserResource> SqlProvisioningStore::list_users(const TailnetId& tailnet,
                                                           std::span<const scim::ColumnTerm> terms,
                                                           Window window) {
  std::vector<Value> parameters{tailnet.str()};
  auto sql = "SELECT " RESOURCE_COLUMNS RESOURCES + conditions(terms, kUserColumns, kUserActive, parameters);
  // With a condition the few that meet it are sorted: the sum keeps engines from walking all people in order.
  sql += terms.empty() ? " ORDER BY u.created_at, u.id" : " ORDER BY u.created_at + 0, u.id";
  sql += window_sql(parameters, window);
  std::vector<UserResource> found;
  for (const auto& row : work_.connection().run(interned(sql), parameters)) found.push_back(resource_of(row));
  return found;
}

void SqlProvisioningStore::save_user(const TailnetId& tailnet, const UserId& id, const KeptUser& kept) {
  work_.connection().run(kSaveUser, {tailnet.str(), id.str(), text_or_null(kept.external_id),
                                     boost::json::serialize(kept.document), kept.active_removed,
                                     static_cast<std::int64_t>(kept.revision), time_value(kept.modified)});
  work_.connection().send(kForgetAddresses, {tailnet.str(), id.str()});
  for (const auto& address : addresses_of(kept.document)) {
    work_.connection().send(kAddAddress, {tailnet.str(), address, id.str()});
  }
}

void SqlProvisioningStore::mark_suspension(const TailnetId& tailnet, const UserId& id) {
  work_.connection().run(kMarkSuspension, {tailnet.str(), id.str()});
}

std::int64_t SqlProvisioningStore::count_groups(const TailnetId& tailnet,
                                                std::span<const scim::ColumnTerm> terms) {
  std::vector<Value> parameters{tailnet.str()};
  const auto where = conditions(terms, kGroupColumns, kGroupActive, parameters);
  const auto& statement = interned("SELECT COUNT(*) FROM synced_groups WHERE tailnet_id = $1" + where);
  return work_.connection().run(statement, parameters).at(0).at(0).number();
}

std::vector<identity::Group> SqlProvisioningStore::list_groups(const TailnetId& tailnet,
                                                               std::span<const scim::ColumnTerm> terms,
                                                               Window window) {
  std::vector<Value> parameters{tailnet.str()};
  auto sql = "SELECT " GROUP_COLUMNS " FROM synced_groups WHERE tailnet_id = $1" +
             conditions(terms, kGroupColumns, kGroupActive, parameters) + " ORDER BY created_at, id";
  sql += window_sql(parameters, window);
  std::vector<identity::Group> found;
  for (const auto& row : work_.connection().run(interned(sql), parameters)) found.push_back(group_of(row));
  return found;
}

std::vector<Membership> SqlProvisioningStore::memberships(const TailnetId& tailnet,
                                                          std::span<const std::string> users,
                                                          std::int64_t limit) {
  return memberships_where(work_.connection(), tailnet, "m.user_id", users, limit);
}

std::vector<Membership> SqlProvisioningStore::members(const TailnetId& tailnet,
                                                      std::span<const std::string> groups,
                                                      std::int64_t limit) {
  return memberships_where(work_.connection(), tailnet, "m.group_id", groups, limit);
}

}  // namespace latchkey::storage
